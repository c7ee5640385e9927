/** What the pages remember of what they are about. */

import type { About } from '../../facts/about.ts'
import type { Session } from '../../session.ts'
import type { ProcessKey, Value } from '../../table/table.ts'
import type { Moment } from '../state/moment.ts'
import { type State, topPage } from '../state/state.ts'
import { type Page, subjectTable } from './page.ts'
import { subjectRow } from './rows.ts'

/** The state whose pages have seen the sample on the screen. */
export function observed(state: State): State {
  if (state.pages.length === 0 || state.shown === null) return state
  const { shown } = state
  return { ...state, pages: state.pages.map(page => ({ ...page, ...seenOf(page, shown) })) }
}

function seenOf({ what }: Page, shown: NonNullable<State['shown']>): Partial<Page> {
  const table = subjectTable(what)
  const row = subjectRow(what, shown)
  if (table === null || row === undefined) return {}
  return { seen: new Map<string, Value>(table.columns.map(column => [column.id, column.value(row)])) }
}

/** The state whose page of a process knows who that is. */
export function told(state: State, process: ProcessKey, about: About): State {
  const isMeant = ({ what }: Page): boolean => what.kind === 'process' && what.process === process
  // what was known is better than nothing
  const isNew = (page: Page): boolean => isMeant(page) && (about !== 'no answer' || page.about === null)
  if (!state.pages.some(isNew)) return state
  return { ...state, pages: state.pages.map(page => (isNew(page) ? { ...page, about } : page)) }
}

/** Asks who the process of the page on the screen is: when it is opened, and with each sample, for it changes. */
export function asker(session: Pick<Session, 'describe'>, tell: (process: ProcessKey, about: About) => void) {
  let last: { readonly process: ProcessKey; readonly moment: Moment | null } | null = null
  return (state: State): void => {
    const what = topPage(state)?.what
    if (what?.kind !== 'process') return
    const { process } = what
    if (last?.process === process && last.moment === state.shown) return
    last = { process, moment: state.shown }
    session.describe(process, about => tell(process, about))
  }
}
