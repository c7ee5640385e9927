import { describe, expect, it } from 'vitest'
import { nextMoment } from '../../../../src/ui/state/moment.ts'
import { FIGURES, type Values, valuesOf } from '../../../../src/ui/trend/figures.ts'
import { direction, graph } from '../../../../src/ui/trend/graph.ts'
import { headOf } from '../../../../src/ui/trend/head.ts'
import { MOST_POINTS, NO_HISTORY, series, withValues } from '../../../../src/ui/trend/history.ts'
import { nextScale, niceAbove } from '../../../../src/ui/trend/scale.ts'
import { connectionRow, inFlightRow, processRow, sampleOf, syscallRow } from '../../../support/samples.ts'

const NONE: Values = {
  calls: null,
  errors: null,
  p99: null,
  stuck: null,
  received: null,
  sent: null,
  opened: null,
  failed: null,
}

describe('the main numbers', () => {
  it('are sums of the rows of a sample, per second', () => {
    const sample = sampleOf({
      interval_seconds: 2,
      syscalls: [syscallRow({ count: 10, errors: 3 }), syscallRow({ id: 1, count: 4, errors: 1 })],
      processes: [processRow({ sent_bytes: 100, received_bytes: 6 }), processRow({ sent_bytes: 1, received_bytes: 0 })],
      duration_ns: { sum: 9, max: 9, p50: 1, p95: 2, p99: 3 },
      in_flight: [
        inFlightRow({ duration_ns: 1e9 + 1 }),
        inFlightRow({ duration_ns: 1e9 }),
        inFlightRow({ duration_ns: 9e9, idle: true }),
      ],
    })
    expect(valuesOf(sample, { opened: 8, failed: 6 })).toEqual({
      calls: 7,
      errors: 2,
      p99: 3,
      stuck: 1,
      received: 3,
      sent: 50.5,
      opened: 4,
      failed: 3,
    })
  })

  it('are not there where they are not measured', () => {
    const sources = { syscalls: 'none', connections: 'none (no)', bytes: 'none', in_flight: 'none' }
    expect(valuesOf(sampleOf({ sources, in_flight: [] }), { opened: 0, failed: 0 })).toEqual(NONE)
    expect(valuesOf(sampleOf(), { opened: 0, failed: 0 }).stuck).toBeNull()
    const none = { sum: 0, max: 0, p50: 0, p95: 0, p99: 0 }
    expect(valuesOf(sampleOf({ duration_ns: none }), { opened: 0, failed: 0 }).p99).toBeNull()
  })

  it('count connections that opened, and those that failed', () => {
    const connections = [
      connectionRow({ opened: true }),
      connectionRow({ opened: true, closed: true, established: false }),
      connectionRow({ closed: true }),
      connectionRow({ established: false }),
    ]
    const { history } = nextMoment(null, sampleOf({ connections }))
    expect([series(history, 'opened', 1), series(history, 'failed', 1)]).toEqual([[2], [1]])
  })
})

describe('the history', () => {
  it('keeps the newest values, up to so many, and changes none that somebody holds', () => {
    let history = NO_HISTORY
    for (let i = 0; i < MOST_POINTS + 5; i++) history = withValues(history, { ...NONE, calls: i }, [])
    const before = history
    history = withValues(history, { ...NONE, calls: 7 }, [])
    expect(series(history, 'calls', 2)).toEqual([MOST_POINTS + 4, 7])
    expect(series(before, 'calls', 1)).toEqual([MOST_POINTS + 4])
    expect(series(history, 'calls', 9999)).toHaveLength(MOST_POINTS)
  })

  it('leaves a gap while other processes were watched', () => {
    const watched = [[], [], [7], [7], []]
    let history = NO_HISTORY
    for (const [i, pids] of watched.entries()) history = withValues(history, { ...NONE, calls: i }, pids)
    expect(series(history, 'calls', 5)).toEqual([0, 1, null, null, 4])
  })
})

describe('the scale of a graph', () => {
  it.each([
    [0, 0],
    [0.3, 0.5],
    [1, 1],
    [1.01, 2],
    [4.9, 5],
    [5.1, 10],
    [1000, 1000],
    [1234, 2000],
    [123_456, 200_000],
  ])('nice above %d is %d', (value, nice) => {
    expect(niceAbove(value)).toBeCloseTo(nice)
  })

  it('grows at once, and shrinks step by step', () => {
    const scales = [3, 900, 900, 40, 40, 40, 40, 40, 40].map(
      (
        scale => highest =>
          (scale = nextScale(scale, highest, 10))
      )(0),
    )
    expect(scales).toEqual([10, 1000, 1000, 500, 200, 100, 100, 100, 100])
  })

  it('stays where values move around a bound', () => {
    let scale = 0
    const scales = new Set<number>()
    for (let i = 0; i < 50; i++) {
      scale = nextScale(scale, 990 + (i % 3) * 10, 10)
      scales.add(scale)
    }
    expect([...scales]).toEqual([1000, 2000])
  })

  it('never is less than the least, and ends there', () => {
    let scale = 1e6
    for (let i = 0; i < 50; i++) scale = nextScale(scale, 0, 5)
    expect(scale).toBe(5)
  })
})

describe('a graph', () => {
  it('has the newest value at the right, zero as its own sign, and nothing where nothing was measured', () => {
    expect(graph([null, 0, 1, 500, 1000, 2000], 1000, 8)).toBe('   ▁▂▄▇▇')
    expect(graph([1, 2, 3], 3, 2)).toBe('▅▇')
    expect(graph([], 3, 2)).toBe('  ')
  })

  it('tells where it goes', () => {
    expect(direction([10, 10, 10, 13])).toBe('up')
    expect(direction([10, 10, 10, 12])).toBe('level')
    expect(direction([10, 10, 10, 7])).toBe('down')
    expect(direction([0, 0, 1])).toBe('up')
    expect(direction([0, 0, 0])).toBe('level')
    expect(direction([null, null, 5])).toBe('level')
    expect(direction([5])).toBe('level')
    expect(direction([5, null])).toBe('level')
  })
})

describe('the head', () => {
  const names = (columns: number, rows: number) =>
    headOf({ columns, rows }).lines.map(line => line.map(({ id }) => id).join(' '))

  it('has two lines of numbers, or graphs from 120 columns on, long ones where it is high', () => {
    const two = ['calls errors p99 stuck', 'received sent opened failed']
    expect([names(80, 24), names(120, 24), names(200, 35)]).toEqual([two, two, two])
    expect(names(120, 40)).toEqual(['calls errors', 'p99 stuck', 'received sent', 'opened failed'])
    expect([80, 119, 120, 200].map(columns => headOf({ columns, rows: 24 }).graph)).toEqual([null, null, 11, 31])
    expect([120, 200, 400].map(columns => headOf({ columns, rows: 60 }).graph)).toEqual([41, 80, 80])
  })

  it('is not there in a low terminal, and leaves out what matters least in a narrow one', () => {
    expect(names(200, 23)).toEqual([])
    expect(names(60, 24)).toEqual(['calls errors p99', 'stuck received failed'])
  })

  it('has titles that fit', () => {
    for (const { title } of FIGURES) expect(title.length).toBeLessThanOrEqual(8)
  })
})
