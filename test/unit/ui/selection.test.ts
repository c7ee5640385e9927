/** The selection is the user's: it stays on what was chosen, and Enter acts on what was seen. */

import { afterEach, describe, expect, it } from 'vitest'
import type { ProcessRow } from '../../../src/tracers/processes/row.ts'
import { slowCallRow } from '../../support/samples.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { connectionRow, listenerRow, processRow, sampleOf, syscallRow } from './samples.ts'

afterEach(everybodyLeaves)

const selected = (text: string) => (lines: string[]) => lines.some(line => line.startsWith('>') && line.includes(text))

const busy = (pid: number, syscalls: number): ProcessRow => processRow({ pid, name: `p${pid}`, command: 'c', syscalls })

function processes(...rows: readonly ProcessRow[]) {
  return sampleOf({ processes: rows })
}

const later = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))

/** The selected row begins with this, and has none in this interval. */
const absent = (text: string) => (lines: string[]) => lines.some(line => line.startsWith('~') && line.includes(text))

/** The rows of a view with one table. */
const rows = (lines: readonly string[]): string[] =>
  lines
    .slice(5, -1)
    .filter(line => line.trim() !== '')
    .map(line => line.trim().replaceAll(/ +/g, ' '))

async function at(view: 'processes' | 'connections' | 'slow' | 'syscalls' | 'listeners'): Promise<Person> {
  const person = sitDown(100, 24, { view })
  await person.see('waiting')
  return person
}

describe('before anybody has chosen', () => {
  it('the cursor follows the row that it shows, and the list stays at its top', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80), busy(3, 70)))
    await person.see(selected('p1'))
    person.take(processes(busy(1, 75), busy(2, 80), busy(3, 70)))
    await person.see(seen => rows(seen)[0]?.includes('p2') === true)
    expect(selected('p1')(person.look())).toBe(true)
    const crowd = Array.from({ length: 50 }, (_, i) => busy(100 + i, 1000 - i))
    person.take(processes(busy(1, 75), ...crowd))
    await person.see('1-18 of 51')
    await person.see(seen => rows(seen)[0]?.includes('p100') === true && seen.some(line => line.startsWith('>')))
  })

  it('another row takes the place of one that has gone', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80)))
    await person.see(selected('p1'))
    person.take(processes(busy(2, 80)))
    await person.see(selected('p2'))
    expect(person.look().join()).not.toContain('p1')
  })

  it('Enter acts on the row that was seen, not on one that slid under the cursor', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80)))
    await person.see(selected('p1'))
    await later(600)
    person.take(processes(busy(2, 80), busy(3, 1)))
    person.type('\r')
    await person.see('processes › p1 1')
    person.type('\x1b')
    await person.see(absent('p1'))
  })

  it('and on the new one once it was there to be seen', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80)))
    await person.see(selected('p1'))
    person.take(processes(busy(2, 80), busy(3, 1)))
    await person.see(selected('p2'))
    await later(600)
    person.type('\r')
    await person.see('processes › p2 2')
    person.type('f')
    await person.see('filter pid 2')
    expect(person.told).toEqual(['pids 2'])
  })
})

