/** What the program was told by the kernel in some intervals, byte by byte, and how far it was played. */

import { dirname } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

// the real one, whatever stands for it
const { mkdirSync, readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')

/** What a call gave: a value that JSON can hold, or the code of an error. */
export type Outcome<T> = { readonly value: T } | { readonly error: string }

/** A map of an array, byte by byte, or one with keys. */
export interface TapedMap {
  readonly entries: number
  /** Of each interval: the pages that changed by their number, in base64; '' where all is zero. */
  readonly pages: Record<string, string>[]
  /** Of each interval: all elements, in base64. */
  readonly elements: [key: string, value: string][][]
}

export interface TapedObject {
  /** Its type information, in base64; '' where it could not be loaded. */
  readonly btf: string
  /** Why it could not be loaded or attached; null: it could. */
  error: { readonly what: string; readonly remedy: string } | null
  readonly programs: string[]
}

/** Everything by interval: 0 is what was before the first one. */
export interface Tape {
  /** This program, as the kernel counts it, and its children. */
  self: number
  readonly own: number[]
  /** Processes that are watched, and the only ones that are told of; empty: all. */
  pids: number[]
  readonly clocks: { readonly monotonicNs: number; readonly bootNs: number; readonly unixNs: number }[]
  readonly objects: Record<string, TapedObject>
  readonly maps: Record<string, TapedMap>
  readonly formats: Record<string, string>
  /** Runs that the kernel left out, by program. */
  readonly missed: Record<string, number>[]
  /** Calls of file functions by their name and path. */
  readonly files: Record<string, Outcome<unknown>>[]
  /** Datagrams of each netlink socket by the order in which they were opened, in base64, and what was dropped. */
  readonly datagrams: Record<string, string[]>[]
  readonly drops: Record<string, number>[]
  /** Answers to questions by netlink. */
  readonly asked: Record<string, { readonly outcome: string; readonly datagrams: string[] }>[]
  /** What was told of processes. */
  readonly facts: Record<string, unknown>[]
}

export const PAGE = 512

let tape: Tape = blank()
let recording = false
let interval = 0

export function isRecording(): boolean {
  return recording
}

export function theTape(): Tape {
  return tape
}

/** The interval whose end was reached last. */
export function intervalNow(): number {
  return interval
}

export function endInterval(): number {
  return ++interval
}

/** From now on it is recorded, or what `file` holds is played. */
export function begin(file: string, record: boolean): void {
  recording = record
  interval = -1
  tape = record ? blank() : JSON.parse(brotliDecompressSync(readFileSync(file)).toString('utf8'))
}

/** Writes what was recorded. */
export function save(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24 }
  writeFileSync(file, brotliCompressSync(JSON.stringify(tape), { params }))
}

/** What was noted under a key in this interval, or else before. */
export function lastOf<T>(notes: readonly Record<string, T>[], key: string): T | undefined {
  for (let i = Math.max(0, interval); i >= 0; i--) {
    const found = notes[i]?.[key]
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether a process is told of: it is watched, or this program. */
export function isTold(pid: number): boolean {
  return tape.pids.length === 0 || pid === tape.self || tape.pids.includes(pid)
}

/** The notes of this interval. */
export function notesOf<T>(notes: Record<string, T>[]): Record<string, T> {
  const at = Math.max(0, interval)
  while (notes.length <= at) notes.push({})
  return notes[at] ?? {}
}

function blank(): Tape {
  return {
    ...{ self: process.pid, own: [], pids: [], clocks: [], objects: {}, maps: {}, formats: {}, missed: [], files: [] },
    ...{ datagrams: [], drops: [], asked: [], facts: [] },
  }
}
