/** Writes docs/sample.schema.json and docs/columns.md: npm run reference. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { columnsPage } from './columns.ts'
import { sampleSchema } from './schema.ts'

const docs = path.join(import.meta.dirname, '../../docs')
const schema = sampleSchema()
writeFileSync(path.join(docs, 'sample.schema.json'), `${JSON.stringify(schema, null, 2)}\n`)
writeFileSync(path.join(docs, 'columns.md'), columnsPage(schema))
