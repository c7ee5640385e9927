import { describe, expect, test } from 'vitest'
import { endOf } from '../support/connections.ts'
import { askSs, isInTimeWait } from '../support/network.ts'
import { connectedPair } from '../support/pair.ts'
import { type Top, tells } from '../support/top.ts'

/** A sample during which nothing moved, and what ss said then. */
async function atRest(top: Top, local: number, port: number) {
  for (;;) {
    const queued = askSs(local, port).sendQueue
    const unread = askSs(port, local).receiveQueue
    const full = await top.fresh()
    // the kernel tries now and then whether there is room again
    if (askSs(local, port).sendQueue === queued && askSs(port, local).receiveQueue === unread) {
      return { full, queued, unread }
    }
  }
}

describe('the queues of a connection', () => {
  test('hold what nobody reads, and tell which end has no room', async () => {
    const { server, client, port, local, top } = await connectedPair()
    const filled = await client.ask('fill', 0)
    const { full, queued, unread } = await atRest(top, local, port)
    const [sender] = endOf([full], local, port)
    const [receiver] = endOf([full], port, local)
    expect(sender?.receive_queue_bytes).toBe(0)
    expect(receiver?.send_queue_bytes).toBe(0)
    // each byte is either with the one or with the other
    expect((sender?.send_queue_bytes ?? 0) + (receiver?.receive_queue_bytes ?? 0)).toBe(filled)
    expect(sender?.send_queue_bytes).toBe(queued)
    expect(receiver?.receive_queue_bytes).toBe(unread)
    const [remote, own] = tells('zero windows') ? ['remote', 'local'] : [null, null]
    expect(sender?.zero_window).toBe(remote)
    expect(receiver?.zero_window).toBe(own)
    await server.tell('receive', 1, filled, 'read')
    const empty = await top.fresh()
    for (const row of [...endOf([empty], local, port), ...endOf([empty], port, local)]) {
      expect(row).toMatchObject({ receive_queue_bytes: 0, send_queue_bytes: 0, zero_window: null })
    }
    await top.stop()
  })
})

describe('TIME_WAIT', () => {
  test('shows the last owner, at the end that closed first', async () => {
    const { server, client, port, local, top } = await connectedPair()
    await client.tell('close', 0)
    await server.tell('end', 1)
    await server.tell('close', 1)
    expect(isInTimeWait(local, port)).toBe(true)
    expect(isInTimeWait(port, local)).toBe(false)
    const samples = await top.finish()
    const state = tells('TIME_WAIT') ? 'TIME_WAIT' : 'CLOSE'
    expect(endOf(samples, local, port).at(-1)).toMatchObject({ closed: true, state, pid: client.pid })
    expect(endOf(samples, port, local).at(-1)).toMatchObject({ closed: true, state: 'CLOSE', pid: server.pid })
  })

  test('is not where a reset ended it', async () => {
    const { server, client, port, local, top } = await connectedPair()
    await server.tell('reset', 1)
    await client.tell('close', 0)
    expect(isInTimeWait(local, port) || isInTimeWait(port, local)).toBe(false)
    const samples = await top.finish()
    expect(endOf(samples, local, port).at(-1)).toMatchObject({ closed: true, state: 'CLOSE', pid: client.pid })
    expect(endOf(samples, port, local).at(-1)).toMatchObject({ closed: true, state: 'CLOSE', pid: server.pid })
  })
})
