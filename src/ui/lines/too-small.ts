/** What a terminal shows that is too small for the screen. */

import { LEAST } from '../state/layout.ts'
import type { Size } from '../state/state.ts'
import { fitLine, type Line, span } from './style.ts'

export function tooSmallLines(size: Size): Line[] {
  const notice = `terminal too small (${size.columns}x${size.rows}, needs ${LEAST.columns}x${LEAST.rows})`
  return Array.from({ length: size.rows }, (_, i) => fitLine([span(i === 0 ? notice : '')], size.columns))
}
