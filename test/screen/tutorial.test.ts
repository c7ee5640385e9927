import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pageText, shellLinesIn } from '../support/documentation.ts'
import { PROGRAM, Pty } from '../support/pty.ts'

test("the tutorial of docs/tracers.md leads to a table of one's own, exactly as it is written", async () => {
  const text = pageText('docs/tracers.md')
  const lines = shellLinesIn(text.slice(text.indexOf('## One of your own')))
  expect(lines).toHaveLength(5)
  const [begin = '', compile = '', asText = '', asJson = '', onScreen = ''] = lines
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-tutorial-'))
  // no more of the machine than the tutorial speaks of
  const bin = join(folder, 'bin')
  execFileSync('mkdir', [bin])
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  writeFileSync(join(bin, 'ebpf-top'), `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`, { mode: 0o755 })
  const environment = { PATH: `${bin}:${process.env.PATH}` }
  const run = (line: string): string =>
    execFileSync('sh', ['-euc', line], { cwd: folder, env: { ...process.env, ...environment }, encoding: 'utf8' })

  expect(
    run(begin)
      .split('\n')
      .map(line => line.trim()),
  ).toContain(compile)
  expect(() => run(begin)).toThrow('there is a file failing.bpf.c already')
  run(compile)
  expect(readFileSync(join(folder, 'failing.bpf.o')).length).toBeGreaterThan(1000)
  expect(run(asText)).toMatch(/^failing \(\d+\)\n *PID +NAME +ERROR +FAILED +CONTAINER +COMMAND\n/m)
  const sample: { tracers: { failing: object[] } } = JSON.parse(run(asJson))
  expect(Array.isArray(sample.tracers.failing)).toBe(true)
  const pty = new Pty('sh', ['-euc', `cd ${folder}; ${onScreen}`], { columns: 160, rows: 40, environment })
  await pty.see('FAILED')
  pty.type('q')
  expect(await pty.ended()).toBe(0)
  // what is there stays, and a link of somebody else leads nowhere
  const header = join(folder, 'ebpf_top.bpf.h')
  run('ebpf-top --new-tracer second')
  writeFileSync(header, 'of another version')
  expect(() => run('ebpf-top --new-tracer third')).toThrow('there is another file ebpf_top.bpf.h already')
  rmSync(header)
  symlinkSync(join(folder, 'victim'), header)
  expect(() => run('ebpf-top --new-tracer third')).toThrow('(EEXIST)')
  expect(existsSync(join(folder, 'victim'))).toBe(false)
})
