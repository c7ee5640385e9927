/** Samples as the text that batch mode prints. */

import type { OutputFormat, View } from '../cli/options.ts'
import type { Sample } from '../sample/sample.ts'
import { OVERVIEW_TABLES, type Table } from '../table/table.ts'
import { tables } from '../table/tables.ts'
import { toAscii } from '../text/signs.ts'
import { sanitize } from '../text/text.ts'
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
  /** That terminal shows ASCII alone. */
  readonly ascii: boolean
}

export interface BatchFormat {
  /** What stands before the first sample. */
  readonly header: string
  /** In parts, none of which is large. */
  sample(sample: Sample): Iterable<string>
  /** What the form has no place for but a person must know; empty: nothing. */
  note(sample: Sample): string
}

export function batchFormat(settings: BatchSettings): BatchFormat {
  const { terminal } = settings
  const ascii = terminal && settings.ascii
  switch (settings.output) {
    case 'json': {
      const reader = ascii ? 'ascii' : terminal ? 'terminal' : 'program'
      return { header: '', sample: sample => formatJson(sample, settings, reader), note: () => '' }
    }
    case 'csv': {
      // A csv file has one heading, so that the overview has to be one table.
      const shown = (text: string): string => (ascii ? toAscii(sanitize(text)) : sanitize(text))
      const written = terminal ? shown : undefined
      const table: Table<unknown> = tables[settings.view === 'overview' ? 'syscalls' : settings.view]
      return {
        header: csvHeader(table),
        sample: sample => formatCsv(table, sample, settings, written),
        note: sample => {
          const lost = formatLost(sample.lost)
          return lost === 'none' ? '' : `lost in the interval up to ${sample.time}: ${lost}`
        },
      }
    }
    case 'text': {
      const names = settings.view === 'overview' ? OVERVIEW_TABLES : [settings.view]
      const shown: readonly Table<unknown>[] = names.map(name => tables[name])
      const print = (sample: Sample): string[] => [
        textHeader(sample),
        ...shown.map(table => formatTable(table, sample, settings)),
      ]
      const lines = (text: string) => text.split('\n').map(toAscii).join('\n')
      return { header: '', sample: sample => (ascii ? print(sample).map(lines) : print(sample)), note: () => '' }
    }
  }
}
