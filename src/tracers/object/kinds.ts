/** A tracer as what the registry takes. What opens it is loaded only then. */

import type { Opened } from '../opening/opened.ts'
import type { Kind } from '../registry.ts'
import { metricsOf } from './metrics.ts'
import { tableOf } from './table.ts'
import type { TracerFile } from './tracer-file.ts'

/** The tables of a tracer. What the first one opens fills them all. */
export function kindsOf(file: TracerFile): Kind[] {
  const tables = file.tables.map(([name, map]) => tableOf(name, file.name, map, file.isDelta))
  return tables.map((table, i) => {
    const [name, map] = file.tables[i] ?? []
    const counts = map !== undefined && name !== undefined && (map.halves !== null || file.isDelta)
    return {
      table,
      ...(i === 0 && {
        open: async (opened: Opened) => (await import('./tracer.ts')).openTracer(file, tables, opened),
      }),
      ...(counts && { metrics: () => metricsOf(name, table, map) }),
    }
  })
}
