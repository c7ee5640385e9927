/** What a person sees, at every size and in every view. */

import stringWidth from 'string-width'
import { afterEach, describe, expect, it } from 'vitest'
import { everybodyLeaves, sitDown } from './person.ts'
import { connectionRow, fullSample, processRow, sampleOf, syscallRow } from './samples.ts'

afterEach(everybodyLeaves)

const SIZES = [
  [60, 10],
  [80, 19],
  [80, 20],
  [80, 24],
  [117, 30],
  [118, 30],
  [120, 40],
  [179, 50],
  [180, 50],
  [200, 60],
] as const
const VIEWS = ['overview', 'syscalls', 'connections', 'processes', 'listeners'] as const

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  it.each(VIEWS)('the view %s fills the terminal and no more', async view => {
    const person = sitDown(columns, rows, { view })
    person.take(fullSample())
    const lines = await person.see(seen => seen.at(-1)?.includes('Quit') === true && !seen.join().includes('waiting'))
    expect(lines).toHaveLength(rows)
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns)
    expect(lines.join('\n')).toMatch(
      /1 Over\w* {1,2}2 Sysc\w* {1,2}3 Conn\w* {1,2}4 Proc\w* {1,2}5 List\w* {1,2}6 Slow/,
    )
    expect(lines.slice(2).filter(line => line === '')).toEqual([])
    const headings = lines.filter(line => /CALLS\/s|REMOTE|ADDRESS/.test(line))
    expect(headings).toHaveLength(view !== 'overview' ? 1 : columns >= 180 ? 2 : 3)
    for (const heading of headings) {
      expect(heading).toMatch(/[▼▲]/)
      expect(heading).not.toContain('…')
    }
    expect(person.stdout.terminal.buffer.active.baseY).toBe(0)
  })

  it('the help has a line for every key, if need be further down', async () => {
    const person = sitDown(columns, rows)
    person.type('?')
    await person.see('Shift-Tab')
    person.type('G')
    // at its end it says how each need is met, and why by nothing better
    const lines = await person.see('some of it is not seen without CAP_SYS_ADMIN')
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(
      'syscalls raw_tp; nothing better: this kernel’s verifier refuses syscalls.bpf.o: R4 invalid mem access',
    )
    person.type('\x1b')
    await person.see('waiting for the first sample')
  })
})

it.each([
  [59, 10],
  [60, 9],
  [59, 9],
  [20, 3],
])('at %ix%i it says that the terminal is too small, and q quits', async (columns, rows) => {
  const person = sitDown(columns, rows)
  person.take(fullSample())
  await person.see(seen => seen[0]?.startsWith(`terminal too small (${columns}x${rows}`.slice(0, columns - 1)) === true)
  person.type('q')
  expect(await person.screen.ended).toEqual({ reason: 'quit' })
})

it('follows a resize without leaving anything of the old size behind', async () => {
  const person = sitDown(120, 40)
  person.take(fullSample())
  await person.see('Quit')
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
    [59, 9],
    [60, 10],
    [120, 40],
  ] as const) {
    person.stdout.resize(columns, rows)
    const fresh = sitDown(columns, rows)
    fresh.take(fullSample())
    await fresh.see(columns < 60 ? 'too small' : 'Quit')
    await fresh.see(seen => !seen.join().includes('waiting'))
    expect(await person.see(seen => seen.join('\n') === fresh.look().join('\n'))).toEqual(fresh.look())
  }
})

