import { describe, expect, it } from 'vitest'
import type { HeldSample } from '../../../src/sample/sample.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import { connectionsOf, LINGERING, MOST_LINGERING, type Moment, nextMoment } from '../../../src/ui/state/moment.ts'
import type { SampleParts } from '../../support/samples.ts'
import { connectionRow, sampleOf } from './samples.ts'

/** A sample whose interval took so many seconds, whatever the clock says. */
const sampleAfter = (
  seconds: number,
  connections: readonly ConnectionRow[],
  change: Partial<SampleParts> = {},
): HeldSample => sampleOf({ interval_seconds: seconds, connections, ...change })

const gone = (port: number): ConnectionRow =>
  connectionRow({ remote: { address: '192.0.2.1', port }, closed: true, opened: true, total_sent_bytes: 99 })

/** The moments of samples, one after the other. */
const momentAfter = (...samples: readonly HeldSample[]): Moment => {
  let last: Moment | null = null
  for (const sample of samples) last = nextMoment(last, sample)
  if (last === null) throw new Error('no sample')
  return last
}

describe('a closed connection', () => {
  it('stays in sight with its totals, and as one that moves nothing', () => {
    const [row, ...rest] = connectionsOf(momentAfter(sampleAfter(1, [gone(1), connectionRow()]), sampleAfter(1, [])))
    expect(rest).toEqual([])
    expect(row).toEqual({ ...gone(1), opened: false, sent_bytes: 0, received_bytes: 0 })
  })

  it('leaves after some seconds, as the intervals are long', () => {
    const closing = sampleAfter(1, [gone(1)])
    expect(connectionsOf(momentAfter(closing, sampleAfter(LINGERING - 0.1, [])))).toHaveLength(1)
    expect(connectionsOf(momentAfter(closing, sampleAfter(LINGERING, [])))).toHaveLength(0)
    expect(connectionsOf(momentAfter(closing, sampleAfter(2, []), sampleAfter(LINGERING - 2, [])))).toHaveLength(0)
  })

  it.each(['2026-01-01T13:00:00.000Z', '2026-01-01T11:00:00.000Z'])('stays where the clock is set to %s', time => {
    const closing = sampleAfter(1, [gone(1)])
    expect(connectionsOf(momentAfter(closing, sampleAfter(1, [], { time })))).toHaveLength(1)
    expect(connectionsOf(momentAfter(closing, sampleAfter(LINGERING, [], { time })))).toHaveLength(0)
  })

  it('is in its own sample once', () => {
    expect(connectionsOf(momentAfter(sampleAfter(1, [gone(1)])))).toHaveLength(1)
  })

  it('goes with its process when the pid filter changes', () => {
    const closing = sampleAfter(1, [gone(1), { ...gone(2), pid: 7 }, { ...gone(3), pid: null }])
    const rows = connectionsOf(momentAfter(closing, sampleAfter(1, [], { filter: { pids: [7] } })))
    expect(rows.map(row => row.pid)).toEqual([7])
  })

  it('gives way to newer ones where there are too many', () => {
    const many = Array.from({ length: MOST_LINGERING }, (_, i) => gone(i))
    const rows = connectionsOf(momentAfter(sampleAfter(1, many), sampleAfter(1, [gone(60_000)]), sampleAfter(1, [])))
    expect(rows).toHaveLength(MOST_LINGERING)
    expect(rows.at(-1)?.remote.port).toBe(60_000)
    expect(rows[0]?.remote.port).toBe(1)
  })
})
