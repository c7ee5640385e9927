/** Samples made by hand, for tests that need none of the kernel. */

import type { FreshSample, HeldSample, Sample, SampleFacts } from '../../src/sample/sample.ts'
import type { Host } from '../../src/session.ts'
import { Tables } from '../../src/table/tables.ts'
import type { ConnectionRow } from '../../src/tracers/connections/row.ts'
import type { ErrorRow } from '../../src/tracers/errors/row.ts'
import type { InFlightRow } from '../../src/tracers/in-flight/row.ts'
import { isStuck, stuckTable } from '../../src/tracers/in-flight/stuck.ts'
import type { ListenerRow } from '../../src/tracers/listeners/row.ts'
import type { ProcessRow } from '../../src/tracers/processes/row.ts'
import { type Lists, registry } from '../../src/tracers/registry.ts'
import type { SlowCallRow } from '../../src/tracers/slow-calls/row.ts'
import type { SyscallRow } from '../../src/tracers/syscalls/row.ts'

export function hostOf(change: Partial<Host> = {}): Host {
  return {
    name: 'host',
    kernel: '6.1',
    cpus: 1,
    means: [],
    rights: 'as nobody, with CAP_BPF alone',
    notes: [],
    ...change,
  }
}

const duration = { sum: 9_000, max: 2_500, p50: 900, p95: 2_000, p99: 2_400 }

export function syscallRow(change: Partial<SyscallRow> = {}): SyscallRow {
  return { syscall: 'read', id: 0, abi: 'native', count: 9, errors: 1, untimed: 0, duration_ns: duration, ...change }
}

export function processRow(change: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid: 42,
    started_ns: 1_767_268_700_000_000_000,
    name: 'nginx',
    command: 'nginx: worker process',
    container: null,
    pod: null,
    unit: null,
    exited: false,
    syscalls: 9,
    errors: 1,
    untimed: 0,
    duration_ns: duration,
    sent_bytes: 2048,
    received_bytes: 100,
    transports: {
      tcp: { sent_bytes: 2000, received_bytes: 60 },
      udp: { sent_bytes: 48, received_bytes: 40 },
      other: { sent_bytes: 0, received_bytes: 0 },
    },
    connections: 1,
    ...change,
  }
}

export function connectionRow(change: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    id: 1,
    pid: 42,
    process_started_ns: 1_767_268_700_000_000_000,
    name: 'nginx',
    container: null,
    pod: null,
    unit: null,
    family: 'ipv4',
    direction: 'inbound',
    state: 'ESTABLISHED',
    established: true,
    local: { address: '127.0.0.1', port: 80 },
    remote: { address: '127.0.0.1', port: 40_000 },
    sent_bytes: 2048,
    received_bytes: 100,
    total_sent_bytes: 4096,
    total_received_bytes: 200,
    connect_latency_ns: null,
    handshake_latency_ns: null,
    accept_wait_ns: null,
    rtt_ns: 20_000,
    rtt_min_ns: null,
    retransmits: 0,
    retransmitted_bytes: 0,
    segments_sent: 8,
    receive_queue_bytes: 0,
    send_queue_bytes: 0,
    zero_window: null,
    busy: false,
    mptcp: false,
    reset: null,
    closed_by: null,
    network_namespace: null,
    age_seconds: 1.5,
    age_is_minimum: false,
    started_ns: 1_767_268_798_500_000_000,
    ended_ns: null,
    opened: false,
    closed: false,
    error: null,
    ...change,
  }
}

export function listenerRow(change: Partial<ListenerRow> = {}): ListenerRow {
  return {
    id: 1,
    pid: 42,
    name: 'nginx',
    container: null,
    family: 'ipv4',
    local: { address: '0.0.0.0', port: 80 },
    mptcp: false,
    backlog: 1,
    backlog_limit: 128,
    accepts: 3,
    drops: 0,
    network_namespace: null,
    ...change,
  }
}

