/** The JSON schema of a sample, from its types and their comments. */

import path from 'node:path'
import { createGenerator, type Definition, type Schema } from 'ts-json-schema-generator'

/** Goes up where a field is taken away, changes its meaning or gets another value to choose from. New fields do not count. */
const VERSION = 1

const project = path.join(import.meta.dirname, '../..')

/** Open: a sample of a newer version, with more fields, is a sample as well. */
export function sampleSchema(): Schema {
  const generator = createGenerator({
    path: path.join(project, 'src/batch/json.ts'),
    tsconfig: path.join(project, 'tsconfig.json'),
    type: 'JsonSample',
    topRef: false,
    functions: 'hide',
    sortProps: false,
    additionalProperties: true,
    // the compiler of this project has looked at them
    skipTypeCheck: true,
  })
  const { $schema, ...rest } = generator.createSchema('JsonSample')
  return { $schema, $id: `urn:ebpf-top:sample:${VERSION}`, title: 'A sample of ebpf-top', ...rest }
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
