import { describe, expect, it } from 'vitest'
import { fitColumns, GUTTER } from '../../../src/ui/lines/columns.ts'
import { joinItems } from '../../../src/ui/lines/items.ts'
import { span } from '../../../src/ui/lines/style.ts'
import { rowsNeeded, shareHeight } from '../../../src/ui/state/layout.ts'
import { tables } from '../../support/tables.ts'

describe('columns', () => {
  it.each(['syscalls', 'connections', 'processes', 'listeners'] as const)(
    'of %s fit at every width, the sort column among them',
    name => {
      const { columns } = tables[name]
      for (const sort of columns.map(column => column.id)) {
        for (let width = 60; width <= 240; width++) {
          const fitted = fitColumns<never>(columns, width, sort)
          const taken = GUTTER + fitted.reduce((sum, each) => sum + each.width + 1, -1)
          expect(taken, `${sort} at ${width}`).toBeLessThanOrEqual(width)
          expect(fitted.map(each => each.column.id)).toContain(sort)
          for (const each of fitted) expect(each.width).toBeGreaterThanOrEqual(each.column.width)
        }
      }
    },
  )

  it('go by priority, and all are there where there is room', () => {
    const ids = (width: number): string[] =>
      fitColumns(tables.processes.columns, width, 'syscalls').map(each => each.column.id)
    expect(ids(60)).toEqual(['pid', 'name', 'syscalls', 'sent_bytes', 'received_bytes', 'connections'])
    expect(ids(240)).toEqual(tables.processes.columns.map(column => column.id))
  })

  it('that are worth nothing leave their place to others, and only those with a place are asked', () => {
    const { columns } = tables.connections
    const ids = (width: number, worthless: readonly string[]) => {
      const asked: string[] = []
      const fitted = fitColumns(columns, width, 'bytes', column => {
        asked.push(column.id)
        return !worthless.includes(column.id)
      })
      return { asked: asked.sort(), fitted: fitted.map(each => each.column.id).sort() }
    }
    const all = columns.map(column => column.id).sort()
    expect(ids(500, [])).toEqual({ asked: all, fitted: all })
    const narrow = ids(120, ['local'])
    expect(narrow.asked).toContain('local')
    expect(narrow.fitted).toEqual(narrow.asked.filter(id => id !== 'local'))
    const without = fitColumns(
      columns.filter(column => column.id !== 'local'),
      120,
      'bytes',
    )
    expect(narrow.fitted).toEqual(without.map(each => each.column.id).sort())
  })

  it('that grow share what is left over, up to their limits', () => {
    const wide = fitColumns(tables.connections.columns, 500, 'bytes')
    expect(wide.filter(each => each.column.grow).map(each => each.width)).toEqual([15, 47, 47])
  })
})

describe('heights', () => {
  it.each([
    [[5, 5, 5], 20, [5, 5, 10]],
    [[100, 100, 100], 21, [7, 7, 7]],
    [[4, 100, 100], 20, [4, 8, 8]],
    [[100, 3, 100], 21, [9, 3, 9]],
    [[100, 100, 100], 7, [3, 2, 2]],
  ])('needs %j of %i lines give %j', (needs, height, heights) => {
    expect(shareHeight(needs, height, 2)).toEqual(heights)
  })

  it('do not follow a few rows that come and go', () => {
    expect(rowsNeeded(12, 10)).toBe(12)
    expect(rowsNeeded(9, 12)).toBe(12)
    expect(rowsNeeded(5, 12)).toBe(5)
  })
})

it('items give way by their rank, and rank 0 never does', () => {
  const items = [
    { rank: 1, line: [span('aaaa')] },
    { rank: 0, line: [span('bbbb')] },
    { rank: 2, line: [span('cccc')] },
  ]
  const text = (width: number): string =>
    joinItems(items, width, 2)
      .map(each => each.text)
      .join('')
  expect(text(16)).toBe('aaaa  bbbb  cccc')
  expect(text(15)).toBe('aaaa  bbbb')
  expect(text(9)).toBe('bbbb')
  expect(text(2)).toBe('bbbb')
})
