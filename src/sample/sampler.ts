import { readFileSync } from 'node:fs'
import { cpus, hostname, release } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClocks, Times } from '../bpf/clock.ts'
import { gracePeriod } from '../bpf/kernel.ts'
import { helperBeside, OBJECT_FOLDER } from '../bpf/shipped.ts'
import { ProcessFacts } from '../facts/facts.ts'
import { FactsReader } from '../facts/reader.ts'
import { ownProcesses } from '../own-processes.ts'
import { meansOf, notesOf, type Plan } from '../plan/plan.ts'
import { describe, holds, missed, ownCapabilities } from '../rights/capabilities.ts'
import { currentRights, hidesProcesses, type Rights } from '../rights/rights.ts'
import type { Host, Sampler, SamplerSettings, Sink } from '../session.ts'
import { inSlices } from '../table/slices.ts'
import type { IntervalEnd } from '../tracers/connections/connection.ts'
import { LinkNames } from '../tracers/connections/links.ts'
import { Sockets } from '../tracers/connections/sockets.ts'
import { Failures, guarded } from '../tracers/guarded.ts'
import { addLosses, totalLost } from '../tracers/loss.ts'
import { isInProc, openTracers, type Tracers } from '../tracers/open.ts'
import type { CallRecords } from '../tracers/syscalls/tracer.ts'
import type { Halves, MapUsage } from '../tracers/tracer.ts'
import { assemble, lossRows, type Records, type Rows, type Surroundings } from './assemble.ts'
import { Earlier, readRecords } from './earlier.ts'
import { doubtOf, fillsUp, LOOK_MS } from './filling.ts'
import { residentBytes, saveMemory, settle } from './memory.ts'
import type { Sample } from './sample.ts'
import { Wakeup } from './wakeup.ts'

/** What is given up of the rights of this process when all is attached and nothing was read that others can write. */
export type LeaveRoot = (plan: Plan) => Promise<Rights>

/**
 * Attaches the tracers to the running kernel. Counting begins with `run`.
 * @throws BpfError where it cannot; whatever `leaveRoot` throws
 */
export async function openSampler(
  settings: SamplerSettings,
  folder = OBJECT_FOLDER,
  leaveRoot: LeaveRoot = async () => currentRights(),
): Promise<Sampler> {
  saveMemory()
  const tracers = await openTracers(folder, settings.pids, settings)
  try {
    if (settings.cost === true) tracers.cost.measure(true)
    const rights = await leaveRoot(tracers.plan)
    if (rights.keeper !== null) tracers.cost.measuredBy(rights.keeper)
    return samplerOf(tracers, settings, folder, rights)
  } catch (error) {
    tracers.close()
    throw error
  }
}

/** Makes samples of what these tracers see. */
export function samplerOf(
  tracers: Tracers,
  settings: SamplerSettings,
  folder = OBJECT_FOLDER,
  rights = currentRights(),
): Sampler {
  return new KernelSampler(tracers, settings, folder, rights)
}

class KernelSampler implements Sampler {
  readonly host: Host
  readonly #tracers: Tracers
  readonly #failures = new Failures()
  readonly #facts: ProcessFacts
  readonly #reader: FactsReader | null
  readonly #links: LinkNames
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
  #earlier = new Earlier()
  /** What is to be said of its numbers. */
  #doubt: string | null = null
  #times = Times.of(readClocks())
  /** What the walk over all sockets takes of late: it belongs to the interval, and begins as much before its end. */
  #walkNs = 0
  #usage = process.cpuUsage()

  constructor(tracers: Tracers, settings: SamplerSettings, folder: string, rights: Rights) {
    this.host = {
      name: hostname(),
      kernel: release(),
      cpus: cpus().length,
      means: meansOf(tracers.plan),
      rights: rights.text,
      notes: [
        ...rights.notes,
        ...notesOf(tracers.plan, {
          btf: settings.btf ?? null,
          rights: missedRights(tracers),
          verifierLog: tracers.verifierLog,
        }),
        ...procNotes(tracers.self),
      ],
    }
    this.#tracers = guarded(tracers, this.#failures)
    this.#reader = isInProc(tracers.self) ? factsReader(folder) : null
    this.#facts = new ProcessFacts(this.#reader)
    this.#links = new LinkNames(tracers.namespaces.own)
    this.#iterations = settings.iterations
    this.#intervalNs = settings.intervalSeconds * 1e9
    this.#limitNs = (settings.firstIntervalSeconds ?? Infinity) * 1e9
  }

