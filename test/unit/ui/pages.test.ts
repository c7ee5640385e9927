/** Enter opens what a row is, one page out of the other, and Esc goes back. */

import { afterEach, describe, expect, it } from 'vitest'
import { HistogramSum } from '../../../src/table/histogram.ts'
import type { CallRow } from '../../../src/tracers/syscalls/row.ts'
import { errorRow, inFlightRow, slowCallRow } from '../../support/samples.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { connectionRow, listenerRow, processRow, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

/** Like Esc, which with a key behind it would be Alt with that key. */
const BACK = '\x7f'
const RIGHT = '\x1b[C'
const SIZES = [
  [60, 10],
  [80, 24],
  [120, 40],
  [200, 60],
] as const

const STARTED = 1_767_268_700_000_000_000
/** Another process with the same pid. */
const LATER = STARTED + 9e9

function callRow(change: Partial<CallRow> & { readonly took?: readonly number[] } = {}): CallRow {
  const { took = [1000], ...rest } = change
  const durations = new HistogramSum()
  for (const nanoseconds of took) durations.record(nanoseconds)
  const row = { pid: 7, process_started_ns: STARTED, syscall: 'read', id: 0, abi: 'native' as const }
  return { ...row, errors: 0, failures: [], untimed: 0, durations, ...rest }
}

const nginx = processRow({ pid: 7, started_ns: STARTED, name: 'nginx', command: 'nginx: worker', syscalls: 900 })
const other = processRow({ pid: 7, started_ns: LATER, name: 'backup', command: 'backup -x', syscalls: 100 })

const busy = sampleOf({
  processes: [nginx, other],
  connections: [
    connectionRow({ id: 1, pid: 7, process_started_ns: STARTED, name: 'nginx' }),
    connectionRow({
      id: 2,
      pid: 7,
      process_started_ns: LATER,
      name: 'backup',
      remote: { address: '10.0.0.9', port: 22 },
    }),
  ],
  listeners: [listenerRow({ id: 3, pid: 7, name: 'nginx' })],
  in_flight: [
    inFlightRow({ pid: 7, tid: 8, process_started_ns: STARTED, name: 'nginx', argument: '/srv/of-nginx' }),
    inFlightRow({ pid: 7, tid: 9, process_started_ns: LATER, name: 'backup', argument: '/srv/of-backup' }),
  ],
  errors: [
    errorRow({ pid: 7, process_started_ns: STARTED, name: 'nginx', syscall: 'openat', id: 257, errno: 'ENOENT' }),
  ],
  slow_calls: [slowCallRow({ pid: 7, name: 'nginx', syscall: 'fsync', id: 74 })],
  calls: [
    callRow({ took: [1000, 2000, 3000] }),
    callRow({ syscall: 'openat', id: 257, errors: 2, failures: [{ errno: 'ENOENT', count: 2 }] }),
    callRow({ process_started_ns: LATER, syscall: 'write', id: 1 }),
    callRow({ pid: 9, syscall: 'openat', id: 257, took: [5e9] }),
  ],
})

async function at(view: string, columns = 120, rows = 40, sample = busy): Promise<Person> {
  const person = sitDown(columns, rows, { view })
  person.take(sample)
  await person.see(lines => lines.some(line => line.startsWith('>')))
  return person
}

const text = (lines: readonly string[]): string => lines.join('\n')

