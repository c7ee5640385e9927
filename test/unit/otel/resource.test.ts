import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportResource, machineId } from '../../../src/otel/settings/resource.ts'

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-resource-'))
const ID = '0123456789abcdef0123456789abcdef'

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('the resource', () => {
  it.each([
    ['its line', [file('good', `${ID}\n`)], ID],
    ['the first file that has one', ['/nowhere', file('empty', '\n'), file('good', `${ID}\n`)], ID],
    ['null where it is empty', [file('empty', '\n')], null],
    ['null where it comes with the first start', [file('first', 'uninitialized\n')], null],
    ['null where there is none', ['/nowhere'], null],
  ])('has the id of the host: %s', (_, files, id) => expect(machineId(files)).toBe(id))

  it('is known at once, without an empty attribute', () => {
    const resource = exportResource()
    expect(resource.asyncAttributesPending).toBe(false)
    for (const [name, value] of Object.entries(resource.attributes)) expect(value, name).not.toBe('')
    expect(resource.attributes).toMatchObject({ 'service.name': 'ebpf-top', 'os.type': 'linux' })
    expect(resource.attributes['host.id']).toBe(machineId() ?? undefined)
  })
})