  async run(sink: Sink): Promise<void> {
    // from here on bytes count as moved in an interval
    await this.#tracers.connections.walk()
    // what was lost before the first interval is lost from none
    this.#takeLosses()
    this.#advance()
    this.#startedNs = monotonicNow()
    for (let taken = 0; !this.#stopped && (this.#iterations === null || taken < this.#iterations); taken++) {
      await this.#sleep()
      if (this.#stopped) return
      const last = this.#finishing
      const { sample, calls } = await this.#collect()
      await this.#whileTaken(sink.take(sample), calls)
      calls.release()
      settle(taken + 1)
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

  measureCost(on: boolean): void {
    this.#tracers.cost.measure(on)
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
    this.#tracers.close()
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
    const walkNs = Math.min(this.#walkNs, intervalNs / 2)
    return (this.#startedNs + intervalNs - walkNs - monotonicNow()) / 1e6
  }

  /** Until the sink has taken the sample. While it does, the next one is under way, and may fill up as well. */
  async #whileTaken(taking: void | Promise<void>, calls: CallRecords): Promise<void> {
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
      // the half that they lie in is needed
      calls.keep()
      await this.#readEarly()
    }
    await taken
  }

  #isFilling(): boolean {
    const { epoch } = this.#tracers.control
    return fillsUp(this.#arenas(), epoch, monotonicNow() - this.#begunNs)
  }

  /** Ends the interval of the kernel side, though not that of the sample, and keeps what was counted in it. */
  async #readEarly(): Promise<void> {
    const { epoch } = this.#tracers.control
    this.#advance()
    await gracePeriod()
    await inSlices(this.#earlier.add(this.#tracers, epoch))
    this.#earlier.use(this.#usageOf(epoch))
  }

  #usageOf(epoch: number): MapUsage[] {
    return this.#arenas().flatMap(arena => arena.usage?.(epoch) ?? [])
  }

  /** The calls of the sample are to be released when nobody reads them any more. */
  async #collect(): Promise<{ sample: Sample; calls: CallRecords }> {
    const { control, connections, syscalls, bytes, cost } = this.#tracers
    const begunNs = monotonicNow()
    await connections.walk()
    this.#walkNs = (this.#walkNs + monotonicNow() - begunNs) / 2
    const epoch = control.epoch
    const pids = control.pids
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
    }
    const end: IntervalEnd = {
      endedNs,
      times: this.#times,
      namespace: this.#tracers.namespaces.own,
      links: this.#links,
    }
    const atRest = gracePeriod()
    // Programs that began in the interval may still be at work, but hardly any is. What is read meanwhile counts if
    // it is the same once they all have ended.
    let read = this.#arenas().every(arena => arena.asRead !== undefined) ? await this.#read(epoch, pids, end) : null
    await atRest
    if (read === null || !this.#arenas().every(arena => arena.asRead?.(epoch))) {
      read?.records.calls.release()
      read = await this.#read(epoch, pids, end)
    }
    const { records, rows } = read
    const maps = this.#earlier.use(this.#usageOf(epoch))
    const { lost } = this.#earlier
    this.#earlier = new Earlier()
    control.turn++
    this.#facts.forget()
    ownProcesses.turn()
    const { slowCallsLost, ...taken } = this.#takeLosses()
    const losses = {
      syscalls: addLosses(taken.syscalls, { no_row: lost.syscalls }),
      connections: addLosses(taken.connections, { no_row: lost.connections }),
      bytes: addLosses(taken.bytes, { no_row: lost.bytes }),
    }
    const bpfSeconds = cost.take()
    const notes = connections.notes?.() ?? []
    const failures = this.#failures.take()
    const usage = process.cpuUsage(this.#usage)
    this.#usage = process.cpuUsage()
    const sample: Sample = {
      time: new Date(clocks.unixNs / 1e6).toISOString(),
      interval_seconds: (endedNs - startedNs) / 1e9,
      filter: { pids },
      sources: {
        syscalls: sourceOf(syscalls.source, failures.get('syscalls')),
        connections: sourceOf(connections.source, failures.get('connections')),
        bytes: sourceOf(bytes.source, failures.get('bytes')),
      },
      ...rows,
      lost: {
        syscalls: totalLost(losses.syscalls),
        connections: totalLost(losses.connections),
        bytes: totalLost(losses.bytes),
        slow_calls: slowCallsLost + lost.slowCalls,
      },
      losses: lossRows(losses),
      notes: [
        ...notes,
        ...this.#factNotes(),
        ...this.#takeDoubt(),
        ...Array.from(failures, ([part, reason]) => `${part} could not be read: ${reason}`),
      ],
      maps,
      self: {
        bpf_seconds: bpfSeconds,
        cpu_seconds: (usage.user + usage.system) / 1e6,
        resident_bytes: residentBytes(),
        sample_seconds: (monotonicNow() - begunNs) / 1e9,
      },
    }
    return { sample, calls: records.calls }
  }

  #takeDoubt(): string[] {
    const doubt = this.#doubt
    this.#doubt = null
    return doubt === null ? [] : [doubt]
  }

