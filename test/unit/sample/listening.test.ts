import { expect, test } from 'vitest'
import { ListBatch } from '../../../src/table/batch.ts'
import { commonOwner, Listeners } from '../../../src/tracers/listeners/listening.ts'
import { connectionRecord } from '../../support/records.ts'

const PORT = 80

function listener(id: number, address: string, changes: Parameters<typeof connectionRecord>[0] = {}) {
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  return connectionRecord({ id, owner: id, state: 'LISTEN', family, local: { address, port: PORT }, ...changes })
}

function to(address: string, changes: Parameters<typeof connectionRecord>[0] = {}) {
  const family = address.includes(':') ? 'ipv6' : 'ipv4'
  return connectionRecord({ id: 100, owner: 0, family, local: { address, port: PORT }, ...changes })
}

function choose(records: readonly ReturnType<typeof listener>[], connection: ReturnType<typeof to>): number[] {
  const listeners = new Listeners()
  for (const record of records) listeners.add(record)
  return listeners.of(new ListBatch([connection]), 0).map(({ id }) => id)
}

const all6 = listener(1, '::', { device: 0, onlyV6: true })
const both = listener(1, '::', { device: 0, onlyV6: false })
const all4 = listener(2, '0.0.0.0')

test.each([
  ['each family has its own', [all6, all4], to('10.0.0.1'), [2]],
  ['each family has its own', [all4, all6], to('fe80::1'), [1]],
  ['nobody listens for IPv4', [all6], to('10.0.0.1'), []],
  ['one takes both', [both], to('10.0.0.1'), [1]],
  ['one for IPv4 before one for both', [both, all4], to('10.0.0.1'), [2]],
  ['one for an address before one for all', [all4, listener(3, '10.0.0.1')], to('10.0.0.1'), [3]],
  ['one for another address is none', [listener(3, '10.0.0.1')], to('10.0.0.2'), []],
  ['another port is none', [listener(3, '10.0.0.1')], to('10.0.0.1', { local: { address: '10.0.0.1', port: 81 } }), []],
  ['another namespace is none', [listener(3, '10.0.0.1', { namespace: 2 })], to('10.0.0.1'), []],
  [
    'one for its device before one for all',
    [all4, listener(3, '0.0.0.0', { device: 4, onlyV6: false })],
    to('10.0.0.1', { device: 4, onlyV6: false }),
    [3],
  ],
  ['one for another device is none', [listener(3, '0.0.0.0', { device: 4, onlyV6: false })], to('::1'), []],
  ['a group is all of it', [all4, listener(3, '0.0.0.0')], to('10.0.0.1'), [2, 3]],
  ['what the kernel told is it', [all4, listener(3, '0.0.0.0')], to('10.9.9.9', { listener: 3 }), [3]],
  ['what the kernel told may not be there', [all4], to('10.0.0.1', { listener: 9 }), []],
] as const)('%s', (_what, records, connection, wanted) => {
  expect(choose(records, connection)).toEqual(wanted)
})

test('a listening socket that has two records is one: the later', () => {
  const listeners = new Listeners()
  listeners.add(listener(1, '0.0.0.0', { owner: 5 }))
  listeners.add(listener(1, '0.0.0.0', { owner: 6 }))
  expect(listeners.of(new ListBatch([to('10.0.0.1')]), 0).map(({ owner }) => owner)).toEqual([6])
})

test('the owner of several is known where they have the same', () => {
  const owners = (...pids: number[]) => commonOwner(pids.map((owner, i) => listener(i + 1, '::', { owner })))?.owner
  expect([owners(7, 7), owners(7, 8), owners(0, 0), owners(), owners(7)]).toEqual([
    7,
    undefined,
    undefined,
    undefined,
    7,
  ])
})
