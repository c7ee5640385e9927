/**
 * However the built program ends on a real terminal line, the terminal and the shell's priority are as they were before,
 * and the reason is on the terminal.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Modes, type Pty, program, shellAround } from '../support/pty.ts'

const open: Pty[] = []
afterEach(() => {
  for (const pty of open.splice(0)) pty.close()
})

function shell(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Pty {
  const pty = shellAround(command, environment)
  open.push(pty)
  return pty
}

const TAKEN: Modes = { screen: 'alternate', cursor: 'hidden', wraps: false, pasteMarked: true }
const AS_BEFORE: Modes = { screen: 'normal', cursor: 'shown', wraps: true, pasteMarked: false }

/** Waits until the screen shows data. */
async function drawn(pty: Pty): Promise<void> {
  await pty.see(lines => lines.some(line => /events\/s [\d.]+/.test(line)))
  expect(pty.modes).toEqual(TAKEN)
}

/** Waits for the end; what stands between the two reports, which must be equal. */
async function left(pty: Pty): Promise<string[]> {
  await pty.ended()
  await pty.until('back on the normal screen', () => (pty.modes.screen === 'normal' ? true : undefined))
  // the shell's last line is the second report
  const lines = await pty.until('both reports on the line', () => {
    const seen = pty.look().filter(line => line !== '')
    return seen.length > 1 && /^[0-9a-f]+:/.test(seen.at(-1) ?? '') ? seen : undefined
  })
  expect(pty.modes).toEqual(AS_BEFORE)
  expect(lines[0]).toMatch(/^[0-9a-f]+:/)
  expect(lines.at(-1)).toBe(lines[0])
  return lines.slice(1, -1)
}

/** Id of the program that the shell runs. */
function programOf(pty: Pty): number {
  const [child] = pty.children()
  if (child === undefined) throw new Error('the program does not run')
  return child
}

/** Scheduling policy of a process: field 41 of proc(5). */
function policyOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38])
}

describe('ended by', () => {
  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-C in a prompt', '/ab\x03'],
  ])('%s', async (_, keys) => {
    const pty = shell(program())
    await drawn(pty)
    pty.type(keys)
    expect(await left(pty)).toEqual(['status 0'])
  })

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)('%s', async signal => {
    const pty = shell(program())
    await drawn(pty)
    process.kill(programOf(pty), signal)
    expect(await left(pty)).toEqual([`ebpf-top: ended by ${signal}`, 'status 0'])
  })

  it('the last sample that was asked for', async () => {
    expect(await left(shell(program('--delay', 0.2, '--iterations', 2)))).toEqual(['status 0'])
  })

  it('the end of the terminal, without staying behind', async () => {
    const pty = shell(program())
    await drawn(pty)
    const pid = programOf(pty)
    pty.close()
    await pty.until('gone', () => (isRunning(pid) ? undefined : true))
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('not begun', () => {
  it.each([
    ['on a terminal that cannot show it', program(), { TERM: 'dumb' }, 'a terminal of type "dumb"'],
    ['without a terminal to write to', ['sh', '-c', '"$@" | cat; exit 2', 'sh', ...program()], {}, 'stdout is not a'],
    ['without a terminal to read from', ['sh', '-c', '"$@" </dev/null', 'sh', ...program()], {}, 'stdin is not a'],
  ])('%s: status 2 and what to do', async (_, command, environment, reason) => {
    const [what, remedy, ...rest] = await left(shell(command, environment))
    expect(what).toContain(`ebpf-top: ${reason}`)
    expect(remedy).toMatch(/^ {2}add --batch or --output json/)
    expect(rest).toEqual(['status 2'])
  })
})

describe('when something breaks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-screen-'))
  const broken = join(folder, 'cli.js')
  afterAll(() => rmSync(folder, { recursive: true }))

  // the whole program, but for the part that asks the kernel
  beforeAll(async () => {
    await build({
      absWorkingDir: join(import.meta.dirname, '../..'),
      entryPoints: ['src/cli.ts'],
      outdir: folder,
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"production"' },
      external: ['react-devtools-core'],
      banner: {
        js: "import { createRequire as ourRequire } from 'node:module'; const require = ourRequire(import.meta.url);",
      },
      plugins: [
        {
          name: 'a sampler that fails',
          setup({ onResolve }) {
            const path = join(import.meta.dirname, 'sampler-that-fails.ts')
            onResolve({ filter: /\/sample\/open\.ts$/ }, () => ({ path }))
            // native code, which is not found from the folder of this program
            const koffi = fileURLToPath(import.meta.resolve('koffi'))
            onResolve({ filter: /^koffi$/ }, () => ({ path: koffi, external: true }))
          },
        },
      ],
    })
  })

  it('in the end itself does not hold it up', async () => {
    const pty = shell([process.execPath, broken], { EBPF_TOP_TEST_BREAKS: 'end' })
    await drawn(pty)
    const pid = programOf(pty)
    pty.type('q')
    // while it is still there
    await pty.until('of ordinary priority', () => (policyOf(pid) === 0 ? true : undefined))
    expect(await left(pty)).toEqual(['status 0'])
  })

  it.each([
    ['tracer', 'reading the map of calls: bad file descriptor'],
    ['component', 'this row cannot be drawn'],
    ['promise', 'nobody listens to this'],
    ['timer', 'thrown out of nowhere'],
  ])('in a %s, two lines say what', async (what, reason) => {
    const pty = shell([process.execPath, broken], { EBPF_TOP_TEST_BREAKS: what })
    await drawn(pty)
    expect(await left(pty)).toEqual([
      `ebpf-top: ${reason}`,
      expect.stringMatching(/^ {2}this is a bug: please report it/),
      'status 1',
    ])
  })
})
