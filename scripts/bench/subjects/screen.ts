import { Child } from '../child.ts'
import { atMost, figure, sleep } from '../measure.ts'
import { cpuSeconds } from '../proc.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { Screen } from '../terminal.ts'
import { Many, type Shape } from '../workload.ts'

const BUSY: Shape = { processes: 200, kinds: 10, repeats: 20, period: 100, pairs: 2 }

/** Seconds until everything is compiled and at rest. */
const WARM_UP = 10
const WATCHED = 20
const UNCHANGED = 10

export const screen: Subject = {
  name: 'screen',
  title: 'The screen',
  method:
    `120x50, a refresh each second, on a host where 200 processes make some 200,000 calls a second and use 400 ` +
    `connections: user and system time of ebpf-top from /proc over ${WATCHED} s, after ${WARM_UP} s. Nothing changes ` +
    'where the pid filter holds a process that sleeps, apart from the figures in the header, and not even those while ' +
    'the screen is paused.',
  needs: [],
  async run(bench) {
    const busy = await repeat(bench, bench.rounds, () => share(bench))
    return [
      figure('processor time, of one core', '%', busy, atMost(1.5, '%')),
      figure('written when only the header changes', 'bytes/s', await repeat(bench, 3, () => written(bench, false))),
      figure(
        'written when nothing changes',
        'bytes/s',
        await repeat(bench, 3, () => written(bench, true)),
        atMost(0, 'bytes/s'),
      ),
    ]
  },
}

function share(bench: Bench): Promise<number> {
  return bench.quiet.measure(() =>
    Many.during(BUSY, async () => {
      const top = new Screen()
      try {
        await top.shows(Many.NAME)
        await sleep(WARM_UP)
        const begun = { cpu: cpuSeconds(top.pid), ms: performance.now() }
        await sleep(WATCHED)
        const seconds = (performance.now() - begun.ms) / 1000
        return (100 * (cpuSeconds(top.pid) - begun.cpu)) / seconds
      } finally {
        top.close()
      }
    }),
  )
}

/** Bytes a second of a screen that shows a process which does nothing. */
async function written(bench: Bench, paused: boolean): Promise<number> {
  const sleeper = new Child(['sleep', '1000'])
  const top = new Screen('--pid', sleeper.pid)
  try {
    await sleep(3)
    if (paused) top.type(' ')
    await sleep(1)
    const before = top.bytes
    top.take()
    await sleep(UNCHANGED)
    if (process.env.BENCH_DEBUG !== undefined) bench.say(JSON.stringify(top.take()))
    return (top.bytes - before) / UNCHANGED
  } finally {
    top.close()
    await sleeper.stop('SIGTERM')
  }
}
