/** Calls of processes to system calls, as the pages of processes and of calls show them. */

import { type Duration, type Histogram, HistogramSum, summarize, total } from '../../table/histogram.ts'
import type { CallKey, ProcessKey, Table } from '../../table/table.ts'
import { durationColumn, errorColumn, syscallColumn, timeColumn } from './columns.ts'
import { type CallRow, OTHER_ERRORS } from './row.ts'

/** Calls of one process to one system call, in an interval. */
export interface ProcessCallRow extends CallKey {
  readonly pid: number
  readonly process_started_ns: number | null
  /** Name of the process. */
  readonly name: string
  readonly count: number
  readonly errors: number
  /** Errors by errno, the most frequent first: `ENOENT 12, EACCES 3`; null: there are none. */
  readonly failures: string | null
  readonly duration_ns: Duration
  readonly durations: Histogram
}

/** Which calls are wanted: those of a process, those to a system call, or both. */
export interface CallScope {
  readonly process: ProcessKey | null
  readonly call: Pick<CallKey, 'id' | 'abi'> | null
}

/** All that is in the one scope is in the other. */
export function includes(outer: CallScope, inner: CallScope): boolean {
  const { process, call } = outer
  const sameProcess = process === null || (inner.process !== null && isOf(process, inner.process))
  const sameCall = call === null || (call.id === inner.call?.id && call.abi === inner.call.abi)
  return sameProcess && sameCall
}

/** Both may be the same process, as far as is known. */
export function isOf(one: ProcessKey, other: ProcessKey): boolean {
  if (one.pid !== other.pid) return false
  return one.started_ns === null || other.started_ns === null || one.started_ns === other.started_ns
}

/** The calls of a sample that are in one of the scopes; they can be read for good. */
export function processCalls(
  calls: Iterable<CallRow>,
  scopes: readonly CallScope[],
  nameOf: (process: ProcessKey) => string,
): ProcessCallRow[] {
  const sums = new Map<string, CallSum>()
  for (const call of calls) {
    const { pid, process_started_ns, id, abi } = call
    const process = { pid, started_ns: process_started_ns }
    if (!scopes.some(scope => includes(scope, { process, call }))) continue
    // a process may have several rows for one call
    const key = `${pid} ${process_started_ns} ${abi} ${id}`
    const sum = sums.get(key) ?? new CallSum(call)
    sums.set(key, sum)
    sum.add(call)
  }
  return Array.from(sums.values(), sum => sum.row(nameOf))
}

class CallSum {
  readonly #of: Pick<CallRow, 'pid' | 'process_started_ns' | 'syscall' | 'id' | 'abi'>
  readonly #durations = new HistogramSum()
  readonly #failures = new Map<string, number>()
  #errors = 0
  #untimed = 0

  constructor({ pid, process_started_ns, syscall, id, abi }: CallRow) {
    this.#of = { pid, process_started_ns, syscall, id, abi }
  }

  add(call: CallRow): void {
    this.#durations.add(call.durations)
    this.#errors += call.errors
    this.#untimed += call.untimed
    for (const { errno, count } of call.failures) this.#failures.set(errno, (this.#failures.get(errno) ?? 0) + count)
  }

  row(nameOf: (process: ProcessKey) => string): ProcessCallRow {
    const timed = total(this.#durations)
    const { pid, process_started_ns: started_ns } = this.#of
    return {
      ...this.#of,
      name: nameOf({ pid, started_ns }),
      count: timed + this.#untimed,
      errors: this.#errors,
      failures: failureText(this.#failures),
      duration_ns: summarize(this.#durations, timed),
      durations: this.#durations,
    }
  }
}

function failureText(failures: ReadonlyMap<string, number>): string | null {
  if (failures.size === 0) return null
  const rank = ([errno, count]: [string, number]): number => (errno === OTHER_ERRORS ? 0 : count)
  return [...failures]
    .sort((a, b) => rank(b) - rank(a))
    .map(([errno, count]) => `${errno} ${count}`)
    .join(', ')
}

/** Who calls what. */
export const processCallTable: Table<ProcessCallRow, null> = {
  name: 'process-calls',
  title: 'Calls',
  shortTitle: 'Calls',
  list: null,
  meaning: 'Calls of processes to system calls.',
  rowType: 'ProcessCallRow',
  description: 'calls of a process, or to a system call',
  noun: { one: 'call', many: 'calls' },
  sources: ['syscalls'],
  defaultSort: 'count',
  columns: [
    { id: 'pid', title: 'PID', kind: 'identity', unit: 'number', value: row => row.pid, width: 7, priority: 0 },
    { id: 'name', title: 'NAME', kind: 'identity', unit: 'text', value: row => row.name, width: 15, priority: 0 },
    syscallColumn(),
    { id: 'count', title: 'CALLS/s', kind: 'counter', unit: 'events', value: row => row.count, width: 8, priority: 0 },
    errorColumn(1),
    timeColumn(5),
    durationColumn('p50', 4),
    durationColumn('p95', 6),
    durationColumn('p99', 2),
    durationColumn('max', 4),
    {
      id: 'failures',
      title: 'ERRORS',
      kind: 'text',
      unit: 'text',
      meaning: 'Errors in this interval by errno.',
      value: row => row.failures,
      sparse: true,
      width: 14,
      grow: 2,
      priority: 3,
    },
  ],
  key: row => `${row.pid} ${row.process_started_ns} ${row.abi} ${row.id}`,
  pid: row => row.pid,
  processStarted: row => row.process_started_ns,
  call: row => row,
  opens: 'call',
}
