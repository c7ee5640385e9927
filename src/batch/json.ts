import type { Sample } from '../sample/sample.ts'
import { tables } from '../table/tables.ts'
import { type Arrangement, arrange } from './rows.ts'

/** What JSON leaves as it is but terminals obey, or readers take for the end of a line. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g

/** A sample as one line of JSON, ended by a line feed. Every row is in it but those that a filter leaves out. */
export function formatJson(sample: Sample, arrangement: Arrangement): string {
  const { calls: _, ...rest } = sample
  const text = JSON.stringify({
    ...rest,
    syscalls: arrange(tables.syscalls, sample.syscalls, arrangement),
    processes: arrange(tables.processes, sample.processes, arrangement),
    connections: arrange(tables.connections, sample.connections, arrangement),
    listeners: arrange(tables.listeners, sample.listeners, arrangement),
    slow_calls: arrange(tables.slow, sample.slow_calls, arrangement),
  })
  return `${text.replace(UNSAFE, escaped)}\n`
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
