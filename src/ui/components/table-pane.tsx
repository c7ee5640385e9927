import { memo } from 'react'
import { bandLines } from '../lines/pane.ts'
import type { Band } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'

interface TablePaneProps {
  readonly top: number
  readonly state: State
  readonly band: Band
}

/** A table with its title and heading, or two side by side. */
export const TablePane = memo(function TablePane({ top, state, band }: TablePaneProps) {
  return <Lines top={top} lines={bandLines(state, band)} />
})
