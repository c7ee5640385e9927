/** The overview on a real terminal line: what is wrong, and since when, at every size. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'
import { Workload } from '../support/workload.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

function top(columns: number, rows: number, environment = {}, ...args: readonly (string | number)[]): Pty {
  const [file, ...words] = program('--delay', 0.2, ...args)
  const pty = new Pty(file, words, { columns, rows, environment })
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

const text = (lines: readonly string[]): string => lines.join('\n')

it.each([
  [60, 10, /^ events\/s [\d.]+ .*lost 0 .*filter pid/m],
  [80, 24, /^ events\/s [\d.]+ .*errors\/s [\d.]+ .*p99 .*stuck .*\n recv\/s .*sent\/s .*conns\/s .*failed\/s/m],
  [
    120,
    40,
    /^ events\/s [\d.]+ +▁?[▂-▇]{3,} +errors\/s .*\n p99 .*stuck .*\n recv\/s .*sent\/s .*\n conns\/s .*failed\/s/m,
  ],
  [
    200,
    60,
    /^ events\/s [\d.]+ +▁?[▂-▇]{3,} +errors\/s .*\n p99 .*stuck .*\n recv\/s .*sent\/s .*\n conns\/s .*failed\/s/m,
  ],
] as const)('begins with the main numbers at %ix%i', async (columns, rows, numbers) => {
  const workload = await sleeper()
  const pty = top(columns, rows, {}, '--pid', workload.pid)
  const lines = await pty.see(seen => numbers.test(text(seen)))
  expect(text(lines)).toMatch(/lost 0 .*filter pid/)
})

it('draws graphs of ASCII where the terminal has no more', async () => {
  const workload = await sleeper()
  const pty = top(120, 40, { LANG: 'C', LC_ALL: 'C' }, '--pid', workload.pid)
  await pty.see(seen => /^ events\/s [\d.]+ +_?[.\-=+*#]{3,} +errors/m.test(text(seen)))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all that is written but escape sequences
  expect(pty.written.replaceAll(/\x1b\[[\d;?]*[a-z]/gi, '')).not.toMatch(/[^\x00-\x7f]/)
})

it('keeps the main numbers while the size of the terminal changes', async () => {
  const workload = await sleeper()
  const pty = top(120, 40, {}, '--pid', workload.pid)
  await pty.see('events/s')
  for (const [columns, rows] of [
    [80, 24],
    [60, 10],
    [200, 60],
    [80, 24],
  ] as const) {
    pty.resize(columns, rows)
    await pty.see(seen => seen.length === rows && text(seen).split('events/s').length === 2)
  }
})

it.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('shows at %ix%i what hangs, without a key', async (columns, rows) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-stuck-'))
  const workload = await Workload.startIn(folder, 'in_flight', 'read-fifo')
  open.push(() => {
    workload.kill()
    rmSync(folder, { recursive: true })
  })
  const pty = top(columns, rows, {}, '--pid', workload.pid)
  await pty.see('events/s')
  await workload.work()
  const row = new RegExp(`^[ >].*[12]\\.\\ds +${workload.pid} .*in_flight +.*read +.*fifo`, 'm')
  const lines = await pty.see(seen => row.test(text(seen)))
  expect(text(lines)).toMatch(/In flight over 1 s/)
  expect(text(lines)).toMatch(/7 (?:In f|F)light [12] /)
})
