import { expect, test } from 'vitest'
import { readClocks, Times } from '../../../src/bpf/clock.ts'
import { Failures, guardedTracer } from '../../../src/tracers/guarded.ts'
import { Reading } from '../../../src/tracers/reading.ts'
import { inOrder, type Tracer } from '../../../src/tracers/tracer.ts'

const fake = (name: string, after?: readonly string[]): Tracer => ({ name, ...(after && { after }) })
const namesOf = (tracers: readonly Tracer[]): string[] => tracers.map(({ name }) => name)

test('each tracer comes behind those that it comes after, and else as given', () => {
  expect(namesOf(inOrder([fake('a'), fake('b'), fake('c')]))).toEqual(['a', 'b', 'c'])
  expect(namesOf(inOrder([fake('a', ['c', 'b']), fake('b'), fake('c', ['b'])]))).toEqual(['b', 'c', 'a'])
})

test('there is no order for those that wait for each other, or for one that is not there', () => {
  expect(() => inOrder([fake('a', ['b']), fake('b', ['a'])])).toThrow('tracers wait for each other: a, b')
  expect(() => inOrder([fake('a', ['a'])])).toThrow('tracers wait for each other: a')
  expect(() => inOrder([fake('a', ['z'])])).toThrow('a comes after z, which is no tracer')
})

test('a phase that fails is told once, and the tracer is asked again for the next sample', async () => {
  const failures = new Failures()
  let fails = true
  let reads = 0
  const ifWell = <T>(value: T): T => {
    if (fails) throw new Error('no such map\nand more')
    return value
  }
  const tracer = guardedTracer(
    {
      name: 'locks',
      beforeEnd: async () => ifWell(undefined),
      rows: [{ prepare: () => ifWell(undefined), asRead: () => ifWell(true), fill: () => ifWell(1) }],
      *read() {
        reads++
        yield
      },
      lost: () => ifWell({ no_row: 1 }),
      notes: () => ifWell(['a note']),
    },
    failures,
  )
  const interval = { epoch: 1, pids: [], endedNs: 0, times: Times.of(readClocks()) }
  const read = (): unknown[] => [...(tracer.read?.(new Reading(), interval) ?? [])]

  await tracer.beforeEnd?.()
  tracer.rows?.[0]?.prepare(1)
  read()
  expect(reads).toBe(0)
  expect([tracer.rows?.[0]?.asRead?.(1), tracer.rows?.[0]?.fill?.(1), tracer.lost?.(), tracer.notes?.()]).toEqual([
    true,
    0,
    {},
    [],
  ])
  expect([...failures.take()]).toEqual([['locks', 'no such map']])

  fails = false
  await tracer.beforeEnd?.()
  read()
  expect(reads).toBe(1)
  expect([tracer.rows?.[0]?.fill?.(1), tracer.lost?.(), tracer.notes?.()]).toEqual([1, { no_row: 1 }, ['a note']])
  expect([...failures.take()]).toEqual([])
})
