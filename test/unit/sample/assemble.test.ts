import { expect, test } from 'vitest'
import { Times } from '../../../src/bpf/clock.ts'
import { ProcessFacts } from '../../../src/facts/facts.ts'
import type { Answer } from '../../../src/facts/reader.ts'
import { assemble, type Records } from '../../../src/sample/assemble.ts'
import { ListBatch } from '../../../src/table/batch.ts'
import { HistogramSum, KERNEL_OCTAVES } from '../../../src/table/histogram.ts'
import { Tables } from '../../../src/table/tables.ts'
import { type ConnectionRecord, NO_SOCKETS } from '../../../src/tracers/connections/sockets/record.ts'
import { Sockets } from '../../../src/tracers/connections/sockets/sockets.ts'
import type { Lists } from '../../../src/tracers/registry.ts'
import { type CallRecords, COMPAT_BIT } from '../../../src/tracers/syscalls/call-records.ts'
import { type CallSums, CallTotals } from '../../../src/tracers/syscalls/call-sums.ts'
import type { CallRow } from '../../../src/tracers/syscalls/row.ts'
import { asking } from '../../support/asking.ts'
import { toEnd } from '../../support/generators.ts'
import { connectionRecord, processRecord } from '../../support/records.ts'
import { listsIn } from '../../support/samples.ts'

const END = {
  endedNs: 10e9,
  times: Times.of({ monotonicNs: 10e9, bootNs: 15e9, unixNs: 1e18 }),
  namespace: 1,
  links: { get: (namespace: number, device: number) => `link${namespace}.${device}` },
}

function answerTo(pid: number): Answer {
  const group = { container: `c${pid}`, pod: null, unit: null }
  return { startedTicks: 0, name: `n${pid}`, command: `command of ${pid}`, group }
}

function rowsOf(
  records: Partial<Records> & { readonly open?: readonly ConnectionRecord[] },
  pids: readonly number[] = [],
): { readonly calls: Iterable<CallRow> } & Lists {
  const sockets = new Sockets(END)
  toEnd(sockets.addOpen(new ListBatch(records.open)))
  const all = { processes: [], calls: new Reads(), slow: [], closed: NO_SOCKETS, ...records }
  const tables = new Tables()
  const { calls } = toEnd(
    assemble(all, sockets, tables, {
      ...END,
      arch: 'x64',
      pids,
      facts: new ProcessFacts(asking(answerTo, 13)),
      self: 12,
    }),
  )
  return { calls, ...listsIn(tables) }
}

/** For each process record that is named, one read and one 32-bit exit of some microseconds. */
class Reads implements CallRecords {
  readonly #processes: readonly number[]

  constructor(...processes: readonly number[]) {
    this.#processes = processes
  }

  get length(): number {
    return this.#processes.length
  }

