import type { FreshSample, Sample, SampleFacts } from '../sample/sample.ts'
import { PORTION } from '../table/slices.ts'
import { type Lists, registry } from '../tracers/registry.ts'
import { type Arrangement, arrange } from './rows.ts'

/** What JSON leaves as it is and is written as an escape, by who reads it. */
const ESCAPED = {
  /** What readers take for the end of a line, and what a terminal obeys, if it ends there after all. */
  program: /[\u007f-\u009f\u2028\u2029]/g,
  /** All that is not seen, or turns the direction of writing. */
  terminal: /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
  /** All that is not ASCII. */
  ascii: /[^ -~]+/g,
} as const

/** One sample, as `--output json` prints it on one line. */
export type JsonSample = SampleFacts & Lists

/**
 * A sample as one line of JSON, ended by a line feed, in parts: there may be as many rows as any user likes. Every row is in it
 * but those that a filter leaves out.
 */
export function* formatJson(
  sample: Sample,
  arrangement: Arrangement,
  reader: keyof typeof ESCAPED = 'program',
): Generator<string, void> {
  const {
    time,
    interval_seconds,
    filter,
    sources,
    tables = sample.tables,
    calls: _,
    ...rest
  }: Partial<FreshSample> = sample
  const lists = registry.tables.flatMap(table =>
    table.list === null ? [] : [[table.list, arrange(table, tables.of(table), arrangement)] as const],
  )
  const traced = registry.tables.flatMap(table => {
    const { tracer, json = row => row } = table
    return tracer === undefined
      ? []
      : [[tracer, arrange(table, tables.of(table), arrangement).map(row => json(row))] as const]
  })
  const whole = {
    ...{ time, interval_seconds, filter, sources },
    ...Object.fromEntries(lists),
    ...(traced.length > 0 && { tracers: new Map(traced) }),
    ...rest,
  }
  let before = '{'
  for (const [name, value] of Object.entries(whole)) {
    // what can be done with a sample is none of its data
    if (value === undefined || typeof value === 'function') continue
    before += `${JSON.stringify(name)}:`
    if (value instanceof Map) {
      before += '{'
      for (const [list, rows] of value) before = yield* writeList(`${before}${JSON.stringify(list)}:`, rows, reader)
      before = `${before.slice(0, -1)}},`
    } else if (Array.isArray(value)) {
      before = yield* writeList(before, value, reader)
    } else {
      yield before + JSON.stringify(value).replace(ESCAPED[reader], escaped)
      before = ','
    }
  }
  yield `${before.slice(0, -1)}}\n`
}

/** Gives what is still to be written. */
function* writeList(before: string, rows: readonly unknown[], reader: keyof typeof ESCAPED): Generator<string, string> {
  let head = `${before}[`
  for (let i = 0; i < rows.length; i += PORTION) {
    const some = JSON.stringify(rows.slice(i, i + PORTION)).slice(1, -1)
    yield head + some.replace(ESCAPED[reader], escaped)
    head = ','
  }
  return rows.length > 0 ? '],' : `${head}],`
}

function escaped(characters: string): string {
  return characters
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
