/** docs/columns.md: every column, json field and csv field, from the tables and the types of a sample. */

import type { Definition, Schema } from 'ts-json-schema-generator'
import type { Column, Unit } from '../../src/table/table.ts'
import { tables } from '../../src/table/tables.ts'
import { definitionOf, fieldsOf } from './schema.ts'

/** How csv writes values of each unit. */
const UNITS: Readonly<Record<Unit, string>> = {
  text: 'text',
  number: 'number',
  events: 'count',
  bytes: 'bytes',
  nanoseconds: 'ns',
  seconds: 's',
  share: 'part of 1',
  flag: 'true or false',
}

/** Units that names of json fields end with. */
const SUFFIXES = { _ns: 'ns', _bytes: 'bytes', _seconds: 's' } as const

/** Lists of a sample by the table that shows them. */
const LISTS = {
  syscalls: 'syscalls',
  connections: 'connections',
  processes: 'processes',
  listeners: 'listeners',
  slow: 'slow_calls',
} as const

export function columnsPage(schema: Schema): string {
  const whole = fieldsOf(schema)
  const list = (name: string): Definition => {
    const field = whole.find(([known]) => known === name)?.[1]
    if (field === undefined) throw new Error(`a sample has no ${name}`)
    return definitionOf(schema, field)
  }
  const views = Object.entries(tables).map(([name, table]) => [
    `## View \`${name}\``,
    '',
    ...grid(
      ['column', 'csv field', 'unit', 'meaning'],
      table.columns.map(column => ofColumn(column, list(LISTS[table.name as keyof typeof LISTS]), schema)),
    ),
  ])
  const objects = whole
    .filter(([, field]) => field.items !== undefined || field.$ref !== undefined)
    .map(([name, field]) => [`## json: \`${name}\``, '', field.description ?? '', '', ...ofObject(schema, field)])
  return `${[
    '# Columns and fields',
    '',
    'Every column of the screen and of text output, every csv field and every json field. This page and',
    '[sample.schema.json](sample.schema.json), the JSON schema of a sample, are made from the code by `npm run reference`.',
    '',
    '- The screen and text output show columns whose heading ends in `/s` per second. csv and json have the exact number of',
    '  the interval.',
    '- `--sort` takes a heading or a csv field. csv begins with `time` and `interval_seconds`.',
    '- json has `null`, and csv nothing, where a value is not known or there is none.',
    '- The version of the schema is the last part of its `$id`. It goes up where a field is taken away or changes its',
    '  meaning; new fields may come at any time.',
    '',
    ...views.flatMap(lines => [...lines, '']),
    '## json: a sample',
    '',
    ...grid(
      ['field', 'unit', 'meaning'],
      whole.map(([name, field]) => ofField(name, field)),
    ),
    '',
    ...objects.flatMap(lines => [...lines, '']),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function ofColumn(column: Column<never>, row: Definition, schema: Schema): readonly string[] {
  const meaning = column.meaning ?? meaningOf(column.id, row, schema)
  return [column.title, `\`${column.id}\``, UNITS[column.unit], meaning]
}

/** What the field of a row says, or a field of an object in it: `duration_ns_p50`. */
function meaningOf(id: string, row: Definition, schema: Schema): string {
  for (const [name, field] of fieldsOf(row)) {
    if (name === id) return field.description ?? ''
    if (!id.startsWith(`${name}_`) || field.$ref === undefined) continue
    const inner = fieldsOf(definitionOf(schema, field)).find(([part]) => `${name}_${part}` === id)?.[1]
    if (inner !== undefined) return `${field.description} ${inner.description}`
  }
  throw new Error(`nothing says what ${id} means`)
}

function ofObject(schema: Schema, field: Definition): readonly string[] {
  const { items } = field
  const isObject = field.$ref !== undefined || (typeof items === 'object' && '$ref' in items)
  if (!isObject) return []
  const rows = fieldsOf(definitionOf(schema, field)).flatMap(([name, inner]) => [
    ofField(name, inner),
    ...(inner.$ref === undefined ? [] : ofParts(schema, name, inner)),
  ])
  return grid(['field', 'unit', 'meaning'], rows)
}

/** Objects inside of a row, such as `local` and `duration_ns`. */
function ofParts(schema: Schema, name: string, field: Definition): readonly (readonly string[])[] {
  const definition = definitionOf(schema, field)
  return fieldsOf(definition).flatMap(([part, inner]) => [
    ofField(`${name}.${part}`, inner, unitOf(name)),
    ...(inner.$ref === undefined ? [] : ofParts(schema, `${name}.${part}`, inner)),
  ])
}

function ofField(name: string, field: Definition, unit = ''): readonly string[] {
  if (field.description === undefined) throw new Error(`nothing says what ${name} means`)
  return [`\`${name}\``, unitOf(name) || unit || typeOf(field), field.description]
}

function unitOf(name: string): string {
  return Object.entries(SUFFIXES).find(([suffix]) => name.endsWith(suffix))?.[1] ?? ''
}

function typeOf(field: Definition): string {
  if (field.items !== undefined) return 'list'
  if (field.$ref !== undefined || field.type === 'object') return 'object'
  const types = [field.type ?? field.anyOf?.map(one => (typeof one === 'object' ? one.type : '')) ?? '']
    .flat(2)
    .filter(type => type !== 'null')
  const words = { string: 'text', number: 'number', boolean: 'true or false' }
  return types.map(type => words[type as keyof typeof words] ?? 'text').join(', ')
}

function grid(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('\n', ' ').replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}
