import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ProcessFacts } from '../../../src/sample/facts.ts'

const COMMAND = readFileSync('/proc/self/cmdline', 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ')
const stat = readFileSync('/proc/self/stat', 'utf8')
/** Of this process, in nanoseconds since boot: field 22 of /proc/PID/stat, behind the name. */
const STARTED_NS = (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * 1e9) / 100

test('a process tells its command, with its start known or not', () => {
  const facts = new ProcessFacts()
  expect(facts.get(process.pid, STARTED_NS, 'node').command).toBe(COMMAND)
  expect(facts.get(process.pid, 0, 'node').command).toBe(COMMAND)
})

test('they are read once, until the process has another name or nobody asks', () => {
  const facts = new ProcessFacts()
  const first = facts.get(process.pid, STARTED_NS, 'node')
  facts.forget()
  expect(facts.get(process.pid, STARTED_NS, 'node')).toBe(first)
  const renamed = facts.get(process.pid, STARTED_NS, 'other')
  expect(renamed).not.toBe(first)
  facts.forget()
  facts.forget()
  expect(facts.get(process.pid, STARTED_NS, 'other')).not.toBe(renamed)
})

test('another process that had the same id is not taken for this one', () => {
  const facts = new ProcessFacts()
  facts.get(process.pid, STARTED_NS, 'node')
  expect(facts.get(process.pid, STARTED_NS - 5e9, 'predecessor').command).toBe('predecessor')
})
