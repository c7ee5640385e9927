/** What a person does, and what comes of it. */

import { afterEach, describe, expect, it } from 'vitest'
import { GROUPINGS } from '../../../src/tracers/connections/groups/table.ts'
import { connectionTable } from '../../../src/tracers/connections/table.ts'
import { registry } from '../../../src/tracers/registry.ts'
import { type Page, sectionsOf, type What } from '../../../src/ui/pages/page.ts'
import { bindings, isAvailable } from '../../../src/ui/state/keys.ts'
import { initialState, type State } from '../../../src/ui/state/state.ts'
import { hostOf, inFlightRow, slowCallRow } from '../../support/samples.ts'
import { everybodyLeaves, type Person, sitDown } from './person.ts'
import { connectionRow, fullSample, sampleOf } from './samples.ts'

afterEach(everybodyLeaves)

const UP = '\x1b[A'
const DOWN = '\x1b[B'
const RIGHT = '\x1b[C'
const PAGE_DOWN = '\x1b[6~'
const ESCAPE = '\x1b'

/** The selected row is the one that begins with this. */
const selected = (text: string) => (lines: string[]) => lines.some(line => line.startsWith('>') && line.includes(text))

async function atProcesses(columns = 80, rows = 24): Promise<Person> {
  const person = sitDown(columns, rows, { view: 'processes' })
  person.take(fullSample())
  await person.see('worker-0')
  return person
}

it('no key has two meanings at a time', () => {
  const start = {
    host: hostOf(),
    version: '',
    size: { columns: 80, rows: 24 },
  }
  const state = initialState({ ...start, view: 'connections', filter: '', pids: [], interval: 1 })
  const pages: Page[] = registry.views.flatMap((_, i) => {
    const process = i % 2 === 0 ? null : { pid: 7, started_ns: null }
    const whats: What[] = [
      { kind: 'call', call: { id: 0, abi: 'native', syscall: 'read' }, process },
      { kind: 'row', table: 'connections', id: '1', process },
      { kind: 'group', grouping: 'service', key: ':80' },
      ...(process === null ? [] : [{ kind: 'process', process } as const]),
    ]
    return whats.flatMap(what =>
      sectionsOf(what).map(focus => ({ what, title: '', focus, tables: {}, seen: null, about: null, outerFilter: '' })),
    )
  })
  const states: State[] = registry.views
    .flatMap(view => [null, ...GROUPINGS].map(grouping => ({ ...state, view, grouping, pids: [7] })))
    .flatMap(each => [each, { ...each, picking: 0 }, ...pages.map(page => ({ ...each, pages: [page] }))])
  for (const each of states) {
    const keys = bindings()
      .filter(binding => isAvailable(binding, each))
      .flatMap(binding => binding.keys)
    expect(keys).toEqual([...new Set(keys)])
  }
})

describe('views', () => {
  it('turn with Tab and Shift-Tab and open with their digits', async () => {
    const person = sitDown(80, 24)
    person.take(fullSample())
    const only = (heading: string) => (lines: string[]) =>
      lines.filter(line => /CALLS\/s|REMOTE|COMMAND|CONN$|ADDRESS|TOOK|SINCE|OF CALLS/.test(line)).length === 1 &&
      lines.join().includes(heading)
    const all = (lines: string[]) => ['SYSCALL', 'REMOTE', 'CONN'].every(heading => lines.join().includes(heading))
    await person.see(all)
    for (const [keys, seen] of [
      ['\t', only('SYSCALL')],
      ['\t', only('REMOTE')],
      ['\t\t', only('ADDRESS')],
      ['\t', only('TOOK')],
      ['\t', only('SINCE')],
      ['\t', only('OF CALLS')],
      ['\t', all],
      ['\x1b[Z', only('OF CALLS')],
      ['\x1b[Z', only('SINCE')],
      ['\x1b[Z', only('TOOK')],
      ['\x1b[Z', only('ADDRESS')],
      ['\x1b[Z', only('CONN')],
      ['2', only('SYSCALL')],
      ['3', only('REMOTE')],
      ['4', only('CONN')],
      ['5', only('ADDRESS')],
      ['6', only('TOOK')],
      ['7', only('SINCE')],
      ['8', only('OF CALLS')],
      ['1', all],
    ] as const) {
      person.type(keys)
      await person.see(seen)
    }
  })

  it('of the overview have the cursor in one table, which the arrows choose', async () => {
    const person = sitDown(80, 24)
    person.take(fullSample())
    await person.see(selected('worker-0'))
    person.type(RIGHT)
    await person.see(selected('call_0'))
    person.type(`${RIGHT}${DOWN}`)
    await person.see(selected('1001'))
  })
})

