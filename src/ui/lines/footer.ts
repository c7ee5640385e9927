/** The last line of the screen: a message, or what the keys do. */

import { keyName } from '../state/help.ts'
import { bindings, isAvailable } from '../state/keys.ts'
import type { State } from '../state/state.ts'
import { type Item, joinItems } from './items.ts'
import { fitLine, type Line, span } from './style.ts'

export function footerLine(state: State): Line {
  const { columns } = state.size
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
