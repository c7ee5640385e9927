import { describe, expect, test } from 'vitest'
import { readResult, section } from '../../../scripts/kernels/report.ts'

const doctor = JSON.stringify({
  able: true,
  rows: [
    { topic: 'libbpf', state: 'yes', detail: 'before 0.6', remedy: null },
    { topic: 'system calls and their durations', state: 'partly', detail: 'by raw_tp', remedy: null },
    { topic: 'bytes of processes', state: 'no', detail: 'this kernel has no method for it', remedy: null },
  ],
})
const tests = JSON.stringify({
  testResults: [
    {
      name: 'a.test.ts',
      assertionResults: [
        { status: 'passed', fullName: 'one' },
        { status: 'failed', fullName: 'two', failureMessages: ['expected 1 to be 2'] },
        { status: 'skipped', fullName: 'three' },
      ],
    },
  ],
})
const output = `noise\n<kernel>\n5.10.0\n</kernel>\n<doctor>\n${doctor}</doctor>\n<own>\n${tests}\n</own>\n`
const target = { name: '5.10', release: 'Debian 11', seconds: 10 }

describe('the table of kernels', () => {
  test('holds what a machine printed', () => {
    const result = readResult(target, output)
    expect(result).toMatchObject({
      version: '5.10.0',
      failures: ['two: expected 1 to be 2'],
      own: { passed: 1, failed: ['two: expected 1 to be 2'] },
      compat: null,
    })
    expect(result.ways).toEqual({ libbpf: 'before 0.6', 'system calls': 'raw_tp', bytes: 'none' })
  })

  test('says of a machine that printed nothing that it did not boot', () => {
    expect(readResult(target, '')).toMatchObject({
      failures: ['no tests were run'],
      summary: 'did not boot',
    })
  })

  test('keeps the rows of kernels that were not run again, and what else is on the page', () => {
    const first = section('# Kernels\n', [readResult(target, output)], 'abc')
    expect(first).toContain('| 5.10 (Debian 11) | 5.10.0 | before 0.6 | raw_tp | - | - | none | 1 of 2 | - | abc |\n')
    const newer = { ...target, name: '6.1' }
    const second = section(`${first}behind\n`, [readResult(newer, output)], 'def')
    expect(second).toContain('| 5.10 (Debian 11) | 5.10.0 |')
    expect(second).toContain('| - | def |\n')
    expect(second.startsWith('# Kernels\n')).toBe(true)
    expect(second.endsWith('behind\n')).toBe(true)
    const third = section(second, [readResult(target, output)], 'ghi')
    expect(third).not.toContain('abc')
    expect(third.match(/5\.10 \(Debian 11\)/g)).toHaveLength(1)
  })
})
