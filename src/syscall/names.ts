import { parseTable } from './table.ts'
import { arm, arm64, i386, x86_64 } from './tables.ts'

/** Architectures whose system calls have names here, as `process.arch` calls them. */
export type Arch = 'x64' | 'arm64'

/** `compat`: 32-bit calls on a 64-bit kernel, i386 on x86_64 and EABI arm on arm64. */
export type Abi = 'native' | 'compat'

/** The number into which the BPF side folds every number that it has no slot for. */
export const OTHER_SYSCALLS = 0xffff

const tables: Record<Arch, Record<Abi, readonly string[]>> = {
  x64: { native: parseTable(x86_64), compat: parseTable(i386) },
  arm64: { native: parseTable(arm64), compat: parseTable(arm) },
}

/** Name of a system call; `syscall_NNN` for a number that no known kernel has, `unknown` for OTHER_SYSCALLS. */
export function syscallName(arch: Arch, abi: Abi, nr: number): string {
  if (nr === OTHER_SYSCALLS) return 'unknown'
  return tables[arch][abi][nr] ?? `syscall_${nr}`
}

/** True where the system calls of `arch` have names here. */
export function isArch(arch: string): arch is Arch {
  return Object.hasOwn(tables, arch)
}
