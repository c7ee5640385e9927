import { expect, test } from 'vitest'
import { sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

test('errors are those that the process saw, by call and errno, with their share', async () => {
  const workload = await Workload.start('calls', 2, 3_000, 701, 0, 0)
  const top = await Top.start('-d', 0.5, '-p', workload.pid)
  await workload.work()
  const samples = await top.finish()
  await workload.end()
  const rows = samples.flatMap(sample => sample.errors)
  const ofClose = rows.filter(row => row.syscall === 'close')
  expect(new Set(ofClose.map(row => row.errno))).toEqual(new Set(['EBADF']))
  expect(new Set(ofClose.map(row => row.meaning))).toEqual(new Set(['Bad file number']))
  expect(sum(ofClose, row => row.count)).toBe(2 * 701)
  expect(rows.every(row => row.pid === workload.pid && row.name === 'calls')).toBe(true)
  for (const sample of samples) {
    expect(sum(sample.errors, row => row.count)).toBe(sum(sample.syscalls, row => row.errors))
    for (const row of sample.errors) {
      const calls = sample.syscalls.find(({ syscall }) => syscall === row.syscall)?.count ?? 0
      // one process is watched, so that its calls are all
      expect(row.share).toBe(row.count / calls)
    }
  }
})
