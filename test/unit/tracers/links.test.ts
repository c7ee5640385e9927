import { expect, test } from 'vitest'
import { LinkNames } from '../../../src/tracers/links.ts'

const OWN = 1
const OTHER = 2

/** Processes by the namespace that they live in; others have ended. */
const LIVES: ReadonlyMap<number, number> = new Map([
  [10, OWN],
  [20, OTHER],
])

/** Names of interfaces in two namespaces, and how often they were asked for. */
function links() {
  let asked = 0
  const names = new LinkNames(
    OWN,
    pid => LIVES.get(pid) ?? null,
    pid => {
      asked++
      return new Map([[7, pid === 'self' ? 'eth0' : `veth${pid}`]])
    },
  )
  return { names, asked: () => asked }
}

test('a network interface has the name that it has in its namespace', () => {
  const { names } = links()
  expect(names.get(OWN, 7, null)).toBe('eth0')
  expect(names.get(OTHER, 7, 20)).toBe('veth20')
})

test('one whose name cannot be known has its index', () => {
  const { names } = links()
  expect(names.get(OWN, 9, null)).toBe('9')
  for (const pid of [null, 10, 30]) expect(names.get(OTHER, 7, pid)).toBe('7')
})

test('a name that was known is that of those who have ended as well', () => {
  const { names } = links()
  expect(names.get(OTHER, 7, 20)).toBe('veth20')
  expect(names.get(OTHER, 7, 30)).toBe('veth20')
})

test('names are asked for once in a while only', () => {
  const { names, asked } = links()
  for (let i = 0; i < 100; i++) names.get(OWN, 7, null)
  expect(asked()).toBe(1)
})
