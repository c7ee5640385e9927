/** The last line of the screen while something is typed. */

import { cells, take, takeLast } from '../../text/text.ts'
import { graphemes } from '../../text/width.ts'
import { promptTexts } from '../prompt/prompt.ts'
import type { Prompt } from '../state/state.ts'
import { fitLine, type Line, lineWidth, span } from './style.ts'

/** Fewest cells for the text of a prompt; where a message leaves less, the message is cut. */
const LEAST_TEXT = 12

/** Where the text of a prompt ends, so that spaces at its end are seen; there it is the cursor. */
const END = '█'

/** Of a text that is too long the part around the cursor stays in sight. */
export function promptLine(prompt: Prompt, columns: number): Line {
  const { text, cursor } = prompt.line
  const { label, hint } = promptTexts[prompt.kind]
  const start: Line = [span(` ${label}: `, 'strong')]
  const aside = prompt.problem === null ? span(`  (${hint})`, 'dim') : span(`  ${prompt.problem}`, 'alarm')
  const room = Math.max(LEAST_TEXT, columns - lineWidth(start) - cells(END) - cells(aside.text))
  const before = text.slice(0, cursor)
  const behind = take(text.slice(cursor), Math.max(room - cells(before), Math.ceil(room / 2)))
  const shown = takeLast(before, room - cells(behind))
  const [at = '', ...rest] = graphemes(behind)
  const end = span(END, at === '' ? 'accent' : 'dim')
  return fitLine([...start, span(shown), span(at, 'cursor'), span(rest.join('')), end, aside], columns)
}
