/**
 * What the best means tell and compatible mode does not: docs/kernels.md says why. What a mode does not tell must not be there
 * either: once it begins to be, tests fail until this table says so.
 */

import type { JsonSample } from '../../src/batch/json.ts'

export type Mode = 'best' | 'compat'

interface Capability {
  readonly toldBy: readonly Mode[]
  /** What tells it in any sample; absent: that takes a test of its own. */
  found?(sample: JsonSample): readonly unknown[]
}

const onlyBest: readonly Mode[] = ['best']

const capabilities = {
  'handshakes and accepts': {
    toldBy: onlyBest,
    found: ({ connections, listeners }: JsonSample) =>
      [
        ...connections.flatMap(row => [row.handshake_latency_ns, row.accept_wait_ns]),
        ...listeners.map(row => row.accepts),
      ].filter(value => value !== null),
  },
  'which of several listening sockets took a connection': { toldBy: onlyBest },
  resets: { toldBy: onlyBest, found: ({ connections }: JsonSample) => connections.filter(row => row.reset !== null) },
  'why a connect failed': {
    toldBy: onlyBest,
    found: ({ connections }: JsonSample) => connections.filter(row => row.error !== null),
  },
  'connects that sent nothing': { toldBy: onlyBest },
  'a later user of a connection': { toldBy: onlyBest },
  'who had what was never accepted': { toldBy: onlyBest },
  'a network namespace at once': { toldBy: onlyBest },
  'direction of older connections without a listener': { toldBy: onlyBest },
  splice: { toldBy: onlyBest },
  'zero windows': {
    toldBy: onlyBest,
    found: ({ connections }: JsonSample) => connections.filter(row => row.zero_window !== null),
  },
  TIME_WAIT: {
    toldBy: onlyBest,
    found: ({ connections }: JsonSample) => connections.filter(row => row.state === 'TIME_WAIT'),
  },
  'processes with one pid': {
    toldBy: onlyBest,
    found: ({ processes }: JsonSample) =>
      [...Map.groupBy(processes, row => row.pid).values()].filter(rows => rows.length > 1),
  },
  'slow calls': { toldBy: onlyBest, found: ({ slow_calls }: JsonSample) => slow_calls },
  'how full maps are': {
    toldBy: onlyBest,
    // tracers that were asked for have the same in each mode
    found: ({ maps, ...sample }: JsonSample) =>
      maps.filter(({ name }) => !('tracers' in sample && Object.hasOwn(Object(sample.tracers), name))),
  },
} as const satisfies Record<string, Capability>

export type Untold = keyof typeof capabilities

/** Whether a mode tells it. */
export function isTold(what: Untold, mode: Mode): boolean {
  return capabilities[what].toldBy.some(told => told === mode)
}

/** What a sample tells though its mode should not; null: nothing. */
export function wronglyTold(sample: JsonSample, mode: Mode): string | null {
  const all: readonly (readonly [string, Capability])[] = Object.entries(capabilities)
  for (const [what, { toldBy, found }] of all) {
    const [first] = toldBy.includes(mode) ? [] : (found?.(sample) ?? [])
    if (first !== undefined) return `${mode} mode tells "${what}" by now: ${JSON.stringify(first)}`
  }
  return null
}
