import { memo } from 'react'
import type { Line } from '../lines/style.ts'
import { tabsLine } from '../lines/tabs.ts'
import { Lines } from './canvas.tsx'

interface TabsProps {
  readonly top: number
  /** The open one. */
  readonly view: string
  readonly columns: number
  /** What stands at the end of the line. */
  readonly beside: Line
}

/** The views, and their keys. */
export const Tabs = memo(function Tabs({ top, view, columns, beside }: TabsProps) {
  return <Lines top={top} lines={[tabsLine(view, columns, beside)]} />
})
