/** docs/columns.md: every column, json field and csv field, from the tables and the types of a sample. */

import type { Definition, Schema } from 'ts-json-schema-generator'
import type { Column, Table, Unit } from '../../src/table/table.ts'
import { GROUPINGS, groupTables } from '../../src/tracers/connections/groups/table.ts'
import { registry } from '../../src/tracers/registry.ts'
import { type HeaderField, screenHeader, textHeader } from './header.ts'
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

const INTRODUCTION = `# Columns and fields

Every column of the screen and of text output, every csv field and every json field, with unit and meaning.

- **Kinds.** \`identity\`: who or what the row is. \`counter\`: what there was in the interval. \`gauge\`: how much there is at its
  end, since the beginning, or of something else. \`duration\`: how long something took, or takes. \`text\`: what else is said.
- **Rates.** Columns whose heading ends in \`/s\` are per second on the screen and in text output. csv and json have the exact
  number of the interval.
- **Percentiles** (P50, P95, P99) are off by 4.4 % at most.
- **Unknown values** are \`null\` in json, an empty field in csv, and \`-\` on the screen and in text output. "null when" says when.
  Where \`sources\` says \`none\` for a kind of number, the json fields of that kind are 0 and say nothing; csv leaves them empty.
- **Signs.** \`>\` in front of a value: at least so much. \`32:\` in front of a system call: a 32-bit call. \`~\` in front of a
  row: the selected row, which has nothing in this interval.
- **Sorting.** \`--sort\` takes a heading or a csv field.
- **Schema.** [sample.schema.json](sample.schema.json) is a JSON schema (draft-07) of a json sample. Its version is the last part
  of its \`$id\`. New fields may come under the same version, so the schema allows fields that it does not know. The version
  goes up where a field is taken away, changes its meaning, or gets another value to choose from.

This page and the schema are made from the code by \`npm run reference\`.`

/** One json field in its table. */
interface Told {
  readonly value: string
  readonly nullWhen: string
  readonly meaning: string
}

export function columnsPage(schema: Schema): string {
  const whole = fieldsOf(schema)
  const list = (name: string): Definition => {
    const field = whole.find(([known]) => known === name)?.[1]
    if (field === undefined) throw new Error(`a sample has no ${name}`)
    return definitionOf(schema, field)
  }
  const ofTable = ({ name, list: listName, columns }: Table<unknown>): string[] => {
    const rows = columns.map(column => ofColumn(column, list(listName ?? ''), schema))
    return [
      `## View \`${name}\``,
      '',
      picture(name),
      '',
      ...grid(['column', 'csv field', 'kind', 'unit', 'null when', 'meaning'], rows),
      '',
    ]
  }
  const objects = whole
    .map(([name, field]) => [name, field, rowsOf(schema, field)] as const)
    .filter(([, , rows]) => rows.length > 0)
    .flatMap(([name, field, rows]) => [
      `## json: \`${name}\``,
      '',
      describe(name, schema, field).meaning,
      '',
      ...grid(['field', 'value', 'null when', 'meaning'], rows),
      '',
    ])
  return `${[
    INTRODUCTION,
    '',
    '## Header of the screen',
    '',
    picture('overview'),
    '',
    ...ofHeader(screenHeader),
    '',
    ...registry.tables.flatMap(ofTable),
    '## Connections in groups',
    '',
    'On the screen alone, with key `b`: by remote address (`remote`), by service, or by process.',
    '',
    picture('groups'),
    '',
    ...grid(['column', 'unit', 'null when', 'meaning'], ofGroups()),
    '',
    '## Text output',
    '',
    'One line for each sample, then its tables with the columns above:',
    '',
    ...ofHeader(textHeader),
    '',
    '## csv',
    '',
    'One table, with the csv fields above behind these two:',
    '',
    ...grid(
      ['csv field', 'unit', 'meaning'],
      ['time', 'interval_seconds'].map(name => {
        const { value, meaning } = describe(name, schema, whole.find(([known]) => known === name)?.[1] ?? {})
        return [`\`${name}\``, value, meaning]
      }),
    ),
    '',
    '## json: a sample',
    '',
    'One object on one line for each sample.',
    '',
    ...grid(
      ['field', 'value', 'meaning'],
      whole.map(([name, field]) => {
        const { value, meaning } = describe(name, schema, field)
        return [`\`${name}\``, value, meaning]
      }),
    ),
    '',
    ...objects,
  ]
    .join('\n')
    .trimEnd()}\n`
}

/** See scripts/pictures. */
function picture(name: string): string {
  return `![${name}](pictures/${name}.svg)`
}

function ofHeader(fields: readonly HeaderField[]): string[] {
  return grid(
    ['shown', 'meaning'],
    fields.map(({ shown, meaning }) => [`\`${shown}\``, meaning]),
  )
}

