import { atMost, figure, median, sleep } from '../measure.ts'
import { privateMegabytes, residentMegabytes } from '../proc.ts'
import type { Bench, Subject } from '../subject.ts'
import { Screen } from '../terminal.ts'
import { Many, type Shape } from '../workload.ts'

/** 2,000 processes that make calls, and 12,000 ends of connections. */
const LOADED: Shape = { processes: 2000, kinds: 5, period: 500, pairs: 3 }

/** Minutes until everything is compiled and every buffer has its size. */
const WARM_UP = 1

export const memory: Subject = {
  name: 'memory',
  title: 'Memory',
  method:
    'Private memory (RssAnon) of the screen, which is what the machine is short of because of it, and resident memory ' +
    '(VmRSS), in which pages of Node’s program file and of maps are as well, with 2,000 processes that make calls and ' +
    '12,000 ends of connections, read each second. Growth is that of private memory: the median of the last third of the time against that of the first third, after a minute; ' +
    '`--minutes 60` watches for an hour.',
  needs: [],
  async run(bench) {
    const readings = await bench.quiet.measure(() => watch(bench), 1)
    const own = readings.map(reading => reading.own)
    const third = Math.floor(own.length / 3)
    const grown = median(own.slice(-third)) - median(own.slice(0, third))
    // the middles of the first and the last third are two thirds apart
    const perHour = (60 * grown) / ((2 / 3) * bench.minutes)
    bench.note(`Watched for ${bench.minutes} minutes: ${curve(own)} MB, each the median of a tenth of the time.`)
    return [
      figure('private memory', 'MB', own, atMost(60, 'MB')),
      figure(
        'resident memory',
        'MB',
        readings.map(reading => reading.resident),
      ),
      figure(`growth over ${bench.minutes} minutes`, 'MB', [grown]),
      figure('growth', 'MB/h', [perHour], bench.minutes < 60 ? null : atMost(2, 'MB/h')),
    ]
  },
}

interface Reading {
  /** In megabytes, as `resident`. */
  readonly own: number
  readonly resident: number
}

/** One each second. */
function watch(bench: Bench): Promise<Reading[]> {
  return Many.during(LOADED, async () => {
    const top = new Screen()
    try {
      await top.shows(Many.NAME)
      await sleep(60 * WARM_UP)
      const readings: Reading[] = []
      for (let second = 0; second < 60 * bench.minutes; second++) {
        if (second % 60 === 0) bench.say(`minute ${second / 60} of ${bench.minutes}`)
        await sleep(1)
        readings.push({ own: privateMegabytes(top.pid), resident: residentMegabytes(top.pid) })
      }
      return readings
    } finally {
      top.close()
    }
  })
}

/** Ten medians. */
function curve(readings: readonly number[]): string {
  const tenth = Math.max(1, Math.floor(readings.length / 10))
  return Array.from({ length: 10 }, (_, i) => readings.slice(i * tenth, (i + 1) * tenth))
    .filter(part => part.length > 0)
    .map(part => median(part).toFixed(1))
    .join(', ')
}