  at(index: number) {
    const record = {
      number: 0,
      abi: 'native' as const,
      errors: 0,
      failures: [],
      untimed: 0,
      durations: new HistogramSum(),
    }
    return { process: this.#processes[index] ?? 0, ...record }
  }

  addTo(sums: CallSums, from: number, to: number): void {
    const octaves = new Uint32Array(KERNEL_OCTAVES)
    octaves[5] = 1
    const counts = Uint32Array.of(0, 0, 0, 0, 0, 1, 0, 0)
    const totals = Object.assign(new CallTotals(), { lowOctaves: 1 << 5 })
    for (const process of this.#processes.slice(from, to)) {
      sums.add(Object.assign(totals, { process, call: 0, errors: 0, sum: 1500, max: 1500 }), octaves, 0, counts)
      const failed = { process, call: 1 | COMPAT_BIT, errors: 1, sum: 1800, max: 1800 }
      sums.add(Object.assign(totals, failed), octaves, 0, counts)
    }
  }

  keep(): void {}

  release(): void {}
}

test('the calls of both records of a process are in its row', () => {
  const { processes, syscalls, calls } = rowsOf({
    processes: [processRecord(7), processRecord(8), processRecord(7, { name: 'renamed' })],
    calls: new Reads(0, 2),
  })
  expect(processes).toMatchObject([
    {
      pid: 7,
      started_ns: 1e18 - 15e9 + 5,
      name: 'renamed',
      command: 'command of 7',
      syscalls: 4,
      errors: 2,
      duration_ns: { sum: 6600, max: 1800 },
    },
    { pid: 8, name: 'p8', syscalls: 0, errors: 0, duration_ns: { sum: 0, max: 0, p50: 0, p99: 0 } },
  ])
  expect(syscalls).toMatchObject([
    { syscall: 'read', id: 0, abi: 'native', count: 2, errors: 0 },
    { syscall: 'exit', id: 1, abi: 'compat', count: 2, errors: 2 },
  ])
  expect(Array.from(calls, ({ pid }) => pid)).toEqual([7, 7])
})

test('processes that had one pid after the other are told apart, and so is what they own', () => {
  const first = { pid: 7, command: 'first -x', group: { container: 'c1', pod: null, unit: null } }
  const second = { pid: 7, command: 'second -y', group: { container: 'c2', pod: null, unit: null } }
  const { processes, connections } = rowsOf({
    processes: [
      processRecord(7, { ...first, name: 'first', exited: true }),
      processRecord(7, { ...second, name: 'second', startedNs: 9 }),
    ],
    calls: new Reads(0, 1, 1),
    open: [
      connectionRecord({ id: 1, owner: 7, ownerStartedNs: 5, name: 'in the socket' }),
      connectionRecord({ id: 2, owner: 7, ownerStartedNs: 9, name: 'in the socket' }),
      connectionRecord({ id: 3, owner: 7, ownerStartedNs: 9, name: 'in the socket' }),
      connectionRecord({ id: 4, owner: 7, ownerStartedNs: 0, name: 'the start is not known' }),
    ],
  })
  expect(processes).toMatchObject([
    { pid: 7, ...{ name: 'first', command: 'first -x', container: 'c1' }, syscalls: 2, connections: 1, exited: true },
    {
      pid: 7,
      ...{ name: 'second', command: 'second -y', container: 'c2' },
      syscalls: 4,
      connections: 3,
      exited: false,
    },
  ])
  expect(connections.map(row => [row.id, row.pid, row.name, row.container])).toEqual([
    [1, 7, 'first', 'c1'],
    [2, 7, 'second', 'c2'],
    [3, 7, 'second', 'c2'],
    [4, 7, 'second', 'c2'],
  ])
})

test('children of this program are part of it', () => {
  const { processes, syscalls, calls } = rowsOf({
    processes: [processRecord(7), processRecord(8, { parent: 12 }), processRecord(13)],
    calls: new Reads(0, 1, 2),
  })
  expect(processes.map(row => row.pid)).toEqual([7])
  expect(syscalls.map(row => row.count)).toEqual([1, 1])
  expect(Array.from(calls, ({ pid }) => pid)).toEqual([7])
})

test('bytes of a process are added up by transport', () => {
  const moved = (sentBytes: number, receivedBytes: number) => ({ sentBytes, receivedBytes })
  const { processes } = rowsOf({
    processes: [
      processRecord(7, { tcp: moved(1, 2), udp: moved(10, 20) }),
      processRecord(7, { tcp: moved(100, 200), other: moved(0, 5) }),
    ],
  })
  expect(processes).toMatchObject([
    {
      sent_bytes: 111,
      received_bytes: 227,
      transports: {
        tcp: { sent_bytes: 101, received_bytes: 202 },
        udp: { sent_bytes: 10, received_bytes: 20 },
        other: { sent_bytes: 0, received_bytes: 5 },
      },
    },
  ])
})

test('connections are counted for their owners, which may have done nothing else', () => {
  const { processes, connections } = rowsOf({
    processes: [processRecord(7)],
    open: [
      connectionRecord({ id: 1, owner: 7 }),
      connectionRecord({ id: 2, owner: 9, name: 'idle' }),
      connectionRecord({ id: 3, owner: 0, local: { address: '127.0.0.1', port: 5 } }),
    ],
    closed: new ListBatch([connectionRecord({ id: 4, owner: 9, endedNs: 9 })]),
  })
  expect(processes.map(row => [row.pid, row.name, row.connections])).toEqual([
    [7, 'p7', 1],
    [9, 'n9', 2],
  ])
  expect(connections.map(row => [row.id, row.pid, row.container, row.closed])).toEqual([
    [1, 7, 'c7', false],
    [2, 9, 'c9', false],
    [3, null, null, false],
    [4, 9, 'c9', true],
  ])
})

test('a connection that closed after the walk has one row, with the bytes of both records by its totals', () => {
  const walked = connectionRecord({
    ...{ id: 5, opened: true },
    ...{ sentBytes: 10, totalSentBytes: 110, receivedBytes: 1, totalReceivedBytes: 1 },
  })
  const closed = connectionRecord({
    ...{ id: 5, state: 'FIN_WAIT2', endedNs: 9e9 },
    ...{ totalSentBytes: 115, receivedBytes: 2, totalReceivedBytes: 3 },
  })
  // whether the kernel side knew at the end what the walk had counted or not
  for (const sentBytes of [5, 15]) {
    const { connections, processes } = rowsOf({
      open: [connectionRecord({ id: 4 }), walked],
      closed: new ListBatch([{ ...closed, sentBytes }]),
    })
    expect(connections.map(row => [row.id, row.state, row.sent_bytes, row.received_bytes, row.opened])).toEqual([
      [4, 'ESTABLISHED', 0, 0, false],
      [5, 'CLOSE', 15, 3, true],
    ])
    expect(processes).toMatchObject([{ pid: 1, connections: 2 }])
  }
})

test('a listening socket is no connection, owns what waits to be accepted, and has the drops of both its records', () => {
  const listener = connectionRecord({
    ...{ id: 2, owner: 4, name: 'server', state: 'LISTEN', drops: 1, totalDrops: 5, accepted: false },
    remote: { address: '0.0.0.0', port: 0 },
  })
  const { connections, listeners, processes } = rowsOf({
    open: [connectionRecord({ id: 1, owner: 0 }), connectionRecord({ id: 3, owner: 6, accepted: true }), listener],
    closed: new ListBatch([{ ...listener, endedNs: 9e9, drops: 3, totalDrops: 7 }]),
  })
  expect(connections.map(row => [row.id, row.pid, row.name])).toEqual([
    [1, 4, 'n4'],
    [3, 6, 'n6'],
  ])
  expect(listeners).toMatchObject([{ pid: 4, name: 'n4', container: 'c4', accepts: 1, drops: 3 }])
  expect(processes.map(row => [row.pid, row.connections])).toEqual([
    [4, 1],
    [6, 1],
  ])
})

test('under a filter there are rows of the wanted processes alone', () => {
  const { processes, connections, syscalls, calls } = rowsOf(
    {
      processes: [processRecord(7), processRecord(8)],
      calls: new Reads(0, 1, 1),
      open: [connectionRecord({ id: 1, owner: 7 }), connectionRecord({ id: 2, owner: 8 })],
    },
    [7],
  )
  expect(processes.map(row => [row.pid, row.syscalls])).toEqual([[7, 2]])
  expect(connections.map(row => row.id)).toEqual([1])
  expect(syscalls.map(row => row.count)).toEqual([1, 1])
  expect(Array.from(calls, ({ pid }) => pid)).toEqual([7])
})
