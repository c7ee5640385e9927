import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bpfSources, compileBpf } from '../../scripts/compile.ts'
import { afterMounting, outcomeBelow, sampleBelow } from '../support/below.ts'

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-test-'))

afterAll(() => rmSync(folder, { recursive: true }))

describe('compatible mode', () => {
  test('says in every sample what it uses', () => {
    const { sources } = sampleBelow([], '--compat')
    expect(sources.syscalls).toBe('raw_tp')
    expect(sources.connections).toBe('inet_diag+tp:inet_sock_set_state')
  })

  test('needs no tracefs that somebody else has mounted', () => {
    const hidden = afterMounting('umount -q -a -t tracefs || true; umount -q /sys/kernel/debug || true')
    const { sources } = sampleBelow(hidden, '--compat')
    expect(sources.connections).toBe('inet_diag+tp:inet_sock_set_state')
  })
})

describe('type information from a file', () => {
  test('serves where it is that of the kernel', () => {
    const file = join(folder, 'own.btf')
    copyFileSync('/sys/kernel/btf/vmlinux', file)
    expect(sampleBelow([], '--btf', file).sources.syscalls).toBe('tp_btf')
  })

  test('that is none leads to compatible mode', () => {
    const file = join(folder, 'not.btf')
    writeFileSync(file, 'nothing')
    const { status, stdout, stderr } = outcomeBelow([], '--btf', file, '--once', '--output', 'json')
    expect(status).toBe(0)
    expect(stdout).toContain('"sources":{"syscalls":"raw_tp"')
    expect(stderr).toMatch(new RegExp(`^ebpf-top: --btf ${file} cannot be used here: .*\n$`))
  })
})

describe('for arm64', () => {
  test.each(bpfSources)('%s builds', source => {
    compileBpf(source, 'arm64', folder)
    expect(statSync(join(folder, source.replace(/c$/, 'o'))).size).toBeGreaterThan(0)
  })
})
