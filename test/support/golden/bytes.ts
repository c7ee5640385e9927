/** Bytes that a real kernel or compiler made, for decoders. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sectionOf } from '../elf.ts'
import { OBJECTS } from '../top.ts'
import { begin, theTape } from './tape.ts'

const FOLDER = join(import.meta.dirname, '../../golden')

/** Type information of each object that is built, by its file. */
export function objectTypes(): [name: string, btf: Buffer][] {
  return readdirSync(OBJECTS)
    .filter(name => name.endsWith('.bpf.o'))
    .map(name => [name, sectionOf(readFileSync(join(OBJECTS, name)), '.BTF')])
}

/** The first types of a kernel, and one of each kind. */
export function kernelTypes(): Buffer {
  return readFileSync(join(FOLDER, 'vmlinux.btf'))
}

/** Datagrams by which inet_diag answered, all that were recorded. */
export function diagDatagrams(): Uint8Array<ArrayBuffer>[] {
  begin(join(FOLDER, 'compat.tape'), false)
  const { asked, datagrams } = theTape()
  const answers = asked.flatMap(questions => Object.values(questions).flatMap(answer => answer.datagrams))
  const destroyed = datagrams.flatMap(sockets => Object.values(sockets).flat())
  return [...answers, ...destroyed].map(text => new Uint8Array(Buffer.from(text, 'base64')))
}

/** All starts of some bytes, about so many of them. */
export function* cutOff<B extends Uint8Array>(bytes: B, count: number): Generator<Uint8Array> {
  const step = Math.max(1, Math.floor(bytes.length / count))
  for (let length = 0; length < bytes.length; length += step) yield bytes.slice(0, length)
}

/** Copies of some bytes, a few of which are others, always the same ones. */
export function* damaged(bytes: Uint8Array, count: number): Generator<Uint8Array> {
  let state = 1
  const random = (below: number): number => {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  for (let i = 0; i < count; i++) {
    const copy = Uint8Array.from(bytes)
    for (let changed = 0; changed < 3; changed++) copy[random(copy.length)] = random(256)
    yield copy
  }
}
