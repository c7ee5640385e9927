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
    `connections: user and system time of ebpf-top from /proc over ${WATCHED} s, after ${WARM_UP} s. ` +
    'Under a pid filter for a process that sleeps nothing changes but the line of the header that tells what the tool ' +
    'itself costs.',
  needs: [],
  async run(bench) {
    const busy = await repeat(bench, bench.rounds, () => share(bench))
    const idle = await repeat(bench, Math.min(3, bench.rounds), written)
    return [
      figure('processor time, of one core', '%', busy, atMost(1, '%')),
      figure(
        'lines written in a refresh that changes no row',
        'count',
        idle.map(({ lines }) => lines),
        atMost(1, 'count'),
      ),
      figure(
        'written then',
        'bytes/s',
        idle.map(({ bytes }) => bytes),
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

/** What a screen writes that shows a process which does nothing. */
async function written(): Promise<{ bytes: number; lines: number }> {
  const sleeper = new Child(['sleep', '1000'])
  const top = new Screen('--pid', sleeper.pid)
  try {
    await sleep(4)
    const before = top.bytes
    top.take()
    await sleep(UNCHANGED)
    return { bytes: (top.bytes - before) / UNCHANGED, lines: linesOf(top.take()) / UNCHANGED }
  } finally {
    top.close()
    await sleeper.stop('SIGTERM')
  }
}

const ESCAPE = String.fromCharCode(27)
const SEQUENCE = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, 'g')
const NEXT_LINE = new RegExp(`\\r?\\n|${ESCAPE}\\[[0-9;]*[EFH]`)

/** Lines in which something stands: all else moves the cursor. */
function linesOf(output: string): number {
  return output.split(NEXT_LINE).filter(line => line.replace(SEQUENCE, '').trim() !== '').length
}
