/** From samples to what is exported: counters and histograms since the start, and levels of the last sample. */

import { total } from '../sample/histogram.ts'
import type { CallRow, Family, ProcessRow, Sample } from '../sample/sample.ts'
import { PORTION } from '../sample/slices.ts'
import { ATTRIBUTES as A, connectionState } from './attributes.ts'
import { type ConnectionChange, ConnectionChanges, failureOf } from './connections.ts'
import type { LevelName } from './metrics.ts'
import { type Labels, SeriesGroup } from './series.ts'
import { type Identity, type Process, TopProcesses } from './top.ts'

/** So many bytes count as much as one system call when processes are ranked by activity. */
const BYTES_PER_CALL = 4096

export interface AccumulatorSettings {
  /** A series for each process id, and not for each name. */
  readonly pids: boolean
  /** Processes with series of their own. */
  readonly top: number
}

/** A number that is not added up over time. */
export interface Level {
  readonly name: LevelName
  readonly labels: Labels
  readonly value: number
}

export interface Collection {
  /** All counters and histograms. */
  readonly groups: readonly SeriesGroup[]
  readonly levels: readonly Level[]
  /** Since when levels are known, in milliseconds of Unix time as it was before the clock was set. */
  readonly startMs: number
  /** End of the last sample: up to when everything is counted. */
  readonly endMs: number
  /** By how much the clock was set since the beginning. */
  readonly setMs: number
}

const syscallLabels = (syscall: string): Labels => ({ [A.syscallName]: syscall })
const networkLabels = (type: string): Labels => ({ [A.networkType]: type })
const errorLabels = (error: string): Labels => ({ [A.errorType]: error })

/** Both taking and collecting can be laid aside, but nothing else may be begun meanwhile. */
export class Accumulator {
  /** Counters of the machine and of ebpf-top itself. */
  readonly own: SeriesGroup
  readonly #settings: AccumulatorSettings
  readonly #changes = new ConnectionChanges()
  readonly #startMs: number
  readonly #top: TopProcesses
  /** Levels that were told once are told again when they are 0. */
  readonly #states = new Map<string, Labels>()
  #active = new Map<string, { identity: Identity; type: string }>()
  #last: Sample | null = null
  #setMs = 0

  constructor(settings: AccumulatorSettings, startMs: number) {
    this.#settings = settings
    this.#startMs = startMs
    this.#top = new TopProcesses(settings.top, startMs)
    this.own = new SeriesGroup({}, startMs)
  }

  *take(sample: Sample): Generator<void, void> {
    const rows = new Map(sample.processes.map(row => [row.pid, row]))
    const found = new Map<number | null, Process>()
    const processOf = (pid: number | null): Process => {
      let process = found.get(pid)
      if (process === undefined) {
        process = this.#top.get(identify(pid === null ? undefined : rows.get(pid), this.#settings.pids))
        found.set(pid, process)
      }
      return process
    }
    let done = 0
    for (const call of sample.calls) {
      if (done++ % PORTION === 0) yield
      addCalls(processOf(call.pid), call)
    }
    for (const row of sample.processes) if (row.sent_bytes + row.received_bytes > 0) addBytes(processOf(row.pid), row)
    for (const change of this.#changes.of(sample)) {
      if (done++ % PORTION === 0) yield
      addConnection(processOf(change.row.pid), change)
    }
    yield* this.#top.prune()
    this.#takeOwn(sample)
    this.#setMs += clockSet(this.#last, sample)
    this.#last = sample
  }

  /** What is to be exported now; null before the first sample. */
  *collect(): Generator<void, Collection | null> {
    const sample = this.#last
    if (sample === null) return null
    const setMs = this.#setMs
    const endMs = Date.parse(sample.time) - setMs
    yield* this.#top.rank(endMs)
    const levels = yield* this.#levels(sample)
    return { groups: [...this.#top.all(), this.own], levels, startMs: this.#startMs, endMs, setMs }
  }

  /** All of the last collection has arrived. */
  delivered(): void {
    this.#top.delivered()
  }

  #takeOwn({ losses, self }: Sample): void {
    for (const { tracer, reason, count } of losses) {
      this.own.add('ebpf_top.lost', count, `${tracer} ${reason}`, () => ({ [A.tracer]: tracer, [A.reason]: reason }))
    }
    this.own.add('ebpf_top.cpu.time', self.cpu_seconds)
    this.own.add('ebpf_top.bpf.time', self.bpf_seconds ?? 0)
    this.own.record('ebpf_top.sample.duration', self.sample_seconds * 1e9)
  }

  *#levels(sample: Sample): Generator<void, Level[]> {
    const states = new Map<string, number>()
    const owned = new Map<number | null, Map<Family, number>>()
    for (const [i, row] of sample.connections.entries()) {
      if (i % PORTION === 0) yield
      if (row.closed) continue
      states.set(row.state, (states.get(row.state) ?? 0) + 1)
      if (!row.established) continue
      const families = owned.get(row.pid) ?? new Map<Family, number>()
      families.set(row.family, (families.get(row.family) ?? 0) + 1)
      owned.set(row.pid, families)
    }
    return [
      ...this.#connectionCounts(states),
      ...this.#activeConnections(owned, sample.processes),
      ...sample.maps.flatMap(({ name, used, limit }): Level[] => [
        { name: 'ebpf_top.map.usage', labels: { [A.mapName]: name }, value: used },
        { name: 'ebpf_top.map.limit', labels: { [A.mapName]: name }, value: limit },
      ]),
      { name: 'ebpf_top.filter.active', labels: {}, value: sample.filter.pids.length > 0 ? 1 : 0 },
      { name: 'ebpf_top.memory.usage', labels: {}, value: sample.self.resident_bytes },
    ]
  }

