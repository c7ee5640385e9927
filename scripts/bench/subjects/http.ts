import { Child } from '../child.ts'
import { ebpfTop } from '../compile.ts'
import { atLeast, type Figure, figure, median, ratios, sleep, times } from '../measure.ts'
import { emptyPrograms, ourPrograms, type Switch } from '../objects.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { type Page, type Served, WebLoad } from '../web.ts'

/** Seconds of one measurement of programs, which are attached and detached so often in a round. */
const SLICE = 0.2
const SLICES = 7
/** Seconds of one measurement of ebpf-top. */
const DURATION = 4
/** Seconds until ebpf-top has started, and its code is compiled. */
const WARM_UP = 15

/** From pages for which a server does nothing but system calls to one for which it also works. */
const PAGES: readonly Page[] = [
  { name: 'page of 615 bytes (as nginx’s welcome page)', bytes: 615, compressed: false },
  { name: 'page of 64 KiB', bytes: 64 << 10, compressed: false },
  { name: 'page of 64 KiB, compressed for each request', bytes: 64 << 10, compressed: true },
]

/** How the server did for itself, what was left of its throughput beside something, and what that added to a request. */
interface Compared {
  readonly base: Served
  readonly percentLeft: number
  readonly addedMicroseconds: number
}

type Round = Readonly<Record<'empty' | 'alone' | 'all', Compared>>

export const http: Subject = {
  name: 'http',
  title: 'Throughput of an HTTP server',
  method:
    'nginx with the settings of its Debian package, access log included, which serves texts, under `wrk -t 1 -c 32` on the same machine: ' +
    'all processors are busy, so that whatever watching costs is missing from the throughput. Requests are counted by ' +
    'the access log. Whatever is compared is measured between two measurements without it: ebpf-top for ' +
    `${DURATION} s, after ${WARM_UP} s, programs ${SLICES} times a round for ${SLICE} s, of which the median counts. ` +
    'Processor time is that of the server and of the load generator (`/proc/PID/schedstat`), in which other processes, ' +
    'ebpf-top’s own among them, have no part.',
  needs: ['nginx', 'wrk'],
  async run(bench) {
    const figures: Figure[] = []
    for (const page of PAGES) {
      const load = await WebLoad.start(page)
      try {
        const rounds = await repeat(bench, bench.rounds, async () => ({
          empty: await besidePrograms(bench, load, emptyPrograms('all')),
          alone: await besidePrograms(bench, load, await ourPrograms()),
          all: await bench.quiet.measure(() => besideEverything(load)),
        }))
        figures.push(...report(page.name, rounds))
      } finally {
        await load.stop()
      }
    }
    return figures
  },
}

/** Beside programs of which nobody reads what they count. */
async function besidePrograms(bench: Bench, load: WebLoad, programs: Switch): Promise<Compared> {
  const slice = async (): Promise<Compared> => {
    const before = await load.measure(SLICE)
    programs.on()
    const value = await load.measure(SLICE)
    programs.off()
    return compared(before, value, await load.measure(SLICE))
  }
  try {
    return middleOf(await bench.quiet.measure(() => times(SLICES, slice)))
  } finally {
    programs.close()
  }
}

async function besideEverything(load: WebLoad): Promise<Compared> {
  const before = await load.measure(DURATION)
  const top = new Child(ebpfTop('--output', 'json'), { stdout: 'ignore' })
  await sleep(WARM_UP)
  const value = await load.measure(DURATION)
  await top.stop('SIGTERM')
  return compared(before, value, await load.measure(DURATION))
}

function compared(before: Served, value: Served, after: Served): Compared {
  const mean = (part: (served: Served) => number): number => (part(before) + part(after)) / 2
  const base = {
    requestsPerSecond: mean(one => one.requestsPerSecond),
    microseconds: mean(one => one.microseconds),
  }
  return {
    base,
    percentLeft: (100 * value.requestsPerSecond) / base.requestsPerSecond,
    addedMicroseconds: value.microseconds - base.microseconds,
  }
}

/** The median of each figure. */
function middleOf(all: readonly Compared[]): Compared {
  const of = (part: (one: Compared) => number): number => median(all.map(part))
  return {
    base: {
      requestsPerSecond: of(({ base }) => base.requestsPerSecond),
      microseconds: of(({ base }) => base.microseconds),
    },
    percentLeft: of(one => one.percentLeft),
    addedMicroseconds: of(one => one.addedMicroseconds),
  }
}

function report(name: string, rounds: readonly Round[]): Figure[] {
  const bases = rounds.flatMap(round => Object.values(round).map(({ base }) => base))
  const left = (way: keyof Round): number[] => rounds.map(round => round[way].percentLeft)
  const added = (way: keyof Round): number[] => rounds.map(round => round[way].addedMicroseconds)
  const served = bases.map(one => one.requestsPerSecond)
  const time = bases.map(one => one.microseconds)
  return [
    figure(`${name}, nobody watching`, 'requests/s', served),
    figure('with ebpf-top / without', '%', left('all'), atLeast(97, '%')),
    figure('with its programs alone, which nobody reads / without', '%', left('alone')),
    figure('with empty programs on the four hooks of calls and bytes / without', '%', left('empty')),
    figure('processor time of a request, nobody watching', 'μs', time),
    figure('added by ebpf-top', 'μs', added('all')),
    figure('added by its programs alone', 'μs', added('alone')),
    figure('added by the empty programs', 'μs', added('empty')),
    figure('its programs alone / empty programs', 'x', ratios(added('alone'), added('empty'))),
  ]
}
