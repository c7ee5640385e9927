import { closeSync } from 'node:fs'
import { Child } from '../child.ts'
import { program } from '../compile.ts'
import { added, atMost, between, type Figure, figure, middle, type Pair, ratios, times } from '../measure.ts'
import { byteTracer, emptyPrograms, libbpf, openObjects, type Switch } from '../objects.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'

const TRIPS = 20
/** Milliseconds that the connection is used for one measurement. */
const DURATION = 100
/** How often a round measures the same, to take the middle one: what is added is a small part of the whole. */
const REPEATS = 7
/** Sends and receives of 256 KiB. */
const BULK = 4000
/** BPF_STATS_RUN_TIME of <linux/bpf.h>. */
const RUN_TIME = 0
/** All programs that could run when a packet comes or goes. */
const OBJECTS = ['processes', 'connections', 'bytes'] as const

export const bytes: Subject = {
  name: 'bytes',
  title: 'Watching a send or a receive',
  method:
    'One pinned process sends and receives 1 byte over a TCP connection of its own on loopback, in short runs of 20 ' +
    'round trips, of which the best counts. Measured between two measurements without, the middle one of ' +
    `${REPEATS} in each round; shown is what is added to one send or one receive.`,
  needs: [],
  async run(bench) {
    const process = new Child(['taskset', '-c', '1', program('pingpong')])
    const pairs = await repeat(bench, bench.rounds, async () => ({
      empty: await once(bench, process, emptyPrograms('bytes')),
      ours: await once(bench, process, await byteTracer()),
    }))
    await process.stop()
    const empty = added(pairs.map(round => round.empty))
    const ours = added(pairs.map(round => round.ours))
    return [
      figure(
        'a send or a receive, nobody watching',
        'ns',
        pairs.map(round => round.empty.base),
      ),
      figure('added by empty programs on sock_send_length and sock_recv_length', 'ns', empty),
      figure('added by the tracer of bytes', 'ns', ours),
      figure('tracer of bytes / empty programs', 'x', ratios(ours, empty), atMost(2.5, 'x')),
      ...(await perPacket(bench)),
    ]
  },
}

async function once(bench: Bench, process: Child, programs: Switch): Promise<Pair> {
  const trip = async (): Promise<number> => ((await process.ask(`${DURATION} ${TRIPS}`))[0] ?? Number.NaN) / 2
  const watched = async (): Promise<number> => {
    programs.on()
    const value = await trip()
    programs.off()
    return value
  }
  try {
    return middle(await bench.quiet.measure(() => times(REPEATS, () => between(trip, watched))))
  } finally {
    programs.close()
  }
}

/** Moves a lot with few calls: programs that run for packets would run far more often than for the calls. */
async function perPacket(bench: Bench): Promise<Figure[]> {
  const objects = [...openObjects(OBJECTS).values()]
  const runs = (): number =>
    objects.flatMap(object => object.statistics()).reduce((sum, { run_count }) => sum + run_count, 0)
  const statistics = libbpf().enableStats(RUN_TIME)
  const process = new Child([program('pingpong'), 'bulk'])
  try {
    await process.ask('1')
    for (const object of objects) object.attach()
    const perSegment = await repeat(bench, Math.min(3, bench.rounds), () =>
      bench.quiet.measure(async () => {
        const before = runs()
        const [segments = Number.NaN] = await process.ask(String(BULK))
        return { segments: segments / BULK, more: (runs() - before - 2 * BULK) / segments }
      }),
    )
    bench.note(
      'Bytes are counted where a call returns them (`sock_send_length`, `sock_recv_length`) and connections are read ' +
        'from the counters that the kernel keeps in each socket anyway, once an interval. No program is ' +
        'attached where packets pass; the runs above are those of other processes, and of changes of state.',
    )
    return [
      figure(
        'TCP segments for each call that moves 256 KiB',
        'count',
        perSegment.map(({ segments }) => segments / 2),
      ),
      figure(
        'program runs for each segment, beyond one for each call',
        'count',
        perSegment.map(({ more }) => more),
        atMost(0.01, 'count'),
      ),
    ]
  } finally {
    await process.stop()
    for (const object of objects) object.close()
    closeSync(statistics)
  }
}
