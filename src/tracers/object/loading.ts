/** Loads an object in a process of its own (child.ts), and takes over what that has in the kernel. */

import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { basename } from 'node:path'
import { isSea } from 'node:sea'
import { LOADER } from '../../asking/loader.ts'
import { connectedSockets, receiveFiles } from '../../asking/pass-files.ts'
import { BpfError } from '../../bpf/error.ts'
import { ownProcesses } from '../../own-processes.ts'
import { oneLine } from '../../text/line.ts'

/** How long it may take, in milliseconds: the verifier gives up after a million instructions. */
const PATIENCE_MS = 30_000

/** Bytes of an answer, the verifier's log included. */
const LONGEST_ANSWER = 8 << 20

/** What the other process says. */
export type Answer = Loaded | Refusal

interface Loaded {
  readonly maps: readonly LoadedMap[]
  /** Of the programs that are loaded. */
  readonly sections: readonly string[]
  readonly links: number
}

interface LoadedMap {
  readonly name: string
  readonly keySize: number
  readonly valueSize: number
  readonly entries: number
}

interface Refusal {
  readonly what: string
  /** null: it said none. */
  readonly remedy: string | null
  readonly log: readonly string[]
}

/** An object in the kernel, which goes when these files are closed. */
export interface InKernel {
  readonly maps: ReadonlyMap<string, LoadedMap & { readonly fd: number }>
  readonly programs: readonly number[]
  /** As `sources` says it. */
  readonly source: string
  close(): void
}

/** How the program that runs here is started again: in a package it is one file. */
function self(): [string, readonly string[]] {
  const [, script = ''] = process.argv
  return [process.execPath, isSea() ? [] : [...process.execArgv, script]]
}

export interface LoadSettings {
  /** Its file, for messages and for the name that maps get in the kernel. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf: string | null
}

/** Throws a BpfError where it cannot be loaded, or attached, or who loads it does not live through it. */
export async function loadAside({ path, bytes, btf }: LoadSettings): Promise<InKernel> {
  const [own, others] = connectedSockets()
  try {
    const [program, words] = self()
    const child = spawn(program, [...words, LOADER, JSON.stringify({ path, btf })], {
      stdio: ['pipe', 'pipe', 'ignore', others],
      detached: true,
      cwd: '/',
      env: {},
    })
    ownProcesses.began(child.pid)
    const { promise, resolve } = Promise.withResolvers<string | null>()
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
    let text = ''
    child.stdin?.on('error', () => {})
    child.stdin?.end(bytes)
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.length > LONGEST_ANSWER) child.kill('SIGKILL')
    })
    child.once('error', error => resolve(error.message))
    child.once('close', (status, signal) => resolve(status === 0 ? null : (signal ?? `status ${status}`)))
    const failure = await promise
    clearTimeout(late)
    ownProcesses.ended(child.pid)
    if (failure !== null) throw broken(path, failure)
    return takeOver(own, answerIn(text, path), path)
  } finally {
    closeSync(own)
    closeSync(others)
  }
}

function takeOver(socket: number, answer: Answer, path: string): InKernel {
  if ('what' in answer) {
    throw new BpfError(answer.what, answer.remedy ?? `see what is in it: llvm-objdump -h ${basename(path)}`, answer.log)
  }
  const { maps, sections, links } = answer
  const files = receiveFiles(socket, maps.length + sections.length + links)
  return {
    maps: new Map(maps.map((map, i) => [map.name, { ...map, fd: files[i] ?? -1 }])),
    programs: files.slice(maps.length, maps.length + sections.length),
    source: sourceOf(sections),
    close() {
      for (const file of files.splice(0)) closeSync(file)
    },
  }
}

/** Programs of which the source tells. */
const MOST_TOLD = 3

function sourceOf(sections: readonly string[]): string {
  const all = [...new Set(sections.map(section => oneLine(section).slice(0, 60)))]
  const more = all.length - MOST_TOLD
  return [...all.slice(0, MOST_TOLD), ...(more > 0 ? [`${more} more`] : [])].join('+') || 'nothing'
}

/** What it says is believed as far as it has the right form: whatever it loaded may have changed it. */
function answerIn(text: string, path: string): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (isAnswer(answer)) return answer
  } catch {
    // as if it had said nothing
  }
  throw broken(path, 'it gave no answer')
}

function isAnswer(answer: unknown): answer is Answer {
  if (typeof answer !== 'object' || answer === null) return false
  if ('what' in answer) {
    return (
      typeof answer.what === 'string' &&
      'log' in answer &&
      Array.isArray(answer.log) &&
      answer.log.every(line => typeof line === 'string')
    )
  }
  if (!('maps' in answer) || !('sections' in answer) || !('links' in answer)) return false
  const { maps, sections, links } = answer
  return (
    Array.isArray(maps) &&
    maps.every(isMap) &&
    Array.isArray(sections) &&
    sections.every(section => typeof section === 'string') &&
    Number.isSafeInteger(links)
  )
}

function isMap(map: unknown): map is LoadedMap {
  return (
    typeof map === 'object' &&
    map !== null &&
    'name' in map &&
    typeof map.name === 'string' &&
    ['keySize', 'valueSize', 'entries'].every(name =>
      Number.isSafeInteger(Object.entries(map).find(([key]) => key === name)?.[1]),
    )
  )
}

function broken(path: string, why: string): BpfError {
  return new BpfError(
    `loading ${basename(path)} made the process end that loads it (${oneLine(why)})`,
    'compile it again, and remove --tracer if that does not help',
  )
}
