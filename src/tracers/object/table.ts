/** How the rows of a map look: its columns, from its fields. */

import { containerColumn } from '../../table/container.ts'
import type { Duration, Histogram } from '../../table/histogram.ts'
import type { Column, Kind, Table, Unit, Value } from '../../table/table.ts'
import type { FieldShape, MapShape } from './field.ts'

/** A row as json has it. */
export interface ObjectRow {
  /** The bytes of its key. */
  readonly key: string
  /** The process that it is of; null: it is not known. */
  readonly pid: number | null
  /** By the ids of fields. */
  readonly values: Readonly<Record<string, Value | Duration>>
  /** Of those among them that are durations of many. */
  readonly histograms: Readonly<Record<string, Histogram>>
}

export type ObjectTable = Table<ObjectRow, null>

/** What is known of the process of a row, besides what the object says itself: the fields before the one of the process. */
export interface Joined {
  /** Field that holds the process. */
  readonly of: string
  /** The names that the fields of the process get; null: the object has such a field. */
  readonly name: string | null
  readonly command: string | null
  readonly container: string | null
}

/** The processes of a row, the one that it is of first. */
export function joinsOf({ fields }: Pick<MapShape, 'fields'>): Joined[] {
  const taken = new Set(fields.map(({ id }) => id))
  const free = (id: string): string | null => (taken.has(id) ? null : id)
  return fields
    .filter(({ meaning, tags }) => meaning === 'process' && tags.hidden !== true)
    .map(({ id }, i) => {
      const prefix = id.replace(/(?:^|_)(?:pid|tgid)$/, '')
      const named = (what: string): string | null => free(prefix === '' ? what : `${prefix}_${what}`)
      return {
        of: id,
        name: named('name'),
        command: i === 0 ? named('command') : null,
        container: i === 0 ? named('container') : null,
      }
    })
}

const FIGURES = { p50: 'P50', p95: 'P95', p99: 'P99', max: 'MAX' } as const

/** Of a tracer of that name; `isDelta`: values are what they rose by in the interval. */
export function tableOf(name: string, tracer: string, map: MapShape, isDelta: boolean): ObjectTable {
  const perSecond = map.halves !== null || isDelta
  const joins = joinsOf(map)
  const [first] = joins
  const isLast = ({ id }: Unplaced): boolean => id === first?.container || id === first?.command
  const all = map.fields.flatMap(field =>
    field.tags.hidden === true ? [] : [...columnsOf(field, perSecond), ...joinedColumns(joins, field)],
  )
  const columns = [...all.filter(column => !isLast(column)), ...all.filter(isLast)]
  return {
    name,
    title: name,
    shortTitle: name,
    list: null,
    tracer: name,
    meaning: `What the tracer ${name} counted.`,
    rowType: 'ObjectRow',
    description: `the tracer ${name}`,
    noun: { one: 'row', many: 'rows' },
    sources: [tracer],
    columns: columns.map((column, i) => ({ ...column, priority: i })),
    defaultSort: sortOf(map.fields, columns),
    key: row => row.key,
    json: row => row.values,
    ...(first !== undefined && { pid: (row: ObjectRow) => row.pid }),
  }
}

type Unplaced = Omit<Column<ObjectRow>, 'priority'>

function columnsOf(field: FieldShape, perSecond: boolean): Unplaced[] {
  const { id, form, tags } = field
  const title = tags.label ?? titleOf(id)
  if (form === 'histogram') {
    return Object.entries(FIGURES).map(([figure, heading]) => ({
      id: `${id}_${figure}`,
      title: `${title} ${heading}`,
      kind: 'duration',
      unit: 'nanoseconds',
      value: row => figureOf(row.values[id], figure),
      width: tags.width ?? Math.max(7, cellsOf(title) + 4 + SORT_MARK),
    }))
  }
  const unit = unitOf(field)
  const isRate = perSecond && (field.meaning === 'counter' || field.meaning === 'bytes')
  const heading = isRate && tags.label === undefined ? `${title}/s` : title
  return [
    {
      id,
      title: heading,
      unit,
      kind: kindOf(field, isRate),
      value: row => plain(row.values[id]),
      ...looksOf(field, unit, heading),
    },
  ]
}