  /** `open`: connections by the kernel's name of their state. */
  #connectionCounts(open: ReadonlyMap<string, number>): Level[] {
    const counts = new Map<string, number>()
    for (const [kernelState, count] of open) {
      const state = connectionState(kernelState)
      counts.set(state, (counts.get(state) ?? 0) + count)
      this.#states.set(state, { [A.connectionState]: state, [A.transport]: 'tcp' })
    }
    return [...this.#states].map(([state, labels]) => ({
      name: 'system.network.connection.count',
      labels,
      value: counts.get(state) ?? 0,
    }))
  }

  /** `owned`: established connections by process id. */
  #activeConnections(
    owned: ReadonlyMap<number | null, ReadonlyMap<Family, number>>,
    processes: readonly ProcessRow[],
  ): Level[] {
    const rows = new Map(processes.map(row => [row.pid, row]))
    const active = new Map<string, { identity: Identity; type: string; value: number }>()
    for (const [key, before] of this.#active) active.set(key, { ...before, value: 0 })
    for (const [pid, families] of owned) {
      const identity = identify(pid === null ? undefined : rows.get(pid), this.#settings.pids)
      for (const [type, count] of families) {
        const key = `${identity.key}\0${type}`
        active.set(key, { identity, type, value: (active.get(key)?.value ?? 0) + count })
      }
    }
    this.#active = new Map([...active].filter(([, { value }]) => value > 0))
    // those that share a series are added up
    const levels = new Map<string, Level>()
    for (const { identity, type, value } of active.values()) {
      const labels = { ...this.#top.labelsOf(identity), ...networkLabels(type) }
      const key = JSON.stringify(labels)
      levels.set(key, {
        name: 'ebpf_top.tcp.connection.active',
        labels,
        value: value + (levels.get(key)?.value ?? 0),
      })
    }
    return [...levels.values()]
  }
}

/** Under which attributes a process is counted; none: its owner is not known. */
function identify(row: ProcessRow | undefined, pids: boolean): Identity {
  if (row === undefined) return { key: '', labels: {} }
  const { name, container, pod, pid } = row
  return {
    key: `${name}\0${container ?? ''}\0${pod ?? ''}\0${pids ? pid : ''}`,
    labels: {
      [A.processName]: name,
      ...(container === null ? {} : { [A.containerId]: container }),
      ...(pod === null ? {} : { [A.podUid]: pod }),
      ...(pids ? { [A.processId]: pid } : {}),
    },
  }
}

function addCalls(process: Process, call: CallRow): void {
  const { syscall, durations, failures, untimed } = call
  const count = total(durations) + untimed
  process.activity += count
  process.series.add('ebpf_top.syscall.calls', count, syscall, syscallLabels)
  if (count > untimed) process.series.histogram('ebpf_top.syscall.duration', syscall, syscallLabels).add(durations)
  for (const failure of failures) {
    process.series.add('ebpf_top.syscall.errors', failure.count, `${syscall} ${failure.errno}`, () => ({
      ...syscallLabels(syscall),
      ...errorLabels(failure.errno),
    }))
  }
}

function addBytes(process: Process, row: ProcessRow): void {
  process.activity += (row.sent_bytes + row.received_bytes) / BYTES_PER_CALL
  for (const [transport, { sent_bytes, received_bytes }] of Object.entries(row.transports)) {
    const add = (direction: string, bytes: number): void =>
      process.series.add('process.network.io', bytes, `${direction} ${transport}`, () => ({
        [A.ioDirection]: direction,
        [A.transport]: transport,
      }))
    add('transmit', sent_bytes)
    add('receive', received_bytes)
  }
}

function addConnection(process: Process, change: ConnectionChange): void {
  const { row, established, failed, closed, retransmits } = change
  const measured = row.established && row.sent_bytes > 0 && row.rtt_ns > 0
  const { series } = process
  if (established || failed || closed || measured) process.activity++
  if (established) {
    const name = row.direction === 'outbound' ? 'ebpf_top.tcp.connection.opened' : 'ebpf_top.tcp.connection.accepted'
    series.add(name, 1, row.family, networkLabels)
    if (row.connect_latency_ns !== null) series.record('ebpf_top.tcp.connect.duration', row.connect_latency_ns)
  }
  if (failed) series.add('ebpf_top.tcp.connection.failed', 1, failureOf(row) ?? '', errorLabels)
  if (closed) {
    series.add('ebpf_top.tcp.connection.closed', 1, row.family, networkLabels)
    if (change.whole) series.record('ebpf_top.tcp.connection.duration', row.age_seconds * 1e9)
  }
  if (measured) series.record('ebpf_top.tcp.rtt', row.rtt_ns)
  series.add('ebpf_top.tcp.retransmits', retransmits)
}

/** Milliseconds by which the time from sample to sample may differ from the length of the interval. */
const UNSET_MS = 250

/** By how many milliseconds the clock was set, or stood still by comparison, in the interval of a sample. */
function clockSet(last: Sample | null, { time, interval_seconds }: Sample): number {
  if (last === null) return 0
  const by = Date.parse(time) - Date.parse(last.time) - interval_seconds * 1000
  return Math.abs(by) > UNSET_MS ? by : 0
}
