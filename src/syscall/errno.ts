import { parseTable } from './table.ts'
import { errno } from './tables.ts'

/** Numbers that the kernel keeps for itself but that a tracer sees (include/linux/errno.h): calls begun anew by a signal. */
const internal = new Map([
  [512, 'ERESTARTSYS'],
  [513, 'ERESTARTNOINTR'],
  [514, 'ERESTARTNOHAND'],
  [515, 'ENOIOCTLCMD'],
  [516, 'ERESTART_RESTARTBLOCK'],
  [524, 'ENOTSUPP'],
])

const names = parseTable(errno)

/** Name of an error number (a positive one: 2 is ENOENT); `errno NNN` for one that has no name. */
export function errnoName(number: number): string {
  return names[number] ?? internal.get(number) ?? `errno ${number}`
}
