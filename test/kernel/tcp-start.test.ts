import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Top } from '../support/top.ts'

/** Connections of this process to itself, one after the other, until the test is over. */
async function comeAndGo(): Promise<void> {
  const server = createServer(socket => socket.end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  let isOver = false
  const going = (async () => {
    while (!isOver) {
      const socket = connect(port, '127.0.0.1').resume()
      await once(socket, 'close')
      await setTimeout(1)
    }
  })()
  onTestFinished(async () => {
    isOver = true
    await going
    server.close()
  })
}

describe('TCP connections that come and go while the program starts', () => {
  // what closes before the first interval, when there is no place for it yet, is in no sample and lost from none
  test.each([1, 2, 3])('are not lost, and those of its first intervals are whole (start %i)', async () => {
    await comeAndGo()
    const top = await Top.start('-d', 0.3)
    await top.next()
    await top.stop()
    expect(top.samples.flatMap(sample => sample.losses)).toEqual([])
    const whole = top.samples
      .flatMap(sample => sample.connections)
      .filter(row => row.pid === process.pid && row.opened && row.closed)
    expect(whole.length).toBeGreaterThan(0)
    for (const row of whole) expect(row).toMatchObject({ age_is_minimum: false, error: null })
  })
})
