import type { Quiet } from './foreign.ts'
import type { Figure } from './measure.ts'
import type { Peer } from './peers.ts'

/** What a run of the benchmark is told, and where a subject puts what it has to say beside its figures. */
export interface Bench {
  /** How often everything is measured. */
  readonly rounds: number
  /** How long memory is watched. */
  readonly minutes: number
  readonly quiet: Quiet
  /** A sentence below the table. */
  note(text: string): void
  /** What is not installed, and how to install it: it is not measured. */
  lack(line: string): void
  /** Progress, for whoever waits. */
  say(text: string): void
}

/** One group of measurements: a section of the report. */
export interface Subject {
  readonly name: string
  readonly title: string
  /** How it is measured, as the report explains it. */
  readonly method: string
  /** Programs without which it cannot be measured at all. */
  readonly needs: readonly Peer[]
  run(bench: Bench): Promise<Figure[]>
}

/** Does something once for each round, and says so. */
export async function repeat<T>(bench: Bench, count: number, round: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < count; i++) {
    bench.say(`round ${i + 1} of ${count}`)
    results.push(await round(i))
  }
  return results
}