describe('the header', () => {
  it('has host, kernel, interval, events per second, own cost', async () => {
    const person = sitDown(120, 40)
    person.take(
      sampleOf({
        interval_seconds: 2,
        self: {
          cpu_seconds: 0.05,
          resident_bytes: 64 * 1024 ** 2,
          private_bytes: 64 * 1024 ** 2,
          map_bytes: 1 << 26,
          bpf_seconds: null,
          sample_seconds: 0.01,
        },
      }),
    )
    const [identity, facts, ...numbers] = await person.see('own CPU')
    expect(identity).toMatch(
      /ebpf-top 0\.1\.0 {2}web-1 {2}Linux 6\.12\.30-amd64 {2}16 CPUs .*every 1s {2}own CPU 2\.5% {2}memory 64\.0M/,
    )
    expect(facts).toBe(' lost 0  filter none')
    expect(numbers.slice(0, 4).map(line => line.replaceAll(/ +/g, ' '))).toEqual([
      ' events/s 700 ▆ errors/s 3.5 ▄',
      ' p99 2.4µs ▃ stuck -',
      ' recv/s 1.0K ▅ sent/s 2.0K ▄',
      ' conns/s 0 ▁ failed/s 0 ▁',
    ])
  })

  it('shows what was lost by kind, and does not forget it', async () => {
    const person = sitDown(80, 24)
    person.take(sampleOf({ lost: { syscalls: 12, connections: 0, bytes: 3, slow_calls: 0 } }))
    await person.see('lost 12 syscalls, 3 bytes')
    expect(person.looksOf('lost 12')).toMatchObject({ coloured: true, bold: true })
    person.take(sampleOf())
    await person.see('lost 0 now, 15 before')
  })

  it('names what this kernel cannot measure, and the empty table says so', async () => {
    const person = sitDown(80, 24)
    person.take(
      sampleOf({
        connections: [],
        sources: { syscalls: 'tp_btf', connections: 'none', bytes: 'none', in_flight: 'iter/task' },
      }),
    )
    const lines = await person.see('not measured: connections, bytes')
    expect(lines.join('\n')).toContain('connections cannot be seen on this machine')
  })

  it('has - for what is not measured', async () => {
    const person = sitDown(80, 24, { view: 'processes' })
    person.take(
      sampleOf({ sources: { syscalls: 'tp_btf', connections: 'iter/tcp', bytes: 'none', in_flight: 'iter/task' } }),
    )
    await person.see(seen => / 100 nginx +500 +0 +1\.5ms +- +- +1$/m.test(seen.join('\n')))
  })

  it('counts what the pause hides, and shows the newest sample after it', async () => {
    const person = sitDown(80, 24, { view: 'processes' })
    const released: string[] = []
    person.take(sampleOf({ release: () => released.push('first') }))
    await person.see('nginx')
    person.type(' ')
    await person.see('PAUSED 0s, 0 samples')
    person.take(sampleOf({ time: '2026-01-01T12:00:01.000Z', release: () => released.push('second') }))
    person.take(sampleOf({ interval_seconds: 64, processes: [processRow({ name: 'later' })] }))
    const lines = await person.see('PAUSED 1m05s, 2 samples')
    expect(released).toEqual(['second'])
    expect(lines.join('\n')).toContain('redis-server')
    expect(lines.join('\n')).not.toContain('later')
    person.type(' ')
    const after = await person.see('later')
    expect(after.join('\n')).not.toContain('PAUSED')
  })

  it.each([
    [60, 10],
    [60, 24],
    [80, 19],
    [80, 24],
    [120, 40],
  ])('always says that the export fails, on %i x %i cells too', async (columns, rows) => {
    const reason = `UNAVAILABLE: ${'connect '.repeat(20)}`
    const person = sitDown(columns, rows, {
      exporter: () => ({ state: 'otlp failing (filtered)', target: 'collector:4317', reason }),
    })
    person.take(sampleOf({ lost: { syscalls: 12_345_678, connections: 1, bytes: 2, slow_calls: 0 } }))
    await person.see('otlp failing (filtered)')
    person.type(' ')
    await person.see('PAUSED')
    await person.see('otlp failing (filtered)')
  })

  it('says as much of why the export fails as there is room for, on whichever line has more of it', async () => {
    const reason = `UNAVAILABLE: ${'connect '.repeat(20)}`
    const person = sitDown(80, 24, { exporter: () => ({ state: 'otlp failing', target: 'collector:4317', reason }) })
    person.take(sampleOf())
    await person.see('filter none  otlp failing  collector:4317 UNAV')
    const far = 'a-very-long-name.observability.svc.cluster.local:4317'
    const well = sitDown(120, 24, { exporter: () => ({ state: 'otlp ok', target: far, reason: '' }) })
    well.take(sampleOf())
    await well.see(`filter none  otlp ok  ${far}`)
  })

  it('says how the export goes, where to, and why it fails where there is room', async () => {
    const person = sitDown(160, 40, {
      exporter: () => ({ state: 'otlp failing', target: 'collector:4317', reason: 'UNAVAILABLE: no route' }),
    })
    person.take(sampleOf())
    await person.see('otlp failing collector:4317 UNAVAILABLE: no route')
    const well = sitDown(80, 24, { exporter: () => ({ state: 'otlp ok', target: 'collector:4317', reason: '' }) })
    well.take(sampleOf())
    await well.see('otlp ok')
    await well.see('collector:4317')
  })
})

