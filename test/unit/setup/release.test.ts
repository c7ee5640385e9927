import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { bashCompletion, fishCompletion, zshCompletion } from '../../../scripts/release/completions.ts'
import { allFlags, choices, isFile, names } from '../../../scripts/release/flag-values.ts'
import { manPage } from '../../../scripts/release/man.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')

describe('the version of package.json', () => {
  test('has a heading in the changelog', () => {
    expect(read('CHANGELOG.md')).toContain(`\n## ${packageJson.version}\n`)
  })

  test('is that of the image that the DaemonSet names', () => {
    expect(read('deploy/kubernetes/daemonset.yaml')).toContain(
      `image: docker.io/library/ebpf-top:${packageJson.version}\n`,
    )
  })

  test('is that of package-lock.json', () => {
    expect(JSON.parse(read('package-lock.json')).version).toBe(packageJson.version)
  })
})

describe('what a flag takes', () => {
  test('is read from how the help writes it', () => {
    const flag = { name: 'output', value: 'text|json|csv', help: '' }
    expect(choices(flag)).toEqual(['text', 'json', 'csv'])
    expect(choices({ ...flag, value: 'overview|in-flight|TRACER' })).toEqual(['overview', 'in-flight'])
    expect(choices({ ...flag, value: 'SECONDS' })).toEqual([])
    expect(isFile({ ...flag, value: 'NAME|FILE.bpf.o' })).toBe(true)
    expect(names({ ...flag, short: 'o' })).toEqual(['-o', '--output'])
  })
})

test.each([
  ['bash', bashCompletion()],
  ['zsh', zshCompletion()],
  ['fish', fishCompletion().replace(/-l (\S+)/g, '--$1')],
  ['man', manPage('1.0.0', new Date(0)).replaceAll('\\-', '-')],
])('%s is told every flag', (_, text) => {
  for (const { name } of allFlags) expect(text).toContain(`--${name}`)
})