describe('the cursor', () => {
  it('moves by rows and pages, and fast typing in one piece is as many keys', async () => {
    const person = await atProcesses()
    person.type('jj')
    await person.see(selected('worker-2 '))
    person.type('jjjk')
    await person.see(selected('worker-4 '))
    person.type(`${UP}${UP}${DOWN}`)
    await person.see(selected('worker-3 '))
    person.type(PAGE_DOWN)
    await person.see(selected('worker-21 '))
    person.type('G')
    await person.see(selected('worker-299 '))
    person.type('g')
    await person.see(selected('worker-0 '))
    person.type('\x1b[F')
    await person.see(selected('worker-299 '))
    person.type('\x1b[H')
    await person.see(selected('worker-0 '))
  })
})

describe('sorting', () => {
  it('goes along the columns and turns round', async () => {
    const person = await atProcesses()
    await person.see('CALLS/s▼')
    person.type('r')
    await person.see('CALLS/s▲')
    await person.see(selected('worker-299 '))
    person.type('>')
    await person.see('ERR/s▼')
    person.type('<<')
    await person.see('NAME▲')
    person.type('r')
    await person.see('NAME▼')
  })

  it('picks from all columns, those out of sight too, and goes along those in sight without any that comes or goes', async () => {
    const person = sitDown(80, 24, { view: 'connections' })
    person.take(fullSample())
    const heading = (lines: string[]): string[] => (lines[4] ?? '').replaceAll(/[▲▼]/g, '').trim().split(/ +/)
    const before = heading(await person.see('BYTES/s▼'))
    expect(before).not.toContain('AGE')
    for (let i = 0; i < before.length; i++) {
      person.type('>')
      await person.see(lines => /[▲▼]/.test(lines[4] ?? ''))
      expect(heading(person.look())).toEqual(before)
    }
    await person.see('BYTES/s▼')
    person.type('s')
    const list = await person.see('Sort connections by')
    expect(list.join('\n')).toMatch(/^>BYTES\/s▼ +bytes /m)
    person.type('G')
    await person.see(lines => lines.some(line => line.startsWith('>CLOSED')))
    person.type('g')
    await person.see(lines => lines.some(line => line.startsWith('>PID')))
    person.type('\x7f')
    await person.see('BYTES/s▼')
    person.type('s')
    await person.see(lines => lines.some(line => line.startsWith('>BYTES/s')))
    const { columns } = connectionTable
    const place = (id: string): number => columns.findIndex(column => column.id === id)
    person.type('j'.repeat(place('age_seconds') - place('bytes')))
    await person.see(lines => lines.some(line => line.startsWith('>AGE')))
    person.type('\r')
    await person.see('AGE▼')
    const after = heading(person.look())
    person.type('<')
    await person.see(lines => !lines.join().includes('AGE▼'))
    expect(heading(person.look())).toEqual(after)
    person.type('>s\r')
    await person.see('AGE▲')
    person.type('43')
    await person.see('AGE▲')
  })

  it.each([
    [60, 10],
    [80, 24],
    [120, 40],
    [200, 60],
  ])('has the list of columns at %ix%i, in every view and on a page', async (columns, rows) => {
    const person = sitDown(columns, rows)
    person.take(fullSample())
    for (const key of ['1', '2', '3', '4', '5', '4\r']) {
      person.type(key)
      await person.see(lines => (lines.at(-1) ?? '').includes('Quit') && !/^ Sort .* by/m.test(lines.join('\n')))
      person.type('s')
      const lines = await person.see(seen => /^ Sort .* by/m.test(seen.join('\n')))
      expect(lines).toHaveLength(rows)
      expect(lines.at(-1)).toContain('Sort by it')
      person.type('\x7f')
      await person.see(seen => !/^ Sort .* by/m.test(seen.join('\n')))
    }
  })

  it('shows the column that it sorts by, however narrow the terminal is', async () => {
    const person = sitDown(60, 10, { view: 'connections', sort: 'age' })
    person.take(fullSample())
    await person.see('AGE▼')
  })
})

