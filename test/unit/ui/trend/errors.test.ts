import { afterEach, describe, expect, it } from 'vitest'
import { isDaily } from '../../../../src/tracers/errors/daily.ts'
import type { ErrorRow } from '../../../../src/tracers/errors/row.ts'
import { errorTable } from '../../../../src/tracers/errors/table.ts'
import { type ErrorWatch, NO_WATCH, nextWatch } from '../../../../src/ui/trend/errors.ts'
import { errorRow } from '../../../support/samples.ts'
import { everybodyLeaves, sitDown } from '../person.ts'
import { sampleOf } from '../samples.ts'

afterEach(everybodyLeaves)

describe('everyday errors', () => {
  it.each([
    ['EAGAIN', 'read', true],
    ['EAGAIN', 'recvfrom', true],
    ['EINTR', 'epoll_wait', true],
    ['EINPROGRESS', 'connect', true],
    ['ETIMEDOUT', 'futex', true],
    ['ETIMEDOUT', 'recvmsg', true],
    ['ETIMEDOUT', 'connect', false],
    ['ENOENT', 'execve', true],
    ['ENOENT', 'newfstatat', true],
    ['ENOENT', 'statx', true],
    ['ENOENT', 'unlink', false],
    ['ENOENT', 'epoll_ctl', false],
    ['ECONNREFUSED', 'connect', false],
    ['EIO', 'read', false],
  ])('%s of %s: %s', (errno, syscall, daily) => {
    expect(isDaily({ errno, syscall })).toBe(daily)
  })
})

describe('errors that are news', () => {
  const refused = errorRow({ errno: 'ECONNREFUSED', syscall: 'connect', id: 42, count: 10 })
  const key = (row: ErrorRow): string => errorTable.newsKey?.(row) ?? ''
  const watched = (from: ErrorWatch, seconds: number, rows: readonly ErrorRow[]): ErrorWatch => {
    let watch = from
    for (let i = 0; i < seconds; i++) watch = nextWatch(watch, rows, 1)
    return watch
  }
  const calm = watched(NO_WATCH, 30, [refused])

  it('are none at first, when nobody knows what there was before', () => {
    expect(watched(NO_WATCH, 1, [refused]).news.size).toBe(0)
    expect(calm.news.size).toBe(0)
  })

  it('are new for a while, whichever process makes them', () => {
    const other = errorRow({ errno: 'EIO' })
    expect([...watched(calm, 1, [refused, other]).news]).toEqual([key(other)])
    expect([...watched(calm, 10, [refused, other]).news]).toEqual([key(other)])
    expect(watched(calm, 11, [refused, other]).news.size).toBe(0)
    expect(watched(calm, 1, [{ ...refused, pid: 7777 }]).news.size).toBe(0)
  })

  it('are not those of a program that is new itself', () => {
    const program = errorRow({ name: 'fresh', errno: 'EIO' })
    expect(watched(calm, 1, [refused, program]).news.size).toBe(0)
    const later = watched(calm, 20, [refused, program])
    const other = { ...program, errno: 'EPERM' }
    expect([...watched(later, 1, [refused, program, other]).news]).toEqual([key(other)])
  })

  it('rise when their rate is twice the mean, until it is the mean', () => {
    const more = { ...refused, count: 25 }
    expect([...watched(calm, 1, [more]).news]).toEqual([key(refused)])
    expect(watched(calm, 1, [{ ...refused, count: 19 }]).news.size).toBe(0)
    expect(watched(calm, 120, [more]).news.size).toBe(0)
  })

  it('do not rise where there are hardly any', () => {
    const rare = watched(NO_WATCH, 60, [{ ...refused, count: 1 }])
    expect(watched(rare, 1, [{ ...refused, count: 2 }]).news.size).toBe(0)
  })

  it('are new again when they were gone for long, and unknown when nobody looked', () => {
    expect([...watched(watched(calm, 301, [errorRow({ errno: 'EIO' })]), 1, [refused]).news]).toEqual([key(refused)])
    expect(watched(nextWatch(calm, null, 1), 1, [refused]).news.size).toBe(0)
  })
})

it('on the screen everyday errors are dim, and news have a mark', async () => {
  const person = sitDown(80, 24, { view: 'errors' })
  const daily = errorRow({ name: 'calm', errno: 'EAGAIN', count: 50 })
  const bad = errorRow({ name: 'bad', errno: 'EIO', count: 5 })
  const fresh = errorRow({ name: 'bad', pid: 9, errno: 'ENOENT', syscall: 'openat', id: 257, count: 7 })
  for (let i = 0; i < 16; i++) person.take(sampleOf({ errors: [daily, bad] }))
  person.take(sampleOf({ errors: [{ ...daily, pid: 1, count: 20 }, daily, bad, fresh] }))
  const lines = await person.see('openat')
  expect(lines.filter(line => line.startsWith('•')).map(line => / (read|openat) /.exec(line)?.[1])).toEqual(['openat'])
  expect(person.looksOf('      1 calm').dim).toBe(true)
  expect(person.looksOf('     42 bad').dim).toBe(false)
  expect(person.looksOf('openat').dim).toBe(false)
})
