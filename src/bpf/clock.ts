/** The kernel's clocks, and Unix time by them. */

import koffi from 'koffi'

const libc = koffi.load('libc.so.6')

const clockGettime = libc.func('int clock_gettime(int clock, void *time)')

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_BOOTTIME = 7

/** What the clocks say at one moment, in nanoseconds. */
export interface Reading {
  readonly monotonicNs: number
  /** Goes on while the machine is suspended. */
  readonly bootNs: number
  /** Unix time, which can be set. */
  readonly unixNs: number
}

/** Offset of one clock to another from some time on, by the other one. */
interface Offset {
  readonly sinceNs: number
  readonly ns: number
}

/**
 * By how much Unix time may move against the others in a second without having been set: time daemons slew it by half
 * that.
 */
const SLEW = 0.001

/** Smaller differences are of no account, be it that the clocks were not read at one moment. */
const NOTHING_NS = 1e6

/** Changes that are remembered. */
const MOST = 256

/**
 * Unix time of what the kernel told by its other clocks, as of one moment. While nobody sets the clock, the same moment is
 * always the same number: with the pid, the start of a process names it. Once it is set all are as if it always had been.
 */
export class Times {
  /** Of the boot clock against the monotonic one: it grows while the machine is suspended. */
  readonly #suspended: readonly Offset[]
  /** Of Unix time against the boot clock: slewed now and then. */
  readonly #unix: readonly Offset[]
  readonly #at: Reading

  private constructor(at: Reading, suspended: readonly Offset[], unix: readonly Offset[]) {
    this.#at = at
    this.#suspended = suspended
    this.#unix = unix
  }

  static of(at: Reading): Times {
    const suspended = { sinceNs: -Infinity, ns: at.bootNs - at.monotonicNs }
    return new Times(at, [suspended], [{ sinceNs: -Infinity, ns: at.unixNs - at.bootNs }])
  }

  /** The same later on. */
  next(at: Reading): Times {
    const suspended = at.bootNs - at.monotonicNs
    const unix = at.unixNs - at.bootNs
    const slewed = SLEW * (at.bootNs - this.#at.bootNs)
    const before = this.#at.unixNs - this.#at.bootNs
    const isSet = Math.abs(unix - before) > NOTHING_NS + slewed
    return new Times(
      at,
      changed(this.#suspended, this.#at.monotonicNs, suspended),
      isSet ? [{ sinceNs: -Infinity, ns: unix }] : changed(this.#unix, this.#at.bootNs, unix),
    )
  }

  /** Unix time of a moment on the monotonic clock. */
  ofMonotonic(ns: number): number {
    return this.ofBoot(ns + offsetAt(this.#suspended, ns))
  }

  /** Unix time of a moment on the boot clock. */
  ofBoot(ns: number): number {
    return ns + offsetAt(this.#unix, ns)
  }
}

/** `ns`: the offset by now, which may have changed since `sinceNs`. */
function changed(offsets: readonly Offset[], sinceNs: number, ns: number): readonly Offset[] {
  const last = offsets.at(-1)?.ns ?? 0
  if (Math.abs(ns - last) <= NOTHING_NS) return offsets
  // the oldest two become one
  return [...offsets.filter((_, i) => offsets.length < MOST || i !== 1), { sinceNs, ns }]
}

function offsetAt(offsets: readonly Offset[], ns: number): number {
  return offsets.findLast(({ sinceNs }) => sinceNs <= ns)?.ns ?? 0
}

/** Reads of the clocks until they were read within so many nanoseconds, and at most. */
const AT_ONCE_NS = 20_000
const TRIES = 20

/** The clocks now. */
export function readClocks(): Reading {
  let best: Reading = { monotonicNs: 0, bootNs: 0, unixNs: 0 }
  let least = Infinity
  for (let i = 0; i < TRIES && least > AT_ONCE_NS; i++) {
    const before = nowOn(CLOCK_MONOTONIC)
    const unixNs = nowOn(CLOCK_REALTIME)
    const bootNs = nowOn(CLOCK_BOOTTIME)
    const took = nowOn(CLOCK_MONOTONIC) - before
    if (took >= least) continue
    least = took
    best = { monotonicNs: before + took / 2, bootNs, unixNs }
  }
  return best
}

const time = new BigInt64Array(2)

function nowOn(clock: number): number {
  clockGettime(clock, time)
  return Number((time[0] ?? 0n) * 1_000_000_000n + (time[1] ?? 0n))
}