  #factNotes(): string[] {
    const why = this.#reader?.failure ?? null
    return why === null ? [] : [`of idle processes only the name is known: ${why}`]
  }

  /** What was lost since the last call. */
  #takeLosses() {
    const { syscalls, connections, bytes, slowCalls } = this.#tracers
    return {
      syscalls: syscalls.loss.take(),
      connections: connections.takeLost(),
      bytes: bytes.loss.take(),
      slowCallsLost: slowCalls.takeLost(),
    }
  }

  /** All that the tracers hold of an interval, and its rows. */
  async #read(epoch: number, pids: readonly number[], end: IntervalEnd): Promise<{ records: Records; rows: Rows }> {
    const sockets = new Sockets(end)
    await inSlices(sockets.addOpen(await this.#tracers.connections.readOpen()))
    const records = this.#earlier.join(await inSlices(readRecords(this.#tracers, epoch)))
    const surroundings: Surroundings = {
      ...end,
      arch: process.arch === 'arm64' ? 'arm64' : 'x64',
      pids,
      facts: this.#facts,
      self: this.#tracers.self ?? 0,
    }
    return { records, rows: await inSlices(assemble(records, sockets, surroundings)) }
  }

  /** Begins the next interval in emptied halves. */
  #advance(): void {
    const { control } = this.#tracers
    if (control.epoch > 0) this.#doubt = doubtOf(monotonicNow() - this.#begunNs) ?? this.#doubt
    const next = control.epoch + 1
    for (const arena of this.#arenas()) arena.prepare(next)
    control.advance()
    this.#begunNs = monotonicNow()
  }

  #arenas(): readonly Halves[] {
    const { processes, syscalls, slowCalls, connections } = this.#tracers
    return [processes.arena, syscalls.arena, slowCalls.arena, connections.closed]
  }
}

function factsReader(folder: string): FactsReader {
  return new FactsReader(helperBeside(folder, 'facts'), hidesProcesses() ? ['CAP_SYS_PTRACE'] : [])
}

/** What would show more; none where that cannot be found out, for want of open files. */
function missedRights({ plan }: Tracers): string[] {
  try {
    return missed(ownCapabilities(), plan).map(capability => describe([capability]))
  } catch {
    return []
  }
}

/** How something was measured in an interval. */
function sourceOf(source: string, failure: string | undefined): string {
  return failure === undefined ? source : `none (${failure})`
}

/** CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns, in nanoseconds. */
function monotonicNow(): number {
  return Number(process.hrtime.bigint())
}

/** What cannot be known of processes since /proc does not tell of all of them, a line each. */
function procNotes(self: number | null): string[] {
  if (!isInProc(self)) {
    return ['process ids are those of the host, not of this pid namespace: of idle processes only the name is known']
  }
  if (!hidesProcesses() || holds(ownCapabilities(), 'CAP_SYS_PTRACE')) return []
  try {
    // the first process is another user's, or it is root who asks
    readFileSync('/proc/1/stat')
    return []
  } catch {
    return [
      "/proc hides other users' processes (hidepid): of idle ones only the name is known; CAP_SYS_PTRACE shows them",
    ]
  }
}
