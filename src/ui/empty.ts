/** Why a table has no rows. */

import type { Sources } from '../sample/sample.ts'
import { sanitize } from '../table/format.ts'
import type { TableName } from '../table/table.ts'
import { type State, tableOf } from './state.ts'

/** How `Sources` says that the kernel offers no way to measure something. */
const NOT_MEASURED = 'none'

/** The sources without which a table can have no rows: those of its counts, any of which is enough. */
const sourcesOf: Readonly<Record<TableName, readonly (keyof Sources)[]>> = {
  syscalls: ['syscalls'],
  connections: ['connections'],
  processes: ['syscalls', 'bytes', 'connections'],
}

/** The kinds of numbers that this kernel offers no way to measure. */
export function unmeasured(sources: Sources): (keyof Sources)[] {
  const kinds: readonly (keyof Sources)[] = ['syscalls', 'connections', 'bytes']
  return kinds.filter(kind => sources[kind] === NOT_MEASURED)
}

/** What an empty table says. */
export function emptyText(state: State, name: TableName): string {
  const { many } = tableOf(name).noun
  const { shown } = state
  if (shown === null) return 'waiting for the first sample'
  if (sourcesOf[name].every(source => shown.sources[source] === NOT_MEASURED)) {
    return `${many} cannot be seen on this machine; ebpf-top --doctor says why`
  }
  if (state.filter !== '' && tableOf(name).rows(shown).length > 0) {
    return `none of the ${many} matches “${sanitize(state.filter)}”`
  }
  const { pids } = shown.filter
  const whose = pids.length === 0 ? '' : pids.length === 1 ? ` of process ${pids[0]}` : ` of ${pids.length} processes`
  return `no ${many}${whose} in this interval`
}
