import { connectionTable } from './connections.ts'
import { listenerTable } from './listeners.ts'
import { processTable } from './processes.ts'
import { slowTable } from './slow.ts'
import { syscallTable } from './syscalls.ts'

/** Every table by its name. */
export const tables = {
  syscalls: syscallTable,
  connections: connectionTable,
  processes: processTable,
  listeners: listenerTable,
  slow: slowTable,
} as const
