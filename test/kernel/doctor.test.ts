/** The doctor on machines that lack something for real: each is this one, changed for the program alone. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Diagnosis, Row } from '../../src/doctor/rows.ts'
import { afterMounting, outcomeBelow, sampleBelow, user } from '../support/below.ts'
import { compiled } from '../support/workload.ts'

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-doctor-'))

afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function examineBelow(command: readonly string[]): { status: number | null; rows: (topic: string) => Row | undefined } {
  const { status, stdout, stderr } = outcomeBelow(command, '--doctor', '--output', 'json')
  if (stderr !== '') throw new Error(stderr)
  const { rows }: Diagnosis = JSON.parse(stdout)
  return { status, rows: topic => rows.find(row => row.topic === topic) }
}

/** Puts `content` over a file that the kernel makes. */
const instead = (path: string, content: string): string =>
  `mount --bind ${file(path.replaceAll('/', '-'), content)} ${path}`

/** A libbpf without the functions that the program calls. */
function emptyLibrary(): string {
  const path = join(folder, 'libbpf.so.1')
  execFileSync('clang', ['-shared', '-o', path, file('empty.c', 'int empty;\n')])
  return path
}

/** Wherever the loader finds it, under all of its names. */
const libraries = execFileSync('sh', [
  '-c',
  'readlink -f $(/sbin/ldconfig -p | sed -n "s/.*libbpf.so.* => //p") | sort -u',
])
  .toString()
  .trim()
  .split('\n')
const coverLibraries = (path: string): string => libraries.map(library => `mount --bind ${path} ${library}`).join('\n')

const NO_TRACEFS = 'umount -q -a -t tracefs || true; umount -q /sys/kernel/debug || true'

