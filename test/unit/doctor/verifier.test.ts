import { readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { saveVerifierLog, verifierReason } from '../../../src/bpf/verifier.ts'

describe('the verifier', () => {
  const log = [
    "prog 'sys_exit': BPF program load failed: Permission denied",
    "prog 'sys_exit': -- BEGIN PROG LOAD LOG --\n0: (bf) r6 = r1\nR4 invalid mem access 'map_value_or_null'\nprocessed 208 insns (limit 1000000)\n-- END PROG LOAD LOG --",
  ]

  test('is quoted with the line that tells why', () => {
    expect(verifierReason(log)).toBe("R4 invalid mem access 'map_value_or_null'")
  })

  test('is not blamed for what it did not say', () => {
    expect(verifierReason(['failed to find valid kernel BTF'])).toBeNull()
  })

  test('has its whole log in a file that nobody else can read', () => {
    const file = saveVerifierLog(log) ?? ''
    expect(readFileSync(file, 'utf8')).toBe(`${log.join('\n')}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    rmSync(dirname(file), { recursive: true })
    expect(saveVerifierLog([])).toBeNull()
  })
})
