/** Connections added up, so that many thousands of them read as a few rows. */

import type { Names } from '../../../names/names.ts'
import { containerColumn } from '../../../table/container.ts'
import type { Column, Table } from '../../../table/table.ts'
import type { ConnectionRow } from '../row.ts'

/** What connections can be put together by. */
export const GROUPINGS = ['remote', 'service', 'process'] as const
export type Grouping = (typeof GROUPINGS)[number]

export interface ConnectionGroup {
  /** What its connections have in common, and no others. */
  readonly key: string
  /** One of its connections: what they have in common can be read there. */
  readonly example: ConnectionRow
  readonly connections: number
  /** Connections by state, the most frequent first: `ESTABLISHED 12, CLOSE 3`. */
  readonly states: string
  /** Those that failed are neither opened nor closed. */
  readonly opened: number
  readonly closed: number
  readonly failed: number
  /** Why most of those failed; null: none did. */
  readonly error: string | null
  readonly sent_bytes: number
  readonly received_bytes: number
  readonly retransmits: number
  /** Median and maximum over its connections; null where none has a measurement. */
  readonly rtt_p50_ns: number | null
  readonly rtt_max_ns: number | null
}

interface By {
  /** For the title: connections by ... */
  readonly title: string
  key(row: ConnectionRow): string
  readonly columns: readonly Column<ConnectionGroup>[]
}

/**
 * The service of an inbound connection is the local port. That of an outbound one is the remote port, marked with an
 * arrow: its own port says nothing, and would make each connection a group.
 */
function service({ direction, local, remote }: ConnectionRow, names?: Names): string {
  const { port } = direction === 'inbound' ? local : remote
  const name = names?.service(port) ?? port
  return direction === 'inbound' ? `:${name}` : `→ :${name}`
}

const pidColumn: Column<ConnectionGroup> = {
  id: 'pid',
  title: 'PID',
  kind: 'identity',
  unit: 'number',
  meaning: 'Process that owns the connections. null: it is not known.',
  value: group => group.example.pid,
  width: 7,
  priority: 1,
}

const nameColumn: Column<ConnectionGroup> = {
  id: 'name',
  title: 'NAME',
  kind: 'identity',
  unit: 'text',
  meaning: 'Name of the process. null: it is not known.',
  value: group => group.example.name,
  width: 15,
  priority: 0,
}

export const by: Readonly<Record<Grouping, By>> = {
  remote: {
    title: 'remote address',
    key: row => row.remote.address,
    columns: [
      {
        id: 'remote',
        title: 'REMOTE',
        kind: 'identity',
        unit: 'text',
        meaning: 'Address of the other end; its name with key `n`.',
        value: group => group.example.remote.address,
        named: (group, names) => names.host(group.example.remote.address) ?? group.example.remote.address,
        cut: 'middle',
        width: 15,
        grow: 2,
        widest: 47,
        priority: 0,
      },
    ],
  },
  service: {
    title: 'service port',
    key: row => service(row),
    columns: [
      {
        id: 'service',
        title: 'SERVICE',
        kind: 'identity',
        unit: 'text',
        meaning: 'Port of the service: `:80` is a port of this host, `→ :80` one of other hosts.',
        value: group => service(group.example),
        named: (group, names) => service(group.example, names),
        width: 9,
        grow: 2,
        widest: 24,
        priority: 0,
      },
    ],
  },
  process: {
    title: 'process',
    key: row => (row.pid === null ? '' : `${row.pid} ${row.process_started_ns ?? ''}`),
    columns: [
      pidColumn,
      nameColumn,
      {
        ...containerColumn(9, group => group.example.container),
        meaning: 'Container of the process. null: the owner is not known, or runs in none.',
      },
    ],
  },
}

