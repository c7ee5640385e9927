/**
 * Measures what watching costs, compares it with the goals, and writes it into docs/measurements.md:
 *
 *   npm run bench [-- NAME...] [--rounds N] [--minutes N] [--print]
 *
 * NAME: only these subjects; --rounds: how often everything is measured; --minutes: how long memory is watched;
 * --print: show the tables only. Needs root, and a machine that does nothing else. Exit status: 1 where something could
 * not be measured, 2 for wrong usage; a goal that is not reached is no failure.
 */

import { parseArgs } from 'node:util'
import { Quiet } from './foreign.ts'
import { load, provenance } from './machine.ts'
import { missing } from './peers.ts'
import { render, write } from './report.ts'
import type { Bench, Subject } from './subject.ts'
import { bytes } from './subjects/bytes.ts'
import { connections } from './subjects/connections.ts'
import { exporting } from './subjects/export.ts'
import { honesty } from './subjects/honesty.ts'
import { http } from './subjects/http.ts'
import { memory } from './subjects/memory.ts'
import { reading } from './subjects/reading.ts'
import { scaling } from './subjects/scaling.ts'
import { screen } from './subjects/screen.ts'
import { start } from './subjects/start.ts'
import { syscall } from './subjects/syscall.ts'

const SUBJECTS: readonly Subject[] = [
  syscall,
  bytes,
  http,
  reading,
  screen,
  start,
  exporting,
  memory,
  scaling,
  honesty,
  connections,
]

/** Processes that run on average of a minute; more are worth a word. */
const BUSY = 0.3

interface Settings {
  readonly subjects: readonly Subject[]
  readonly rounds: number
  readonly minutes: number
  readonly print: boolean
}

/** Throws an error that says what is wrong. */
function parse(): Settings {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '7' },
      minutes: { type: 'string', default: '5' },
      print: { type: 'boolean', default: false },
    },
  })
  for (const name of positionals) {
    if (!SUBJECTS.some(subject => subject.name === name)) {
      throw new Error(`no subject ${name}; there are: ${SUBJECTS.map(subject => subject.name).join(', ')}`)
    }
  }
  return {
    subjects: SUBJECTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    rounds: positive('--rounds', values.rounds),
    minutes: positive('--minutes', values.minutes),
    print: values.print,
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} wants a whole number from 1 on, not ${text}`)
  return value
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Measures one subject; false where not all of it could be measured. */
async function measure(subject: Subject, { rounds, minutes, print }: Settings, quiet: Quiet): Promise<boolean> {
  say(`bench: ${subject.name}`)
  let whole = true
  const lack = (line: string): void => {
    say(`  not measured: ${line}`)
    whole = false
  }
  for (const line of missing(subject.needs)) lack(line)
  if (!whole) return false
  const notes: string[] = []
  const bench: Bench = {
    rounds,
    minutes,
    quiet,
    note: text => notes.push(text),
    lack(line) {
      lack(line)
      notes.push(`Not measured: ${line}.`)
    },
    say: text => say(`  ${text}`),
  }
  try {
    const figures = await subject.run(bench)
    notes.push(...quiet.take())
    const section = { ...subject, figures, notes, provenance: provenance(rounds) }
    process.stdout.write(`${render(section)}\n\n`)
    if (!print) write(section)
    return whole
  } catch (error) {
    quiet.take()
    say(`  failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
    return false
  }
}

async function main(): Promise<number> {
  let settings: Settings
  try {
    settings = parse()
  } catch (error) {
    say(`bench: ${error instanceof Error ? error.message : error}`)
    return 2
  }
  if (process.getuid?.() !== 0) {
    say('bench: only root can attach BPF programs\n  run it as root')
    return 2
  }
  if (load() > BUSY) say(`bench: this machine does something else: ${load().toFixed(1)} processes run on average`)
  const quiet = new Quiet()
  let failed = 0
  for (const subject of settings.subjects) if (!(await measure(subject, settings, quiet))) failed++
  return failed > 0 ? 1 : 0
}

process.exit(await main())
