/** Descriptions of tables: from them come the columns of the screen and of text and csv output, and the sort keys. */

import type { Names } from '../names/names.ts'
import type { Sample, Sources } from '../sample/sample.ts'

export type Value = string | number | boolean | null

/**
 * What a value is, which decides how it is written and aligned. A `number` is an identifier, such as a pid: it is written
 * in full, and the text filter finds it; `events` are counted; a `share` is a part of 1.
 */
export type Unit = 'text' | 'number' | 'events' | 'bytes' | 'nanoseconds' | 'seconds' | 'share' | 'flag'

export interface Column<Row> {
  /** Unique in its table: the csv field and the name for `--sort`. */
  readonly id: string
  /** Heading on the screen. */
  readonly title: string
  readonly unit: Unit
  /** What it says, for docs/columns.md, where it is no field of the json output: those have it in src/sample/sample.ts. */
  readonly meaning?: string
  /** Counted over the interval: screen and text show it per second. */
  readonly perSecond?: boolean
  /** The exact value; null where there is none. */
  value(row: Row): Value
  /** What its values come from: where that offers none (`Sources`), what the rows hold is no value. */
  readonly source?: keyof Sources
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

export interface Table<Row> {
  readonly name: ListName
  readonly title: string
  /** What one row is, and what several are, for messages. */
  readonly noun: { readonly one: string; readonly many: string }
  readonly columns: readonly Column<Row>[]
  /** Column id; numbers are sorted downwards, text upwards. */
  readonly defaultSort: string
  rows(sample: Sample): readonly Row[]
  /** What stays the same for a row from sample to sample, for the cursor. */
  key(row: Row): string
  /** The rows of a sample come in about the order of the sample before: equal ones need not be ordered by their key. */
  readonly steady?: boolean
  /** The process a row belongs to, for filtering to it. */
  pid(row: Row): number | null
  /** Rows tell of what is over: what they say stays true after their sample. */
  readonly past?: true
  /** The row has ended: shown dimmed. */
  ended?(row: Row): boolean
}

export const TABLE_NAMES = ['syscalls', 'connections', 'processes', 'listeners', 'slow'] as const
export type TableName = (typeof TABLE_NAMES)[number]

/** The tables of the overview. */
export const OVERVIEW_TABLES = ['syscalls', 'connections', 'processes'] as const
export type OverviewTable = (typeof OVERVIEW_TABLES)[number]

/** What the screen can list: a table, or the connections in groups. */
export type ListName = TableName | 'groups'
