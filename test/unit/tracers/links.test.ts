import { expect, test } from 'vitest'
import { LinkNames } from '../../../src/tracers/network/links.ts'

const OWN = 1
const OTHER = 2
const ADDRESS = 'fe80::1'

/** Processes by the namespace that they live in; others have ended. */
const LIVES: ReadonlyMap<number, number | 'closed'> = new Map<number, number | 'closed'>([
  [10, OWN],
  [20, OTHER],
  [40, 'closed'],
])

/** Names of interfaces in two namespaces, and how often they were asked for. */
function links() {
  let asked = 0
  const names = new LinkNames(
    OWN,
    pid => LIVES.get(pid) ?? null,
    pid => {
      asked++
      return new Map([[7, { name: pid === 'self' ? 'eth0' : `veth${pid}`, addresses: [ADDRESS] }]])
    },
  )
  return { names, asked: () => asked }
}

test('a network interface has the name that it has in its namespace', () => {
  const { names } = links()
  expect(names.get(OWN, 7, null, ADDRESS)).toBe('eth0')
  expect(names.get(OTHER, 7, 20, ADDRESS)).toBe('veth20')
})

test('one whose name cannot be known has its index', () => {
  const { names } = links()
  expect(names.get(OWN, 9, null, ADDRESS)).toBe('9')
  for (const pid of [null, 10, 30]) expect(names.get(OTHER, 7, pid, ADDRESS)).toBe('7')
})

test('one of a process whose namespace must not be asked has the name that goes with its address', () => {
  const { names } = links()
  expect(names.get(OTHER, 7, 40, 'fe80::2')).toBe('7')
  expect(names.get(OTHER, 8, 40, ADDRESS)).toBe('8')
  expect(names.get(OTHER, 7, 40, ADDRESS)).toBe('veth40')
})

test('a name that was known is that of those who have ended as well', () => {
  const { names } = links()
  expect(names.get(OTHER, 7, 20, ADDRESS)).toBe('veth20')
  expect(names.get(OTHER, 7, 30, ADDRESS)).toBe('veth20')
})

test('names are asked for once in a while only', () => {
  const { names, asked } = links()
  for (let i = 0; i < 100; i++) names.get(OWN, 7, null, ADDRESS)
  expect(asked()).toBe(1)
})
