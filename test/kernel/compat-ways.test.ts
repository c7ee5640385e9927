import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type JsonSample, OBJECTS } from '../support/top.ts'

const PROGRAM = join(OBJECTS, 'cli.js')
const BPF = join(import.meta.dirname, '../../bpf')
const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-test-'))

afterAll(() => rmSync(folder, { recursive: true }))

/** One sample, by the program below a command such as setpriv. */
function sampleBelow(command: readonly string[], ...flags: readonly string[]): JsonSample {
  const [program = '', ...args] = [...command, process.execPath, PROGRAM, '--once', '--output', 'json', ...flags]
  const sample: JsonSample = JSON.parse(execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 }))
  return sample
}

/** An ordinary user with these capabilities only. */
function user(...capabilities: readonly string[]): string[] {
  const set = capabilities.map(name => `+${name}`).join(',')
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  return set === '' ? nobody : [...nobody, `--inh-caps=${set}`, `--ambient-caps=${set}`]
}

function outcomeBelow(command: readonly string[], ...flags: readonly string[]) {
  const [program = '', ...args] = [...command, process.execPath, PROGRAM, ...flags]
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  return { status, stdout, stderr }
}

describe('compatible mode', () => {
  test('says in every sample what it uses', () => {
    const { sources } = sampleBelow([], '--compat')
    expect(sources.syscalls).toBe('raw_tp')
    expect(sources.connections).toBe('inet_diag+tp:inet_sock_set_state')
  })

  test('needs no tracefs that somebody else has mounted', () => {
    const hidden = 'umount -q -a -t tracefs; umount -q /sys/kernel/debug; exec "$@"'
    const { sources } = sampleBelow(['unshare', '--mount', 'sh', '-c', hidden, 'sh'], '--compat')
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
    expect(stderr).toMatch(new RegExp(`^ebpf-top: --btf ${file} does not serve here: .*\n$`))
  })
})

describe('permissions', () => {
  test('CAP_BPF and CAP_PERFMON are all that the best means take', () => {
    const { sources } = sampleBelow(user('bpf', 'perfmon'))
    expect(sources).toEqual(sampleBelow([]).sources)
  })

  test('too few are named, with what they are for, and status 3', () => {
    expect(outcomeBelow(user(), '--once')).toEqual({
      status: 3,
      stdout: '',
      stderr:
        'ebpf-top: no permission: missing CAP_BPF (loading BPF programs) and CAP_PERFMON (tracing)\n  run it as root: sudo ebpf-top\n',
    })
    expect(outcomeBelow(user('bpf'), '--once')).toMatchObject({
      status: 3,
      stderr: 'ebpf-top: no permission: missing CAP_PERFMON (tracing)\n  run it as root: sudo ebpf-top\n',
    })
  })

  test('with those of tracing alone, compatible mode goes on with what can be measured', () => {
    const { sources } = sampleBelow(user('bpf', 'perfmon'), '--compat')
    expect(sources.syscalls).toBe('raw_tp')
    expect(sources.connections).toContain('inet_diag')
  })
})

describe('--doctor', () => {
  test('as root says that the main job can run, by the means that a sample names', () => {
    const { status, stdout, stderr } = outcomeBelow([], '--doctor', '--output', 'json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { sources } = sampleBelow([])
    const { able, rows }: { able: boolean; rows: { topic: string; detail: string }[] } = JSON.parse(stdout)
    expect(able).toBe(true)
    expect(rows).toContainEqual(
      expect.objectContaining({ topic: 'system calls and their durations', detail: `by ${sources.syscalls}` }),
    )
    expect(rows).toContainEqual(expect.objectContaining({ topic: 'bytes of processes', detail: `by ${sources.bytes}` }))
  })

  test('needs no root to say what is missing', () => {
    const { status, stdout, stderr } = outcomeBelow(user(), '--doctor')
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    expect(stdout).toMatch(/^no +permission +missing CAP_BPF/m)
    expect(stdout).toContain('-> run it as root: sudo ebpf-top --doctor\n')
  })
})

describe('for arm64', () => {
  test.each(readdirSync(BPF).filter(name => name.endsWith('.bpf.c')))('%s builds', source => {
    const object = join(folder, source.replace(/c$/, 'o'))
    const target = ['-target', 'bpf', '-mcpu=v3', '-g', '-O2', '-Wall', '-Werror', '-D__TARGET_ARCH_arm64']
    execFileSync('clang', [...target, '-I', BPF, '-c', join(BPF, source), '-o', object])
    expect(statSync(object).size).toBeGreaterThan(0)
  })
})
