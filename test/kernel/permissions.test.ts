import { describe, expect, test } from 'vitest'
import { afterMounting, outcomeBelow, sampleBelow, user } from '../support/below.ts'
import { endOf } from '../support/connections.ts'
import { Namespace } from '../support/network.ts'
import { Sockets } from '../support/sockets.ts'

const HOST = '127.0.0.1'
const ONCE = ['--once', '--output', 'json']
const TRACING = ['bpf', 'perfmon'] as const
/** Where root has mounted it, which not every machine has done by now. */
const TRACEFS = afterMounting('umount -q -a -t tracefs || true', 'mount -t tracefs nodev /sys/kernel/tracing')

/** What a run says of rights that it could use. */
const without = (...rights: readonly string[]): string =>
  rights.map(right => `ebpf-top: some of it is not seen without ${right}\n`).join('')
const PTRACE =
  'CAP_SYS_PTRACE (in compatible mode, which connections processes of other users have, and their network namespaces)'
const ADMIN = 'CAP_SYS_ADMIN (in compatible mode, connections inside other network namespaces; before 5.8 everything)'
const SEARCH =
  'CAP_DAC_READ_SEARCH (plain tracepoints, since tracefs belongs to root; in compatible mode, open files of other users)'
const NET = 'CAP_NET_ADMIN (in compatible mode, room for what the kernel tells of closed sockets)'

describe('permissions', () => {
  test('CAP_BPF and CAP_PERFMON are all that the best means take', () => {
    const { sources } = sampleBelow(user(...TRACING))
    expect(sources).toEqual(sampleBelow([]).sources)
  })

  test('too few for anything are named, with what they are for, and status 3', () => {
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

  test('too few for all are named, with what they are for, and the rest goes on', () => {
    const outcome = (...rights: readonly string[]) =>
      outcomeBelow([...TRACEFS, ...user(...TRACING, 'dac_read_search', ...rights)], '--compat', ...ONCE)
    expect(outcome()).toMatchObject({ status: 0, stderr: without(ADMIN, PTRACE, NET) })
    expect(outcome('sys_ptrace')).toMatchObject({ status: 0, stderr: without(ADMIN, NET) })
    expect(outcome('sys_ptrace', 'sys_admin', 'net_admin')).toMatchObject({ status: 0, stderr: '' })
    expect(outcomeBelow(user(...TRACING), ...ONCE)).toMatchObject({ status: 0, stderr: '' })
    expect(outcomeBelow([], ...ONCE)).toMatchObject({ status: 0, stderr: '' })
  })

  test('compatible mode needs CAP_DAC_READ_SEARCH for tracepoints, and says so', () => {
    const few = outcomeBelow([...TRACEFS, ...user(...TRACING)], '--compat', ...ONCE)
    expect(few.status).toBe(0)
    expect(few.stdout).toContain('"sources":{"syscalls":"raw_tp","connections":"inet_diag"')
    expect(few.stderr).toMatch(/^ebpf-top: not measured here: start, latency and end of TCP connections \(.*\)\n/)
    expect(few.stderr.endsWith(without(SEARCH, ADMIN, PTRACE, NET))).toBe(true)
    const enough = outcomeBelow([...TRACEFS, ...user(...TRACING, 'dac_read_search')], '--compat', ...ONCE)
    expect(enough).toMatchObject({ status: 0, stderr: without(ADMIN, PTRACE, NET) })
    expect(enough.stdout).toContain('"connections":"inet_diag+tp:inet_sock_set_state"')
  })

  test('CAP_SYS_PTRACE tells which connections processes of other users have, in compatible mode', async () => {
    const sockets = new Sockets()
    const port = await sockets.ask('listen', 0, HOST, 0, 10)
    const local = await sockets.connect(1, HOST, port)
    const ownerSeenWith = (...more: readonly string[]) =>
      endOf([sampleBelow(user(...TRACING, 'dac_read_search', ...more), '--compat')], local, port).map(row => row.pid)
    expect(ownerSeenWith()).toEqual([null])
    expect(ownerSeenWith('sys_ptrace')).toEqual([sockets.pid])
  })

  test('CAP_SYS_ADMIN and CAP_SYS_PTRACE show what is in other network namespaces, in compatible mode', async () => {
    const host = new Namespace()
    const sockets = new Sockets(host.name)
    const port = await sockets.ask('listen', 0, HOST, 0, 10)
    const local = await sockets.connect(1, HOST, port)
    const seenWith = (rights: readonly string[], ...flags: readonly string[]) =>
      endOf([sampleBelow(user(...TRACING, ...rights), ...flags)], local, port).length
    const compat = (...rights: readonly string[]) => seenWith(['dac_read_search', ...rights], '--compat')
    expect(compat('sys_ptrace')).toBe(0)
    expect(compat('sys_admin')).toBe(0)
    expect(compat('sys_ptrace', 'sys_admin')).toBe(1)
    expect(seenWith([])).toBe(1)
  })
})
