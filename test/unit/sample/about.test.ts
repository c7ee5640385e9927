/** Who a process is that somebody looks at: from what /proc says, as far as it answers. */

import { expect, it } from 'vitest'
import { type About, AboutAsker } from '../../../src/facts/about.ts'
import { type Details, detailsIn } from '../../../src/facts/details.ts'
import type { Question } from '../../../src/facts/reader.ts'
import { capabilitiesText } from '../../../src/ui/pages/who.ts'

const STATUS = 'Name:\todd) R 9\\n\nUid:\t1000\t33\t33\t33\nNSpid:\t4242\t7\nCapEff:\t0000000000000400\n'
const LINKS = 'pid:[4026531836]\nnet:[4026531840]\n'
/** The name may hold anything. */
const STAT = `4242 (odd) R 9) D 17 ${'0 '.repeat(15)}12 0 5000 0`

const details = (status = STATUS, links = LINKS, stat = STAT): Details | null =>
  detailsIn(Buffer.from(status), Buffer.from(links), Buffer.from(stat))

it('is read from the texts of /proc', () => {
  expect(details()).toEqual({
    ...{ name: 'odd) R 9', state: 'D', parent: 17, threads: 12, startedTicks: 5000 },
    ...{ uid: 33, capabilities: 0x400n, ids: [4242, 7], pidNamespace: 4026531836, networkNamespace: 4026531840 },
  })
  expect(details('', '', '')).toBeNull()
  expect(details('', '\n\n')).toMatchObject({
    ...{ uid: null, capabilities: null, ids: [], pidNamespace: null, networkNamespace: null },
  })
})

it.each([
  [0n, 'none'],
  [(1n << 38n) - 1n, 'all'],
  [(1n << 41n) - 1n, 'all'],
  [0x400n, 'net_bind_service'],
  [(1n << 39n) | 1n, 'chown,bpf'],
  [1n << 60n, '0x1000000000000000'],
] as const)('capabilities %s are %s', (bits, text) => {
  expect(capabilitiesText(bits)).toBe(text)
})

it('comes as it is known, asks for what may not answer once, and knows another process with the pid', () => {
  const asked: Question[] = []
  const found = details()
  const reader = {
    ask: (questions: readonly Question[]) => void asked.push(...questions),
    askDetails: (_: number, tell: (details: Details | 'ended' | 'no answer') => void) => tell(found ?? 'ended'),
  }
  const asker = new AboutAsker(reader, ns => ns + 1e9)
  const told: About[] = []
  const process = { pid: 4242, started_ns: 50e9 + 1e9 }
  asker.ask(process, about => told.push(about))
  expect(told.at(-1)).toMatchObject({ command: null, parentName: null })
  expect(asked.map(({ pid }) => pid)).toEqual([17, 4242])
  const group = { container: null, pod: null, unit: null }
  asked[0]?.onAnswer({ startedTicks: 1, name: 'init', command: '', group })
  asked[1]?.onAnswer({ startedTicks: 5000, name: 'odd', command: 'odd -x', group })
  expect(told.at(-1)).toMatchObject({ command: 'odd -x', parentName: 'init' })
  asker.ask(process, about => told.push(about))
  expect(asked).toHaveLength(2)
  expect(told.at(-1)).toMatchObject({ command: 'odd -x', parentName: 'init' })
  asker.ask({ pid: 4242, started_ns: 90e9 }, about => told.push(about))
  expect(told.at(-1)).toBe('ended')
  new AboutAsker(null, ns => ns).ask(process, about => told.push(about))
  expect(told.at(-1)).toBe('no answer')
})
