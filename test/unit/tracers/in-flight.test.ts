import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { descriptorText, fileText, numberText, type OpenFile } from '../../../src/tracers/in-flight/argument.ts'
import { Bounds, type Sleeper } from '../../../src/tracers/in-flight/bounds.ts'
import { descriptorTable } from '../../../src/tracers/in-flight/descriptors.ts'
import { isIdle, type Waiting } from '../../../src/tracers/in-flight/idle.ts'
import { RecordReader } from '../../../src/tracers/in-flight/reading.ts'
import { threadState } from '../../../src/tracers/in-flight/thread-state.ts'

const U64 = 2n ** 64n

test.each([
  [0n, '0'],
  [4194303n, '4194303'],
  [4194304n, '0x400000'],
  [0x7ffd_0000_1000n, '0x7ffd00001000'],
  [0xffff_ffffn, '-1'],
  [U64 - 1n, '-1'],
  [0xffff_f000n, '-4096'],
  [0xffff_efffn, '0xffffefff'],
  [U64 - 4097n, '0xffffffffffffefff'],
])('the number %s is written %s', (number, text) =>
  expect(numberText(Number(number & 0xffff_ffffn), Number(number >> 32n))).toBe(text),
)

test.each([
  [7n, '7'],
  [0xffff_ff9cn, 'AT_FDCWD'],
  [U64 - 100n, 'AT_FDCWD'],
  [0xffff_ffffn, '-1'],
])('the descriptor %s, which is not open, is written %s', (number, text) =>
  expect(descriptorText(Number(number & 0xffff_ffffn))).toBe(text),
)

describe('a file is written as /proc/PID/fd has it', () => {
  const file = (names: string, more: Partial<OpenFile> = {}): OpenFile => ({
    inode: 5,
    fileSystem: 0xef53,
    names: Buffer.from(names),
    isCut: false,
    isDeleted: false,
    ...more,
  })
  test.each([
    ['a path', file('syslog\0log\0var\0'), '/var/log/syslog'],
    ['the root', file(''), '/'],
    ['one that was deleted', file('a\0tmp\0', { isDeleted: true }), '/tmp/a (deleted)'],
    ['one whose path is too long', file('a\0b\0', { isCut: true }), '…/b/a'],
    ['a name with what terminals understand, which sinks make harmless', file('\x1b[2J\n\0tmp\0'), '/tmp/\x1b[2J\n'],
    ['a name that is not UTF-8', file('', { names: Buffer.from([0xff, 0x61, 0]) }), '/\ufffda'],
    ['a pipe', file('\0', { fileSystem: 0x50495045, isDeleted: true }), 'pipe:[5]'],
    ['a socket', file('', { fileSystem: 0x534f434b }), 'socket:[5]'],
    ['an epoll set', file('[eventpoll]\0', { fileSystem: 0x09041934, isDeleted: true }), 'anon_inode:[eventpoll]'],
    ['a process', file('', { fileSystem: 0x50494446 }), 'anon_inode:[pidfd]'],
    ['memory', file('memfd:x\0', { fileSystem: 0x01021994, isDeleted: true }), '/memfd:x (deleted)'],
  ])('%s', (_, open, text) => expect(fileText(open)).toBe(text))
})

test.each([
  [0, false, 'running'],
  [1, true, 'running'],
  [1, false, 'sleeping'],
  [2, false, 'uninterruptible'],
  [0x102, false, 'uninterruptible'],
  [0x402, false, 'idle'],
  [0x104, false, 'stopped'],
  [0x108, false, 'traced'],
  [0x2001, false, 'sleeping'],
  [0x8000, false, 'frozen'],
  [0x40, false, 'unknown'],
] as const)('a thread in state %s, on a processor: %s, is %s', (bits, running, state) =>
  expect(threadState(bits, running)).toBe(state),
)