describe('the text filter', () => {
  it('acts while it is typed; Enter keeps it, Esc clears it', async () => {
    const person = await atProcesses()
    person.type('/worker-29')
    await person.see(lines => lines.filter(line => /\d worker-29/.test(line)).length === 11)
    await person.see('Filter: worker-29█')
    person.type('\x7f\x7f\x7f')
    await person.see('Filter: worker█')
    person.type('-1\r')
    await person.see('filter “worker-1”')
    await person.see('1-18 of 111 (300 without the filter)')
    person.type(ESCAPE)
    await person.see('filter none')
    person.type('/zzz')
    await person.see('none of the processes matches “zzz”')
    person.type(ESCAPE)
    await person.see('filter none')
  })

  it('takes pasted text, made harmless', async () => {
    const person = await atProcesses()
    person.type('/')
    await person.see('Filter: █')
    person.type('\x1b[200~work\ner\u202e\x1b[31mq\x1b[201~')
    await person.see('Filter: work er? [31mq█')
    expect(person.told).toEqual([])
  })

  it('leaves a paste without prompt alone', async () => {
    const person = await atProcesses()
    person.type('\x1b[200~q4r\x1b[201~')
    person.type('2')
    await person.see('call_0')
  })
})

it('the overview gives the room of a table that the filter empties to the others', async () => {
  const person = sitDown(80, 24)
  person.take(fullSample())
  await person.see(lines => lines.filter(line => line.includes(' worker-')).length === 4)
  person.type('/worker')
  await person.see(lines => lines.filter(line => line.includes(' worker-')).length > 9)
})

