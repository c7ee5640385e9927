import { connectionTable } from '../tracers/connections/table.ts'
import { listenerTable } from '../tracers/listeners/table.ts'
import { processTable } from '../tracers/processes/table.ts'
import { slowTable } from '../tracers/slow-calls/table.ts'
import { syscallTable } from '../tracers/syscalls/table.ts'

/** Every table by its name. */
export const tables = {
  syscalls: syscallTable,
  connections: connectionTable,
  processes: processTable,
  listeners: listenerTable,
  slow: slowTable,
} as const
