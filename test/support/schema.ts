/** The published schema of a sample, and a stricter one that knows all fields. */

import { Ajv, type ValidateFunction } from 'ajv'
import { pageText } from './documentation.ts'

export function publishedSchema(): object {
  return JSON.parse(pageText('docs/sample.schema.json'))
}

/** What says whether something is as the schema says. */
export function validator(schema: object): ValidateFunction {
  return new Ajv({ allErrors: true }).compile(schema)
}

/** The same schema where no object has fields that are not described. */
export function closed<T>(schema: T): T {
  return JSON.parse(
    JSON.stringify(schema, (_, value) =>
      typeof value === 'object' && value !== null && 'properties' in value && value.type === 'object'
        ? { ...value, additionalProperties: false }
        : value,
    ),
  )
}
