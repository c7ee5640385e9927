import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { expect, it } from 'vitest'
import type { Names } from '../../../src/names/names.ts'
import { openNames, type Reverse } from '../../../src/names/resolver.ts'

/** A name server that answers when the test wants it to. */
class Server implements Reverse {
  readonly asked: string[] = []
  readonly #waiting = new Map<string, PromiseWithResolvers<readonly string[]>>()
  cancelled = false

  reverse(address: string): Promise<readonly string[]> {
    this.asked.push(address)
    const question = Promise.withResolvers<readonly string[]>()
    this.#waiting.set(address, question)
    return question.promise
  }

  async answer(address: string, ...names: readonly string[]): Promise<void> {
    const question = this.#waiting.get(address)
    if (names.length === 0) question?.reject(new Error('ENOTFOUND'))
    else question?.resolve(names)
    await new Promise(resolve => setImmediate(resolve))
  }

  cancel(): void {
    this.cancelled = true
  }
}

function start() {
  const server = new Server()
  const told: Names[] = []
  const services = (): ReadonlyMap<number, string> => new Map([[443, 'https']])
  const names = openNames(each => told.push(each), { reverse: server, services })
  return { server, told, names }
}

const addresses = (n: number, from = 0): string[] => Array.from({ length: n }, (_, i) => `10.0.0.${from + i}`)

it('tells the names of services at once, and hosts as they are found', async () => {
  const { server, told, names } = start()
  expect(told).toEqual([])
  names.want(['10.0.0.1', '10.0.0.1'])
  expect([told[0]?.service(443), told[0]?.service(5)]).toEqual(['https', null])
  expect(server.asked).toEqual(['10.0.0.1'])
  await server.answer('10.0.0.1', 'one.example', 'alias.example')
  await expect.poll(() => told.length).toBe(2)
  expect(told[1]?.host('10.0.0.1')).toBe('one.example')
  expect(told[1]).not.toBe(told[0])
})

it('asks for a few at a time, and no more for what has gone out of sight', async () => {
  const { server, names } = start()
  names.want(addresses(50))
  expect(server.asked).toEqual(addresses(8))
  names.want(addresses(50, 100))
  await server.answer('10.0.0.0', 'zero')
  await server.answer('10.0.0.1')
  expect(server.asked).toEqual([...addresses(8), ...addresses(2, 100)])
})

it('does not ask again for what it knows, nor for what has no name', async () => {
  const { server, names, told } = start()
  names.want(addresses(2))
  await server.answer('10.0.0.0', 'zero')
  await server.answer('10.0.0.1')
  await expect.poll(() => told.length).toBe(2)
  names.want(addresses(2))
  expect(server.asked).toEqual(addresses(2))
})

it('is silent when it is closed', async () => {
  const { server, names, told } = start()
  names.want(addresses(20))
  names.close()
  await server.answer('10.0.0.0', 'zero')
  names.want(addresses(3, 200))
  expect(server.cancelled).toBe(true)
  expect(server.asked).toHaveLength(8)
  expect(told).toHaveLength(1)
})

it('takes what is no address for one without a name, with the system’s own resolver', async () => {
  const told: Names[] = []
  const names = openNames(each => told.push(each))
  names.want(['not an address', 'fe80::1%eth0'])
  await new Promise(resolve => setImmediate(resolve))
  names.close()
  expect(told.map(each => each.host('not an address'))).toEqual([null])
})

it('takes no name that looks like an address, but the next one', async () => {
  const { server, told, names } = start()
  names.want(addresses(2))
  await server.answer('10.0.0.0', '127.0.0.1')
  await server.answer('10.0.0.1', '10.0.0.9', 'one.example')
  await expect.poll(() => told.length).toBe(2)
  expect([told[1]?.host('10.0.0.0'), told[1]?.host('10.0.0.1')]).toEqual([null, 'one.example'])
})

it('is not held up by a name server that never answers, and holds up nobody', async () => {
  const silent = createSocket('udp4')
  await new Promise<void>(resolve => silent.bind(0, '127.0.0.1', resolve))
  let questions = 0
  silent.on('message', () => questions++)
  const reverse = new Resolver({ timeout: 200, tries: 1 })
  reverse.setServers([`127.0.0.1:${silent.address().port}`])
  const told: Names[] = []
  const names = openNames(each => told.push(each), { reverse, services: () => new Map() })
  names.want(addresses(100))
  await expect.poll(() => questions, { timeout: 10_000 }).toBeGreaterThan(8)
  // at once, with eight questions under way and most of them not asked yet
  names.close()
  const asked = questions
  await new Promise(resolve => setTimeout(resolve, 500))
  expect(questions - asked).toBeLessThanOrEqual(8)
  expect(told).toHaveLength(1)
  silent.close()
})
