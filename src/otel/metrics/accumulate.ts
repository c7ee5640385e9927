/** From samples to what is exported: counters and histograms since the start, and levels of the last sample. */

import type { Sample } from '../../sample/sample.ts'
import { total } from '../../table/histogram.ts'
import { PORTION } from '../../table/slices.ts'
import type { Family } from '../../tracers/connections/row.ts'
import { connectionTable } from '../../tracers/connections/table.ts'
import { ProcessesByKey } from '../../tracers/processes/processes-by-key.ts'
import type { ProcessRow } from '../../tracers/processes/row.ts'
import { processTable } from '../../tracers/processes/table.ts'
import type { CallRow } from '../../tracers/syscalls/row.ts'
import { ATTRIBUTES as A, connectionState } from '../attributes.ts'
import type { Moment } from '../time.ts'
import { type ConnectionChange, ConnectionChanges, failureOf } from './connections.ts'
import type { LevelName } from './metrics.ts'
import { type Labels, type NumberSeries, SeriesGroup } from './series.ts'
import { type Frozen, type Identity, type Process, TopProcesses } from './top.ts'

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
  /** Since when levels are known. */
  readonly start: Moment
  /** End of the last sample: up to when everything is counted. */
  readonly end: Moment
  /** Levels of 0 that need not be told again once this arrived. */
  readonly zeros: ReadonlySet<NumberSeries>
  /** Processes that left the top, whose last values are in this. */
  readonly frozen: ReadonlySet<Frozen>
}

const ACTIVE = 'ebpf_top.tcp.connection.active'

const syscallLabels = (syscall: string): Labels => ({ [A.syscallName]: syscall })
const networkLabels = (type: string): Labels => ({ [A.networkType]: type })
const errorLabels = (error: string): Labels => ({ [A.errorType]: error })

/** Both taking and collecting can be laid aside, but nothing else may be begun meanwhile. */
export class Accumulator {
  /** Counters of the machine and of ebpf-top itself. */
  readonly own: SeriesGroup
  readonly #settings: AccumulatorSettings
  readonly #changes = new ConnectionChanges()
  readonly #start: Moment
  readonly #top: TopProcesses
  /** Levels that were told once are told again when they are 0. */
  readonly #states = new Map<string, Labels>()
  #last: Sample | null = null
  /** By how much the clock was set since the beginning, forward or back. */
  #setMs = 0
  #end: Moment
  /** The last sample was collected. */
  #collected = false

