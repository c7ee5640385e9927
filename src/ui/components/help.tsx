import { memo } from 'react'
import { helpLines } from '../lines/help.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'

/** The help from line `scrolled` on, above the footer. */
export const Help = memo(function Help({ state, scrolled }: { readonly state: State; readonly scrolled: number }) {
  return <Lines top={0} lines={helpLines(state, scrolled)} />
})
