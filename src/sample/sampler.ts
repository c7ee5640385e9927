import { setTimeout as sleep } from 'node:timers/promises'
import { readClocks, Times } from '../bpf/clock.ts'
import { gracePeriod } from '../bpf/kernel.ts'
import { type About, AboutAsker } from '../facts/about.ts'
import { ProcessFacts } from '../facts/facts.ts'
import type { FactsReader } from '../facts/reader.ts'
import type { Rights } from '../rights/rights.ts'
import type { Host, Sampler, SamplerSettings, Sink } from '../session.ts'
import { inSlices } from '../table/slices.ts'
import type { ProcessKey } from '../table/table.ts'
import { Failures, guardedReads, guardedTracer } from '../tracers/guarded.ts'
import { lossRows, totalLost } from '../tracers/loss.ts'
import { LinkNames } from '../tracers/network/links.ts'
import type { Tracers } from '../tracers/parts.ts'
import { Reading } from '../tracers/reading.ts'
import { type Interval, type IntervalRows, inOrder, type Tracer, type Wanted } from '../tracers/tracer.ts'
import { builtInTracers } from './built-in.ts'
import { doubtOf, fillsUp, LOOK_MS } from './filling.ts'
import { FullestMaps } from './fullest-maps.ts'
import { LentSample } from './holding.ts'
import { hostWith } from './host.ts'
import { memoryUsage } from './memory.ts'
import { type FreshSample, NOT_MEASURED, NOTHING_LOST } from './sample.ts'
import { Wakeup } from './wakeup.ts'

/** Makes samples of the running kernel. Counting begins with `run`. */
export class KernelSampler implements Sampler {
  readonly host: Host
  readonly #machine: Pick<Tracers, 'control' | 'cost' | 'mapMemory' | 'close'>
  /** In the order of their parts in each phase. */
  readonly #tracers: readonly Tracer[]
  readonly #failures = new Failures()
  readonly #reader: FactsReader | null
  readonly #about: AboutAsker
  readonly #wakeup = new Wakeup()
  readonly #iterations: number | null
  #intervalNs: number
  /** Longest that the current interval may be, besides. */
  #limitNs: number
  /** The filter that the screen asked for, until it is in force. */
  #wanted: readonly number[] | null = null
  #finishing = false
  #stopped = false
  #startedNs = 0
  /** The same of the interval of the kernel side. */
  #begunNs = 0
  readonly #maps = new FullestMaps()
  /** What is to be said of its numbers. */
  #doubt: string | null = null
  #times = Times.of(readClocks())
  /** What looking takes of late that belongs to the interval: it begins as much before its end. */
  #lookingNs = 0
  #usage = process.cpuUsage()

