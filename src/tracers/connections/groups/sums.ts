import { failureOf } from '../outcome.ts'
import type { ConnectionRow } from '../row.ts'
import { by, type ConnectionGroup, type Grouping } from './table.ts'

/** A group while its connections are added up. */
class GroupSum {
  readonly key: string
  readonly example: ConnectionRow
  readonly states = new Map<string, number>()
  readonly rtts: number[] = []
  connections = 0
  opened = 0
  closed = 0
  failed = 0
  readonly errors = new Map<string, number>()
  sentBytes = 0
  receivedBytes = 0
  retransmits = 0

  constructor(key: string, example: ConnectionRow) {
    this.key = key
    this.example = example
  }

  add(row: ConnectionRow): void {
    this.connections++
    if (row.rtt_ns > 0) this.rtts.push(row.rtt_ns)
    const failure = failureOf(row)
    const state = failure === null ? row.state : 'FAILED'
    this.states.set(state, (this.states.get(state) ?? 0) + 1)
    if (failure !== null) {
      this.failed++
      this.errors.set(failure, (this.errors.get(failure) ?? 0) + 1)
    } else {
      if (row.opened) this.opened++
      if (row.closed) this.closed++
    }
    this.sentBytes += row.sent_bytes
    this.receivedBytes += row.received_bytes
    this.retransmits += row.retransmits
  }

  result(): ConnectionGroup {
    const rtts = Float64Array.from(this.rtts).sort()
    return {
      key: this.key,
      example: this.example,
      connections: this.connections,
      states: [...this.states]
        .sort(([, a], [, b]) => b - a)
        .map(([state, count]) => `${state} ${count}`)
        .join(', '),
      opened: this.opened,
      closed: this.closed,
      failed: this.failed,
      error: [...this.errors].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null,
      sent_bytes: this.sentBytes,
      received_bytes: this.receivedBytes,
      retransmits: this.retransmits,
      rtt_p50_ns: rtts[Math.floor((rtts.length - 1) / 2)] ?? null,
      rtt_max_ns: rtts.at(-1) ?? null,
    }
  }
}

/** Connections in groups. */
export function groupConnections(rows: readonly ConnectionRow[], grouping: Grouping): ConnectionGroup[] {
  const { key } = by[grouping]
  const sums = new Map<string, GroupSum>()
  for (const row of rows) {
    const group = key(row)
    let sum = sums.get(group)
    if (sum === undefined) {
      sum = new GroupSum(group, row)
      sums.set(group, sum)
    }
    sum.add(row)
  }
  return [...sums.values()].map(sum => sum.result())
}
