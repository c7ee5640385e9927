import { expect, test } from 'vitest'
import { HistogramSum } from '../../../src/table/histogram.ts'
import { errorTable } from '../../../src/tracers/errors/table.ts'
import { ErrorTracer } from '../../../src/tracers/errors/tracer.ts'
import { processTable } from '../../../src/tracers/processes/table.ts'
import { Reading } from '../../../src/tracers/reading.ts'
import type { CallRow } from '../../../src/tracers/syscalls/row.ts'
import { processRow } from '../../support/samples.ts'

/** So many calls, of which those failed. */
function calls(
  pid: number,
  syscall: string,
  count: number,
  failures: Readonly<Record<string, number>>,
  change = {},
): CallRow {
  const durations = new HistogramSum()
  for (let i = 0; i < count; i++) durations.record(1000)
  return {
    pid,
    process_started_ns: 1,
    syscall,
    id: syscall.length,
    abi: 'native',
    errors: Object.values(failures).reduce((sum, errors) => sum + errors, 0),
    failures: Object.entries(failures).map(([errno, errors]) => ({ errno, count: errors })),
    untimed: 0,
    durations,
    ...change,
  }
}

function errorsOf(...rows: readonly CallRow[]) {
  const reading = new Reading()
  reading.calls = rows
  reading.tables.with(processTable, [
    processRow({ pid: 1, started_ns: 1, name: 'one' }),
    processRow({ pid: 1, started_ns: 2, name: 'other one' }),
  ])
  for (const _ of new ErrorTracer().read(reading));
  return reading.tables.of(errorTable)
}

test('a row for each errno of each call of a process, with its meaning and its share of the calls', () => {
  expect(errorsOf(calls(1, 'read', 10, { EAGAIN: 3, EINTR: 1 }), calls(1, 'close', 5, {}))).toEqual([
    {
      ...{ pid: 1, process_started_ns: 1, name: 'one', syscall: 'read', id: 4, abi: 'native' },
      ...{ errno: 'EAGAIN', meaning: 'Try again', count: 3, share: 0.3 },
    },
    expect.objectContaining({ errno: 'EINTR', meaning: 'Interrupted system call', count: 1, share: 0.1 }),
  ])
})

test('several rows of one call are added up, those without errors too, and calls without a duration', () => {
  const rows = [
    calls(1, 'read', 10, { EAGAIN: 3 }),
    calls(1, 'read', 20, {}),
    calls(1, 'read', 5, { EAGAIN: 2, EIO: 1 }, { untimed: 5 }),
  ]
  expect(errorsOf(...rows).map(({ errno, count, share }) => [errno, count, share])).toEqual([
    ['EAGAIN', 5, 5 / 40],
    ['EIO', 1, 1 / 40],
  ])
})

test('two processes with one pid, and two tables of calls, are told apart', () => {
  const rows = [
    calls(1, 'read', 1, { EIO: 1 }),
    calls(1, 'read', 1, { EIO: 1 }, { process_started_ns: 2 }),
    calls(1, 'read', 1, { EIO: 1 }, { abi: 'compat' }),
  ]
  expect(errorsOf(...rows).map(({ name, abi }) => [name, abi])).toEqual([
    ['one', 'native'],
    ['other one', 'native'],
    ['one', 'compat'],
  ])
})

test('what there was no room to tell apart says so, and an unknown number has no meaning', () => {
  const rows = errorsOf(calls(1, 'read', 4, { OTHER: 1, 'errno 4000': 1, ENOTSUPP: 1 }))
  expect(rows.map(({ meaning }) => meaning)).toEqual([
    'Other errors, which there was no room to tell apart',
    '',
    'Operation is not supported',
  ])
})
