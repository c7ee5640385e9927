/** Why a table has no rows. */

import type { Sources } from '../sample/sample.ts'
import { isMeasured } from '../table/format.ts'
import type { ListName } from '../table/table.ts'
import { sanitize } from '../text/text.ts'
import { listedAs, type State, tableOf } from './state.ts'

/** The sources without which a table can have no rows: those of its counts, any of which is enough. */
const sourcesOf: Readonly<Record<ListName, readonly (keyof Sources)[]>> = {
  syscalls: ['syscalls'],
  connections: ['connections'],
  processes: ['syscalls', 'bytes', 'connections'],
  listeners: ['connections'],
  slow: ['syscalls'],
  groups: ['connections'],
}

/** The kinds of numbers that this kernel offers no way to measure. */
export function unmeasured(sources: Sources): (keyof Sources)[] {
  const kinds: readonly (keyof Sources)[] = ['syscalls', 'connections', 'bytes']
  return kinds.filter(kind => !isMeasured(kind, sources))
}

/** What an empty table says. */
export function emptyText(state: State, name: ListName): string {
  const { many } = listedAs(state, name).noun
  const { shown } = state
  if (shown === null) return 'waiting for the first sample'
  if (!sourcesOf[name].some(kind => isMeasured(kind, shown.sample.sources))) {
    return `${many} cannot be seen on this machine; ebpf-top --doctor says why`
  }
  if (state.filter !== '' && tableOf(name === 'groups' ? 'connections' : name).rows(shown.sample).length > 0) {
    return `none of the ${many} matches “${sanitize(state.filter)}”`
  }
  const { pids } = shown.sample.filter
  const whose = pids.length === 0 ? '' : pids.length === 1 ? ` of process ${pids[0]}` : ` of ${pids.length} processes`
  return `no ${many}${whose} in this interval`
}
