import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nameOf } from '../../../src/plan/need.ts'
import { decide } from '../../../src/plan/plan.ts'
import { CAPABILITIES, capabilitiesIn, keptFor, setOf } from '../../../src/rights/capabilities.ts'
import { registry } from '../../../src/tracers/registry.ts'

const { needs } = registry
const ways = needs.flatMap(need => need.ways)
const plan = (compatOnly: boolean) =>
  decide(needs, new Map(ways.map(way => [nameOf(way), { works: true }])), { compatOnly })
const ORDINARY = { hasBpf: true, hidesProcesses: false, priority: false }
const COMPAT = ['CAP_BPF', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH', 'CAP_NET_ADMIN']

describe('what is kept', () => {
  it('is what reading maps takes, by the best means', () => {
    expect(keptFor(plan(false), ORDINARY)).toEqual(['CAP_BPF'])
    expect(keptFor(plan(false), { ...ORDINARY, priority: true })).toEqual(['CAP_BPF', 'CAP_SYS_NICE'])
    expect(keptFor(plan(false), { ...ORDINARY, hidesProcesses: true })).toEqual(['CAP_BPF', 'CAP_SYS_PTRACE'])
  })

  it('is what the sockets of others take as well, in compatible mode', () => {
    expect(keptFor(plan(true), ORDINARY)).toEqual(COMPAT)
    expect(keptFor(plan(true), { ...ORDINARY, hasBpf: false })).toEqual(COMPAT.slice(1))
  })
})

it('sets are those of the kernel', () => {
  expect(setOf(['CAP_BPF', 'CAP_SYS_NICE'])).toBe((1n << 39n) | (1n << 23n))
  expect(capabilitiesIn((1n << 39n) | (1n << 23n) | 1n)).toEqual(['CAP_BPF', 'CAP_SYS_NICE'])
})

/** Of the table in docs/kernels.md: the capability, or several of one purpose, and when it is held. */
const rows = Array.from(
  readFileSync('docs/kernels.md', 'utf8').matchAll(/^\| (CAP_[A-Z_, ]+) \| ([^|]+) \| ([^|]+) \|$/gm),
  ([, names = '', , held = '']) => ({ names: names.split(', '), held: held.trim() }),
)

describe('the table of rights', () => {
  it('has all capabilities', () => {
    expect(rows.flatMap(({ names }) => names).toSorted()).toEqual(Object.keys(CAPABILITIES).toSorted())
  })

  it('says which of them are kept', () => {
    const held = (word: string) => rows.filter(row => row.held.startsWith(word)).flatMap(({ names }) => names)
    const always = keptFor(plan(false), ORDINARY)
    expect(held('always')).toEqual(always)
    expect(held('in compatible mode')).toEqual(COMPAT.filter(name => !always.some(known => known === name)))
    expect(held('on the screen')).toEqual(['CAP_SYS_NICE'])
    const more = rows.filter(row => !/^(always|in compatible mode|on the screen)/.test(row.held))
    expect(more.map(row => row.held).filter(text => !/^(at the start|by a child of the screen)$/.test(text))).toEqual(
      [],
    )
  })
})
