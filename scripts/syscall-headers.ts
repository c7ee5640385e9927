/** Numbers and names from the text of kernel headers. */

/**
 * System calls of a unistd header: lines such as `#define __NR_read 0`, or `(__NR_SYSCALL_BASE + 3)`, the base being 0
 * in every ABI in use.
 */
export function readSyscalls(header: string): Map<number, string> {
  return read(header, /^#define __NR_(\w+)\s+(?:\(__NR_SYSCALL_BASE\s*\+\s*)?(\d+)\)?$/gm)
}

/** Error numbers of an errno header: lines such as `#define ENOENT 2`. */
export function readErrnos(header: string): Map<number, string> {
  return read(header, /^#define\s+(E\w+)\s+(\d+)\b/gm)
}

/** What each error number means, in the words of the comment behind it. */
export function readMeanings(header: string): Map<string, string> {
  const lines = header.matchAll(/^#define\s+(E\w+)\s+\d+\s*\/\* ([^*]+?) \*\/$/gm)
  return new Map(Array.from(lines, ([, name = '', meaning = '']) => [name, meaning]))
}

function read(header: string, define: RegExp): Map<number, string> {
  return new Map([...header.matchAll(define)].map(([, name = '', number]) => [Number(number), name]))
}