describe('a process', () => {
  it('has what all tables say of it, and nothing of another one with its pid', async () => {
    const person = await at('processes')
    person.type('\r')
    await person.see('processes › nginx 7')
    person.take(busy)
    const lines = text(await person.see(seen => /[ >]read +3 /.test(text(seen))))
    expect(lines).toContain('nginx: worker')
    expect(lines).toMatch(/Calls 2 +In flight 1 +Connections 1 +Listeners 1 +Slow calls 1 +Errors 1/)
    expect(lines).toMatch(/read +3 .*\n.*openat .*ENOENT 2/)
    expect(lines).toContain('of-nginx')
    for (const foreign of ['of-backup', '10.0.0.9', 'write']) expect(lines).not.toContain(foreign)
    expect(person.looked.at(-1)).toEqual([
      ...['process-calls', 'in-flight', 'connections', 'listeners', 'slow', 'errors'],
    ])
    person.type(`${BACK}j\r`)
    await person.see('processes › backup 7')
    person.take(busy)
    const theirs = text(await person.see('write'))
    expect(theirs).toContain('of-backup')
    expect(theirs).not.toContain('of-nginx')
    person.type('\x7f')
    await person.see(seen => text(seen).includes('4 Processes') && seen.some(line => /^> +7 backup/.test(line)))
    expect(person.looked.at(-1)).toEqual(['processes'])
  })

  it('opens from its calls in flight, slow calls and listeners too, with the cursor there', async () => {
    const person = await at('in-flight')
    person.type('\r')
    await person.see('in flight › nginx 7')
    await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('of-nginx')))
    person.type('6')
    await person.see('fsync')
    person.type('\r')
    await person.see('slow calls › nginx 7')
    await person.see(lines => lines.some(line => line.startsWith('>') && line.includes('fsync')))
  })

  it('says so where it has ended, and shows what it was as long as it is seen', async () => {
    const gone = { ...{ pid: 4242, process_started_ns: STARTED, name: 'gone' } }
    const person = await at('connections', 120, 40, sampleOf({ connections: [connectionRow(gone)], processes: [] }))
    person.type('\r')
    await person.see('connections › ← 203.0.113.7:40001')
    person.type(`${BACK}bbb\r`)
    await person.see('process 4242 (gone) has ended')
    person.type('b')
    person.take(sampleOf({ connections: [connectionRow({ pid: null, name: null })] }))
    await person.see('Connections')
    person.type('\rf')
    await person.see('the owner of this process is not known')
  })
})

describe('a call', () => {
  it('has who makes it, how long it takes, and its errors', async () => {
    const person = await at('errors')
    person.type('\r')
    await person.see('errors › openat')
    await person.see('waiting for the next sample')
    person.take(busy)
    const lines = text(await person.see('UP TO'))
    expect(lines).toMatch(/Calls 1 +Durations 1 +In flight 0 +Slow calls 0 +Errors 1/)
    expect(lines).toContain('ENOENT 2')
    expect(lines).toMatch(/100% ▇+/)
    // of one process it leads on to the process
    person.type(`${RIGHT}${RIGHT}`)
    await person.see(seen => seen.some(line => line.startsWith('>') && line.includes('▇')))
    person.type(`\x1b[D\r`)
    await person.see('errors › openat › nginx 7')
    person.type(`${BACK}${BACK}`)
    await person.see('8 Errors')
  })

  it('of all processes leads to that of one, and on to the process', async () => {
    const person = await at('syscalls', 120, 40, busy)
    person.type('\r')
    person.take(busy)
    await person.see('syscalls › read')
    await person.see(lines => lines.some(line => /^> +7 nginx/.test(line)))
    person.type('\r')
    await person.see('syscalls › read › read')
    person.type('\r')
    await person.see('syscalls › read › read › nginx 7')
    // one that is open already is gone back to
    person.type('\r')
    await person.see(lines => / read › read$/.test(lines[2] ?? ''))
  })
})

describe('a connection', () => {
  it('has all its fields, stays as it was seen last, and leads to its process', async () => {
    const person = await at('connections')
    person.type('G\r')
    await person.see('connections ›')
    const lines = text(await person.see('RETR%'))
    for (const title of ['STATE', 'LOCAL', 'REMOTE', 'SENT/s', 'RTT', 'RETR', 'AGE']) expect(lines).toContain(title)
    for (let i = 0; i < 8; i++) person.take(sampleOf({ connections: [], processes: [nginx, other] }))
    const last = text(await person.see('this connection is gone; as it was seen last:'))
    expect(last).toContain('REMOTE')
    person.type('\r')
    await person.see(seen => / connections › .* › (nginx|backup) 7$/.test(seen[2] ?? ''))
  })
})

