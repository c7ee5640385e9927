import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readSyscalls } from '../../../scripts/syscall-headers.ts'
import { errnoName } from '../../../src/syscall/errno.ts'
import { isArch, OTHER_SYSCALLS, syscallName } from '../../../src/syscall/names.ts'

describe('syscallName', () => {
  it.each([
    ['x64', 'native', 0, 'read'],
    ['x64', 'native', 59, 'execve'],
    ['x64', 'native', 334, 'rseq'],
    ['x64', 'native', 424, 'pidfd_send_signal'],
    ['x64', 'compat', 3, 'read'],
    ['x64', 'compat', 20, 'getpid'],
    ['x64', 'compat', 102, 'socketcall'],
    ['arm64', 'native', 63, 'read'],
    ['arm64', 'native', 291, 'statx'],
    ['arm64', 'compat', 3, 'read'],
    ['arm64', 'compat', 397, 'statx'],
  ] as const)('%s %s %i is %s', (arch, abi, nr, name) => expect(syscallName(arch, abi, nr)).toBe(name))

  it('knows the newest calls on every ABI, which share their numbers', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      for (const abi of ['native', 'compat'] as const) {
        expect(syscallName(arch, abi, 435)).toBe('clone3')
        expect(syscallName(arch, abi, 462)).toBe('mseal')
        expect(syscallName(arch, abi, 469)).toBe('file_setattr')
      }
    }
  })

  it('writes the number of what it does not know', () => {
    expect(syscallName('x64', 'native', 400)).toBe('syscall_400')
    expect(syscallName('x64', 'native', 9999)).toBe('syscall_9999')
    expect(syscallName('x64', 'native', OTHER_SYSCALLS)).toBe('unknown')
  })

  it('knows which architectures it knows', () => {
    expect(isArch('x64')).toBe(true)
    expect(isArch('mips')).toBe(false)
    expect(isArch('toString')).toBe(false)
  })
})

/** Headers of this machine, which may be older than the tables: what stands in them must stand in the tables. */
const INSTALLED = [
  ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', 'x64', 'native'],
  ['/usr/include/x86_64-linux-gnu/asm/unistd_32.h', 'x64', 'compat'],
  ['/usr/include/aarch64-linux-gnu/asm/unistd_64.h', 'arm64', 'native'],
] as const

describe('the tables', () => {
  const found = INSTALLED.filter(([file]) => existsSync(file))

  it.each(found)('agree with %s', (file, arch, abi) => {
    const installed = readSyscalls(readFileSync(file, 'utf8'))
    expect(installed.size).toBeGreaterThan(250)
    for (const [nr, name] of installed) expect(syscallName(arch, abi, nr)).toBe(name)
  })
})

describe('readSyscalls', () => {
  it('reads plain numbers and those that stand on a base', () => {
    const header = '#define __NR_read 0\n#define __NR_open (__NR_SYSCALL_BASE + 5)\n#define __NR_MAX __NR_read\n'
    expect([...readSyscalls(header)]).toEqual([
      [0, 'read'],
      [5, 'open'],
    ])
  })
})

describe('errnoName', () => {
  it('agrees with Node where Node knows the number', () => {
    const aliases = new Map([
      ['EWOULDBLOCK', 'EAGAIN'],
      ['ENOTSUP', 'EOPNOTSUPP'],
    ])
    for (const [name, errno] of Object.entries(constants.errno))
      expect(errnoName(errno)).toBe(aliases.get(name) ?? name)
  })

  it('knows what the kernel keeps for itself, and writes the number of the rest', () => {
    expect(errnoName(524)).toBe('ENOTSUPP')
    expect(errnoName(131)).toBe('ENOTRECOVERABLE')
    expect(errnoName(4000)).toBe('errno 4000')
  })
})
