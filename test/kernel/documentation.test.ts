import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pageText, shellLinesIn } from '../support/documentation.ts'
import { closed, publishedSchema, validator } from '../support/schema.ts'
import { OBJECTS, Top } from '../support/top.ts'

/** Commands that end by themselves: the others are screens and services, whose flags a unit test reads. */
const ENDS = /--once|--doctor| -n /

/** Its commands build on each other: test/screen/tutorial.test.ts runs them. */
const TUTORIAL = 'docs/tracers.md'

const COMMANDS = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md').filter(page => page !== TUTORIAL)]
  .flatMap(page => shellLinesIn(pageText(page)))
  .filter(line => /^(?:sudo )?ebpf-top /.test(line) && ENDS.test(line))

/** A folder with `ebpf-top` in it, and `sudo` that only runs what it is told. */
function programs(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ebpf-top-shown-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, body] of [
    ['ebpf-top', `exec ${process.execPath} ${path.join(OBJECTS, 'cli.js')} "$@"`],
    ['sudo', 'exec "$@"'],
  ] as const) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${body}\n`)
    chmodSync(path.join(folder, name), 0o755)
  }
  return folder
}

test('there are commands to run', () => expect(COMMANDS.length).toBeGreaterThan(3))

test.each(COMMANDS)('%s runs', line => {
  const env = { ...process.env, PATH: `${programs()}:${process.env.PATH}` }
  // a pipe fails where any part of it does
  execFileSync('bash', ['-o', 'pipefail', '-c', line], { env, stdio: ['ignore', 'pipe', 'inherit'] })
})

test.each([
  { mode: 'with the best means', flags: [] },
  { mode: 'in compatible mode', flags: ['--compat'] },
])('every field of a sample is documented, and every documented field is there, $mode', async ({ flags }) => {
  const isSample = validator(closed(publishedSchema()))
  const listening = createServer(socket => void socket.end('x')).listen(0, '127.0.0.1')
  onTestFinished(() => void listening.close())
  await once(listening, 'listening')
  const address = listening.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const top = await Top.start('-d', 0.2, '--slow', '1us', ...flags)
  await once(connect(port, '127.0.0.1').resume(), 'close')
  const samples = await top.finish()
  for (const list of ['syscalls', 'processes', 'connections', 'listeners'] as const) {
    expect(
      samples.some(sample => sample[list].length > 0),
      list,
    ).toBe(true)
  }
  for (const sample of samples) expect(isSample(sample) || isSample.errors).toBe(true)
})
