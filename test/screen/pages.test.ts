/** From the host to the one call that hangs, and back, on a real terminal line. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Pty, program } from '../support/pty.ts'
import { Workload } from '../support/workload.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

const SIZES = [
  [60, 10],
  [80, 24],
  [120, 40],
  [200, 60],
] as const

function top(columns: number, rows: number, ...args: readonly (string | number)[]): Pty {
  const [file, ...words] = program('--delay', 0.2, ...args)
  const pty = new Pty(file, words, { columns, rows })
  open.push(() => pty.close())
  return pty
}

/** A process that hangs in a call of this kind for over a second. */
async function hanging(kind: string): Promise<Workload> {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-pages-'))
  open.push(() => rmSync(folder, { recursive: true }))
  const workload = await Workload.startIn(folder, 'in_flight', kind)
  open.push(() => workload.kill())
  await workload.work()
  return workload
}

const text = (lines: readonly string[]): string => lines.join('\n')
const line = (lines: readonly string[], pattern: RegExp): string => lines.find(each => pattern.test(each)) ?? ''

it.each([
  ['read-fifo', 'read', /fifo/],
  ['flock', 'flock', /lock/],
  ['tcp-connect', 'connect', /socket:127.*0\.0\.1:/],
] as const)('%s is seen with name and age after one key, and opened by another', async (kind, call, argument) => {
  const { pid } = await hanging(kind)
  const pty = top(120, 40, '--pid', pid)
  await pty.see('lost 0')
  pty.type('7')
  const row = new RegExp(`^>.* ${pid} .*in_flight.* ${call} `)
  const seen = await pty.see(lines => row.test(line(lines, row)) && argument.test(line(lines, row)))
  expect(line(seen, row)).toMatch(/^> *>?[\d.]+(ms|s)|^> *>?\d+m/)
  pty.type('\r')
  await pty.see(`in flight › in_flight ${pid}`)
  const who = /^ \S*in_flight .*\n.*parent \S+ \d+ +user \S+ +\d+ threads? +sleeping/m
  const page = await pty.see(lines => who.test(text(lines)) && text(lines).includes(kind))
  expect(line(page, new RegExp(`^>.* ${call} `))).toMatch(argument)
  pty.type('\x7f')
  await pty.see(lines => text(lines).includes('7 In flight') && row.test(line(lines, row)))
})

it.each(SIZES)('a process, its call and back, at %ix%i and resized', async (columns, rows) => {
  const workload = await Workload.start('sleeper', 10_000_000, 1000)
  open.push(() => workload.kill())
  workload.work().catch(() => {
    // it is killed in the middle of its work
  })
  const { pid } = workload
  const pty = top(columns, rows, '--view', 'processes', '--pid', pid)
  await pty.see(lines => lines.some(each => each.startsWith('>') && each.includes(` ${pid} `)))
  pty.type('\r')
  await pty.see(`processes › sleeper ${pid}`)
  await pty.see(lines => /^>clock_nanosleep +\d/m.test(text(lines)))
  pty.type('\r')
  await pty.see(`processes › sleeper ${pid} › clock_nanosleep`)
  await pty.see(lines => /Calls 1 .*(Durations|Took) [1-9]/.test(text(lines)))
  for (const [w, h] of SIZES) {
    pty.resize(w, h)
    await pty.see(
      lines => lines.length === h && text(lines).includes('› clock_nanosleep') && /Quit/.test(lines.at(-1) ?? ''),
    )
  }
  pty.type('\x7f')
  await pty.see(lines => /^>clock_nanosleep +\d/m.test(text(lines)))
  pty.type('f')
  await pty.see(`filter pid ${pid}`)
  pty.type('F')
  await pty.see('filter none')
  pty.type('\x7f')
  await pty.see(
    lines => text(lines).includes('4 Proc') && lines.some(each => each.startsWith('>') && each.includes(` ${pid} `)),
  )
})
