import { memo } from 'react'
import { promptLine } from '../lines/prompt.ts'
import type { Prompt as Typed } from '../state/state.ts'
import { Lines } from './canvas.tsx'

interface PromptProps {
  readonly top: number
  readonly prompt: Typed
  readonly columns: number
}

/** What is being typed. */
export const Prompt = memo(function Prompt({ top, prompt, columns }: PromptProps) {
  return <Lines top={top} lines={[promptLine(prompt, columns)]} />
})
