import { expect, test } from 'vitest'
import { GROUPINGS, groupTables } from '../../../src/tracers/connections/groups/table.ts'
import { registry } from '../../../src/tracers/registry.ts'

test('what is counted over the interval is headed as a rate, and nothing else is', () => {
  const columns = [...registry.tables, ...GROUPINGS.map(grouping => groupTables[grouping])].flatMap(
    table => table.columns,
  )
  for (const { id, title, kind } of columns) expect([id, kind === 'counter']).toEqual([id, title.endsWith('/s')])
})

test('each unit goes with the kinds that are written in it', () => {
  const units = {
    identity: ['text', 'number'],
    counter: ['events', 'bytes', 'nanoseconds'],
    gauge: ['events', 'bytes', 'share', 'number'],
    duration: ['nanoseconds', 'seconds'],
    text: ['text', 'flag'],
  }
  for (const { columns } of registry.tables) {
    for (const { id, kind, unit } of columns) expect([id, units[kind]]).toEqual([id, expect.arrayContaining([unit])])
  }
})