describe('a listener', () => {
  it('has the connections that came to it, and who owns them', async () => {
    const came = connectionRow({ id: 5, local: { address: '192.168.0.1', port: 443 }, pid: 9, name: 'worker' })
    const worker = processRow({ pid: 9, name: 'worker' })
    const sample = sampleOf({
      connections: [came, connectionRow({ id: 6, local: { address: '192.168.0.1', port: 80 }, name: 'else' })],
      processes: [nginx, worker, processRow({ pid: 10, name: 'else' })],
      listeners: [listenerRow({ id: 3, pid: 7, name: 'nginx' })],
    })
    const person = await at('listeners', 120, 40, sample)
    person.type('\r')
    await person.see('listeners › 0.0.0.0:443')
    const lines = text(person.look())
    expect(lines).toMatch(/Connections 1 +Processes 2/)
    expect(lines).toContain('worker')
    expect(lines).not.toContain('else')
  })
})

describe('the way back', () => {
  it('is to the same row, wherever it is, or to its place; and to the text filter there', async () => {
    const rows = (...pids: number[]) =>
      sampleOf({ processes: pids.map((pid, i) => processRow({ pid, name: `p${pid}`, syscalls: 900 - i })) })
    const person = await at('processes', 100, 24, rows(1, 2, 3))
    person.type('/p\r')
    await person.see('filter “p”')
    person.type('j\r')
    await person.see('processes › p2 2')
    await person.see('filter none')
    person.type('/zzz\r')
    await person.see('filter “zzz”')
    person.take(rows(3, 1, 2))
    person.type(`${BACK}${BACK}`)
    await person.see(lines => lines[1]?.endsWith('filter “p”') === true && lines.some(line => /^> +2 p2/.test(line)))
    person.type('\r')
    await person.see('processes › p2 2')
    person.take(rows(3, 1))
    person.type(BACK)
    await person.see(lines => lines.some(line => /^~ +2 p2/.test(line)))
  })

  it('is left out by the key of a view', async () => {
    const person = await at('processes')
    person.type('\r')
    await person.see('processes › nginx 7')
    person.type('3')
    await person.see('3 Connections')
    person.type(BACK)
    expect(person.look()[2]).toContain('4 Processes')
  })
})

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  it.each(['processes', 'syscalls', 'connections', 'listeners', 'in-flight', 'errors', 'slow'])(
    'a row of %s opens, with hostile names, and is resized',
    async view => {
      const name = '\x1b[2J\u202eevil\n日本語'
      const hostile = {
        processes: [processRow({ pid: 7, started_ns: STARTED, name, command: `${name} `.repeat(300) })],
        connections: [connectionRow({ pid: 7, process_started_ns: STARTED, name, container: name })],
        listeners: [listenerRow({ pid: 7, name })],
        in_flight: [inFlightRow({ pid: 7, process_started_ns: STARTED, name, argument: name.repeat(40) })],
        errors: [errorRow({ pid: 7, process_started_ns: STARTED, name })],
        slow_calls: [slowCallRow({ pid: 7, name })],
        calls: [callRow()],
      }
      const person = await at(view, columns, rows, sampleOf(hostile))
      person.type('\r')
      await person.see(lines => lines.some(line => line.includes(' › ')))
      for (const [w, h] of [...SIZES, [columns, rows] as const]) {
        person.stdout.resize(w, h)
        person.take(sampleOf(hostile))
        const lines = await person.see(seen => seen.length === h && (seen.at(-1) ?? '').includes('Quit'))
        expect(text(lines)).not.toContain('\x1b')
        expect(lines.some(line => line.includes('evil') || view === 'syscalls' || view === 'errors')).toBe(true)
      }
    },
  )
})
