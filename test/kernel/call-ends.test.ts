/** What programs see of the ends of their calls, where that is not what the kernel returned. */

import { describe, expect, test } from 'vitest'
import { isCompat, type JsonSample, lost, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

interface Total {
  readonly count: number
  readonly errors: number
  readonly untimed: number
}

function totalOf(samples: readonly JsonSample[], syscall: string): Total & { readonly ns: number } {
  const rows = samples.flatMap(sample => sample.syscalls).filter(row => row.syscall === syscall)
  return {
    count: sum(rows, row => row.count),
    errors: sum(rows, row => row.errors),
    untimed: sum(rows, row => row.untimed),
    ns: sum(rows, row => row.duration_ns.sum),
  }
}

/** Errors of slow calls by name; compatible mode tells none. */
function slowErrors(samples: readonly JsonSample[], syscall: string): (string | null)[] {
  return samples
    .flatMap(sample => sample.slow_calls)
    .filter(row => row.syscall === syscall)
    .map(row => row.error)
}

async function watched(name: string, ...args: readonly (string | number)[]) {
  const workload = await Workload.start(name, ...args)
  const top = await Top.start('-d', 0.3, '-p', workload.pid, '--slow', '1ms')
  const told = await workload.work()
  await workload.end()
  return { samples: await top.finish(), told }
}

const COUNT = 12

describe('a call that a signal interrupts', () => {
  test.each([
    ['pause', 'pause'],
    ['pause-restart', 'pause'],
    ['read', 'read'],
    ['sleep', 'nanosleep'],
  ])('fails with EINTR where the program sees that: %s', async (kind, syscall) => {
    const { samples, told } = await watched('interrupted', kind, COUNT)
    expect(told.slice(0, 2)).toEqual([COUNT, COUNT])
    // the read of the line that ends the workload
    const more = syscall === 'read' ? 1 : 0
    expect(totalOf(samples, syscall)).toMatchObject({ count: COUNT + more, errors: COUNT, untimed: 0 })
    expect(totalOf(samples, 'rt_sigreturn')).toMatchObject({ count: COUNT, errors: 0 })
    expect(totalOf(samples, 'restart_syscall').count).toBe(0)
    if (!isCompat) {
      const errors = slowErrors(samples, syscall).filter(error => error !== null)
      expect(errors).toEqual(Array(COUNT).fill('EINTR'))
    }
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test.each([
    ['read-restart', 'readv'],
    ['read-ignored', 'readv'],
    ['accept-restart', 'accept4'],
    ['sleep-stopped', 'nanosleep'],
    ['poll-stopped', 'poll'],
  ])('is one call where it goes on, from its first begin: %s', async (kind, syscall) => {
    const { samples, told } = await watched('interrupted', kind, COUNT)
    const [failed, handled = 0, tookNs = 0] = told
    expect(failed).toBe(0)
    const { ns, ...total } = totalOf(samples, syscall)
    expect(total).toEqual({ count: COUNT, errors: 0, untimed: 0 })
    expect(totalOf(samples, 'restart_syscall').count).toBe(0)
    expect(totalOf(samples, 'rt_sigreturn')).toMatchObject({ count: handled, errors: 0 })
    expect(totalOf(samples, 'getppid').count).toBe(kind === 'read-restart' ? 3 * handled : 0)
    // entered anew it would take a fraction of that
    expect(ns).toBeLessThanOrEqual(tookNs)
    expect(ns).toBeGreaterThan(tookNs / 2)
    if (!isCompat) expect(slowErrors(samples, syscall).filter(error => error !== null)).toEqual([])
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test('never ends where its handler jumps out of it', async () => {
    const { samples, told } = await watched('interrupted', 'jump', COUNT)
    expect(told.slice(0, 2)).toEqual([0, COUNT])
    expect(totalOf(samples, 'read')).toMatchObject({ count: 1, errors: 0 })
  })
})

describe('a call that seccomp answers', () => {
  test.each([
    ['errno', COUNT, COUNT],
    ['zero', 0, 0],
    ['trap', 0, 0],
    ['trace', COUNT, COUNT],
    ['thread', COUNT, COUNT],
  ])('is counted, with its error if it is one, and without a duration: %s', async (action, failures, errors) => {
    const { samples, told } = await watched('sandboxed', action, COUNT)
    if (action !== 'trap') expect(told[0]).toBe(failures)
    const { ns, ...total } = totalOf(samples, 'getppid')
    expect(total).toEqual({ count: COUNT, errors, untimed: COUNT })
    expect(ns).toBe(0)
    expect(totalOf(samples, 'getuid')).toMatchObject({ count: COUNT, errors: 0, untimed: 0 })
    expect(totalOf(samples, 'rt_sigreturn')).toMatchObject({ count: action === 'trap' ? COUNT : 0, errors: 0 })
    for (const sample of samples) {
      expect(sum(sample.processes, row => row.syscalls)).toBe(sum(sample.syscalls, row => row.count))
      expect(sum(sample.processes, row => row.untimed)).toBe(sum(sample.syscalls, row => row.untimed))
    }
    expect(lost(samples, 'syscalls')).toBe(0)
  })

  test('is counted where another process answers it, and timed where that lets it through', async () => {
    const { samples, told } = await watched('sandboxed', 'notify', COUNT)
    expect(told[0]).toBe(COUNT / 3)
    expect(totalOf(samples, 'getppid')).toMatchObject({
      count: COUNT,
      errors: COUNT / 3,
      untimed: (2 * COUNT) / 3,
    })
    expect(totalOf(samples, 'getuid')).toMatchObject({ count: COUNT, errors: 0, untimed: 0 })
  })

  test('is counted in a child that begins with the filter, and the fork itself once', async () => {
    const workload = await Workload.start('sandboxed', 'child', COUNT)
    const top = await Top.start('-d', 0.3)
    expect((await workload.work())[0]).toBe(COUNT)
    await workload.end()
    const samples = await top.finish()
    const rows = samples.flatMap(sample => sample.processes).filter(row => row.name === 'sandboxed')
    const children = rows.filter(row => row.pid !== workload.pid)
    // what the C library does in a child besides is seen, and timed
    expect(sum(children, row => row.untimed)).toBe(COUNT)
    expect(sum(children, row => row.errors)).toBe(COUNT)
    expect(sum(rows, row => row.untimed)).toBe(COUNT)
  })
})