describe('the doctor', () => {
  test('as root says that the main job can run, by the means that a sample names', () => {
    const { status, rows } = examineBelow([])
    const { sources } = sampleBelow([])
    expect(status).toBe(0)
    expect(rows('system calls and their durations')?.detail).toBe(`by ${sources.syscalls}`)
    expect(rows('bytes of processes')?.detail).toBe(`by ${sources.bytes}`)
  })

  test('needs no root to say what is missing', () => {
    const { status, stdout, stderr } = outcomeBelow(user(), '--doctor')
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
    expect(stdout).toMatch(
      /^ebpf-top cannot do its main job here\n {2}-> run it as root: sudo ebpf-top --doctor {2}\(permission\)\n\n/,
    )
    expect(stdout).toMatch(/^no +permission +missing CAP_BPF/m)
    expect(stdout.match(/->/g)).toHaveLength(1)
  })

  test.each<{ when: string; command: () => string[]; topic: string; row: Partial<Row>; able: boolean }>([
    {
      when: 'tracefs is not mounted',
      command: () => afterMounting(NO_TRACEFS),
      topic: 'tracefs',
      row: { state: 'yes', detail: 'not mounted; a private mount works' },
      able: true,
    },
    {
      when: 'tracefs is not mounted, and may not be',
      command: () => [...afterMounting(NO_TRACEFS), ...user('bpf', 'perfmon', 'dac_read_search')],
      topic: 'tracefs',
      row: { state: 'partly', remedy: 'mount -t tracefs tracefs /sys/kernel/tracing' },
      able: true,
    },
    {
      when: 'bpffs is not mounted',
      command: () => afterMounting('umount -q -a -t bpf || true'),
      topic: 'bpffs',
      row: { state: 'yes', detail: 'not mounted (not needed: nothing is pinned)' },
      able: true,
    },
    {
      when: 'bpffs is mounted',
      command: () => afterMounting('mount -t bpf bpf /sys/fs/bpf'),
      topic: 'bpffs',
      row: { state: 'yes', detail: 'mounted' },
      able: true,
    },
    {
      when: 'the limit on locked memory is low and CAP_SYS_RESOURCE is missing',
      command: () => ['prlimit', '--memlock=65536:65536', 'setpriv', '--bounding-set=-sys_resource'],
      topic: 'locked memory',
      row: { state: 'yes', detail: 'limit 64 KiB, which is enough' },
      able: true,
    },
    {
      when: 'CAP_SYS_RESOURCE is missing where nothing needs it',
      command: () => ['setpriv', '--bounding-set=-sys_resource'],
      topic: 'CAP_SYS_RESOURCE',
      row: {
        state: 'yes',
        detail: 'missing: lifting the limit on locked memory before 5.11 (not needed here)',
        remedy: null,
      },
      able: true,
    },
    {
      when: 'it is in a pid namespace of its own, as in a container',
      command: () => ['unshare', '--pid', '--fork', '--mount-proc'],
      topic: 'process ids',
      row: { state: 'partly', remedy: 'start the container with --pid=host' },
      able: true,
    },
    {
      when: 'a seccomp filter refuses bpf(2)',
      command: () => [compiled('nobpf')],
      topic: 'seccomp',
      row: { state: 'no', remedy: 'allow bpf and perf_event_open: --security-opt seccomp=unconfined' },
      able: false,
    },
    {
      when: 'lockdown is confidentiality',
      command: () =>
        afterMounting(
          'mount -t tmpfs tmpfs /sys/kernel/security',
          `cp ${file('lockdown', 'none integrity [confidentiality]\n')} /sys/kernel/security/lockdown`,
        ),
      topic: 'lockdown',
      row: { state: 'no', remedy: 'boot with lockdown=integrity' },
      able: true,
    },
    {
      when: 'unprivileged BPF is allowed',
      command: () => afterMounting(instead('/proc/sys/kernel/unprivileged_bpf_disabled', '0\n')),
      topic: 'unprivileged BPF',
      row: { state: 'yes', detail: 'allowed, but not for tracing (kernel.unprivileged_bpf_disabled=0)' },
      able: true,
    },
    {
      when: 'the JIT is off',
      command: () => afterMounting(instead('/proc/sys/net/core/bpf_jit_enable', '0\n')),
      topic: 'JIT',
      row: { state: 'partly', remedy: 'sysctl net.core.bpf_jit_enable=1' },
      able: true,
    },
    {
      when: 'libbpf is absent',
      command: () => afterMounting(coverLibraries(file('nothing', ''))),
      topic: 'libbpf',
      row: { state: 'no', detail: 'libbpf is not installed' },
      able: false,
    },
    {
      when: 'libbpf is too old',
      command: () => afterMounting(coverLibraries(emptyLibrary())),
      topic: 'libbpf',
      row: { state: 'no', detail: expect.stringMatching(/^libbpf is too old \(/) },
      able: false,
    },
    {
      when: 'there is no BTF',
      command: () => afterMounting('mount -t tmpfs tmpfs /sys/kernel/btf'),
      topic: 'type information',
      row: { state: 'partly', remedy: 'give a BTF file of exactly this kernel: ebpf-top --btf FILE' },
      able: true,
    },
  ])('where $when', ({ command, topic, row, able }) => {
    const { status, rows } = examineBelow(command())
    expect(rows(topic)).toMatchObject(row)
    expect(status).toBe(able ? 0 : 3)
  })
})

describe('a library that is of no use', () => {
  test.each([
    ['is absent', () => file('nothing', ''), /^ebpf-top: libbpf is not installed\n {2}install it: /],
    ['is too old', emptyLibrary, /^ebpf-top: libbpf is too old \(.*\)\n {2}install it: /],
  ])('%s: the program ends with status 3 and the package to install', (_, library, message) => {
    const { status, stdout, stderr } = outcomeBelow(afterMounting(coverLibraries(library())), '--once')
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
    expect(stderr).toMatch(message)
  })
})

test.each([['--doctor'], ['--help'], ['--version'], ['--once']])('%s says so where there is no room for it', flag => {
  const { status, stderr } = outcomeBelow(['sh', '-c', 'exec "$@" >/dev/full', 'sh'], flag)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^ebpf-top: writing to stdout: .*\n {2}.*\n$/)
})