/** Behind the process itself. */
function joinedColumns(joins: readonly Joined[], { id }: FieldShape): Unplaced[] {
  const join = joins.find(({ of }) => of === id)
  if (join === undefined) return []
  const column = (name: string | null, widths: Pick<Unplaced, 'width' | 'grow' | 'widest'>): Unplaced[] =>
    name === null
      ? []
      : [
          {
            id: name,
            title: titleOf(name),
            kind: 'identity',
            unit: 'text',
            value: row => plain(row.values[name]),
            ...widths,
          },
        ]
  return [
    ...column(join.name, { width: 15 }),
    ...(join.container === null
      ? []
      : [{ ...containerColumn<ObjectRow>(0, row => plain(row.values[join.container ?? ''])), id: join.container }]),
    ...column(join.command, { width: 16, grow: 1, widest: 60 }),
  ]
}

function looksOf(
  { tags, form, size }: FieldShape,
  unit: Unit,
  title: string,
): Pick<Unplaced, 'width' | 'grow' | 'widest'> {
  const least = cellsOf(title) + SORT_MARK
  if (tags.width !== undefined) return { width: Math.max(least, tags.width) }
  if (unit !== 'text') return { width: Math.max(least, 7) }
  if (form === 'text' && size > 32) return { width: Math.max(least, 20), grow: 3 }
  return { width: Math.max(least, 10), grow: 1, widest: 40 }
}

function kindOf({ part, form, meaning }: FieldShape, isRate: boolean): Kind {
  if (part === 'key' || meaning === 'process') return 'identity'
  if (isRate) return 'counter'
  if (meaning === 'nanoseconds') return 'duration'
  return form === 'unsigned' || form === 'signed' || form === 'float' ? 'gauge' : 'text'
}

function unitOf({ form, meaning }: FieldShape): Unit {
  if (form === 'bool') return 'flag'
  switch (meaning) {
    case 'nanoseconds':
      return 'nanoseconds'
    case 'bytes':
      return 'bytes'
    case 'counter':
      return 'events'
    case 'ipv4':
    case 'ipv6':
    case 'errno':
    case 'syscall':
    case 'signal':
    case 'device':
      return 'text'
    default:
      return form === 'unsigned' || form === 'signed' || form === 'float' ? 'number' : 'text'
  }
}

/** Column id: the one that asks for it, else the first that counts something. */
function sortOf(fields: readonly FieldShape[], columns: readonly Unplaced[]): string {
  const wanted = fields.find(({ tags }) => tags.sort === true && tags.hidden !== true)
  if (wanted !== undefined) return wanted.form === 'histogram' ? `${wanted.id}_max` : wanted.id
  const counted = columns.find(({ unit }) => unit === 'events' || unit === 'bytes' || unit === 'nanoseconds')
  return (counted ?? columns.find(({ unit }) => unit === 'number') ?? columns[0])?.id ?? ''
}

/** `READ BYTES` of `read_bytes`; what a column's unit says is left out. */
function titleOf(id: string): string {
  return id
    .replace(/_(?:ns|bytes)$/, '')
    .replaceAll('_', ' ')
    .toUpperCase()
}

/** Cells of the mark of the column that rows are sorted by. */
const SORT_MARK = 1

function cellsOf(text: string): number {
  return text.length
}

function plain(value: Value | Duration | undefined): Value {
  return value === undefined || (typeof value === 'object' && value !== null) ? null : value
}

function figureOf(value: Value | Duration | undefined, figure: string): Value {
  if (typeof value !== 'object' || value === null) return null
  switch (figure) {
    case 'p50':
      return value.p50
    case 'p95':
      return value.p95
    case 'p99':
      return value.p99
    default:
      return value.max
  }
}
