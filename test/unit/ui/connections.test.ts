/** The connections on the screen: in groups, with names, and closed. */

import stringWidth from 'string-width'
import { afterEach, describe, expect, it } from 'vitest'
import type { Names } from '../../../src/names/names.ts'
import type { ConnectionRow } from '../../../src/tracers/connections/row.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { connectionRow, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

const ESCAPE = '\x1b'

/** 30 clients with 10 connections each to port 443, and one connection of its own to a database. */
const crowd: readonly ConnectionRow[] = [
  ...Array.from({ length: 300 }, (_, i) =>
    connectionRow({ remote: { address: `198.51.100.${i % 30}`, port: 40_000 + i }, sent_bytes: 300 - i }),
  ),
  connectionRow({
    pid: 200,
    name: 'redis-server',
    direction: 'outbound',
    local: { address: '10.0.0.1', port: 51_000 },
    remote: { address: '10.0.0.9', port: 5432 },
    sent_bytes: 1,
  }),
]

function atConnections(connections: readonly ConnectionRow[], columns = 120): Person {
  const person = sitDown(columns, 40, { view: 'connections' })
  person.take(sampleOf({ connections }))
  return person
}

describe('groups', () => {
  it('are turned through with b: remote address, service, process, none', async () => {
    const person = atConnections(crowd)
    await person.see('1-34 of 301')
    person.type('b')
    await person.see(seen => /Connections by remote address +31$/m.test(seen.join('\n')))
    person.type('b')
    const services = await person.see('Connections by service port')
    expect(services.filter(line => /^[ >](:443|→ :5432) /.test(line))).toHaveLength(2)
    person.type('b')
    const processes = await person.see('Connections by process')
    expect(processes.filter(line => /^[ >] +(100 nginx|200 redis-server) /.test(line))).toHaveLength(2)
    person.type('b')
    await person.see('1-34 of 301')
  })

  it('open with Enter, and Esc closes them', async () => {
    const person = atConnections(crowd)
    person.type('bb')
    await person.see('Connections by service port')
    person.type('j\r')
    await person.see('connections › service → :5432')
    const opened = await person.see('10.0.0.9:5432')
    expect(opened.join('\n')).not.toContain('198.51.100')
    person.type('\r')
    await person.see('service → :5432 › → 10.0.0.9:5432')
    person.type(`${ESCAPE}${ESCAPE}`)
    await person.see(
      seen => seen.join('\n').includes('Connections by service port') && seen.some(line => line.startsWith('>→ :5432')),
    )
    person.type('bj\r')
    await person.see('connections › redis-server 200')
    expect(person.told).toEqual([])
  })

  it('are of the connections that the text filter leaves', async () => {
    const person = atConnections(crowd)
    person.type('b/redis\r')
    const lines = await person.see(seen => /Connections by remote address +1$/m.test(seen.join('\n')))
    expect(lines.join('\n')).toContain('10.0.0.9')
    person.type('/\x15zzz\r')
    await person.see('none of the connections matches “zzz”')
  })

  it.each([
    [60, 10],
    [80, 24],
    [120, 40],
    [200, 60],
  ])('fill a terminal of %ix%i and no more', async (columns, rows) => {
    const person = sitDown(columns, rows, { view: 'connections' })
    person.take(sampleOf({ connections: crowd }))
    for (const heading of ['REMOTE', 'SERVICE', 'PID NAME']) {
      person.type('b')
      const lines = await person.see(seen => seen.some(line => line.includes(heading) && line.includes('CONN▼')))
      expect(lines.at(-1)).toContain('Quit')
      expect(lines.filter(line => line.includes('CONN▼')).join()).not.toContain('…')
      expect(lines.filter(line => stringWidth(line) > columns)).toEqual([])
    }
  })

  it('stand in the overview as well, and keep their cursor from sample to sample', async () => {
    const person = sitDown(120, 40)
    person.take(sampleOf({ connections: crowd }))
    await person.see('198.51.100')
    person.type('b\x1b[D')
    await person.see('Connections by remote address')
    person.type('G')
    const selected = (lines: string[]): string => lines.find(line => line.startsWith('>')) ?? ''
    const [, address = ''] = /^>([\d.]+)/.exec(selected(await person.see(seen => /^>1/m.test(seen.join('\n'))))) ?? []
    expect(address).not.toBe('')
    person.take(sampleOf({ connections: [...crowd].reverse() }))
    await person.see(seen => selected(seen).startsWith(`>${address} `))
  })
})

