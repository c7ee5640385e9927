/** Which errors are news: those that there were not before, and those that became more. */

import type { ErrorRow } from '../../tracers/errors/row.ts'
import { errorTable } from '../../tracers/errors/table.ts'

/** In front of a row that is news. */
export const NEWS = '•'

/** What is known of the calls of processes of one name that failed with one errno. */
interface Known {
  /** Of the processes. */
  readonly name: string
  /** Mean of their rates, of the last minute above all. */
  readonly mean: number
  /** On the clock of `ErrorWatch.seconds`. */
  readonly first: number
  readonly last: number
}

export interface ErrorWatch {
  /** For how long errors have been looked at. */
  readonly seconds: number
  readonly known: ReadonlyMap<string, Known>
  /** Those that are news in the newest sample, by the `newsKey` of their table. */
  readonly news: ReadonlySet<string>
}

export const NO_WATCH: ErrorWatch = { seconds: 0, known: new Map(), news: new Set() }

/** Only after so many seconds is it known what there was before. */
const LEARNING = 15

/** So long something new stays new. */
const NEW = 10

/** The mean is that of about so many seconds. */
const REMEMBERED = 60

/** What did not come again for so long is forgotten, and new when it comes. */
const FORGOTTEN = 300

/** A rate that is so many times the mean is rising, if there are some errors at all. */
const RISE = 2
const SOME = 3

/** With more kinds of errors nothing is news, and nothing is remembered. */
const MOST_KNOWN = 20_000

/** With the errors of one more sample; null: nobody looked at them. */
export function nextWatch(before: ErrorWatch, rows: readonly ErrorRow[] | null, interval: number): ErrorWatch {
  if (rows === null || interval <= 0 || before.known.size > MOST_KNOWN) return NO_WATCH
  const seconds = before.seconds + interval
  const known = new Map<string, Known>()
  const news = new Set<string>()
  const programs = programsIn(before)
  for (const [key, { name, count }] of countsOf(rows)) {
    const past = before.known.get(key)
    const first = past?.first ?? before.seconds
    const program = programs.get(name) ?? before.seconds
    if (isNews(count, past, { first, program, age: seconds - first, interval })) news.add(key)
    known.set(key, { name, mean: meanWith(past, count / interval, seconds - first, interval), first, last: seconds })
  }
  for (const [key, past] of before.known) {
    if (known.has(key) || seconds - past.last > FORGOTTEN) continue
    known.set(key, { ...past, mean: meanWith(past, 0, seconds - past.first, interval) })
  }
  return { seconds, known, news }
}

/** Since when there are errors of processes of each name. */
function programsIn({ known }: ErrorWatch): ReadonlyMap<string, number> {
  const programs = new Map<string, number>()
  for (const { name, first } of known.values()) programs.set(name, Math.min(first, programs.get(name) ?? first))
  return programs
}

function countsOf(rows: readonly ErrorRow[]): ReadonlyMap<string, { readonly name: string; readonly count: number }> {
  const counts = new Map<string, { name: string; count: number }>()
  for (const row of rows) {
    const key = errorTable.newsKey?.(row) ?? errorTable.key(row)
    counts.set(key, { name: row.name, count: row.count + (counts.get(key)?.count ?? 0) })
  }
  return counts
}

interface Times {
  readonly first: number
  /** Since when there are errors of the program: of one that is new itself all are. */
  readonly program: number
  readonly age: number
  readonly interval: number
}

function isNews(count: number, past: Known | undefined, { first, program, age, interval }: Times): boolean {
  if (first - program >= LEARNING && age <= NEW) return true
  return past !== undefined && age > LEARNING && count >= SOME && count / interval >= RISE * past.mean
}

function meanWith(past: Known | undefined, rate: number, age: number, interval: number): number {
  if (past === undefined) return rate
  const weight = Math.min(1, interval / Math.min(REMEMBERED, Math.max(age, interval)))
  return past.mean + weight * (rate - past.mean)
}
