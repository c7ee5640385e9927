import { describe, expect, test } from 'vitest'
import { ListBatch } from '../../../src/table/batch.ts'
import { addBytes } from '../../../src/tracers/bytes/socket-bytes.ts'
import type { ConnectionRecord } from '../../../src/tracers/connections/sockets/record.ts'
import type { ProcessRecord } from '../../../src/tracers/processes/tracer.ts'
import { connectionRecord, processRecord } from '../../support/records.ts'

function bytesOf(
  processes: readonly ProcessRecord[],
  open: readonly ConnectionRecord[],
  closed: readonly ConnectionRecord[],
): readonly ProcessRecord[] {
  return addBytes(processes, new ListBatch(open), new ListBatch(closed))
}

describe('bytes of processes by their connections', () => {
  test('are the sums over those that they own', () => {
    const records = bytesOf(
      [processRecord(1), processRecord(2)],
      [connectionRecord({ id: 1, owner: 2, sentBytes: 5, receivedBytes: 7 }), connectionRecord({ id: 2, owner: 1 })],
      [connectionRecord({ id: 3, owner: 2, sentBytes: 1, endedNs: 9 })],
    )
    expect(records.map(({ pid, tcp }) => ({ pid, ...tcp }))).toEqual([
      { pid: 1, sentBytes: 0, receivedBytes: 0 },
      { pid: 2, sentBytes: 6, receivedBytes: 7 },
    ])
  })

  test('make a row for an owner that did nothing else', () => {
    const records = bytesOf([], [connectionRecord({ owner: 9, name: 'idle', receivedBytes: 3 })], [])
    expect(records).toMatchObject([{ pid: 9, name: 'idle', exited: false, tcp: { sentBytes: 0, receivedBytes: 3 } }])
  })

  test('are the listener’s until somebody accepts, as in the rows of connections', () => {
    const listener = connectionRecord({
      id: 2,
      owner: 4,
      name: 'server',
      state: 'LISTEN',
      remote: { address: '0.0.0.0', port: 0 },
    })
    const records = bytesOf([processRecord(4)], [listener, connectionRecord({ owner: 0, receivedBytes: 11 })], [])
    expect(records.map(({ pid, tcp }) => [pid, tcp.receivedBytes])).toEqual([[4, 11]])
  })

  test('of one that closed after the walk are those until the walk, and those since by its totals', () => {
    const walked = connectionRecord({ owner: 1, sentBytes: 10, totalSentBytes: 110 })
    const closed = connectionRecord({ owner: 2, endedNs: 9, totalSentBytes: 115 })
    // whether the kernel side knew at the end what the walk had counted or not
    for (const sentBytes of [5, 15]) {
      const records = bytesOf([], [walked], [{ ...closed, sentBytes }])
      expect(records.map(({ pid, tcp }) => [pid, tcp.sentBytes])).toEqual([
        [1, 10],
        [2, 5],
      ])
    }
  })
})
