import { availableParallelism } from 'node:os'
import { type Figure, figure, MUST_HOLD, sleep } from '../measure.ts'
import { repeat, type Subject } from '../subject.ts'
import { type Taken, Taker } from '../taking.ts'
import { Many, type Shape } from '../workload.ts'

/** As many processes as processors, each calling as fast as it can. */
const FULL_RATE: Shape = { processes: availableParallelism(), kinds: 22, repeats: 100, period: 0, pairs: 0 }
/** 40,000 pairs of process and call: more than there are rows in an interval. */
const FULL_MAPS: Shape = { processes: 400, kinds: 100, period: 0, pairs: 0 }

const SECONDS = 5
/** Long enough for every process to make every call. */
const INTERVAL = 2.5

interface Account {
  readonly made: number
  readonly counted: number
  /** Of the whole machine. */
  readonly lost: number
  readonly perSecond: number
}

export const honesty: Subject = {
  name: 'honesty',
  title: 'Counts at full rate',
  method:
    'Processes on all processors make calls without a pause for 5 s and count them. ebpf-top counts the same calls: all ' +
    'of them while there are rows left, and where there are not it must say how many are missing.',
  needs: [],
  async run(bench) {
    const rows = await repeat(bench, bench.rounds, () => account(FULL_RATE))
    const full = await repeat(bench, bench.rounds, () => account(FULL_MAPS))
    const last = full.at(-1)
    bench.note(
      `With full maps, the last round: ${last?.made} made, ${last?.counted} counted, ${last?.lost} said to be lost ` +
        '(those of other processes on the machine among them).',
    )
    return [
      ...report('rows left', rows),
      figure(
        'counts are equal, rows left',
        'yes',
        rows.map(({ made, counted }) => Number(made === counted)),
        MUST_HOLD,
      ),
      ...report('full maps', full),
      figure(
        'counted + lost >= made >= counted, full maps',
        'yes',
        full.map(({ made, counted, lost }) => Number(counted + lost >= made && made >= counted)),
        MUST_HOLD,
      ),
      figure(
        'something was lost, full maps',
        'yes',
        full.map(({ lost }) => Number(lost > 0)),
        MUST_HOLD,
      ),
    ]
  },
}

function report(what: string, accounts: readonly Account[]): Figure[] {
  return [
    figure(
      `calls a second, ${what}`,
      'count',
      accounts.map(({ perSecond }) => perSecond),
    ),
    figure(
      `counted of those made, ${what}`,
      '%',
      accounts.map(({ made, counted }) => (100 * counted) / made),
    ),
  ]
}

async function account(shape: Shape): Promise<Account> {
  const many = await Many.start(shape)
  const taker = new Taker(INTERVAL, Many.NAME)
  try {
    const samples: Taken[] = [await taker.next()]
    const begun = performance.now()
    await many.go()
    await sleep(SECONDS)
    const made = await many.rest()
    const seconds = (performance.now() - begun) / 1000
    // the interval that it ended in, and one that has none of it
    const ended = performance.now()
    while (performance.now() < ended + 2000 * INTERVAL) samples.push(await taker.next())
    const sum = (figure: (taken: Taken) => number): number => samples.reduce((total, one) => total + figure(one), 0)
    const counted = sum(({ counted }) => many.calls.reduce((total, call) => total + (counted[call] ?? 0), 0))
    return { made, counted, lost: sum(({ lost }) => lost), perSecond: made / seconds }
  } finally {
    await taker.end()
    await many.end()
  }
}
