import { connectionTable } from './connections.ts'
import { processTable } from './processes.ts'
import { syscallTable } from './syscalls.ts'

/** Every table by its name. */
export const tables = {
  syscalls: syscallTable,
  connections: connectionTable,
  processes: processTable,
} as const
