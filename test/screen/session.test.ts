/** The built program on a real terminal line and the running kernel, and a person who works with it. */

import { afterEach, expect, it } from 'vitest'
import { Pty, type PtyOptions, program } from '../support/pty.ts'
import { Workload } from '../support/workload.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

/** Wide enough for the columns that the tests look at. */
const WIDE: PtyOptions = { columns: 160, rows: 30 }

function top(options: PtyOptions = WIDE, ...args: readonly (string | number)[]): Pty {
  const [file, ...words] = program('--delay', 0.2, ...args)
  const pty = new Pty(file, words, options)
  open.push(() => pty.close())
  return pty
}

/** A process that makes calls of clock_nanosleep until the test has ended. */
async function sleeper(): Promise<Workload> {
  const workload = await Workload.start('sleeper', 10_000_000, 1000)
  open.push(() => workload.kill())
  workload.work().catch(() => {
    // it is killed in the middle of its work
  })
  return workload
}

const STILL_WAITING = 'waiting for the first sample'

const text = (lines: readonly string[]): string => lines.join('\n')

/** Rows of the tables: those under a heading that are neither empty nor the footer. */
function rows(lines: readonly string[], heading: string): string[] {
  const at = lines.findIndex(line => line.includes(heading))
  return at < 0 || text(lines).includes(STILL_WAITING) ? [] : lines.slice(at + 1, -1).filter(line => line.trim() !== '')
}

/** The number under a heading in the row that has `name`. */
function figure(lines: readonly string[], name: string, heading: string): string {
  const headings = lines.find(line => line.includes(heading)) ?? ''
  // one cell more, for the mark of the order
  const end = headings.indexOf(heading) + heading.length + 1
  const row = lines.find(line => line.includes(name)) ?? ''
  return row.slice(0, end).trimEnd().split(/\s+/).at(-1) ?? ''
}

it('shows what the running kernel does', async () => {
  const workload = await sleeper()
  const pty = top({ columns: 120, rows: 40 }, '--pid', workload.pid)
  const lines = await pty.see(seen => /clock_nanosleep +[\d.]+/.test(text(seen)))
  expect(lines[0]).toMatch(/ebpf-top \d+\.\d+\.\d+ .* Linux \d+\..* CPUs? .*every 0\.2s/)
  expect(lines[1]).toMatch(/lost \d/)
  expect(lines[2]).toMatch(/events\/s [\d.]+[kMG]? .*▁*[▂-▇].* errors\/s/)
  expect(text(lines)).not.toContain(STILL_WAITING)
  expect(pty.modes).toEqual({ screen: 'alternate', cursor: 'hidden', wraps: false, pasteMarked: true })
})

it('opens views by their numbers and turns them with Tab', async () => {
  const workload = await sleeper()
  const pty = top(WIDE, '--pid', workload.pid)
  const has =
    (...headings: readonly string[]) =>
    (seen: string[]) =>
      ['SYSCALL', 'REMOTE', ' COMMAND'].every(each => seen.join('\n').includes(each) === headings.includes(each))
  await pty.see(seen => text(seen).includes(String(workload.pid)))
  for (const [key, headings] of [
    ['2', ['SYSCALL']],
    ['3', ['REMOTE']],
    ['4', [' COMMAND']],
    ['\x1b[Z', ['REMOTE']],
    ['\x1b[Z', ['SYSCALL']],
    ['\t', ['REMOTE']],
  ] as const) {
    pty.type(key)
    await pty.see(has(...headings))
  }
  pty.type('1')
  await pty.see(seen => text(seen).includes('SYSCALL') && text(seen).includes('REMOTE'))
})

it('filters by text while it is typed', async () => {
  const pty = top(WIDE, '--view', 'syscalls')
  await sleeper()
  await pty.see(seen => rows(seen, 'SYSCALL').length > 1)
  pty.type('/clock_nano')
  await pty.see(seen => {
    const all = rows(seen, 'SYSCALL')
    return all.length > 0 && all.every(row => row.includes('clock_nano')) && text(seen).includes('Filter: clock_nano')
  })
  pty.type('\r')
  await pty.see('filter “clock_nano”')
  pty.type('\x1b')
  await pty.see(seen => text(seen).includes('filter none') && rows(seen, 'SYSCALL').length > 1)
})

