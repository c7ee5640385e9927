import { errnoMeaning } from '../../syscall/errno.ts'
import { total } from '../../table/histogram.ts'
import { PORTION } from '../../table/slices.ts'
import { ProcessesByKey } from '../processes/processes-by-key.ts'
import { processTable } from '../processes/table.ts'
import type { Reading } from '../reading.ts'
import { type CallRow, OTHER_ERRORS } from '../syscalls/row.ts'
import type { Tracer, Wanted } from '../tracer.ts'
import type { ErrorRow } from './row.ts'
import { errorTable } from './table.ts'

const NOT_TOLD_APART = 'Other errors, which there was no room to tell apart'

/** Errors of system calls: a view of what the calls and the processes say, which takes nothing in the kernel. */
export class ErrorTracer implements Tracer {
  readonly name = 'errors'
  readonly table = errorTable.name
  readonly after = ['processes and connections']
  #isWanted = true

  want(wanted: Wanted): void {
    this.#isWanted = wanted !== 'nothing'
  }

  *read(into: Reading): Generator<void, void> {
    if (!this.#isWanted) return
    const failing = new FailingCalls()
    yield* inPortions(into.calls, call => failing.addErrors(call))
    // a process may have several rows for one call, some of them without errors
    if (!failing.isEmpty) yield* inPortions(into.calls, call => failing.addCount(call))
    into.tables.with(errorTable, [...failing.rows(new ProcessesByKey(into.tables.of(processTable)))])
  }
}

function* inPortions(calls: Iterable<CallRow>, take: (call: CallRow) => void): Generator<void, void> {
  let taken = 0
  for (const call of calls) {
    if (++taken % PORTION === 0) yield
    take(call)
  }
}

/** Calls of one process to one system call of which some failed. */
interface FailingCall {
  readonly call: Pick<CallRow, 'pid' | 'process_started_ns' | 'syscall' | 'id' | 'abi'>
  /** Calls by errno. */
  readonly errors: Map<string, number>
  /** All of them, with those that did not fail. */
  calls: number
}

class FailingCalls {
  /** By process id; few calls of a process fail. */
  readonly #byPid = new Map<number, FailingCall[]>()

  get isEmpty(): boolean {
    return this.#byPid.size === 0
  }

  addErrors(call: CallRow): void {
    if (call.errors === 0) return
    const { errors } = this.#find(call) ?? this.#add(call)
    for (const { errno, count } of call.failures) errors.set(errno, (errors.get(errno) ?? 0) + count)
  }

  addCount(call: CallRow): void {
    const failing = this.#find(call)
    if (failing !== undefined) failing.calls += total(call.durations) + call.untimed
  }

  *rows(processes: ProcessesByKey): Generator<ErrorRow, void> {
    for (const { call, errors, calls } of [...this.#byPid.values()].flat()) {
      const name = processes.of(call)?.name ?? ''
      for (const [errno, count] of errors) {
        const meaning = errno === OTHER_ERRORS ? NOT_TOLD_APART : errnoMeaning(errno)
        yield { ...call, name, errno, meaning, count, share: count / calls }
      }
    }
  }

  #find({ pid, process_started_ns, id, abi }: CallRow): FailingCall | undefined {
    return this.#byPid
      .get(pid)
      ?.find(({ call }) => call.id === id && call.abi === abi && call.process_started_ns === process_started_ns)
  }

  #add({ pid, process_started_ns, syscall, id, abi }: CallRow): FailingCall {
    const failing = { call: { pid, process_started_ns, syscall, id, abi }, errors: new Map<string, number>(), calls: 0 }
    const others = this.#byPid.get(pid)
    if (others === undefined) this.#byPid.set(pid, [failing])
    else others.push(failing)
    return failing
  }
}
