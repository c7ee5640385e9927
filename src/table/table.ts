/** Descriptions of tables: from them come the columns of the screen and of text and csv output, and the sort keys. */

import type { Names } from '../names/names.ts'

export type Value = string | number | boolean | null

/**
 * How a value is written and aligned. A `number` is an identifier, such as a pid: it is written
 * in full, and the text filter finds it; `events` are counted; a `share` is a part of 1.
 */
export type Unit = 'text' | 'number' | 'events' | 'bytes' | 'nanoseconds' | 'seconds' | 'share' | 'flag'

/**
 * What a value says. `identity`: who or what the row is. `counter`: what there was in the interval; screen and text show it per
 * second. `gauge`: how much there is at its end, since the beginning, or of something else. `duration`: how long something
 * took, or takes. `text`: what else is said of the row.
 */
export type Kind = 'identity' | 'counter' | 'gauge' | 'duration' | 'text'

/** What is known of a row: what json, csv, sorting and filtering go by. */
export interface Field<Row> {
  /** Unique in its table: the csv field and the name for `--sort`. */
  readonly id: string
  readonly kind: Kind
  readonly unit: Unit
  /** What it says, for docs/columns.md, where it is no field of the json output: those have it with their type. */
  readonly meaning?: string
  /** The exact value; null where there is none. */
  value(row: Row): Value
  /** What its values come from: a kind of `sources` of a sample; where that is not measured, what the rows hold is no value. */
  readonly source?: string
}

/** How a field is shown to people, on the screen and as text. */
export interface Look<Row> {
  /** Heading on the screen. */
  readonly title: string
  /** What people read instead of the value, where another word says more. */
  written?(row: Row): string
  /** What stands there instead of the value while names are shown. */
  named?(row: Row, names: Names): string
  /** A mark in front of the written value, such as `>` for "at least". */
  mark?(row: Row): string
  /** Few rows have a value: the screen leaves it out where none has. */
  readonly sparse?: boolean
  /** A number above zero, or any text, is bad news: the screen gives it a colour. */
  readonly alarm?: boolean
  /** So much of a text's start is shown, which is enough for people; csv holds all of it, and a filter looks at all. */
  readonly shown?: number
  /** Where text that is too long is cut; absent: its end. The middle keeps the port of an address. */
  readonly cut?: 'middle'
  /** Least width in terminal cells; never less than the heading and its sort mark. */
  readonly width: number
  /** Share of the width that is left over; 0 or absent: the width is fixed. */
  readonly grow?: number
  /** Most width that growing leads to; absent: no limit. */
  readonly widest?: number
  /** Columns of the highest number are dropped first when the terminal is narrow, 0 last of all. */
  readonly priority: number
}

export interface Column<Row> extends Field<Row>, Look<Row> {}

/** What names a process for good: its id may be given again. */
export interface ProcessKey {
  readonly pid: number
  /** Start in Unix time; null: not known. */
  readonly started_ns: number | null
}

/** Which system call. */
export interface CallKey {
  readonly id: number
  readonly abi: 'native' | 'compat'
  readonly syscall: string
}

/** What a row is to somebody who wants to know more of it: the process or the call that it is of, itself, or what it adds up. */
export type Opens = 'process' | 'call' | 'row' | 'group'

/** `List`: its list in a json sample. */
export interface Table<Row, List extends string | null = string | null> {
  /** As `--view` calls it. No two tables have the same. */
  readonly name: string
  readonly title: string
  /** Title for terminals on which the tabs do not fit otherwise. */
  readonly shortTitle: string
  /** Its list in a json sample; no two tables have the same. null: its rows are in no list. */
  readonly list: List
  /** Its list in `tracers` of a json sample; absent: it has none there. */
  readonly tracer?: string
  /** A row as json has it; absent: as it is. */
  json?(row: Row): unknown
  /** What that list holds, and the name of the type of its rows, whose comments say what each field means: for docs/columns.md. */
  readonly meaning: string
  readonly rowType: string
  /** What it shows, for the help. */
  readonly description: string
  /** What one row is, and what several are, for messages. */
  readonly noun: { readonly one: string; readonly many: string }
  /** Kinds of `sources` of a sample, one of which must be measured: else it can have no rows. */
  readonly sources: readonly string[]
  /** It has a place in the overview. */
  readonly inOverview?: true
  readonly columns: readonly Column<Row>[]
  /** Column id; numbers are sorted downwards, text upwards. */
  readonly defaultSort: string
  /** What stays the same for a row from sample to sample, for the cursor. */
  key(row: Row): string
  /** The rows of a sample come in about the order of the sample before: equal ones need not be ordered by their key. */
  readonly steady?: boolean
  /** The process a row belongs to, for filtering to it; null: it is not known. Absent: rows are of no single process. */
  pid?(row: Row): number | null
  /** Start of that process in Unix time; null: not known. Absent: rows do not tell. */
  processStarted?(row: Row): number | null
  /** The system call a row is of. Absent: rows are of no single one. */
  call?(row: Row): CallKey
  /** What the screen opens. Absent: nothing. */
  readonly opens?: Opens
  /** Names what a row is for good, where `key` may be given again. */
  identity?(row: Row): string
  /** What a row is called, in a few words, where it is opened itself. */
  called?(row: Row): string
  /** Rows tell of what is over: what they say stays true after their sample. */
  readonly past?: true
  /** The row is a wait that is idle by its nature: the screen hides it until it is asked to show it. */
  idle?(row: Row): boolean
  /** By which rule, in words. */
  readonly idleRule?: string
  /** The row is everyday business: shown dimmed, unless it is news. */
  daily?(row: Row): boolean
  /** By which rule, in words. */
  readonly dailyRule?: string
  /** What the row tells, whichever process it is of this time: where that was not so before, it is news. */
  newsKey?(row: Row): string
  /** The row has ended: shown dimmed. */
  ended?(row: Row): boolean
  /** Rows that ended stay in sight for a while: behind all others, until they are hidden. */
  readonly lingering?: true
  /** It ended before it ever was what it was to be, which is bad news: never dimmed, never hidden. */
  failed?(row: Row): boolean
}
