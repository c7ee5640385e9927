import { expect, it } from 'vitest'
import { NameCache } from '../../../src/names/cache.ts'

it('keeps names, and that there is none', () => {
  const cache = new NameCache()
  cache.set('10.0.0.1', 'one')
  cache.set('10.0.0.2', null)
  expect([cache.get('10.0.0.1'), cache.get('10.0.0.2'), cache.get('10.0.0.3')]).toEqual(['one', null, null])
  expect([cache.isFresh('10.0.0.1'), cache.isFresh('10.0.0.2'), cache.isFresh('10.0.0.3')]).toEqual([true, true, false])
})

it('asks again after a while, sooner where there was no name, and has the old name until then', () => {
  let now = 0
  const cache = new NameCache(() => now)
  cache.set('10.0.0.1', 'one')
  cache.set('10.0.0.2', null)
  now = 60_001
  expect([cache.isFresh('10.0.0.1'), cache.isFresh('10.0.0.2')]).toEqual([true, false])
  now = 600_001
  expect(cache.isFresh('10.0.0.1')).toBe(false)
  expect(cache.get('10.0.0.1')).toBe('one')
})

it('forgets what was not used for longest', () => {
  const cache = new NameCache(() => 0, 3)
  for (const address of ['a', 'b', 'c']) cache.set(address, address)
  cache.get('a')
  cache.set('d', 'd')
  expect(cache.size).toBe(3)
  expect(['a', 'b', 'c', 'd'].map(address => cache.get(address))).toEqual(['a', null, 'c', 'd'])
})