const figures: readonly Column<ConnectionGroup>[] = [
  {
    id: 'connections',
    title: 'CONN',
    kind: 'gauge',
    unit: 'events',
    meaning: 'Connections in the group.',
    value: group => group.connections,
    width: 6,
    priority: 0,
  },
  {
    id: 'opened',
    title: 'OPEN/s',
    kind: 'counter',
    unit: 'events',
    meaning: 'Connections that began in this interval, without those that failed.',
    value: group => group.opened,
    width: 7,
    priority: 3,
  },
  {
    id: 'closed',
    title: 'CLOSE/s',
    kind: 'counter',
    unit: 'events',
    meaning: 'Connections that closed in this interval, without those that failed.',
    value: group => group.closed,
    width: 8,
    priority: 3,
  },
  {
    id: 'failed',
    title: 'FAIL/s',
    kind: 'counter',
    unit: 'events',
    meaning: 'Connections that failed in this interval before they were established.',
    value: group => group.failed,
    alarm: true,
    width: 7,
    priority: 2,
  },
  {
    id: 'error',
    title: 'ERROR',
    kind: 'text',
    unit: 'text',
    meaning: 'Why connections failed in this interval, the most frequent reason. null: none failed.',
    value: group => group.error,
    sparse: true,
    alarm: true,
    width: 12,
    priority: 2,
  },
  {
    id: 'sent_bytes',
    title: 'SENT/s',
    kind: 'counter',
    unit: 'bytes',
    meaning: 'Payload bytes sent in this interval.',
    value: group => group.sent_bytes,
    width: 8,
    priority: 1,
  },
  {
    id: 'received_bytes',
    title: 'RECV/s',
    kind: 'counter',
    unit: 'bytes',
    meaning: 'Payload bytes received in this interval.',
    value: group => group.received_bytes,
    width: 8,
    priority: 1,
  },
  {
    id: 'retransmits',
    title: 'RETR',
    kind: 'gauge',
    unit: 'events',
    meaning: 'Retransmits since the connections began.',
    value: group => group.retransmits,
    alarm: true,
    width: 5,
    priority: 5,
  },
  {
    id: 'rtt_p50_ns',
    title: 'RTT50',
    kind: 'duration',
    unit: 'nanoseconds',
    meaning: 'Median of the smoothed round-trip times. null: none is measured yet.',
    value: group => group.rtt_p50_ns,
    width: 7,
    priority: 4,
  },
  {
    id: 'rtt_max_ns',
    title: 'RTTMAX',
    kind: 'duration',
    unit: 'nanoseconds',
    meaning: 'Largest smoothed round-trip time. null: none is measured yet.',
    value: group => group.rtt_max_ns,
    width: 7,
    priority: 7,
  },
  {
    id: 'states',
    title: 'STATES',
    kind: 'text',
    unit: 'text',
    meaning: 'Connections by TCP state, the most frequent first.',
    value: group => group.states,
    width: 16,
    grow: 1,
    priority: 8,
  },
]

function tableBy(grouping: Grouping): Table<ConnectionGroup, null> {
  const { title, columns } = by[grouping]
  return {
    name: 'groups',
    title: `Connections by ${title}`,
    shortTitle: 'Groups',
    list: null,
    meaning: 'TCP connections, added up.',
    rowType: 'ConnectionGroup',
    description: 'TCP connections in groups',
    noun: { one: 'connection', many: 'connections' },
    sources: ['connections'],
    defaultSort: 'connections',
    columns: [...columns, ...figures],
    key: group => group.key,
    opens: 'group',
    ...(grouping === 'process' && { pid: (group: ConnectionGroup) => group.example.pid }),
    ...(grouping === 'process' && { processStarted: (group: ConnectionGroup) => group.example.process_started_ns }),
  }
}

/** The connections of a sample in groups, by what they are put together by. */
export const groupTables: Readonly<Record<Grouping, Table<ConnectionGroup, null>>> = {
  remote: tableBy('remote'),
  service: tableBy('service'),
  process: tableBy('process'),
}

/** Key of the group that a connection belongs to. */
export function groupKey(row: ConnectionRow, grouping: Grouping): string {
  return by[grouping].key(row)
}

/** What the connections of a group have in common, for people. */
export function groupTitle(row: ConnectionRow, grouping: Grouping): string {
  switch (grouping) {
    case 'remote':
      return `remote address ${row.remote.address}`
    case 'service':
      return `service ${service(row)}`
    case 'process':
      return row.pid === null ? 'no known process' : `process ${row.pid} ${row.name ?? ''}`.trimEnd()
  }
}
