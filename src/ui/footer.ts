/** The last line of the screen: a prompt, a message, or what the keys do. */

import { cells, take, takeLast } from '../text/text.ts'
import { graphemes } from '../text/width.ts'
import { type Item, joinItems } from './items.ts'
import { bindings, isAvailable, keyName } from './keys.ts'
import { promptTexts } from './prompt.ts'
import type { Prompt, State } from './state.ts'
import { fitLine, type Line, lineWidth, span } from './style.ts'

/** Fewest cells for the text of a prompt; where a message leaves less, the message is cut. */
const LEAST_TEXT = 12

/** Where the text of a prompt ends, so that spaces at its end are seen; there it is the cursor. */
const END = '█'

export function footerLine(state: State): Line {
  const { columns } = state.size
  if (state.prompt !== null) return fitLine(promptLine(state.prompt, columns), columns)
  if (state.message !== '') return fitLine([span(` ${state.message}`, 'warning')], columns)
  return fitLine([span(' '), ...joinItems(labels(state), columns - 2, 2)], columns)
}

function labels(state: State): Item[] {
  return bindings().flatMap(binding => {
    const { footer, shown } = binding
    if (footer === undefined || !isAvailable(binding, state)) return []
    return [
      {
        rank: footer.rank,
        line: [span(`${keyName(footer.shown ?? shown, state)} `, 'strong'), span(footer.label, 'label')],
      },
    ]
  })
}

/** Of a text that is too long the part around the cursor stays in sight. */
function promptLine(prompt: Prompt, columns: number): Line {
  const { text, cursor } = prompt.line
  const { label, hint } = promptTexts[prompt.kind]
  const start: Line = [span(` ${label}: `, 'strong')]
  const aside = prompt.problem === null ? span(`  (${hint})`, 'dim') : span(`  ${prompt.problem}`, 'alarm')
  const room = Math.max(LEAST_TEXT, columns - lineWidth(start) - cells(END) - cells(aside.text))
  const before = text.slice(0, cursor)
  const behind = take(text.slice(cursor), Math.max(room - cells(before), Math.ceil(room / 2)))
  const shown = takeLast(before, room - cells(behind))
  const [at = '', ...rest] = graphemes(behind)
  return [
    ...start,
    span(shown),
    span(at, 'cursor'),
    span(rest.join('')),
    span(END, at === '' ? 'accent' : 'dim'),
    aside,
  ]
}
