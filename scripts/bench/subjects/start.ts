import { spawnSync } from 'node:child_process'
import { ebpfTop } from '../compile.ts'
import { atMost, figure } from '../measure.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { Screen } from '../terminal.ts'
import { Many, type Shape } from '../workload.ts'

const BUSY: Shape = { processes: 20, kinds: 10, repeats: 20, period: 20, pairs: 2 }

export const start: Subject = {
  name: 'start',
  title: 'Starting',
  method:
    'From the start of the process until the name of a busy process is written to the terminal, and the whole of ' +
    '`ebpf-top --once --delay 0.1`. Files are in the cache: the first run does not count.',
  needs: [],
  run(bench) {
    return Many.during(BUSY, async () => {
      await firstData()
      once()
      const seconds = await repeat(bench, 2 * bench.rounds, () => measure(bench))
      return [
        figure(
          'first real data on the screen',
          's',
          seconds.map(one => one.screen),
          atMost(0.4, 's'),
        ),
        figure(
          '`--once --delay 0.1`',
          's',
          seconds.map(one => one.batch),
          atMost(0.6, 's'),
        ),
      ]
    })
  },
}

function measure(bench: Bench): Promise<{ screen: number; batch: number }> {
  return bench.quiet.measure(async () => ({ screen: await firstData(), batch: once() }))
}

async function firstData(): Promise<number> {
  const top = new Screen()
  try {
    return await top.shows(Many.NAME)
  } finally {
    top.close()
  }
}

function once(): number {
  const [file = '', ...args] = ebpfTop('--once', '--delay', 0.1)
  const begun = performance.now()
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  const seconds = (performance.now() - begun) / 1000
  if (status !== 0 || !stdout.includes(Many.NAME)) throw new Error(`--once showed nothing (status ${status})`)
  return seconds
}
