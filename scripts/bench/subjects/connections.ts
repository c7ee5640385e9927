import { Child } from '../child.ts'
import { workload } from '../compile.ts'
import { atMost, type Figure, figure, MUST_HOLD, sleep } from '../measure.ts'
import { cpuSeconds, residentMegabytes, writtenBytes } from '../proc.ts'
import type { Bench, Subject } from '../subject.ts'
import { type Taken, Taker } from '../taking.ts'
import { Screen } from '../terminal.ts'

/** Connections that are open all the time: 100,000 ends. */
const HELD = 50_000
/** Pairs of processes, one of which connects and one accepts. */
const WORKERS = 2
/** A frame of the load has some thousand bytes. */
const FRAME_BYTES = 500
const LOOK_MS = 20
const SECONDS = 60
const WITHOUT_SECONDS = 10

/** Name of the processes. */
const NAME = 'load'

export const connections: Subject = {
  name: 'connections',
  title: 'Many connections',
  method:
    `${HELD.toLocaleString('en')} connections are open on loopback while others are opened, move a byte each way and are ` +
    `closed as fast as the machine does it, for ${SECONDS} s. ebpf-top takes a sample each second. Every end of a ` +
    'connection must be in a row that says it opened, and in one that says it closed, or be counted as lost. Then the ' +
    'same with its screen of 120x50, which is in a terminal session of its own, as one that somebody has just opened ' +
    'would be.',
  needs: [],
  async run(bench) {
    const held = new Child([workload(NAME), 'open', String(HELD)])
    try {
      await held.line()
      await held.ask('')
      bench.say('without ebpf-top')
      const without = (await opened(WITHOUT_SECONDS)) / WITHOUT_SECONDS
      return [
        figure('connections a second, nobody watching', 'count', [without]),
        ...(await sampled(bench)),
        ...(await shown(bench)),
      ]
    } finally {
      await held.stop('SIGTERM')
    }
  },
}

async function sampled(bench: Bench): Promise<Figure[]> {
  const taker = new Taker(1, NAME)
  try {
    await taker.skip(5)
    return await watched(bench, taker)
  } finally {
    await taker.end()
  }
}

async function watched(bench: Bench, taker: Taker): Promise<Figure[]> {
  bench.say('with ebpf-top')
  const samples: Taken[] = []
  const made = opened(SECONDS)
  const over = made.then(() => sleep(2.5)).then(() => true)
  while (!(await Promise.race([taker.next().then(one => void samples.push(one)), over]))) {
    // until it is over
  }
  const count = await made
  const sum = (member: 'opened' | 'closed' | 'unowned' | 'lostConnections'): number =>
    samples.reduce((total, one) => total + one[member], 0)
  const lost = sum('lostConnections')
  const all = (member: keyof Taken): number[] => samples.map(one => Number(one[member]))
  bench.note(
    `${count} connections were made, ${2 * count} ends; ${sum('opened')} rows say opened, ${sum('closed')} closed, ` +
      `${lost} are counted as lost, ${sum('unowned')} rows have no owner.`,
  )
  return [
    figure('connections a second, with ebpf-top', 'count', [count / SECONDS]),
    figure('length of an interval', 's', all('seconds')),
    figure('a sample, from the end of its interval', 'ms', all('milliseconds')),
    figure('processor time of an interval', 'ms', all('cpuMilliseconds')),
    figure('event loop blocked at a time, at most', 'ms', all('blockedMilliseconds')),
    figure('resident memory', 'MB', all('residentMegabytes')),
    figure('all ends opened and closed, or counted as lost', 'yes', [Number(isTold(count, sum, lost))], MUST_HOLD),
    figure('every row has an owner', 'yes', [Number(sum('unowned') === 0)], MUST_HOLD),
  ]
}

/** The screen meanwhile, beginning with the moment in which the load does. */
async function shown(bench: Bench): Promise<Figure[]> {
  bench.say('with its screen')
  const top = new Screen()
  try {
    await top.shows(NAME)
    await sleep(5)
    const cpu = cpuSeconds(top.pid)
    const begunMs = performance.now()
    const resident: number[] = []
    const watch = setInterval(() => resident.push(residentMegabytes(top.pid)), 1000)
    const writes = new Writes(top.pid)
    const count = await opened(SECONDS)
    clearInterval(watch)
    const endedMs = performance.now()
    const frames = [begunMs, ...writes.stop(), endedMs]
    // the first and the last are cut off by begin and end
    const between = frames.slice(1).map((ms, i) => (ms - (frames[i] ?? ms)) / 1000)
    return [
      figure('screen: connections a second', 'count', [count / SECONDS]),
      figure('screen: time between two frames', 's', between),
      figure('screen: the longest', 's', [Math.max(...between)], atMost(1.5, 's')),
      figure('screen: processor time, of one core', '%', [(1e5 * (cpuSeconds(top.pid) - cpu)) / (endedMs - begunMs)]),
      figure('screen: resident memory', 'MB', resident),
    ]
  } finally {
    top.close()
  }
}

/**
 * When a process wrote a frame, which is far more than what wakes its threads. Asked of the kernel, and not seen at the
 * other end of its terminal: what carries it there is one of the kernel's threads, and waits for its turn as all do.
 */
class Writes {
  readonly #times: number[] = []
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    let before = writtenBytes(pid)
    this.#timer = setInterval(() => {
      const written = writtenBytes(pid)
      if (written - before > FRAME_BYTES) this.#times.push(performance.now())
      before = written
    }, LOOK_MS)
  }

  /** On the clock of `performance.now`, to some 20 ms. */
  stop(): readonly number[] {
    clearInterval(this.#timer)
    return this.#times
  }
}

function isTold(count: number, sum: (member: 'opened' | 'closed') => number, lost: number): boolean {
  return [sum('opened'), sum('closed')].every(told => told <= 2 * count && told + lost >= 2 * count)
}

/** Makes connections for so long; gives their number. */
async function opened(seconds: number): Promise<number> {
  const load = new Child([workload(NAME), 'rate', String(seconds), String(WORKERS)])
  try {
    await load.line()
    await load.ask('')
    load.tell('')
    const [, count] = (await load.line()).split(' ')
    return Number(count)
  } finally {
    await load.stop('SIGTERM')
  }
}
