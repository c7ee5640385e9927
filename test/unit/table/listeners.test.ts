import { expect, it } from 'vitest'
import { listenerTable } from '../../../src/tracers/listeners/table.ts'
import { listenerRow } from '../ui/samples.ts'

it('a queue is full with one connection more than its limit, as the kernel counts', () => {
  const share = listenerTable.columns.find(column => column.id === 'backlog_share')
  expect(share?.value(listenerRow({ backlog: 129, backlog_limit: 128 }))).toBe(1)
  expect(share?.value(listenerRow({ backlog: 1, backlog_limit: 0 }))).toBe(1)
  expect(share?.value(listenerRow({ backlog: 0, backlog_limit: 0 }))).toBe(0)
})

it('two listeners on one port are two rows, where SO_REUSEPORT lets them share it, and one that changes hands is one', () => {
  expect(listenerTable.key(listenerRow({ id: 1 }))).not.toBe(listenerTable.key(listenerRow({ id: 2 })))
  expect(listenerTable.key(listenerRow({ pid: 1 }))).toBe(listenerTable.key(listenerRow({ pid: 2 })))
})
