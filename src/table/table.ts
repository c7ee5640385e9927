/** Descriptions of tables: from them come the columns of the screen and of text and csv output, and the sort keys. */

import type { Sample } from '../sample/sample.ts'

export type Value = string | number | boolean | null

/**
 * What a value is, which decides how it is written and aligned. A `number` is an identifier, such as a pid: it is written
 * in full, and the text filter finds it; `events` are counted.
 */
export type Unit = 'text' | 'number' | 'events' | 'bytes' | 'nanoseconds' | 'seconds' | 'flag'

export interface Column<Row> {
  /** Unique in its table: the csv field and the name for `--sort`. */
  readonly id: string
  /** Heading on the screen. */
  readonly title: string
  readonly unit: Unit
  /** Counted over the interval: screen and text show it per second. */
  readonly perSecond?: boolean
  /** The exact value; null where there is none. */
  value(row: Row): Value
  /** A mark in front of the written value, such as `>` for "at least". */
  mark?(row: Row): string
  /** A number above zero, or any text, is bad news: the screen gives it a colour. */
  readonly alarm?: boolean
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
  readonly name: TableName
  readonly title: string
  /** What one row is, and what several are, for messages. */
  readonly noun: { readonly one: string; readonly many: string }
  readonly columns: readonly Column<Row>[]
  /** Column id; numbers are sorted downwards, text upwards. */
  readonly defaultSort: string
  rows(sample: Sample): readonly Row[]
  /** What stays the same for a row from sample to sample, for the cursor. */
  key(row: Row): string
  /** The process a row belongs to, for filtering to it. */
  pid(row: Row): number | null
  /** The row has ended: shown dimmed. */
  ended?(row: Row): boolean
}

export const TABLE_NAMES = ['syscalls', 'connections', 'processes'] as const
export type TableName = (typeof TABLE_NAMES)[number]