describe('the pid filter', () => {
  it('is typed, checked, and told to the session', async () => {
    const person = await atProcesses()
    person.type('P')
    person.type('12,abc\r')
    await person.see('“abc” is not a process id')
    person.type('\x7f\x7f\x7f4444\r')
    await person.see('there is no process 4444')
    expect(person.told).toEqual([])
    person.type('\x15' + '12, 34 12\r')
    await person.see('filter pid 12,34')
    expect(person.told).toEqual(['pids 12,34'])
    person.type('P\r')
    await person.see('filter none')
    expect(person.told).toEqual(['pids 12,34', 'pids '])
  })

  it('is set by f on a process or a connection, F ends it, and Esc takes filters back one by one', async () => {
    const person = await atProcesses()
    person.type('jf')
    await person.see('filter pid 1001')
    person.type('/x\r')
    await person.see('filter pid 1001 and “x”')
    person.type('?')
    await person.see('Shift-Tab')
    person.type(ESCAPE)
    await person.see('filter pid 1001 and “x”')
    person.type(ESCAPE)
    await person.see(lines => lines[1]?.endsWith('filter pid 1001') === true)
    person.type(ESCAPE)
    await person.see('filter none')
    person.type('3jjf')
    await person.see('filter pid 1002')
    person.type('F')
    await person.see('filter none')
    expect(person.told).toEqual(['pids 1001', 'pids ', 'pids 1002', 'pids '])
  })

  it('hide waits that are idle by nature, until key i shows them', async () => {
    const person = sitDown(120, 24, { view: 'in-flight' })
    const idle = inFlightRow({ tid: 44, syscall: 'epoll_wait', idle: true })
    person.take(sampleOf({ in_flight: [inFlightRow(), idle], slow_calls: [slowCallRow({ syscall: 'futex' })] }))
    await person.see('1, 1 idle hidden')
    expect(person.look().join()).not.toContain('epoll_wait')
    person.type('i')
    await person.see('epoll_wait')
    person.type('i6')
    await person.see('none but 1 idle wait: key i')
    person.type('i')
    await person.see('futex')
  })

  it('of the session is the view that is open, whose tables alone are looked at', async () => {
    const person = sitDown(80, 24)
    person.take(fullSample())
    await person.see('CALLS/s')
    person.type('7')
    await person.see('waiting for the next sample')
    person.take(sampleOf({ in_flight: [inFlightRow()] }))
    await person.see('pipe:[123]')
    person.type('8')
    await person.see('waiting for the next sample')
    person.type('1')
    await person.see('CALLS/s')
    expect(person.looked).toEqual([['in-flight'], ['errors'], ['syscalls', 'connections', 'processes', 'stuck']])
  })

  it('says so where a connection has no owner', async () => {
    const person = sitDown(80, 24, { view: 'connections' })
    person.take(sampleOf({ connections: [connectionRow({ pid: null, name: null })] }))
    await person.see('203.0.113.7')
    person.type('f')
    await person.see('the owner of this connection is not known')
    expect(person.told).toEqual([])
  })

  it('stays as it was where the session refuses it', async () => {
    const refuse = (): void => {
      throw new Error('at most 1024 processes\x1b[2J')
    }
    const person = sitDown(80, 24, {
      session: { setFilter: refuse, setInterval: refuse, measureCost: refuse, show: refuse, describe: () => {} },
    })
    person.type('P12\r')
    const lines = await person.see('at most 1024 processes?[2J')
    expect(lines.join()).toContain('filter none')
  })
})

it('the interval goes in steps or is typed', async () => {
  const person = sitDown(120, 24)
  person.type('+')
  await person.see('every 2s')
  person.type('---')
  await person.see('every 0.2s')
  person.type('d0.05\r')
  await person.see('at least 0.1 seconds')
  person.type('\x15x\r')
  await person.see('“x” is not a number of seconds')
  person.type('\x15' + '2.5\r')
  await person.see('every 2.5s')
  expect(person.told).toEqual(['interval 2', 'interval 1', 'interval 0.5', 'interval 0.2', 'interval 2.5'])
})

it('the cost in the kernel is measured on demand', async () => {
  const person = sitDown(120, 24)
  person.type('c')
  await expect.poll(() => person.told).toEqual(['cost true'])
  person.take(
    sampleOf({
      self: {
        cpu_seconds: 0.02,
        bpf_seconds: 0.003,
        resident_bytes: 1 << 20,
        private_bytes: 1 << 20,
        map_bytes: 1 << 26,
        sample_seconds: 0.01,
      },
    }),
  )
  await person.see('own CPU 2.0%  in the kernel 0.3%')
  person.type('c')
  await expect.poll(() => person.told).toEqual(['cost true', 'cost false'])
  person.take(sampleOf())
  await person.see(lines => !lines.join('\n').includes('in the kernel'))
})

it('keys without a name do nothing', async () => {
  const person = await atProcesses()
  person.type('\x1bOP\x1b[15~\x1b[24~\x1b[1;5C\x00\x02')
  person.type('j')
  await person.see(selected('worker-1 '))
  expect(person.told).toEqual([])
})

it('Ctrl-L draws everything anew', async () => {
  const person = await atProcesses()
  const before = person.look()
  person.stdout.terminal.write('\x1b[Hgarbage\x1b[2J')
  await person.see(lines => lines.join('').trim() === '')
  person.type('\x0c')
  expect(await person.see('worker-0')).toEqual(before)
})
