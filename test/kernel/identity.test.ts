import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { endOf, listenerOn } from '../support/connections.ts'
import { Told } from '../support/sockets.ts'
import { isCompat, type JsonSample, sum, Top, tells } from '../support/top.ts'
import { compiled } from '../support/workload.ts'

/** Arguments with room for other ones. */
const LONG = 'x'.repeat(60)

function identity(): Told {
  return new Told([compiled('identity'), LONG])
}

/** The second sample from now on: by then it is known who a process is. */
async function second(top: Top): Promise<JsonSample> {
  await top.fresh()
  return top.next()
}

/** How a process comes to be another one, and who it is then. */
const CHANGES = [
  { how: 'prctl', words: ['prctl', 'other'], name: 'other', command: `${compiled('identity')} ${LONG}` },
  { how: '/proc/PID/comm', words: ['comm', 'another'], name: 'another', command: `${compiled('identity')} ${LONG}` },
  { how: 'writing over its arguments', words: ['title', 'db: idle in transaction'], name: 'identity' },
  { how: 'exec to the same name', words: ['exec', '--worker'], name: 'exe', command: 'identity --worker' },
] as const

describe('a process', () => {
  test.each(CHANGES)(
    'that becomes another one by $how is that within two samples, also where it rests',
    async change => {
      const { words, name } = change
      const command = 'command' in change ? change.command : words[1]
      const process = identity()
      const [port = 0, local = 0] = await process.tell('hold')
      const top = await Top.start('-d', 0.3)
      expect(listenerOn([await second(top)], port)).toMatchObject([{ pid: process.pid, name: 'identity' }])
      await process.tell(...words)
      const sample = await second(top)
      expect(listenerOn([sample], port)).toMatchObject([{ pid: process.pid, name }])
      for (const ends of [endOf([sample], port, local), endOf([sample], local, port)]) {
        expect(ends).toMatchObject([{ pid: process.pid, name }])
      }
      expect(sample.processes.filter(row => row.pid === process.pid)).toMatchObject([{ name, command }])
      await top.stop()
    },
  )

  test('whose first thread has ended is whole', async () => {
    const process = identity()
    const [port = 0, local = 0] = await process.tell('hold')
    for (const when of ['before', 'after']) {
      let top = when === 'before' ? await Top.start('-d', 0.3) : null
      if (when === 'before') await process.tell('leave')
      top ??= await Top.start('-d', 0.3)
      // it does something, and then rests
      await process.tell('comm', 'headless')
      const sample = await second(top)
      expect(listenerOn([sample], port)).toMatchObject([{ pid: process.pid, name: 'headless' }])
      expect(endOf([sample], local, port)).toMatchObject([{ pid: process.pid, name: 'headless' }])
      expect(sample.processes.filter(row => row.pid === process.pid)).toMatchObject([
        { name: 'headless', command: `${compiled('identity')} ${LONG}`, exited: false },
      ])
      await top.stop()
    }
  })

  test('is another one than the one that had its pid before, in the same interval', async () => {
    const parent = identity()
    const top = await Top.start('-d', 2)
    const [pid = 0] = await parent.tell('last', 13)
    await parent.tell('at', pid, 29)
    const samples = await top.finish()
    const rows = samples.flatMap(sample => sample.processes).filter(row => row.pid === pid)
    const lives = Map.groupBy(rows, row => row.started_ns)
    if (!tells('processes with one pid')) {
      expect([...lives.values()].map(life => sum(life, row => row.syscalls))).toEqual([44])
      return
    }
    expect([...lives.values()].map(life => sum(life, row => row.syscalls)).toSorted()).toEqual([14, 30])
    expect([...lives.values()].map(life => life.filter(row => row.exited).length)).toEqual([1, 1])
    for (const row of rows) expect(row).toMatchObject({ name: 'child', command: `${compiled('identity')} ${LONG}` })
  })
})

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

/** Start of a process on the boot clock, in nanoseconds, as /proc tells it: in hundredths of a second. */
function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * 1e7
}

/** Unix time of the boot, in nanoseconds, by the clock as it is set now. */
function bootTime(): number {
  return Date.now() * 1e6 - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e9
}

/** What both of these are rounded to. */
const HUNDREDTH = 1e7

describe('the clock', () => {
  test('may be set back and forward: all times are by the clock as it is set, within one sample', async () => {
    const hour = 3_600
    const setter = identity()
    const process = identity()
    let set = 0
    const setBy = async (seconds: number): Promise<void> => {
      set += seconds
      await setter.tell('clock', seconds)
    }
    onTestFinished(async () => {
      if (set !== 0) await setBy(-set)
    })
    const top = await Top.start('-d', 0.3)
    const [port = 0, local = 0] = await process.tell('hold')
    await top.fresh()
    for (const by of [-hour, hour]) {
      await setBy(by)
      await top.next()
      await process.tell('prctl', 'active')
      const sample = await top.next()
      const started = bootTime() + startOf(process.pid)
      const [row] = sample.processes.filter(({ pid }) => pid === process.pid)
      expect(Math.abs((row?.started_ns ?? 0) - started)).toBeLessThan(3 * HUNDREDTH)
      const [connection] = endOf([sample], local, port)
      const age = Date.parse(sample.time) * 1e6 - (connection?.started_ns ?? 0)
      expect(Math.abs(age - (connection?.age_seconds ?? 0) * 1e9)).toBeLessThan(3 * HUNDREDTH)
      expect(Math.abs(Date.parse(sample.time) - Date.now())).toBeLessThan(10_000)
      expect(sample.interval_seconds).toBeLessThan(60)
    }
    await top.stop()
  })
})