describe('what was chosen', () => {
  it('is followed from sample to sample, however it is sorted', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80), busy(3, 70)))
    await person.see('p3')
    person.type('j')
    await person.see(selected('p2'))
    person.take(processes(busy(1, 90), busy(2, 10), busy(3, 70)))
    await person.see(seen => rows(seen)[2]?.includes('p2') === true)
    expect(selected('p2')(person.look())).toBe(true)
    person.type('r')
    await person.see(seen => rows(seen)[0]?.includes('p2') === true)
    expect(selected('p2')(person.look())).toBe(true)
  })

  it('stays in its place while it has no row, without numbers of an interval that is over', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80), busy(3, 70)))
    await person.see('p3')
    person.type('j')
    await person.see(selected('p2'))
    person.take(processes(busy(1, 90), busy(3, 70), busy(4, 60)))
    const lines = await person.see(seen => rows(seen).length === 4)
    expect(rows(lines).map(row => row.split(' ').find(word => word.startsWith('p')))).toEqual(['p1', 'p2', 'p3', 'p4'])
    expect(rows(lines)[1]).toMatch(/^~ ?2 p2( -)+ c$/)
    expect(person.looksOf('p2')).toMatchObject({ dim: true, inverse: true })
    expect(lines.join('\n')).toMatch(/Processes +3$/m)
    person.take(processes(busy(2, 1000), busy(1, 90)))
    await person.see(seen => /^> ?2 p2 1000/.test(rows(seen)[0] ?? ''))
    expect(rows(person.look())).toHaveLength(2)
  })

  it('is left with the cursor keys, and Enter acts on it while it is absent', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80), busy(3, 70)))
    await person.see('p3')
    person.type('j')
    await person.see(selected('p2'))
    person.take(processes(busy(1, 90), busy(3, 70)))
    await person.see(seen => rows(seen).length === 3 && absent('p2')(seen))
    person.type('f')
    await person.see('filter pid 2')
    person.type('\x1b')
    await person.see('filter none')
    person.type('j')
    await person.see(selected('p3'))
    expect(person.look().join()).not.toContain('p2')
    person.type('k')
    await person.see(selected('p1'))
    person.take(processes())
    await person.see(absent('p1'))
    person.type('jjkkGg')
    await person.see('no processes in this interval')
  })

  it('is not shown where a filter leaves it out', async () => {
    const person = await at('processes')
    person.take(processes(busy(1, 90), busy(2, 80), busy(3, 70)))
    await person.see('p3')
    person.type('j')
    await person.see(selected('p2'))
    person.take(processes(busy(1, 90), busy(3, 70)))
    await person.see(seen => rows(seen).length === 3)
    person.type('/p3')
    await person.see(seen => rows(seen).length === 1 && selected('p3')(seen))
    person.type('\x15p4')
    await person.see('none of the processes matches')
    person.type('\x15p2')
    await person.see(absent('p2'))
  })

  it('is there again once a filter no longer leaves it out, be it present or absent', async () => {
    const person = await at('processes')
    const all = processes(busy(1, 90), busy(2, 80), busy(3, 70))
    person.take(all)
    await person.see('p3')
    person.type('j')
    await person.see(selected('p2'))
    person.type('/p3')
    await person.see(selected('p3'))
    person.type('\x1b')
    await person.see(selected('p2'))
    person.type('/p1\r')
    await person.see(selected('p1'))
    person.take(processes(busy(1, 90), busy(3, 70)))
    person.type('\x1b')
    await person.see(absent('p2'))
    // the filter of pids
    person.take(all)
    await person.see(selected('p2'))
    person.take({ ...processes(busy(3, 70)), filter: { pids: [3] } })
    await person.see(selected('p3'))
    person.take(all)
    await person.see(selected('p2'))
    // what is chosen meanwhile is what counts
    person.type('/p\x7f3')
    await person.see(selected('p3'))
    person.type('\r')
    person.take(processes(busy(1, 90), busy(33, 70), busy(3, 60)))
    await person.see('p33')
    person.type('k')
    await person.see(selected('p33'))
    person.type('\x1b')
    await person.see(seen => rows(seen).length > 2)
    expect(selected('p33')(person.look())).toBe(true)
  })

  it.each([
    [
      'connections',
      'curl',
      sampleOf({
        connections: [
          connectionRow(),
          connectionRow({ pid: 7, name: 'curl', remote: { address: '::2', port: 9 }, sent_bytes: 1 }),
        ],
      }),
      sampleOf({ connections: [connectionRow()] }),
    ],
    [
      'listeners',
      'sshd',
      sampleOf({
        listeners: [
          listenerRow({ accepts: 9 }),
          listenerRow({ id: 2, pid: 7, name: 'sshd', local: { address: '::', port: 22 } }),
        ],
      }),
      sampleOf({ listeners: [listenerRow({ accepts: 9 })] }),
    ],
    ['syscalls', 'write', sampleOf(), sampleOf({ syscalls: [syscallRow()] })],
    [
      'slow',
      '1.5s',
      sampleOf({ slow_calls: [slowCallRow({ duration_ns: 2e9 }), slowCallRow({ tid: 7, duration_ns: 1.5e9 })] }),
      sampleOf({ slow_calls: [] }),
    ],
  ] as const)('stays in its place in %s too', async (view, text, first, second) => {
    const person = await at(view)
    person.take(first)
    await person.see(text)
    person.type('G')
    await person.see(selected(text))
    for (let i = 0; i < 8; i++) person.take({ ...second, time: `2026-01-01T12:00:1${i}.000Z` })
    await person.see(absent(text))
    const looks = () => person.looksOf(text)
    await expect.poll(looks, { timeout: 5000 }).toMatchObject({ dim: true, inverse: true })
    person.take(first)
    await expect.poll(looks, { timeout: 5000 }).toMatchObject({ dim: false, inverse: false })
    expect(selected(text)(person.look())).toBe(true)
  })
})