describe('names', () => {
  const hostile: Names = {
    host: address => (address === '10.0.0.9' ? 'db\x1b[2J\u202e.test' : null),
    service: port => (port === 443 ? 'https' : null),
  }

  it('are asked for only once they are wanted, and only for what is in sight', async () => {
    const asked: string[][] = []
    let tell: (names: Names) => void = () => {}
    const person = sitDown(120, 12, {
      view: 'connections',
      openNames: changed => {
        tell = changed
        return { want: addresses => asked.push([...addresses]), close: () => asked.push([]) }
      },
    })
    person.take(sampleOf({ connections: crowd }))
    await person.see('198.51.100.0:40000')
    expect(asked).toEqual([])
    person.type('n')
    await expect.poll(() => asked.at(-1)).toEqual(Array.from({ length: 8 }, (_, i) => `198.51.100.${i}`))
    tell(hostile)
    await person.see('192.168.100.200:https')
    person.type('G')
    await person.see('db?[2J?.test:5432')
    expect(asked.at(-1)).toContain('10.0.0.9')
    person.type('/.TEST\r')
    await person.see(seen => seen.filter(line => line.includes('ESTABLISHED')).length === 1)
    person.type(ESCAPE)
    await person.see('filter none')
    person.type('n')
    await person.see('192.168.100.200:443')
    person.type('q')
    await person.screen.ended
    expect(asked.at(-1)).toEqual([])
  })
})

describe('closed connections', () => {
  it('stay dimmed with their totals, how long they were, and who closed', async () => {
    const person = atConnections(
      [
        connectionRow(),
        connectionRow({
          ...{ pid: 300, name: 'curl', closed: true, closed_by: 'remote', state: 'CLOSE' },
          ...{ total_sent_bytes: 777, total_received_bytes: 888, age_seconds: 61 },
        }),
      ],
      200,
    )
    await person.see('curl')
    person.take(sampleOf({ time: '2026-01-01T12:00:01.000Z', connections: [connectionRow()] }))
    const lines = await person.see(seen => / 300 curl .* 0 +0 +777 +888 .* 1m01s +(?:.* )?remote/.test(seen.join('\n')))
    expect(person.looksOf('curl').dim).toBe(true)
    expect(lines.join('\n')).toMatch(/^ Connections +2$/m)
    person.take(sampleOf({ interval_seconds: 4, connections: [connectionRow()] }))
    await person.see(seen => !seen.join('\n').includes('curl'))
  })

  it('are not counted in groups again', async () => {
    const person = atConnections([connectionRow({ closed: true }), connectionRow()])
    person.type('b')
    await person.see(seen => /^>203\.0\.113\.7 +2 /m.test(seen.join('\n')))
    person.take(sampleOf({ time: '2026-01-01T12:00:01.000Z', connections: [connectionRow()] }))
    await person.see(seen => /^>203\.0\.113\.7 +1 /m.test(seen.join('\n')))
  })
})

describe('connections that closed, and those that failed', () => {
  const end = (port: number, change: Partial<ConnectionRow> = {}) =>
    connectionRow({ remote: { address: '192.0.2.1', port }, sent_bytes: port, ...change })
  const over = { closed: true, state: 'CLOSE' }
  const failed = { ...over, established: false, error: 'ECONNREFUSED' }
  const mixed = [end(1), end(9, over), end(7, failed), end(3), end(8, failed), end(6, over)]
  const ports = (lines: readonly string[]): number[] =>
    lines.flatMap(line => /192\.0\.2\.1:(\d)/.exec(line)?.[1] ?? []).map(Number)

  it('stand behind the others in every order', async () => {
    const person = atConnections(mixed)
    expect(ports(await person.see('192.0.2.1:1'))).toEqual([3, 1, 8, 7, 9, 6])
    person.type('r')
    await person.see(lines => ports(lines).join() === '1,3,7,8,6,9')
  })

  it('are hidden by a key, but for those that failed', async () => {
    const person = atConnections(mixed)
    await person.see('x Closed')
    person.type('x')
    const lines = await person.see('2 closed hidden')
    expect(ports(lines)).toEqual([3, 1, 8, 7])
    person.type('x')
    await person.see(seen => ports(seen).length === 6)
  })

  it('tell themselves apart: who failed is not dimmed, and says why, in 80 columns too', async () => {
    const person = atConnections(mixed, 80)
    const lines = await person.see('ECONNREFUSED')
    expect(lines.find(line => line.includes('192.0.2.1:8'))).toContain('ECONNREFUSED')
    expect(person.looksOf('ECONNREFUSED').coloured).toBe(true)
    expect(person.looksOf('192.0.2.1:8').dim).toBe(false)
    expect(person.looksOf('192.0.2.1:9').dim).toBe(true)
    person.type('b')
    await person.see(seen => seen.some(line => /FAIL\/s.*ERROR/.test(line)) && seen.join().includes('ECONNREFUSED'))
  })

  it('takes the cursor from one that closed when that is hidden', async () => {
    const person = atConnections([end(1), end(9, over)])
    person.type('G')
    await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('192.0.2.1:9')))
    person.type('x')
    await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('192.0.2.1:1')))
    person.take(sampleOf({ connections: [end(1)] }))
    person.type('x')
    await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('192.0.2.1:9')))
  })
})
