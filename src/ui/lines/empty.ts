/** Why a table has no rows. */

import { isMeasured, type Sources } from '../../table/format.ts'
import { sanitize } from '../../text/text.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { isLookedAt } from '../pages/rows.ts'
import { listing } from '../state/listing.ts'
import { GROUPS, listedAs, type State, topPage } from '../state/state.ts'

/** The kinds of numbers that this kernel offers no way to measure. */
export function unmeasured(sources: Sources): string[] {
  return Object.keys(sources).filter(kind => !isMeasured(kind, sources))
}

/** What an empty table says. */
export function emptyText(state: State, name: string): string {
  const table = listedAs(state, name)
  const { noun, sources } = table
  const page = topPage(state)
  const { many } = noun
  const { shown } = state
  if (shown === null) return 'waiting for the first sample'
  if (!sources.some(kind => isMeasured(kind, shown.sample.sources))) {
    return `${many} cannot be seen on this machine; ebpf-top --doctor says why`
  }
  const isThere = page === undefined ? shown.sample.tables.has(table) : isLookedAt(page.what, table, shown)
  if (name !== GROUPS && !isThere) {
    return state.pause === null ? 'waiting for the next sample' : `${many} were not looked at in this sample`
  }
  if (state.filter !== '' && listing(state, name === GROUPS ? connectionTable.name : name).all > 0) {
    return `none of the ${many} matches “${sanitize(state.filter)}”`
  }
  const { hidden } = listing(state, name)
  if (hidden > 0 && table.lingering === true) return `none but ${hidden} that closed: key x`
  if (hidden > 0) return `none but ${hidden} idle ${hidden === 1 ? 'wait' : 'waits'}: key i`
  if (page !== undefined) return `no ${many} of ${sanitize(page.title)} in this interval`
  const { pids } = shown.sample.filter
  const whose = pids.length === 0 ? '' : pids.length === 1 ? ` of process ${pids[0]}` : ` of ${pids.length} processes`
  return `no ${many}${whose} in this interval`
}
