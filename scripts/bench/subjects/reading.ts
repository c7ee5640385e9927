import { gracePeriod } from '../../../src/bpf/kernel.ts'
import { FilledMap } from '../lookup.ts'
import { atMost, type Figure, figure, median, ratios } from '../measure.ts'
import { objectOf, openObjects } from '../objects.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { type Taken, Taker } from '../taking.ts'
import { Many, type Shape } from '../workload.ts'

const ROWS = 10_000
const BARE = { array: 'bare look-ups in arrays', hash: 'bare look-ups in hashes' } as const
const GOAL_RATIO = atMost(2, 'x')
/** 10,000 pairs of process and call (sending, receiving and sleeping among them), 10,000 ends of connections. */
const GOAL: Shape = { processes: 500, kinds: 17, period: 300, pairs: 10 }
/** Both 10 times apart, and within the room that there is. */
const FEW: Shape = { processes: 150, kinds: 16, period: 500, pairs: 33 }
const MANY: Shape = { ...FEW, processes: 1500 }

/** Samples before most of the code is compiled, and before all of it is. */
const WARM_UP = { few: 5, all: 25 }
const SAMPLES = 5
/** Seconds; every process does all that it does once in it. */
const INTERVAL = 1.5

export const reading: Subject = {
  name: 'reading',
  title: 'Reading a sample',
  method:
    '500 processes make 20 different calls in each interval and hold 10,000 ends of connections. Each sample is ' +
    'compared with a bare `bpf_map_lookup_batch` of 10,000 entries of the size of each row, taken right after it: in ' +
    'hashes, as rows of processes and calls are usually kept, and in arrays, which are read faster. A ' +
    'sample is measured from the begin of the walk over all sockets to the finished rows, in an otherwise idle process; ' +
    'in between it waits for a grace period of the kernel, and reads meanwhile. Processor time is all that the process ' +
    'takes in an interval. The event loop is watched by `monitorEventLoopDelay` in samples of their own: its timer wakes ' +
    'a thousand times a second.',
  needs: [],
  async run(bench) {
    return [...(await atGoal(bench)), ...(await tenfold(bench))]
  },
}

async function atGoal(bench: Bench): Promise<Figure[]> {
  const sizes = rowSizes()
  const arrays = [sizes.calls, sizes.connection].map(size => new FilledMap('array', ROWS, size))
  const hashes = [sizes.calls, sizes.connection].map(size => new FilledMap('hash', ROWS, size))
  const read = (maps: readonly FilledMap[]): number => maps.reduce((sum, map) => sum + map.read(), 0)
  const count = SAMPLES * bench.rounds
  const all = await bench.quiet.measure(() =>
    samplesOf(GOAL, count, false, async () => ({
      array: read(arrays),
      hash: read(hashes),
      grace: await graceMilliseconds(),
    })),
  )
  const watched = await bench.quiet.measure(() => samplesOf(GOAL, count, true, nothing))
  for (const map of [...arrays, ...hashes]) map.close()
  const [first] = all
  bench.note(
    `A sample had ${first?.calls} rows of calls (${sizes.calls} bytes each) and ${first?.connections} of connections ` +
      `(${sizes.connection} bytes each).`,
  )
  const of = (member: keyof (typeof all)[number]): number[] => all.map(one => Number(one[member]))
  return [
    figure(BARE.array, 'ms', of('array')),
    figure(BARE.hash, 'ms', of('hash')),
    figure('a sample', 'ms', of('milliseconds')),
    figure('a grace period, measured by itself', 'ms', of('grace')),
    figure('processor time of a sample', 'ms', of('cpuMilliseconds')),
    ...(['array', 'hash'] as const).flatMap(kind => [
      figure(`a sample / ${BARE[kind]}`, 'x', ratios(of('milliseconds'), of(kind)), GOAL_RATIO),
      figure(`processor time of a sample / ${BARE[kind]}`, 'x', ratios(of('cpuMilliseconds'), of(kind)), GOAL_RATIO),
    ]),
    figure(
      'event loop blocked at a time, at most',
      'ms',
      watched.map(one => one.blockedMilliseconds),
      atMost(16, 'ms'),
    ),
  ]
}

/** Ten times the rows, against a tenth of them. */
async function tenfold(bench: Bench): Promise<Figure[]> {
  const rounds = await repeat(bench, Math.min(3, bench.rounds), async () => ({
    few: await bench.quiet.measure(() => samplesOf(FEW, SAMPLES, false, nothing)),
    many: await bench.quiet.measure(() => samplesOf(MANY, SAMPLES, false, nothing)),
    watched: await bench.quiet.measure(() => samplesOf(MANY, SAMPLES, true, nothing)),
  }))
  const [first] = rounds
  const rows = (taken: Taken | undefined): string =>
    `${taken?.calls} rows of calls and ${taken?.connections} of connections`
  bench.note(`Ten times the rows: ${rows(first?.few[0])} against ${rows(first?.many[0])}.`)
  const time = (
    samples: readonly Taken[],
    member: 'milliseconds' | 'cpuMilliseconds' | 'blockedMilliseconds',
  ): number => median(samples.map(taken => taken[member]))
  const compare = (member: 'milliseconds' | 'cpuMilliseconds'): number[] =>
    rounds.map(({ few, many }) => time(many, member) / time(few, member))
  return [
    figure('10 times the rows, time of a sample', 'x', compare('milliseconds'), atMost(12, 'x')),
    figure('10 times the rows, processor time', 'x', compare('cpuMilliseconds'), atMost(12, 'x')),
    figure(
      'event loop blocked at a time with that, at most',
      'ms',
      rounds.map(({ watched }) => time(watched, 'blockedMilliseconds')),
    ),
  ]
}

const nothing = async (): Promise<object> => ({})

/** Takes samples under such work, with the event loop watched or not; `beside` measures something right after each. */
function samplesOf<T extends object>(
  shape: Shape,
  count: number,
  watchLoop: boolean,
  beside: () => Promise<T>,
): Promise<readonly (Taken & T)[]> {
  return Many.during(shape, async () => {
    const taker = new Taker(INTERVAL, '', watchLoop)
    try {
      await taker.skip(count > SAMPLES ? WARM_UP.all : WARM_UP.few)
      const samples: (Taken & T)[] = []
      for (let i = 0; i < count; i++) samples.push({ ...(await taker.next()), ...(await beside()) })
      return samples
    } finally {
      await taker.end()
    }
  })
}

/** Bytes of the rows, as the objects say it. */
function rowSizes(): { calls: number; connection: number } {
  const objects = openObjects(['processes', 'syscalls', 'connections'])
  const sizes = {
    calls: objectOf(objects, 'syscalls').layout('calls').size,
    connection: objectOf(objects, 'connections').layout('connection').size,
  }
  for (const object of objects.values()) object.close()
  return sizes
}

async function graceMilliseconds(): Promise<number> {
  const begun = performance.now()
  await gracePeriod()
  return performance.now() - begun
}
