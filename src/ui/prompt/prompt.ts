/** The prompts at the foot of the screen: typing, and what an accepted text means. */

import { sanitize } from '../../text/text.ts'
import type { Prompt, PromptKind, State } from '../state/state.ts'
import type { Key } from '../terminal/input.ts'
import { type EditedLine, EMPTY_LINE, edit, insert, lineOf } from './line.ts'

/** Shortest and longest interval, in seconds. */
export const INTERVAL_LEAST = 0.1
export const INTERVAL_MOST = 3600

/** Largest pid that Linux can be told to give out (PID_MAX_LIMIT). */
const PID_MOST = 2 ** 22

/** So many texts entered before are kept. */
const ENTERED_MOST = 50

/** What a prompt has to ask the machine. */
export interface Machine {
  processExists(pid: number): boolean
}

/** What a prompt says in front of the text, and the help behind it. */
export const promptTexts: Readonly<Record<PromptKind, { readonly label: string; readonly hint: string }>> = {
  filter: { label: 'Filter', hint: 'Enter keeps, Esc clears' },
  pids: { label: 'Pids', hint: '12,34; none: all processes' },
  interval: { label: 'Interval', hint: `seconds, at least ${INTERVAL_LEAST}` },
}

export function openPrompt(state: State, kind: PromptKind): State {
  const line = kind === 'filter' ? lineOf(state.filter) : EMPTY_LINE
  return { ...state, prompt: { kind, line, recalled: null, draft: '', problem: null } }
}

/** The state after a key in the open prompt. */
export function promptKey(state: State, prompt: Prompt, key: Key, machine: Machine): State {
  switch (key) {
    case 'enter':
      return accept(state, prompt, machine)
    case 'escape':
    case 'ctrl-g':
      return { ...state, prompt: null, filter: prompt.kind === 'filter' ? '' : state.filter }
    case 'up':
    case 'ctrl-p':
      return recall(state, prompt, 1)
    case 'down':
    case 'ctrl-n':
      return recall(state, prompt, -1)
    default: {
      const edited = edit(prompt.line, key)
      if (edited !== null) return withLine(state, prompt, edited)
      return isCharacter(key) ? promptText(state, prompt, key) : state
    }
  }
}

/** The state after a typed or pasted text in the open prompt; line feeds and other controls become spaces. */
export function promptText(state: State, prompt: Prompt, text: string): State {
  const clean = text.replaceAll(/\p{Cc}+/gu, ' ')
  // behind a character, for a mark at its start may belong to what stands in front of the cursor
  return withLine(state, prompt, insert(prompt.line, sanitize(`x${clean}`).slice(1)))
}

function withLine(state: State, prompt: Prompt, line: EditedLine): State {
  // The filter acts while it is typed; the others wait for Enter, because they steer the kernel side.
  const filter = prompt.kind === 'filter' ? line.text : state.filter
  return { ...state, filter, prompt: { ...prompt, line, problem: null } }
}

/** One of the texts entered before, further back or again nearer; nearer than the newest is what was typed itself. */
function recall(state: State, prompt: Prompt, by: number): State {
  const entered = state.entered[prompt.kind]
  const place = (prompt.recalled ?? -1) + by
  if (place < -1 || place >= entered.length) return state
  const draft = prompt.recalled === null ? prompt.line.text : prompt.draft
  const line = lineOf(entered[place] ?? draft, prompt.line)
  return withLine(state, { ...prompt, recalled: place < 0 ? null : place, draft }, line)
}

/** The state in which the prompt's text is one of those entered before. */
function remembered(state: State, { kind, line }: Prompt): State {
  const before = state.entered[kind]
  if (line.text.trim() === '' || line.text === before[0]) return state
  return { ...state, entered: { ...state.entered, [kind]: [line.text, ...before].slice(0, ENTERED_MOST) } }
}

function accept(state: State, prompt: Prompt, machine: Machine): State {
  const { text } = prompt.line
  const refuse = (problem: string): State => ({ ...state, prompt: { ...prompt, problem } })
  const closed: State = { ...remembered(state, prompt), prompt: null }
  switch (prompt.kind) {
    case 'filter':
      return closed
    case 'pids': {
      const pids = parsePids(text, machine)
      return typeof pids === 'string' ? refuse(pids) : { ...closed, pids }
    }
    case 'interval': {
      if (text.trim() === '') return closed
      const interval = parseInterval(text)
      return typeof interval === 'string' ? refuse(interval) : { ...closed, interval }
    }
  }
}

/** Pids separated by commas or spaces, each once; or what is wrong with them. */
function parsePids(text: string, machine: Machine): readonly number[] | string {
  const pids = new Set<number>()
  for (const word of text.split(/[\s,]+/)) {
    if (word === '') continue
    const pid = /^\d+$/.test(word) ? Number(word) : Number.NaN
    if (!(pid >= 1)) return `“${word}” is not a process id`
    if (pid > PID_MOST || !machine.processExists(pid)) return `there is no process ${word}`
    pids.add(pid)
  }
  return [...pids]
}

/** Seconds, or what is wrong with them. */
function parseInterval(text: string): number | string {
  const seconds = /^\d*\.?\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (Number.isNaN(seconds)) return `“${text.trim()}” is not a number of seconds`
  if (seconds < INTERVAL_LEAST) return `at least ${INTERVAL_LEAST} seconds`
  return seconds > INTERVAL_MOST ? `at most ${INTERVAL_MOST} seconds` : seconds
}

/** Named keys are words of ASCII; a character is a single code point. */
function isCharacter(key: Key): boolean {
  return [...key].length === 1
}
