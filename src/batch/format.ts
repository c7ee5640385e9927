/** Samples as the text that batch mode prints. */

import type { OutputFormat, View } from '../cli/options.ts'
import type { Sample } from '../sample/sample.ts'
import { OVERVIEW_TABLES, type Table } from '../table/table.ts'
import { tables } from '../table/tables.ts'
import { csvHeader, formatCsv } from './csv.ts'
import { formatJson } from './json.ts'
import type { Arrangement } from './rows.ts'
import { formatLost, formatTable, textHeader } from './text.ts'

export interface BatchSettings extends Arrangement {
  readonly output: OutputFormat
  /** json prints every table whatever the view. */
  readonly view: View
  /** It is printed on a terminal, which must not obey what an untrusted name says. */
  readonly terminal: boolean
}

export interface BatchFormat {
  /** What stands before the first sample. */
  readonly header: string
  sample(sample: Sample): string
  /** What the form has no place for but a person must know; empty: nothing. */
  note(sample: Sample): string
}

/** Control and format characters but the line feed. */
const UNPRINTABLE = /[^\P{C}\n]/gu

export function batchFormat(settings: BatchSettings): BatchFormat {
  switch (settings.output) {
    case 'json':
      return { header: '', sample: sample => formatJson(sample, settings), note: () => '' }
    case 'csv': {
      // A csv file has one heading, so that the overview has to be one table.
      const table: Table<unknown> = tables[settings.view === 'overview' ? 'syscalls' : settings.view]
      return {
        header: csvHeader(table),
        sample: sample => {
          const text = formatCsv(table, sample, settings)
          return settings.terminal ? text.replace(UNPRINTABLE, '?') : text
        },
        note: sample => {
          const lost = formatLost(sample.lost)
          return lost === 'none' ? '' : `lost in the interval up to ${sample.time}: ${lost}`
        },
      }
    }
    case 'text': {
      const names = settings.view === 'overview' ? OVERVIEW_TABLES : [settings.view]
      const shown: readonly Table<unknown>[] = names.map(name => tables[name])
      const print = (sample: Sample) => shown.map(table => formatTable(table, sample, settings)).join('')
      return { header: '', sample: sample => textHeader(sample) + print(sample), note: () => '' }
    }
  }
}
