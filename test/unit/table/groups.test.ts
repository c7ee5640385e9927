import { describe, expect, it } from 'vitest'
import { groupConnections } from '../../../src/tracers/connections/groups/sums.ts'
import {
  type ConnectionGroup,
  type Grouping,
  groupKey,
  groupTables,
} from '../../../src/tracers/connections/groups/table.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import { connectionRow } from '../ui/samples.ts'

const groups = (connections: readonly ConnectionRow[], by: Grouping): readonly ConnectionGroup[] =>
  groupConnections(connections, by)

const from = (address: string, change: Partial<ConnectionRow> = {}): ConnectionRow =>
  connectionRow({ remote: { address, port: 40_000 }, ...change })

/** An attempt that ended before it was established. */
const failed = { opened: true, closed: true, established: false } as const

describe('connections in groups', () => {
  it('by remote address are added up', () => {
    const [first, second, ...rest] = groups(
      [
        from('192.0.2.1', { sent_bytes: 5, retransmits: 2, rtt_ns: 30, opened: true }),
        from('192.0.2.1', { sent_bytes: 7, retransmits: 1, rtt_ns: 10, closed: true, state: 'CLOSE' }),
        from('192.0.2.1', { sent_bytes: 0, rtt_ns: 20, ...failed, error: 'ECONNREFUSED', state: 'CLOSE' }),
        from('192.0.2.1', { sent_bytes: 0, rtt_ns: 0, ...failed, state: 'SYN_SENT' }),
        from('192.0.2.2', { rtt_ns: 0 }),
      ],
      'remote',
    )
    expect(first).toMatchObject({
      key: '192.0.2.1',
      connections: 4,
      states: 'FAILED 2, ESTABLISHED 1, CLOSE 1',
      opened: 1,
      closed: 1,
      failed: 2,
      sent_bytes: 12,
      retransmits: 3,
      rtt_p50_ns: 20,
      rtt_max_ns: 30,
    })
    expect(second).toMatchObject({ connections: 1, rtt_p50_ns: null, rtt_max_ns: null })
    expect(rest).toEqual([])
  })

  it('by service tell what this machine offers from what it uses', () => {
    const local = (port: number): Partial<ConnectionRow> => ({ local: { address: '10.0.0.1', port } })
    const remote = (port: number): Partial<ConnectionRow> => ({ remote: { address: '10.0.0.2', port } })
    const rows = [
      connectionRow({ ...local(443), ...remote(50_000), direction: 'inbound' }),
      connectionRow({ ...local(443), ...remote(50_001), direction: 'inbound' }),
      connectionRow({ ...local(50_002), ...remote(443), direction: 'outbound' }),
      connectionRow({ ...local(50_003), ...remote(443), direction: 'outbound' }),
    ]
    expect(groups(rows, 'service').map(({ key, connections }) => [key, connections])).toEqual([
      [':443', 2],
      ['→ :443', 2],
    ])
  })

  it('by process keep those that nobody is known to hold together', () => {
    const rows = [connectionRow({ pid: 7 }), connectionRow({ pid: null, name: null }), connectionRow({ pid: 7 })]
    expect(groups(rows, 'process').map(({ connections }) => connections)).toEqual([2, 1])
    expect(groups(rows, 'process').map(group => groupTables.process.pid?.(group))).toEqual([7, null])
  })

  it('by process tell apart those of two that had one pid', () => {
    const rows = [1, 2, 1, null].map(process_started_ns => connectionRow({ pid: 7, process_started_ns }))
    expect(groups(rows, 'process').map(({ connections }) => connections)).toEqual([2, 1, 1])
  })

  it('are found again by their keys', () => {
    const rows = [from('192.0.2.1'), from('192.0.2.2', { pid: null }), from('192.0.2.3', { direction: 'outbound' })]
    for (const by of ['remote', 'service', 'process'] as const) {
      for (const group of groups(rows, by)) {
        expect(rows.filter(row => groupKey(row, by) === group.key)).toHaveLength(group.connections)
      }
    }
  })
})
