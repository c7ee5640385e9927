import { connectionTable } from '../../src/tracers/connections/table.ts'
import { listenerTable } from '../../src/tracers/listeners/table.ts'
import { processTable } from '../../src/tracers/processes/table.ts'
import { slowTable } from '../../src/tracers/slow-calls/table.ts'
import { syscallTable } from '../../src/tracers/syscalls/table.ts'

/** The built-in tables by the names that their views have. */
export const tables = {
  syscalls: syscallTable,
  connections: connectionTable,
  processes: processTable,
  listeners: listenerTable,
  slow: slowTable,
}
