/** From samples to what is exported: counters and histograms since the start, and levels of the last sample. */

import type { FreshSample, HeldSample, Sample } from '../../sample/sample.ts'
import { ATTRIBUTES as A } from '../../tracers/attributes.ts'
import type { Labels, LevelOf, Meter, TracerMetrics } from '../../tracers/metrics.ts'
import { type OfProcess, ProcessesByKey } from '../../tracers/processes/processes-by-key.ts'
import type { ProcessRow } from '../../tracers/processes/row.ts'
import { processTable } from '../../tracers/processes/table.ts'
import { registry } from '../../tracers/registry.ts'
import type { Moment } from '../time.ts'
import { type NumberSeries, SeriesGroup } from './series.ts'
import { type Frozen, type Identity, type Process, TopProcesses } from './top.ts'

export interface AccumulatorSettings {
  /** A series for each process id, and not for each name. */
  readonly pids: boolean
  /** Processes with series of their own. */
  readonly top: number
}

/** A number that is not added up over time. */
export interface Level {
  readonly name: string
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

/** Both taking and collecting can be laid aside, but nothing else may be begun meanwhile. */
export class Accumulator {
  /** Counters of the machine and of ebpf-top itself. */
  readonly own: SeriesGroup
  readonly #settings: AccumulatorSettings
  readonly #metrics: readonly TracerMetrics[] = registry.metrics()
  readonly #start: Moment
  readonly #top: TopProcesses
  /** Levels of the machine: those that were told once are told again when they are 0. */
  readonly #machine: SeriesGroup
  #last: HeldSample | null = null
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
    this.#machine = new SeriesGroup({}, this.#start)
  }

  *take(sample: FreshSample): Generator<void, void> {
    const rows = new ProcessesByKey(sample.tables.of(processTable))
    const found = new Map<ProcessRow | undefined, Meter>()
    const meterOf = (process: OfProcess): Meter => {
      const row = rows.of(process)
      let meter = found.get(row)
      if (meter === undefined) {
        meter = meterIn(this.#top.get(identify(row, this.#settings.pids)))
        found.set(row, meter)
      }
      return meter
    }
    for (const metrics of this.#metrics) {
      for (const _ of metrics.take(sample, meterOf)) {
        yield
        if (!this.#top.isFull) continue
        yield* this.#top.prune()
        found.clear()
      }
    }
    yield* this.#top.prune()
    this.#takeOwn(sample)
    this.#passTime(sample)
    this.#last?.release()
    this.#last = sample.hold()
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
    const all = groups.flatMap(group => Array.from(group.levels(), ([, level]) => level))
    const zeros = new Set(all.filter(({ value }) => value === 0))
    const [start, end, frozen] = [this.#start, this.#end, this.#top.frozen()]
    return { groups: [...groups, this.own], levels, start, end, zeros, frozen }
  }

  /** All of this has arrived. */
  delivered({ groups, zeros, frozen }: Collection): void {
    for (const group of groups) group.dropZeros(zeros)
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
    const told: LevelOf[] = []
    for (const metrics of this.#metrics) if (metrics.levels !== undefined) told.push(...(yield* metrics.levels(sample)))
    const rows = new ProcessesByKey(sample.tables.of(processTable))
    // a process may be among the shared ones now: its own series is 0 then, or what the shared one has would count twice
    for (const group of [...groups, this.#machine]) group.clearLevels()
    for (const { name, process, key, labels, value } of told) {
      const group =
        process === null ? this.#machine : this.#top.groupOf(identify(rows.of(process), this.#settings.pids))
      group.addLevel(name, value, key, labels)
    }
    return [
      ...[this.#machine, ...groups].flatMap(group =>
        Array.from(group.levels(), ([name, { labels, value }]) => ({ name, labels, value })),
      ),
      ...sample.maps.flatMap(({ name, used, limit }): Level[] => [
        { name: 'ebpf_top.map.usage', labels: { [A.mapName]: name }, value: used },
        { name: 'ebpf_top.map.limit', labels: { [A.mapName]: name }, value: limit },
      ]),
      { name: 'ebpf_top.filter.active', labels: {}, value: sample.filter.pids.length > 0 ? 1 : 0 },
      { name: 'ebpf_top.memory.usage', labels: {}, value: sample.self.resident_bytes },
    ]
  }
}

function meterIn(process: Process): Meter {
  const { series } = process
  return {
    add: (name, amount, key, labelsOf) => series.add(name, amount, key, labelsOf),
    histogram: (name, key, labelsOf) => series.histogram(name, key, labelsOf),
    record: (name, nanoseconds) => series.record(name, nanoseconds),
    rank(activity) {
      process.activity += activity
    },
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

/** Milliseconds by which the time from sample to sample may differ from the length of the interval where nobody set the clock. */
const UNSET_MS = 250