describe('rows', () => {
  it('that ended are dimmed', async () => {
    const person = sitDown(80, 24, { view: 'processes' })
    person.take(
      sampleOf({ processes: [processRow(), processRow({ pid: 5, name: 'gone', syscalls: 1, exited: true })] }),
    )
    await person.see('gone')
    expect(person.looksOf('gone').dim).toBe(true)
  })

  it('of hostile processes stay on their line and in their column', async () => {
    const hostile = [
      '\x1b[2J\x1b[31mred',
      'two\nlines\r',
      '\u202egnp.exe',
      'zero\u200b\u200dwidth',
      'lone\ud800',
      '日本語のプロセス名です',
      '\x9b31m\x07\x7f',
      'e\u0301\u0301\u0301',
    ]
    const person = sitDown(120, 24, { view: 'processes' })
    person.take(
      sampleOf({
        processes: hostile.map((name, i) =>
          processRow({ pid: i + 1, name, command: name.repeat(9), syscalls: 99 - i }),
        ),
      }),
    )
    const lines = await person.see('?[2J?[31mred')
    const rows = lines.filter(line => /^[ >] {6}[1-8] /.test(line))
    expect(rows).toHaveLength(hostile.length)
    expect(rows[1]).toContain('two?lines?')
    expect(rows[2]).toContain('?gnp.exe')
    expect(rows[3]).toContain('zero??width')
    for (const [i, row] of rows.entries()) {
      const before = row.slice(0, row.indexOf(`${99 - i} `))
      expect(stringWidth(before)).toBe(31)
    }
  })

  it('keep the port of an address that is too long', async () => {
    const address = '2001:db8:1234:5678:9abc:def0:1234:5678'
    const person = sitDown(60, 10, { view: 'connections' })
    person.take(sampleOf({ connections: [connectionRow({ remote: { address, port: 54_321 } })] }))
    await person.see(seen => /\[2001:.*…5678\]:54321|\[2001.*…[^ ]*:54321/.test(seen.join('\n')))
  })

  it('of 32-bit calls are told apart', async () => {
    const person = sitDown(80, 24, { view: 'syscalls' })
    person.take(sampleOf({ syscalls: [syscallRow(), syscallRow({ abi: 'compat', id: 3 })] }))
    await person.see('32:read')
  })
})

describe('without colours', () => {
  it('NO_COLOR keeps bold and inverse', async () => {
    const person = sitDown(80, 24, { view: 'processes', environment: { TERM: 'xterm', NO_COLOR: '1' } })
    person.take(sampleOf())
    await person.see('nginx')
    expect(person.looksOf('nginx')).toMatchObject({ inverse: true, coloured: false })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: SGR with a colour
    expect(person.stdout.written).not.toMatch(/\x1b\[[\d;]*\b[349]\dm/)
  })

  it('is nothing that only colour tells: the alarm has words, the selected row a mark', async () => {
    const person = sitDown(80, 24, {
      view: 'processes',
      environment: { TERM: 'dumb', LANG: 'C.UTF-8' },
      exporter: () => ({ state: 'otlp failing', reason: 'UNAVAILABLE', target: 'c:4317' }),
    })
    person.take(sampleOf({ lost: { syscalls: 12, connections: 0, bytes: 0, slow_calls: 0 } }))
    const text = (await person.see('lost 12 syscalls')).join('\n')
    expect(text).toContain('otlp failing')
    expect(text).toContain('>    100')
    person.type('d0\r')
    await person.see('at least 0.1 seconds')
  })

  it('TERM=dumb has no styles at all, and a mark shows the selected row', async () => {
    const person = sitDown(80, 24, { view: 'processes', environment: { TERM: 'dumb' } })
    person.take(sampleOf())
    await person.see('>    100 nginx')
    expect(person.looksOf('nginx')).toEqual({ inverse: false, dim: false, bold: false, coloured: false })
  })
})

describe('in a locale that is not UTF-8', () => {
  const environment = { TERM: 'xterm', LANG: 'en_US.ISO-8859-1' }

  it.each(['overview', 'syscalls', 'connections', 'processes', 'listeners', 'slow'] as const)(
    'the view %s is ASCII, and its columns stand where they stand elsewhere',
    async view => {
      const sample = sampleOf({
        processes: [processRow({ name: 'été' }), processRow({ pid: 7, name: '漢字👍🏽', syscalls: 9 })],
        connections: [connectionRow({ remote: { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 5 } })],
      })
      const [plain, full] = [sitDown(80, 24, { view, environment }), sitDown(80, 24, { view })]
      for (const person of [plain, full]) person.take(sample)
      await full.see('Quit')
      const lines = await plain.see(seen => seen.at(-1)?.includes('Quit') === true && !seen.join().includes('waiting'))
      expect(plain.stdout.written).toMatch(/^\p{ASCII}*$/u)
      expect(lines.map(line => stringWidth(line)).slice(0, -1)).toEqual(
        full
          .look()
          .map(line => stringWidth(line))
          .slice(0, -1),
      )
      expect(lines.join('\n')).toMatch(/v +ERR|[v^] /)
    },
  )

  it('keys have names, and the help, the prompt and a pause are ASCII too', async () => {
    const person = sitDown(120, 24, { environment })
    person.take(sampleOf())
    await person.see('Left Right Table')
    person.type('?')
    await person.see('Shift-Tab')
    person.type('G')
    await person.see('CAP_SYS_ADMIN')
    person.type('\x1b')
    await person.see('nginx')
    person.type('/é“x')
    await person.see('none of the syscalls matches')
    person.type('\r ')
    await person.see('PAUSED')
    expect(person.stdout.written).toMatch(/^\p{ASCII}*$/u)
  })
})

describe('frames that come late', () => {
  const late = sampleOf({ interval_seconds: 2.5 })

  it('are told, and R puts the program before others', async () => {
    const person = sitDown(120, 24)
    person.take(sampleOf({ interval_seconds: 0.1 }))
    person.take(sampleOf())
    person.type('R')
    await person.see(seen => !seen.join().includes('Realtime'))
    expect(person.priority.raised).toBe(false)
    person.take(late)
    await person.see('late by 1.5s')
    await person.see('R Realtime')
    person.take(sampleOf())
    person.type('R')
    await person.see('realtime')
    expect(person.priority.raised).toBe(true)
    person.type('R')
    await expect.poll(() => person.priority.raised).toBe(false)
    person.type('R')
    await expect.poll(() => person.priority.raised).toBe(true)
    person.priority.onLowered(0.234)
    await person.see('real-time priority is off: ebpf-top took 23% of a CPU')
    await person.see(seen => !/realtime/.test(seen.slice(0, -1).join()))
    for (let i = 0; i < 12; i++) person.take(sampleOf())
    person.type('x')
    await person.see(seen => !seen.join().includes('late by'))
  })

  it('of which the kernel permits nothing, it says so', async () => {
    const person = sitDown(120, 24)
    person.priority.permitted = false
    person.take(sampleOf())
    person.take(late)
    await person.see('R Realtime')
    person.type('R')
    await person.see('real-time priority needs CAP_SYS_NICE')
    await person.see(seen => !/realtime/.test(seen.slice(0, -1).join()))
  })

  it('leave the key out where it is not to be', async () => {
    const person = sitDown(120, 24, { priority: null })
    person.take(sampleOf())
    person.take(late)
    const lines = await person.see('late by 1.5s')
    expect(lines.join()).not.toContain('Realtime')
  })

  it('are not those after a stop', async () => {
    const person = sitDown(120, 24)
    person.take(sampleOf())
    await person.see('nginx')
    person.signals.emit('SIGCONT', 'SIGCONT')
    person.take(sampleOf({ interval_seconds: 300 }))
    person.take(sampleOf())
    const lines = await person.see('events/s 1400')
    expect(lines.join()).not.toContain('late')
  })
})

it('writes nothing when nothing has changed', async () => {
  const person = sitDown(80, 24)
  person.take(sampleOf())
  await person.see('nginx')
  const before = person.stdout.written.length
  person.take(sampleOf())
  person.type('x')
  person.type('r')
  await person.see('▲')
  person.stdout.written = ''
  person.type('x')
  person.take(sampleOf())
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(before).toBeGreaterThan(0)
  expect(person.stdout.written).toBe('')
})

it('many keys at once are drawn once', async () => {
  const person = sitDown(120, 40, { view: 'processes' })
  person.take(fullSample())
  person.type('?')
  await person.see('Shift-Tab')
  person.stdout.written = ''
  person.type('2345')
  await person.see('ADDRESS')
  expect(person.stdout.written.split('\x1b[?2026h')).toHaveLength(2)
})
