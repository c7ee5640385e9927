/** The last line of the screen: a prompt, a message, or what the keys do. */

import { cells, takeLast } from '../table/format.ts'
import { type Item, joinItems } from './items.ts'
import { bindings, isAvailable, keyName } from './keys.ts'
import { promptTexts } from './prompt.ts'
import type { Prompt, State } from './state.ts'
import { fitLine, type Line, lineWidth, span } from './style.ts'

/** Fewest cells for the text of a prompt; where a message leaves less, the message is cut. */
const LEAST_TEXT = 12

/** What the cursor of a prompt stands on. */
const CURSOR = '█'

export function footerLine(state: State): Line {
  const { columns } = state.size
  if (state.prompt !== null) return fitLine(promptLine(state.prompt, columns), columns)
  if (state.message !== '') return fitLine([span(` ${state.message}`, 'warning')], columns)
  return fitLine([span(' '), ...joinItems(labels(state), columns - 2, 2)], columns)
}

function labels(state: State): Item[] {
  return bindings.flatMap(binding => {
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

/** The end of a text that is too long stays in sight, because it is being typed there. */
function promptLine(prompt: Prompt, columns: number): Line {
  const { label, hint } = promptTexts[prompt.kind]
  const start: Line = [span(` ${label}: `, 'strong')]
  const aside = prompt.problem === null ? span(`  (${hint})`, 'dim') : span(`  ${prompt.problem}`, 'alarm')
  const room = columns - lineWidth(start) - cells(CURSOR) - cells(aside.text)
  const text = takeLast(prompt.text, Math.max(LEAST_TEXT, room))
  return [...start, span(text), span(CURSOR, 'accent'), aside]
}
