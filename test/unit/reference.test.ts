import { expect, test } from 'vitest'
import { columnsPage } from '../../scripts/reference/columns.ts'
import { sampleSchema } from '../../scripts/reference/schema.ts'
import { pageText } from '../support/documentation.ts'

const schema = sampleSchema()

test('the published schema of a sample is that of the code: npm run reference', () => {
  expect(JSON.parse(pageText('docs/sample.schema.json'))).toEqual(JSON.parse(JSON.stringify(schema)))
})

test('docs/columns.md says what the code says: npm run reference', () => {
  expect(pageText('docs/columns.md')).toBe(columnsPage(schema))
})