describe('idle is who sleeps in a call that waits by its nature', () => {
  const wait = (syscall: string, more: Partial<Waiting> = {}): Waiting => ({
    syscall,
    state: 'sleeping',
    argument: '5',
    device: null,
    ...more,
  })
  test.each([
    wait('epoll_wait'),
    wait('futex'),
    wait('restart_syscall'),
    wait('read', { argument: 'anon_inode:[eventfd]' }),
    wait('read', { argument: '/dev/pts/3', device: 136 }),
  ])('$syscall $argument', waiting => expect(isIdle(waiting)).toBe(true))
  test.each([
    wait('read', { argument: 'pipe:[4]' }),
    wait('write', { argument: '/dev/pts/3', device: 136 }),
    wait('read', { argument: '/dev/null', device: 1 }),
    wait('recvfrom'),
    wait('fsync'),
    wait('futex', { state: 'uninterruptible' }),
    wait('poll', { state: 'running' }),
    wait('nanosleep', { state: 'stopped' }),
  ])('not $syscall $argument $state', waiting => expect(isIdle(waiting)).toBe(false))
})

test('calls that take a descriptor are marked by their numbers in both tables', () => {
  const table = descriptorTable('x64')
  expect(table).toHaveLength(1024)
  const of = (number: number, isCompat = false): number | undefined => table[number + (isCompat ? 512 : 0)]
  // read, futex, openat; read, waitpid, _llseek of i386
  expect([of(0), of(202), of(257)]).toEqual([1, 0, 1])
  expect([of(3, true), of(7, true), of(140, true)]).toEqual([1, 0, 1])
})

describe('the begin of a call that nobody saw', () => {
  const thread: Sleeper = { tid: 7, startedNs: 1, call: 0, switches: 3, running: false, seenNs: 100 }
  const later = (more: Partial<Sleeper> = {}): number => {
    const bounds = new Bounds()
    bounds.turn()
    expect(bounds.sinceNs(thread)).toBe(100)
    bounds.turn()
    return bounds.sinceNs({ ...thread, seenNs: 200, ...more })
  }

  test('is before the walk that found the thread in the same sleep', () => expect(later()).toBe(100))
  test.each([
    ['it ran meanwhile', { switches: 4 }],
    ['it runs', { running: true }],
    ['it is another thread', { startedNs: 2 }],
    ['it is in another call', { call: 1 }],
  ] as const)('is before now where %s', (_, more) => expect(later(more)).toBe(200))

  test('is forgotten with a walk that does not find the thread', () => {
    const bounds = new Bounds()
    bounds.sinceNs(thread)
    bounds.turn()
    bounds.turn()
    expect(bounds.sinceNs({ ...thread, seenNs: 300 })).toBe(300)
  })
})

describe('records of an iterator', () => {
  /** A file of records: the size in the second word, a number in the first. */
  function records(sizes: readonly number[]): number {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-records-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const bytes = sizes.map((size, i) => {
      const record = Buffer.alloc(size)
      record.writeUInt32LE(i, 0)
      record.writeUInt32LE(size, 4)
      return record
    })
    writeFileSync(join(folder, 'records'), Buffer.concat(bytes))
    return openSync(join(folder, 'records'), 'r')
  }
  const SIZES = Array.from({ length: 5000 }, (_, i) => 8 * (1 + (i % 50)))

  async function read(records_: number, bytes: number) {
    const found = await new RecordReader(4, { records: records_, bytes }).read(records(SIZES))
    return { numbers: found.starts.map(start => found.bytes.readUInt32LE(start)), leftOut: found.leftOut }
  }

  test('are all there, wherever a read ends', async () => {
    expect(await read(Infinity, Infinity)).toEqual({ numbers: SIZES.map((_, i) => i), leftOut: 0 })
  })
  test('are counted where there are too many', async () => {
    expect(await read(3000, Infinity)).toEqual({ numbers: SIZES.slice(0, 3000).map((_, i) => i), leftOut: 2000 })
  })
  test('are counted where they take too much memory', async () => {
    const { numbers, leftOut } = await read(Infinity, 500_000)
    expect(numbers.length + leftOut).toBe(SIZES.length)
    expect(numbers).toEqual(SIZES.slice(0, numbers.length).map((_, i) => i))
    expect(leftOut).toBeGreaterThan(0)
  })
})
