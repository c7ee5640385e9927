/** Where components draw: lines of text, of which Ink sees none. */

import { createContext, useContext, useLayoutEffect } from 'react'
import { type Line, paint } from '../lines/style.ts'
import type { Palette } from '../terminal/ability.ts'

/** Lines from the top of the screen on, escape sequences included. */
export type Canvas = string[]

export interface Brush {
  readonly canvas: Canvas
  readonly palette: Palette
  /** The terminal shows ASCII alone. */
  readonly ascii: boolean
}

export const BrushContext = createContext<Brush | null>(null)

/**
 * Draws lines from row `top` on when React has settled what is on the screen. In a `Text` Ink would take each line apart
 * to clean and measure it, which takes several times as long as all else (docs/decisions/ink-draws-nothing.md).
 */
export function Lines({ top, lines }: { readonly top: number; readonly lines: readonly Line[] }) {
  const brush = useContext(BrushContext)
  useLayoutEffect(() => {
    if (brush === null) return
    lines.forEach((line, i) => {
      brush.canvas[top + i] = paint(line, brush.palette, brush.ascii)
    })
  }, [brush, lines, top])
  return null
}