it('filters to one process in the kernel, and its numbers move', async () => {
  const [one, other] = [await sleeper(), await sleeper()]
  const pty = top(WIDE, '--view', 'processes')
  await pty.see(seen => [one, other].every(({ pid }) => text(seen).includes(` ${pid} `)))
  pty.type('P')
  await pty.see('Pids: █')
  pty.type(`${one.pid}\r`)
  const only = (seen: string[]): boolean => {
    const all = rows(seen, ' COMMAND')
    return all.length === 1 && all[0]?.includes(` ${one.pid} `) === true && text(seen).includes(`filter pid ${one.pid}`)
  }
  const first = figure(await pty.see(only), ` ${one.pid} `, 'CALLS/s')
  expect(first).toMatch(/^\d/)
  await pty.see(seen => only(seen) && figure(seen, ` ${one.pid} `, 'CALLS/s') !== first)
  pty.type('2')
  await pty.see(seen => rows(seen, 'SYSCALL').length === 1 && text(seen).includes('clock_nanosleep'))
  pty.type('\x1b')
  await pty.see('filter none')
  pty.type('4')
  await pty.see(seen => text(seen).includes(` ${other.pid} `))
})

it('filters to the process of the selected row with f, and ends that with F', async () => {
  const workload = await sleeper()
  const pty = top(WIDE, '--view', 'processes', '--filter', workload.pid)
  await pty.see(seen => rows(seen, ' COMMAND').length === 1)
  pty.type('f')
  await pty.see(`filter pid ${workload.pid} and “${workload.pid}”`)
  pty.type('\x1b')
  await pty.see(seen => seen[1]?.endsWith(`filter pid ${workload.pid}`) === true)
  await pty.see(seen => rows(seen, ' COMMAND').length === 1)
  pty.type('F')
  await pty.see('filter none')
})

it('stands still while it is paused, and goes on', async () => {
  const workload = await sleeper()
  const pty = top(WIDE, '--view', 'processes', '--pid', workload.pid)
  const calls = (seen: string[]): string => figure(seen, ` ${workload.pid} `, 'CALLS/s')
  await pty.see(seen => /^\d/.test(calls(seen)))
  pty.type(' ')
  const frozen = calls(await pty.see(/PAUSED/.source))
  await pty.see(seen => / [3-9] samples/.test(text(seen)))
  expect(calls(pty.look())).toBe(frozen)
  pty.type(' ')
  await pty.see(seen => !text(seen).includes('PAUSED') && calls(seen) !== frozen)
})

it('changes its interval', async () => {
  const pty = top({ columns: 120 })
  await pty.see(seen => !text(seen).includes(STILL_WAITING))
  pty.type('+')
  await pty.see('every 0.5s')
  pty.type('d')
  await pty.see('Interval: █')
  pty.type('0.1\r')
  await pty.see('every 0.1s')
})

it('helps', async () => {
  const pty = top({ columns: 120, rows: 50 })
  await pty.see(seen => !text(seen).includes(STILL_WAITING))
  pty.type('?')
  await pty.see(seen => ['Shift-Tab', 'Ctrl-Z', 'quit'].every(each => text(seen).includes(each)))
  pty.type('\x1b')
  await pty.see('SYSCALL')
})

it('follows the size of the terminal', async () => {
  const workload = await sleeper()
  const pty = top({ columns: 100, rows: 30 }, '--pid', workload.pid)
  await pty.see('clock_nanosleep')
  for (const [columns, lines] of [
    [80, 24],
    [200, 60],
    [59, 9],
    [60, 10],
    [200, 60],
    [80, 24],
  ] as const) {
    pty.resize(columns, lines)
    if (columns < 60) {
      await pty.see(seen => text(seen).trim() === 'terminal too small (59x9, needs 60x10)')
      continue
    }
    await pty.see(
      seen =>
        seen.length === lines &&
        seen.at(-1)?.includes('Quit') === true &&
        seen.filter(line => line.includes('Quit')).length === 1 &&
        seen.filter(line => line.includes('SYSCALL')).length === 1 &&
        text(seen).includes('clock_nanosleep'),
    )
  }
})

it('has no colour where NO_COLOR is set, and marks what is selected all the same', async () => {
  const workload = await sleeper()
  const pty = top({ environment: { NO_COLOR: '1' } }, '--view', 'processes', '--pid', workload.pid)
  await pty.see(String(workload.pid))
  await pty.see(seen => seen.some(line => line.startsWith('>') && line.includes(String(workload.pid))))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: SGR with a colour
  expect(pty.written).not.toMatch(/\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m/)
  expect(pty.written).toContain('\x1b[7m')
})
