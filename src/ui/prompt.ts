/** The prompts at the foot of the screen: typing, and what an accepted text means. */

import { sanitize } from '../table/format.ts'
import { graphemes } from '../table/width.ts'
import type { Key } from './input.ts'
import type { Prompt, PromptKind, State } from './state.ts'

/** Shortest and longest interval, in seconds. */
export const INTERVAL_LEAST = 0.1
export const INTERVAL_MOST = 3600

/** Largest pid that Linux can be told to give out (PID_MAX_LIMIT). */
const PID_MOST = 2 ** 22

/** Longer text is of no use in any prompt; a paste may be of any size. */
const TEXT_MOST = 256

/** What a prompt has to ask the machine. */
export interface Machine {
  processExists(pid: number): boolean
}

/** What a prompt says in front of the text, and the help behind it. */
export const promptTexts: Readonly<Record<PromptKind, { readonly label: string; readonly hint: string }>> = {
  filter: { label: 'Filter', hint: 'Enter keeps, Esc clears' },
  pids: { label: 'Pids', hint: '12,34; none: all processes' },
  interval: { label: 'Interval', hint: `seconds, ${INTERVAL_LEAST} at the least` },
}

export function openPrompt(state: State, kind: PromptKind): State {
  return { ...state, prompt: { kind, text: kind === 'filter' ? state.filter : '', problem: null } }
}

/** The state after a key in the open prompt. */
export function promptKey(state: State, prompt: Prompt, key: Key, machine: Machine): State {
  switch (key) {
    case 'enter':
      return accept(state, prompt, machine)
    case 'escape':
      return { ...state, prompt: null, filter: prompt.kind === 'filter' ? '' : state.filter }
    case 'backspace':
    case 'delete':
      return withText(state, prompt, withoutLast(prompt.text))
    case 'ctrl-u':
      return withText(state, prompt, '')
    case 'ctrl-w':
      return withText(state, prompt, prompt.text.replace(/[^\s,]*[\s,]*$/, ''))
    default:
      return isCharacter(key) ? promptText(state, prompt, key) : state
  }
}

/** The state after a typed or pasted text in the open prompt; line feeds and other controls become spaces. */
export function promptText(state: State, prompt: Prompt, text: string): State {
  const line = sanitize(text.replaceAll(/\p{Cc}+/gu, ' '))
  return withText(state, prompt, (prompt.text + line).slice(0, TEXT_MOST))
}

function withText(state: State, prompt: Prompt, text: string): State {
  // The filter acts while it is typed; the others wait for Enter, because they steer the kernel side.
  const filter = prompt.kind === 'filter' ? text : state.filter
  return { ...state, filter, prompt: { ...prompt, text, problem: null } }
}

function accept(state: State, prompt: Prompt, machine: Machine): State {
  const refuse = (problem: string): State => ({ ...state, prompt: { ...prompt, problem } })
  const closed: State = { ...state, prompt: null }
  switch (prompt.kind) {
    case 'filter':
      return closed
    case 'pids': {
      const pids = parsePids(prompt.text, machine)
      return typeof pids === 'string' ? refuse(pids) : { ...closed, pids }
    }
    case 'interval': {
      if (prompt.text.trim() === '') return closed
      const interval = parseInterval(prompt.text)
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
    if (pid > PID_MOST || !machine.processExists(pid)) return `no process has the id ${word}`
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

function withoutLast(text: string): string {
  return graphemes(text).slice(0, -1).join('')
}
