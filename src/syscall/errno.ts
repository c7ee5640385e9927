import { parseTable } from './table.ts'
import { errno } from './tables.ts'

/** Numbers that the kernel keeps for itself, but that some drivers return (include/linux/errno.h). */
const internal = new Map([
  [515, 'ENOIOCTLCMD'],
  [524, 'ENOTSUPP'],
])

const names = parseTable(errno)

/** Name of an error number (a positive one: 2 is ENOENT); `errno NNN` for one that has no name. */
export function errnoName(number: number): string {
  return names[number] ?? internal.get(number) ?? `errno ${number}`
}
