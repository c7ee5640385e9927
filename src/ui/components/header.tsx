import { memo } from 'react'
import { headLines } from '../lines/head.ts'
import { factLines } from '../lines/header.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'

/** What watching costs, what is shown, and what the machine does. */
export const Header = memo(function Header({ state }: { readonly state: State }) {
  return <Lines top={0} lines={[...factLines(state), ...headLines(state)]} />
})
