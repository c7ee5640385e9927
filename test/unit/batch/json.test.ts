import { describe, expect, it } from 'vitest'
import { formatJson as partsOf } from '../../../src/batch/json.ts'
import {
  connectionRow,
  errorRow,
  inFlightRow,
  processRow,
  sampleOf,
  slowCallRow,
  syscallRow,
} from '../../support/samples.ts'

const all = { sort: null, filter: '' }

/** Names of a value's fields, nested ones with a dot, those of a list's members with `[]`. */
function fields(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap(member => fields(member, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, member]) => fields(member, path === '' ? name : `${path}.${name}`))
}

const duration = ['sum', 'max', 'p50', 'p95', 'p99']

/** The names that product and readers have agreed on. */
const CONTRACT = [
  'time',
  'interval_seconds',
  'filter.pids[]',
  ...['syscalls', 'connections', 'bytes'].map(name => `sources.${name}`),
  ...['syscall', 'id', 'count', 'errors', ...duration.map(name => `duration_ns.${name}`)].map(n => `syscalls[].${n}`),
  ...['pid', 'name', 'command', 'container', 'exited', 'syscalls', 'errors', 'sent_bytes', 'received_bytes'].map(
    name => `processes[].${name}`,
  ),
  ...duration.map(name => `processes[].duration_ns.${name}`),
  'processes[].connections',
  ...[
    'pid',
    'name',
    'family',
    'direction',
    'state',
    'local.address',
    'local.port',
    'remote.address',
    'remote.port',
  ].map(name => `connections[].${name}`),
  ...['sent_bytes', 'received_bytes', 'total_sent_bytes', 'total_received_bytes', 'connect_latency_ns', 'rtt_ns'].map(
    name => `connections[].${name}`,
  ),
  ...['retransmits', 'age_seconds', 'closed'].map(name => `connections[].${name}`),
  ...['syscalls', 'connections', 'bytes'].map(name => `lost.${name}`),
  ...[
    'pid',
    'tid',
    'name',
    'syscall',
    'id',
    'duration_ns',
    'duration_is_minimum',
    'thread_state',
    'idle',
    'argument',
  ].map(name => `in_flight[].${name}`),
  ...['pid', 'name', 'syscall', 'errno', 'count'].map(name => `errors[].${name}`),
]

/** Added to the contract since. */
const ADDED = [
  'syscalls[].abi',
  'syscalls[].untimed',
  'processes[].untimed',
  ...['pod', 'unit', 'started_ns'].map(name => `processes[].${name}`),
  ...['tcp', 'udp', 'other'].flatMap(transport =>
    ['sent_bytes', 'received_bytes'].map(name => `processes[].transports.${transport}.${name}`),
  ),
  ...['container', 'pod', 'unit', 'handshake_latency_ns', 'accept_wait_ns', 'rtt_min_ns', 'segments_sent'].map(
    name => `connections[].${name}`,
  ),
  ...['receive_queue_bytes', 'send_queue_bytes', 'zero_window', 'busy', 'mptcp'].map(name => `connections[].${name}`),
  ...['reset', 'closed_by', 'network_namespace', 'established', 'retransmitted_bytes', 'process_started_ns'].map(
    name => `connections[].${name}`,
  ),
  ...['id', 'started_ns', 'ended_ns'].map(name => `connections[].${name}`),
  ...['id', 'pid', 'name', 'container', 'family', 'mptcp', 'local.address', 'local.port'].map(
    name => `listeners[].${name}`,
  ),
  ...['backlog', 'backlog_limit', 'accepts', 'drops', 'network_namespace'].map(name => `listeners[].${name}`),
  'connections[].age_is_minimum',
  'connections[].error',
  'connections[].opened',
  ...['tracer', 'reason', 'count'].map(name => `losses[].${name}`),
  ...['pid', 'tid', 'name', 'syscall', 'id', 'abi', 'return', 'error'].map(name => `slow_calls[].${name}`),
  ...['started_ns', 'duration_ns'].map(name => `slow_calls[].${name}`),
  ...['process_started_ns', 'thread_name', 'abi', 'started_ns'].map(name => `in_flight[].${name}`),
  ...['process_started_ns', 'id', 'abi', 'meaning', 'share'].map(name => `errors[].${name}`),
  ...['sum', 'max', 'p50', 'p95', 'p99'].map(name => `duration_ns.${name}`),
  'sources.in_flight',
  'lost.slow_calls',
  'self.bpf_seconds',
  'self.cpu_seconds',
  'self.map_bytes',
  'self.private_bytes',
  'self.resident_bytes',
  'self.sample_seconds',
  ...['name', 'used', 'limit'].map(name => `maps[].${name}`),
]

const formatJson = (...args: Parameters<typeof partsOf>): string => [...partsOf(...args)].join('')

describe('formatJson', () => {
  const sample = sampleOf({
    filter: { pids: [42] },
    losses: [{ tracer: 'syscalls', reason: 'no_row', count: 1 }],
    slow_calls: [slowCallRow()],
    in_flight: [inFlightRow()],
    errors: [errorRow()],
    maps: [{ name: 'calls', used: 5, limit: 32_768 }],
  })

  it('has every name of the contract, and only the known ones besides', () => {
    expect(fields(JSON.parse(formatJson(sample, all))).sort()).toEqual([...CONTRACT, ...ADDED].sort())
  })

  it('begins with the moment, so that lines can be told apart by eye', () => {
    expect(formatJson(sample, all)).toMatch(/^\{"time":"2026-01-01T12:00:00.000Z","interval_seconds":1,"filter":/)
  })

  it('is one line, whatever a name holds', () => {
    const name = 'a"b\\c\n\u001b[2J\u007f\u009b\u2028é'
    const text = formatJson(sampleOf({ processes: [processRow({ name })] }), all)
    expect(text.match(/[\p{Cc}\u2028]/gu)).toEqual(['\n'])
    expect(text.endsWith('}\n')).toBe(true)
    expect(JSON.parse(text).processes[0].name).toBe(name)
  })

  it('leaves no row out', () => {
    const syscalls = Array.from({ length: 5000 }, (_, id) => syscallRow({ id }))
    const read: { syscalls: { id: number }[] } = JSON.parse(formatJson(sampleOf({ syscalls }), all))
    expect(new Set(read.syscalls.map(({ id }) => id))).toEqual(new Set(syscalls.map(({ id }) => id)))
    expect(read.syscalls).toHaveLength(syscalls.length)
  })

  it('leaves out what a filter does not match, and sorts', () => {
    const connections = [
      connectionRow({ sent_bytes: 1 }),
      connectionRow({ name: 'curl' }),
      connectionRow({ name: null }),
    ]
    const read = (sort: string | null, filter: string) =>
      JSON.parse(formatJson(sampleOf({ connections }), { sort, filter })).connections
    expect(read(null, 'curl')).toHaveLength(1)
    expect(read('sent_bytes', '').at(-1).sent_bytes).toBe(1)
  })
})