  /** `startMs`: Unix time, in milliseconds. */
  constructor(settings: AccumulatorSettings, startMs: number) {
    this.#settings = settings
    this.#start = { ms: startMs, setMs: 0 }
    this.#end = this.#start
    this.#top = new TopProcesses(settings.top, this.#start)
    this.own = new SeriesGroup({}, this.#start)
  }

  *take(sample: Sample): Generator<void, void> {
    const rows = new ProcessesByKey(sample.tables.of(processTable))
    const found = new Map<ProcessRow | undefined, Process>()
    const processOf = (row: ProcessRow | undefined): Process => {
      let process = found.get(row)
      if (process === undefined) {
        process = this.#top.get(identify(row, this.#settings.pids))
        found.set(row, process)
      }
      return process
    }
    let done = 0
    for (const call of sample.calls) {
      if (done++ % PORTION === 0) yield
      if (this.#top.isFull) {
        yield* this.#top.prune()
        found.clear()
      }
      addCalls(processOf(rows.of(call)), call)
    }
    for (const row of sample.tables.of(processTable))
      if (row.sent_bytes + row.received_bytes > 0) addBytes(processOf(row), row)
    for (const change of this.#changes.of(sample)) {
      if (done++ % PORTION === 0) yield
      addConnection(processOf(rows.of(change.row)), change)
    }
    yield* this.#top.prune()
    this.#takeOwn(sample)
    this.#passTime(sample)
    this.#last = sample
    this.#collected = false
  }

  /** What is to be exported now; null before the first sample. */
  *collect(): Generator<void, Collection | null> {
    const sample = this.#last
    if (sample === null) return null
    // where nothing happened since, nobody moves up
    if (!this.#collected) yield* this.#top.rank(this.#end)
    this.#collected = true
    const groups = this.#top.all()
    const levels = yield* this.#levels(sample, groups)
    const zeros = new Set(groups.flatMap(group => [...group.levels(ACTIVE)].filter(({ value }) => value === 0)))
    const [start, end, frozen] = [this.#start, this.#end, this.#top.frozen()]
    return { groups: [...groups, this.own], levels, start, end, zeros, frozen }
  }

  /** All of this has arrived. */
  delivered({ groups, zeros, frozen }: Collection): void {
    for (const group of groups) group.dropZeros(ACTIVE, zeros)
    for (const process of frozen) process.delivered = true
  }

  /** The interval of a sample ends: the clock may have been set in it. */
  #passTime({ time, interval_seconds }: Sample): void {
    const unixMs = Date.parse(time)
    const by = unixMs - this.#setMs - this.#end.ms - interval_seconds * 1000
    // the first interval begins some time after the exporter was started
    if (by < -UNSET_MS || (by > UNSET_MS && this.#last !== null)) this.#setMs += by
    this.#end = {
      ms: Math.max(unixMs - this.#setMs, this.#end.ms + 1),
      setMs: Math.max(this.#setMs, this.#end.setMs),
    }
  }

  #takeOwn({ losses, self }: Sample): void {
    for (const { tracer, reason, count } of losses) {
      this.own.add('ebpf_top.lost', count, `${tracer} ${reason}`, () => ({ [A.tracer]: tracer, [A.reason]: reason }))
    }
    this.own.add('ebpf_top.cpu.time', self.cpu_seconds)
    this.own.add('ebpf_top.bpf.time', self.bpf_seconds ?? 0)
    this.own.record('ebpf_top.sample.duration', self.sample_seconds * 1e9)
  }

  *#levels(sample: Sample, groups: readonly SeriesGroup[]): Generator<void, Level[]> {
    const states = new Map<string, number>()
    const rows = new ProcessesByKey(sample.tables.of(processTable))
    const owned = new Map<ProcessRow | undefined, Map<Family, number>>()
    for (const [i, row] of sample.tables.of(connectionTable).entries()) {
      if (i % PORTION === 0) yield
      if (row.closed) continue
      states.set(row.state, (states.get(row.state) ?? 0) + 1)
      if (!row.established) continue
      const owner = rows.of(row)
      const families = owned.get(owner) ?? new Map<Family, number>()
      families.set(row.family, (families.get(row.family) ?? 0) + 1)
      owned.set(owner, families)
    }
    this.#setActive(owned, groups)
    return [
      ...this.#connectionCounts(states),
      ...groups.flatMap(group => [...group.levels(ACTIVE)].map(level => ({ ...level, name: ACTIVE }) as const)),
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

  /**
   * `owned`: established connections by process. Where a process is among the shared ones now, its own series is 0: a
   * store would take it for what it was, and count twice what the shared series has.
   */
  #setActive(
    owned: ReadonlyMap<ProcessRow | undefined, ReadonlyMap<Family, number>>,
    groups: readonly SeriesGroup[],
  ): void {
    for (const group of groups) group.clearLevels(ACTIVE)
    for (const [row, families] of owned) {
      const group = this.#top.groupOf(identify(row, this.#settings.pids))
      for (const [family, count] of families) group.addLevel(ACTIVE, count, family, networkLabels)
    }
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

/** Numbers that no kernel has a call for, and that anybody can call, are one name. */
const NO_CALL = /^syscall_\d+$/

function addCalls(process: Process, call: CallRow): void {
  const { durations, failures, untimed } = call
  const syscall = NO_CALL.test(call.syscall) ? 'unknown' : call.syscall
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

/** Milliseconds by which the time from sample to sample may differ from the length of the interval where nobody set the clock. */
const UNSET_MS = 250