function ofColumn(column: Column<unknown>, row: Definition, schema: Schema): readonly string[] {
  const said = column.meaning ?? fieldOf(column.id, row, schema).description ?? ''
  const { nullWhen, meaning } = split(said)
  const unmeasured = column.source === undefined ? '' : `\`sources.${column.source}\` is \`none\``
  const never = [nullWhen, unmeasured].filter(text => text !== '').join('; ')
  const start = column.shown === undefined ? '' : ` Screen and text output show ${column.shown} characters.`
  return [column.title, `\`${column.id}\``, column.kind, UNITS[column.unit], never, meaning + start]
}

/** The field of a row that a column shows, or that of an object in it: `duration_ns_p50`. */
function fieldOf(id: string, row: Definition, schema: Schema): Definition {
  for (const [name, field] of fieldsOf(row)) {
    if (name === id) return field
    const inner = fieldsOf(definitionOf(schema, field)).find(([part]) => `${name}_${part}` === id)?.[1]
    if (inner !== undefined) return inner
  }
  throw new Error(`nothing says what ${id} means`)
}

/** The columns of all groupings, each once; those that not all have say which do. */
function ofGroups(): (readonly string[])[] {
  const all = GROUPINGS.flatMap(grouping => groupTables[grouping].columns)
  return [...new Map(all.map(column => [column.id, column])).values()].map(({ id, title, unit, meaning }) => {
    const having = GROUPINGS.filter(grouping => groupTables[grouping].columns.some(column => column.id === id))
    if (meaning === undefined) throw new Error(`nothing says what ${title} of groups means`)
    const only = having.length < GROUPINGS.length ? ` Only by ${having.join(', ')}.` : ''
    const told = split(meaning)
    return [title, UNITS[unit], told.nullWhen, told.meaning + only]
  })
}

/** All fields of the object that a field is, or has a list of, with those of objects in it: `local.port`. */
function rowsOf(schema: Schema, field: Definition, path = '', unit = ''): readonly (readonly string[])[] {
  return fieldsOf(definitionOf(schema, field)).flatMap(([name, inner]) => {
    const told = describe(name, schema, inner, unit)
    return [
      [`\`${path}${name}\``, told.value, told.nullWhen, told.meaning],
      ...rowsOf(schema, inner, `${path}${name}.`, unitOf(name)),
    ]
  })
}

/** @throws Error where its comment is missing, or does not say when it is null, or says it of one that never is */
function describe(name: string, schema: Schema, field: Definition, unit = ''): Told {
  const definition = definitionOf(schema, field)
  const isList = field.items !== undefined
  const isObject = !isList && definition.properties !== undefined
  const told = split(field.description ?? '')
  const mayBeNull = [definition.type].flat().includes('null')
  if (told.meaning === '') throw new Error(`nothing says what ${name} means`)
  if (mayBeNull !== (told.nullWhen !== '')) throw new Error(`${name}: when it is null`)
  const value = isList ? 'list' : isObject ? 'object' : unitOf(name) || unit || typeOf(definition)
  return { value, ...told }
}

/** The end of a comment says when the value is null. */
function split(comment: string): { readonly meaning: string; readonly nullWhen: string } {
  const [meaning = '', nullWhen = ''] = comment.replaceAll('\n', ' ').split(/ *\bnull: /)
  return { meaning, nullWhen: nullWhen.replace(/\.$/, '') }
}

function unitOf(name: string): string {
  return Object.entries(SUFFIXES).find(([suffix]) => name.endsWith(suffix))?.[1] ?? ''
}

function typeOf({ type, enum: choice }: Definition): string {
  if (choice !== undefined) return choice.flatMap(value => (value === null ? [] : `\`${value}\``)).join(', ')
  const words = { string: 'text', number: 'number', boolean: 'true or false' }
  const found = [type].flat().flatMap(one => words[one as keyof typeof words] ?? [])
  if (found.length === 0) throw new Error(`no word for ${JSON.stringify(type)}`)
  return found.join(', ')
}

function grid(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('\n', ' ').replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
}
