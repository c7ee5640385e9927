import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { isCompat, sum, Top } from '../support/top.ts'

/** Programs that end before anybody could ask /proc; docs/kernels.md says what compatible mode knows of them. */
it('what ended at once is a process of its own, with the command that it was executed with', async () => {
  const top = await Top.start()
  const arguments_ = Array.from({ length: 40 }, (_, i) => [`first-${i}`, '', 'last'])
  for (const each of arguments_) execFileSync('/bin/true', each)
  const long = 'x'.repeat(5000)
  execFileSync('/bin/true', [long])
  const samples = await top.finish()
  const rows = samples.flatMap(sample => sample.processes.filter(row => row.name === 'true' && row.exited))
  const commands = new Set(rows.map(row => row.command))
  for (const each of arguments_) {
    expect(commands).toContain(isCompat ? 'true' : `/bin/true ${each.join(' ')}`)
  }
  if (!isCompat) expect(commands).toContain(`${`/bin/true ${long}`.slice(0, 4096)}…`)
  expect(sum(rows, row => Number(row.started_ns === null))).toBe(isCompat ? rows.length : 0)
})
