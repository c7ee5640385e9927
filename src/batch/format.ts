/** Samples as the text that batch mode prints. */

import type { Sample } from '../sample/sample.ts'
import type { Table } from '../table/table.ts'
import { toAscii } from '../text/signs.ts'
import { sanitize } from '../text/text.ts'
import { OVERVIEW, registry } from '../tracers/registry.ts'
import { csvHeader, formatCsv } from './csv.ts'
import { formatJson } from './json.ts'
import type { Arrangement } from './rows.ts'
import { formatLost, formatTable, textHeader } from './text.ts'

export type OutputFormat = 'text' | 'json' | 'csv'

export interface BatchSettings extends Arrangement {
  readonly output: OutputFormat
  /** A view of the registry; json prints every table whatever the view. */
  readonly view: string
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
      // a csv file has one heading, so that the overview has to be one table
      const shown = (text: string): string => (ascii ? toAscii(sanitize(text)) : sanitize(text))
      const written = terminal ? shown : undefined
      const table = csvTable(settings.view)
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
      const shown = registry.tables.filter(table =>
        settings.view === OVERVIEW
          ? table.inOverview === true || table.tracer !== undefined
          : table.name === settings.view,
      )
      const print = (sample: Sample): string[] => [
        textHeader(sample),
        ...shown.map(table => formatTable(table, sample, settings)),
      ]
      const lines = (text: string) => text.split('\n').map(toAscii).join('\n')
      return { header: '', sample: sample => (ascii ? print(sample).map(lines) : print(sample)), note: () => '' }
    }
  }
}

/** The table that csv has of a view: of the overview the first one. */
function csvTable(view: string): Table<unknown> {
  const [first] = registry.overview
  const table = registry.find(view) ?? first
  if (table === undefined) throw new RangeError(`no view ${view}`)
  return table
}