export function slowCallRow(change: Partial<SlowCallRow> = {}): SlowCallRow {
  return {
    pid: 42,
    tid: 43,
    name: 'nginx',
    syscall: 'read',
    id: 0,
    abi: 'native',
    return: -11,
    error: 'EAGAIN',
    started_ns: 1_767_268_799_900_000_000,
    duration_ns: 20_000_000,
    ...change,
  }
}

export function inFlightRow(change: Partial<InFlightRow> = {}): InFlightRow {
  return {
    pid: 42,
    process_started_ns: 1_767_268_700_000_000_000,
    tid: 43,
    name: 'nginx',
    thread_name: 'nginx',
    syscall: 'read',
    id: 0,
    abi: 'native',
    started_ns: 1_767_268_799_000_000_000,
    duration_ns: 1_000_000_000,
    duration_is_minimum: false,
    thread_state: 'sleeping',
    idle: false,
    argument: 'pipe:[123]',
    ...change,
  }
}

export function errorRow(change: Partial<ErrorRow> = {}): ErrorRow {
  return {
    pid: 42,
    process_started_ns: 1_767_268_700_000_000_000,
    name: 'nginx',
    syscall: 'read',
    id: 0,
    abi: 'native',
    errno: 'EAGAIN',
    meaning: 'Try again',
    count: 1,
    share: 1 / 9,
    ...change,
  }
}

/** What samples are made of here: the lists stand by their names in json. */
export type SampleParts = SampleFacts & Lists & Pick<FreshSample, 'calls'> & Pick<HeldSample, 'release'>

/** One that may be read for ever. */
export function sampleOf(change: Partial<SampleParts> = {}): FreshSample & HeldSample {
  const facts = {
    time: '2026-01-01T12:00:00.000Z',
    interval_seconds: 1,
    filter: { pids: [] },
    duration_ns: duration,
    sources: {
      syscalls: 'tp_btf',
      connections: 'iter/tcp+tp_btf',
      bytes: 'tp_btf:sock_send_length',
      in_flight: 'iter/task',
    },
    lost: { syscalls: 0, connections: 0, bytes: 0, slow_calls: 0 },
    losses: [],
    notes: [],
    self: {
      cpu_seconds: 0.01,
      resident_bytes: 1 << 20,
      private_bytes: 1 << 20,
      map_bytes: 1 << 26,
      bpf_seconds: null,
      sample_seconds: 0.001,
    },
    maps: [],
    calls: [],
    release() {},
  }
  const lists: Partial<Lists> = {
    syscalls: [syscallRow()],
    processes: [processRow()],
    connections: [connectionRow()],
    listeners: [listenerRow()],
    slow_calls: [],
  }
  const { changed, rows } = split(change)
  const sample = {
    ...facts,
    ...changed,
    tables: tablesOf({ ...lists, ...rows }),
    // what a sink is given and what is kept of it in one, also of a copy
    hold() {
      return this
    },
  }
  return sample as unknown as FreshSample & HeldSample
}

function split(change: Partial<SampleParts>): { changed: Partial<SampleParts>; rows: Partial<Lists> } {
  const isList = ([name]: [string, unknown]): boolean => registry.tables.some(({ list }) => list === name)
  const entries = Object.entries(change)
  return {
    changed: Object.fromEntries(entries.filter(entry => !isList(entry))),
    rows: Object.fromEntries(entries.filter(isList)),
  }
}

export function tablesOf(lists: Partial<Lists>): Tables {
  const tables = new Tables()
  for (const [name, rows] of Object.entries(lists)) {
    const table = registry.tables.find(({ list }) => list === name)
    if (table !== undefined) tables.with(table, rows)
  }
  if (lists.in_flight !== undefined) tables.with(stuckTable, lists.in_flight.filter(isStuck))
  return tables
}

/** The rows of a sample by the names of their lists in json. */
export function listsOf({ tables }: Sample): Lists {
  return listsIn(tables)
}

export function listsIn(tables: Tables): Lists {
  return Object.assign({}, ...registry.tables.map(table => ({ [table.list ?? '']: tables.of(table) })))
}
