import { expect, test } from 'vitest'
import { ProcessFacts, type Told } from '../../../src/facts/facts.ts'
import type { Answer } from '../../../src/facts/reader.ts'
import { asking } from '../../support/asking.ts'

const TICK = 1e7
const GROUP = { container: 'c1', pod: null, unit: null }

/** A process that the kernel side told everything of. */
function told(change: Partial<Told> = {}): Told {
  return {
    ...{ pid: 7, startedNs: 5 * TICK + 3, name: 'nginx', active: true, exited: false },
    ...{ command: 'nginx -g', group: GROUP },
    ...change,
  }
}

const idle = (change: Partial<Told> = {}): Told => told({ active: false, command: null, group: null, ...change })
const inProc = (change: Partial<Answer> = {}): Answer => ({
  ...{ startedTicks: 5, name: 'in proc', command: 'in proc -x', group: { ...GROUP, container: 'c2' } },
  ...change,
})

/** Facts that ask for what `answer` says, and the pids that they asked for in each turn. */
function start(answer: (pid: number) => Answer | null = () => inProc()) {
  let asked: number[] = []
  const source = asking(pid => {
    asked.push(pid)
    return answer(pid)
  })
  const facts = new ProcessFacts(source)
  const turn = async (...processes: Told[]): Promise<{ asked: number[]; facts: unknown[] }> => {
    asked = []
    await facts.learn(processes)
    const rows = processes.map(({ pid, startedNs, name }) => {
      const { name: is, command, container } = facts.get(pid, startedNs, name)
      return [is, command, container]
    })
    facts.forget()
    return { asked, facts: rows }
  }
  return { facts, turn }
}

test('of what the kernel side tells nobody is asked', async () => {
  const { turn } = start()
  expect(await turn(told())).toEqual({ asked: [], facts: [['nginx', 'nginx -g', 'c1']] })
  const changed = told({ name: 'other', command: 'other -y' })
  expect(await turn(changed)).toEqual({ asked: [], facts: [['other', 'other -y', 'c1']] })
})

test('a process that rests is asked for once, and not again while it rests', async () => {
  const { turn } = start()
  const rows = { facts: [['in proc', 'in proc -x', 'c2']] }
  expect(await turn(idle())).toEqual({ asked: [7], ...rows })
  expect(await turn(idle())).toEqual({ asked: [], ...rows })
})

test('one that was active and then rests is asked for once more: it may have changed after the kernel side looked', async () => {
  const { turn } = start()
  await turn(told())
  expect(await turn(idle())).toEqual({ asked: [7], facts: [['in proc', 'in proc -x', 'c2']] })
  expect((await turn(idle())).asked).toEqual([])
  await turn(told())
  expect((await turn(idle())).asked).toEqual([7])
})

test('one that is active is asked for in each turn where the kernel side does not tell its arguments', async () => {
  let answer: Answer | null = inProc()
  const { turn } = start(() => answer)
  expect((await turn(told({ command: null, group: null }))).facts).toEqual([['nginx', 'in proc -x', 'c2']])
  answer = inProc({ command: 'rewritten' })
  expect((await turn(told({ command: null, group: null }))).facts).toEqual([['nginx', 'rewritten', 'c2']])
  answer = null
  expect((await turn(told({ command: null, group: null }))).facts).toEqual([['nginx', 'rewritten', 'c2']])
  // another program, of which nothing is known
  expect((await turn(told({ name: 'sh', command: null, group: null }))).facts).toEqual([['sh', 'sh', 'c2']])
})

test('one that has ended is not asked for, and keeps what was known of it', async () => {
  const { turn } = start()
  await turn(told())
  await turn()
  const ended = told({ command: null, group: null, exited: true })
  expect(await turn(ended)).toEqual({ asked: [], facts: [['nginx', 'nginx -g', 'c1']] })
})

test('a successor or predecessor with the same pid is another process', async () => {
  const { turn } = start()
  const first = told({ startedNs: 1 * TICK, name: 'first', command: 'first' })
  const second = told({ startedNs: 5 * TICK, name: 'second', command: 'second' })
  const both = [
    ['first', 'first', 'c1'],
    ['second', 'second', 'c1'],
  ]
  expect((await turn(first, second)).facts).toEqual(both)
  // what /proc tells is of the second alone
  const again = await turn(
    idle({ startedNs: 1 * TICK }),
    told({ startedNs: 5 * TICK, command: 'second', name: 'second' }),
  )
  expect(again).toEqual({ asked: [7], facts: both })
  expect((await turn(idle({ startedNs: 0 }))).facts).toEqual([['in proc', 'in proc -x', 'c2']])
})

test('without a word it is known by its name', async () => {
  const silent = start(() => null)
  expect((await silent.turn(idle())).facts).toEqual([['nginx', 'nginx', null]])
  const facts = new ProcessFacts(null)
  await facts.learn([idle()])
  expect(facts.get(7, 5 * TICK + 3, 'nginx')).toMatchObject({ name: 'nginx', command: 'nginx', container: null })
  expect(facts.isOwn(7)).toBe(false)
})

test('a kernel thread has its name as command', async () => {
  const { turn } = start(() => inProc({ command: '', name: 'kworker/0:1' }))
  expect((await turn(idle())).facts).toEqual([['kworker/0:1', 'kworker/0:1', 'c2']])
})

test('what nobody uses is remembered up to a bound', async () => {
  const { turn, facts } = start()
  await turn(...Array.from({ length: 9000 }, (_, i) => told({ pid: i + 1, command: `c${i + 1}` })))
  await turn(told({ pid: 1, command: 'c1' }))
  const remembered = Array.from({ length: 9000 }, (_, i) => facts.find(i + 1, 5 * TICK + 3)).filter(Boolean)
  expect(remembered).toHaveLength(4097)
})

test('those who ask are known', () => {
  const facts = new ProcessFacts(asking(() => null, 12))
  expect([facts.isOwn(12), facts.isOwn(7)]).toEqual([true, false])
})
