import { Child } from '../child.ts'
import { ebpfTop } from '../compile.ts'
import { atLeast, type Figure, figure, ratios, sleep } from '../measure.ts'
import { attachAll, attachEmpty } from '../objects.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { type Served, WebLoad } from '../web.ts'

/** Seconds of one measurement. */
const DURATION = 1
/** Seconds until ebpf-top has started and taken samples. */
const WARM_UP = 2.5

/** Files that are fetched, with their sizes in bytes. */
const PAGES = [
  { name: 'page of 615 bytes (nginx’s welcome page)', bytes: 615 },
  { name: 'page of 64 KiB', bytes: 64 << 10 },
] as const

/** How something is put beside the load, until what it returns is called. */
type Way = () => Promise<() => Promise<void>>

/** The least that any tool takes which watches the same hooks. */
const emptyPrograms: Way = async () => {
  const detach = [attachEmpty('syscalls'), attachEmpty('bytes')]
  return async () => {
    for (const one of detach) one()
  }
}

/** Our programs, of which nobody reads what they count. */
const programsAlone: Way = async () => {
  const detach = await attachAll()
  return async () => detach()
}

const everything: Way = async () => {
  const top = new Child(ebpfTop('--output', 'json'), { stdout: 'ignore' })
  await sleep(WARM_UP)
  return () => top.stop('SIGTERM')
}

/** Something beside the load, and the mean of the load for itself before and after it. */
interface Compared {
  readonly base: Served
  readonly value: Served
}

export const http: Subject = {
  name: 'http',
  title: 'Throughput of an HTTP server',
  method:
    'nginx with the settings of its Debian package, access log included, under `wrk -t 1 -c 32` on the same machine: ' +
    'all processors are busy, so that whatever watching costs is missing from the throughput. Requests are counted by ' +
    `the access log. Each way of watching is measured for ${DURATION} s between two measurements without it; processor ` +
    'time is that of the server and of the load generator (`/proc/PID/schedstat`), in which other processes, ' +
    'ebpf-top’s own among them, have no part.',
  needs: ['nginx', 'wrk'],
  async run(bench) {
    const figures: Figure[] = []
    for (const { name, bytes } of PAGES) {
      const load = await WebLoad.start(bytes)
      try {
        const rounds = await repeat(bench, bench.rounds, async () => ({
          empty: await compare(bench, load, emptyPrograms),
          alone: await compare(bench, load, programsAlone),
          all: await compare(bench, load, everything),
        }))
        figures.push(...report(name, rounds))
      } finally {
        await load.stop()
      }
    }
    return figures
  },
}

function compare(bench: Bench, load: WebLoad, way: Way): Promise<Compared> {
  return bench.quiet.measure(async () => {
    const before = await load.measure(DURATION)
    const off = await way()
    const value = await load.measure(DURATION)
    await off()
    const after = await load.measure(DURATION)
    const mean = (part: (served: Served) => number): number => (part(before) + part(after)) / 2
    return {
      base: { requestsPerSecond: mean(one => one.requestsPerSecond), microseconds: mean(one => one.microseconds) },
      value,
    }
  })
}

function report(name: string, rounds: readonly Record<'empty' | 'alone' | 'all', Compared>[]): Figure[] {
  const left = ({ base, value }: Compared): number => (100 * value.requestsPerSecond) / base.requestsPerSecond
  const added = ({ base, value }: Compared): number => value.microseconds - base.microseconds
  const of = (what: (round: Record<'empty' | 'alone' | 'all', Compared>) => number): number[] => rounds.map(what)
  return [
    figure(
      `${name}, nobody watching`,
      'requests/s',
      rounds.flatMap(round => Object.values(round).map(({ base }) => base.requestsPerSecond)),
    ),
    figure(
      'with ebpf-top / without',
      '%',
      of(({ all }) => left(all)),
      atLeast(97, '%'),
    ),
    figure(
      'with its programs alone, which nobody reads / without',
      '%',
      of(({ alone }) => left(alone)),
    ),
    figure(
      'with empty programs on the four hooks of calls and bytes / without',
      '%',
      of(({ empty }) => left(empty)),
    ),
    figure(
      'processor time of a request, nobody watching',
      'μs',
      rounds.flatMap(round => Object.values(round).map(({ base }) => base.microseconds)),
    ),
    figure(
      'added by ebpf-top',
      'μs',
      of(({ all }) => added(all)),
    ),
    figure(
      'added by its programs alone',
      'μs',
      of(({ alone }) => added(alone)),
    ),
    figure(
      'added by the empty programs',
      'μs',
      of(({ empty }) => added(empty)),
    ),
    figure(
      'added by its programs alone / by the empty programs',
      'x',
      ratios(
        of(({ alone }) => added(alone)),
        of(({ empty }) => added(empty)),
      ),
    ),
  ]
}
