import { meanings } from './meanings.ts'
import { parseTable } from './table.ts'
import { errno } from './tables.ts'

/** Numbers that the kernel keeps for itself, but that some drivers return (include/linux/errno.h). */
const internal = new Map([
  [515, 'ENOIOCTLCMD'],
  [524, 'ENOTSUPP'],
])

const internalMeanings = [
  ['ENOIOCTLCMD', 'No ioctl command'],
  ['ENOTSUPP', 'Operation is not supported'],
] as const

const names = parseTable(errno)

/** Name of an error number (a positive one: 2 is ENOENT); `errno NNN` for one that has no name. */
export function errnoName(number: number): string {
  return names[number] ?? internal.get(number) ?? `errno ${number}`
}

/** The words of each name, read when they are first asked for. */
let words: ReadonlyMap<string, string> | null = null

/** What an error means, by its name and in the words of the kernel's headers; '' for one that has none. */
export function errnoMeaning(name: string): string {
  words ??= new Map([...meanings.trim().split('\n').map(nameAndRest), ...internalMeanings])
  return words.get(name) ?? ''
}

function nameAndRest(line: string): readonly [string, string] {
  const end = line.indexOf(' ')
  return [line.slice(0, end), line.slice(end + 1)]
}
