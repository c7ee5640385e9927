/** The JSON schema of a sample, from its types and their comments. */

import path from 'node:path'
import { createGenerator, type Definition, type Schema } from 'ts-json-schema-generator'
import { registry } from '../../src/tracers/registry.ts'

/** Goes up where a field is taken away, changes its meaning or gets another value to choose from. New fields do not count. */
const VERSION = 1

const project = path.join(import.meta.dirname, '../..')

/** Open: a sample of a newer version, with more fields, is a sample as well. */
export function sampleSchema(): Schema {
  const { $schema, definitions, ...facts } = schemaOf('src/sample/sample.ts', 'SampleFacts')
  const { properties = {}, required = [], ...rest } = facts
  const lists = registry.tables.filter(table => table.list !== null)
  const before = ['time', 'interval_seconds', 'filter', 'sources']
  const rows = lists.map(({ rowType }) => schemaOf('src/tracers/*/row.ts', rowType, true).definitions)
  const entries = Object.entries(properties)
  return {
    $schema,
    $id: `urn:ebpf-top:sample:${VERSION}`,
    title: 'A sample of ebpf-top',
    ...rest,
    properties: Object.fromEntries([
      ...entries.filter(([name]) => before.includes(name)),
      ...lists.map(({ list, rowType, meaning }) => [
        list,
        { type: 'array', items: { $ref: `#/definitions/${rowType}` }, description: meaning },
      ]),
      ...entries.filter(([name]) => !before.includes(name)),
    ]),
    required: [...required, ...lists.map(({ list }) => list ?? '')],
    definitions: Object.assign({}, definitions, ...rows),
  }
}

/** `named`: the type itself is one of the definitions. */
function schemaOf(files: string, type: string, named = false): Schema {
  return createGenerator({
    path: path.join(project, files),
    tsconfig: path.join(project, 'tsconfig.json'),
    type,
    topRef: named,
    functions: 'hide',
    sortProps: false,
    additionalProperties: true,
    // the compiler of this project has looked at them
    skipTypeCheck: true,
  }).createSchema(type)
}

/** The object that a list of the sample holds, or that a field refers to. */
export function definitionOf(schema: Schema, field: Definition): Definition {
  const item = field.items
  const inner = item !== undefined && typeof item === 'object' && !Array.isArray(item) ? item : field
  const name = /^#\/definitions\/(.*)$/.exec(inner.$ref ?? '')?.[1]
  const found = name === undefined ? inner : schema.definitions?.[name]
  if (found === undefined || typeof found === 'boolean') throw new Error(`no definition of ${JSON.stringify(field)}`)
  return found
}

/** Fields of an object, in their order; none where it is no object. */
export function fieldsOf(definition: Definition): readonly (readonly [string, Definition])[] {
  return Object.entries(definition.properties ?? {}).map(([name, field]) => {
    if (typeof field === 'boolean') throw new Error(`${name} has no description`)
    return [name, field] as const
  })
}