  constructor(tracers: Tracers, settings: SamplerSettings, reader: FactsReader | null, rights: Rights) {
    this.host = hostWith(tracers, settings.btf ?? null, rights)
    this.#reader = reader
    this.#about = new AboutAsker(reader, ns => this.#times.ofBoot(ns))
    const parts = guardedReads(tracers, this.#failures)
    this.#machine = parts
    const builtIn = builtInTracers(parts, {
      facts: new ProcessFacts(reader),
      reader,
      links: new LinkNames(tracers.namespaces.own),
    })
    this.#tracers = inOrder([...builtIn, ...tracers.others]).map(tracer => guardedTracer(tracer, this.#failures))
    this.show(settings.shown ?? null)
    this.#iterations = settings.iterations
    this.#intervalNs = settings.intervalSeconds * 1e9
    this.#limitNs = (settings.firstIntervalSeconds ?? Infinity) * 1e9
  }

  async run(sink: Sink): Promise<void> {
    // from here on bytes count as moved in an interval
    for (const tracer of this.#tracers) await tracer.beforeEnd?.()
    // what was lost before the first interval is lost from none
    for (const tracer of this.#tracers) tracer.lost?.()
    this.#advance()
    this.#startedNs = monotonicNow()
    for (let taken = 0; !this.#stopped && (this.#iterations === null || taken < this.#iterations); taken++) {
      await this.#sleep()
      if (this.#stopped) return
      const last = this.#finishing
      const { sample, reading } = await this.#collect()
      const lent = new LentSample(sample, () => reading.release())
      await this.#whileTaken(sink.take(lent.sample), reading)
      reading.taken()
      lent.taken()
      if (last) return
    }
  }

  setFilter(pids: readonly number[]): void {
    this.#wanted = pids
    // the interval ends here, so that no sample mixes two filters
    this.#wakeup.wake()
  }

  setInterval(seconds: number): void {
    this.#intervalNs = seconds * 1e9
    this.#wakeup.again()
  }

  show(tables: readonly string[] | null): void {
    for (const tracer of this.#tracers) tracer.want?.(wantedOf(tracer, tables))
  }

  describe(process: ProcessKey, told: (about: About) => void): void {
    this.#about.ask(process, told)
  }

  measureCost(on: boolean): void {
    this.#machine.cost.measure(on)
  }

  finish(): void {
    this.#finishing = true
    this.#wakeup.wake()
  }

  stop(): void {
    this.#stopped = true
    this.#wakeup.wake()
  }

  close(): void {
    this.#reader?.close()
    this.#machine.close()
  }

  /** Until the end of the interval, whose length may change meanwhile. What fills up before is read. */
  async #sleep(): Promise<void> {
    for (;;) {
      await this.#wakeup.sleep(() => Math.min(this.#leftMs(), LOOK_MS))
      if (this.#stopped || this.#finishing || this.#wanted !== null || this.#leftMs() <= 0) break
      if (this.#isFilling()) await this.#readEarly()
    }
    this.#limitNs = Infinity
  }

  #leftMs(): number {
    const intervalNs = Math.min(this.#intervalNs, this.#limitNs)
    const lookingNs = Math.min(this.#lookingNs, intervalNs / 2)
    return (this.#startedNs + intervalNs - lookingNs - monotonicNow()) / 1e6
  }

  /** Until the sink has taken the sample. While it does, the next one is under way, and may fill up as well. */
  async #whileTaken(taking: void | Promise<void>, reading: Reading): Promise<void> {
    if (taking === undefined) return
    let isTaken = false
    const taken = taking.finally(() => {
      isTaken = true
    })
    while (!isTaken) {
      const waiting = new AbortController()
      await Promise.race([taken, sleep(LOOK_MS, undefined, waiting).catch(() => {})])
      waiting.abort()
      if (isTaken || !this.#isFilling()) continue
      // the half that its rows lie in is needed
      reading.detach()
      await this.#readEarly()
    }
    await taken
  }

  #isFilling(): boolean {
    const { epoch } = this.#machine.control
    return fillsUp(this.#rows(), epoch, monotonicNow() - this.#begunNs)
  }

  /** Ends the interval of the kernel side, though not that of the sample, and keeps what was counted in it. */
  async #readEarly(): Promise<void> {
    const { epoch } = this.#machine.control
    this.#advance()
    await gracePeriod()
    for (const tracer of this.#tracers) if (tracer.early !== undefined) await inSlices(tracer.early(epoch))
    this.#maps.add(this.#rows(), epoch)
  }

  async #collect(): Promise<{ sample: Omit<FreshSample, 'hold'>; reading: Reading }> {
    const { control, cost } = this.#machine
    const begunNs = monotonicNow()
    for (const tracer of this.#tracers) await tracer.beforeEnd?.()
    this.#lookingNs = (this.#lookingNs + monotonicNow() - begunNs) / 2
    const { epoch, pids } = control
    // before the interval ends: whatever happened up to then is in its sample, also where this thread has to wait here
    const clocks = readClocks()
    this.#times = this.#times.next(clocks)
    this.#advance()
    const endedNs = monotonicNow()
    const startedNs = this.#startedNs
    this.#startedNs = endedNs
    if (this.#wanted !== null) {
      control.setFilter(this.#wanted)
      this.#wanted = null
      for (const tracer of this.#tracers) tracer.filterChanged?.()
    }
    const reading = await this.#readAtRest({ epoch, pids, endedNs, times: this.#times })
    const maps = this.#maps.take(this.#rows(), epoch)
    const losses = this.#tracers.flatMap(tracer => {
      const lost = tracer.lost?.()
      return lost === undefined ? [] : [{ tracer, lost }]
    })
    const notes = this.#tracers.flatMap(tracer => tracer.notes?.() ?? [])
    for (const tracer of this.#tracers) tracer.turn?.()
    const bpfSeconds = cost.take()
    const failures = this.#failures.take()
    const usage = process.cpuUsage(this.#usage)
    this.#usage = process.cpuUsage()
    const sample: Omit<FreshSample, 'hold'> = {
      time: new Date(clocks.unixNs / 1e6).toISOString(),
      interval_seconds: (endedNs - startedNs) / 1e9,
      filter: { pids },
      sources: { ...NOT_MEASURED, ...this.#sources(failures) },
      duration_ns: reading.duration_ns,
      tables: reading.tables,
      calls: reading.calls,
      lost: {
        ...NOTHING_LOST,
        ...Object.fromEntries(losses.map(({ tracer, lost }) => [tracer.name, totalLost(lost)])),
      },
      losses: losses.flatMap(({ tracer, lost }) =>
        tracer.countedElsewhere === true ? [] : lossRows(tracer.name, lost),
      ),
      notes: [
        ...notes,
        ...this.#takeDoubt(),
        ...Array.from(failures, ([part, reason]) => `${part} could not be read: ${reason}`),
      ],
      maps,
      self: {
        bpf_seconds: bpfSeconds,
        cpu_seconds: (usage.user + usage.system) / 1e6,
        ...memoryUsage(),
        map_bytes: this.#machine.mapMemory.bytes,
        sample_seconds: (monotonicNow() - begunNs) / 1e9,
      },
    }
    return { sample, reading }
  }

  /**
   * Programs that began in the interval may still be at work, but hardly any is. What is read meanwhile counts if it is the
   * same once they all have ended.
   */
  async #readAtRest(interval: Interval): Promise<Reading> {
    const atRest = gracePeriod()
    const early = this.#rows().every(rows => rows.asRead !== undefined) ? await this.#read(interval) : null
    await atRest
    if (early !== null && this.#rows().every(rows => rows.asRead?.(interval.epoch))) return early
    early?.taken()
    early?.release()
    return this.#read(interval)
  }

  async #read(interval: Interval): Promise<Reading> {
    const reading = new Reading()
    for (const tracer of this.#tracers) if (tracer.read !== undefined) await inSlices(tracer.read(reading, interval))
    return reading
  }

  /** How each kind of number was measured, or why it was not. */
  #sources(failures: ReadonlyMap<string, string>): Record<string, string> {
    const measured = this.#tracers.flatMap(({ name, source }) => {
      const failure = failures.get(name)
      return source === undefined ? [] : [[name, failure === undefined ? source : `none (${failure})`] as const]
    })
    return Object.fromEntries(measured)
  }

  #takeDoubt(): string[] {
    const doubt = this.#doubt
    this.#doubt = null
    return doubt === null ? [] : [doubt]
  }

  /** Begins the next interval in emptied halves. */
  #advance(): void {
    const { control } = this.#machine
    if (control.epoch > 0) this.#doubt = doubtOf(monotonicNow() - this.#begunNs) ?? this.#doubt
    const next = control.epoch + 1
    for (const rows of this.#rows()) rows.prepare(next)
    control.advance()
    this.#begunNs = monotonicNow()
  }

  #rows(): readonly IntervalRows[] {
    return this.#tracers.flatMap(({ rows }) => rows ?? [])
  }
}

function wantedOf({ table = '', partTable = '' }: Tracer, tables: readonly string[] | null): Wanted {
  if (tables === null || tables.includes(table)) return 'all'
  return tables.includes(partTable) ? 'part' : 'nothing'
}

/** CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns, in nanoseconds. */
function monotonicNow(): number {
  return Number(process.hrtime.bigint())
}
