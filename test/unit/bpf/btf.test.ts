import { describe, expect, test } from 'vitest'
import { Btf } from '../../../src/bpf/btf/btf.ts'
import { StructLayout } from '../../../src/bpf/btf/layout.ts'
import { checkConstants } from '../../../src/tracers/syscalls/tracer.ts'
import { cutOff, damaged, kernelTypes, objectTypes } from '../../support/golden/bytes.ts'

/** Where members lie, as `struct` tells it. */
function membersOf(btf: Btf, name: string): Record<string, readonly [offset: number, size: number, count: number]> {
  const { members } = btf.struct(name)
  return Object.fromEntries(Array.from(members, ([member, at]) => [member, [at.offset, at.size, at.count]]))
}

describe('type information of the objects', () => {
  test.each([
    ['process', 'full', 'plain', 'processes', 'connections', 'bytes'],
    ['connection', 'full', 'plain', 'connections'],
    ['calls', 'full', 'syscalls', 'plain_syscalls'],
    ['compat_control', 'compat_syscalls', 'compat_connections', 'compat_bytes', 'compat_kprobes'],
  ])('has struct %s, which is the same in each that has it', (name, ...objects) => {
    const all = new Map(objectTypes().map(([file, bytes]) => [file, new Btf(bytes)]))
    const structs = objects.map(object => all.get(`${object}.bpf.o`)?.struct(name))
    expect(structs.every(struct => struct !== undefined && struct.size > 0)).toBe(true)
    for (const struct of structs) expect(struct).toEqual(structs[0])
  })

  test('says where members are, of any size and number', () => {
    const [, bytes = Buffer.alloc(0)] = objectTypes().find(([name]) => name === 'full.bpf.o') ?? []
    // struct failure { __u32 number; __u32 count; }, struct octave { __u32 counts[8]; }
    expect(membersOf(new Btf(bytes), 'failure')).toEqual({ number: [0, 4, 1], count: [4, 4, 1] })
    expect(membersOf(new Btf(bytes), 'octave')).toMatchObject({ counts: [0, 4, 8] })
    const layout = new StructLayout(new Btf(bytes), 'failure')
    expect([layout.size, layout.u32('number'), layout.u32('count')]).toEqual([8, 0, 4])
    expect(() => layout.u64('count')).toThrow('struct failure: count is 1 x 4 bytes')
    expect(() => layout.u32('nothing')).toThrow('struct failure has no member nothing')
    expect(() => new StructLayout(new Btf(bytes), 'nothing')).toThrow('no struct nothing in BTF')
  })
})

describe('constants that C and TypeScript share', () => {
  test.each([
    ['ALL_MARKED', 0xffffffff, 'full', 'plain', 'connections'],
    ['NO_RTT', 0xffffffff, 'full', 'plain', 'connections'],
    ['COMPAT_BIT', 0x10000, 'full', 'plain_syscalls', 'syscalls', 'compat_syscalls', 'compat_plain_syscalls'],
    ['FIRST_OCTAVE', 5, 'full', 'plain_syscalls', 'syscalls', 'compat_syscalls', 'compat_plain_syscalls'],
  ])('%s is in each object whose rows mean it', (name, value, ...objects) => {
    const all = new Map(objectTypes().map(([file, bytes]) => [file, new Btf(bytes)]))
    expect(objects.map(object => all.get(`${object}.bpf.o`)?.constant(name))).toEqual(objects.map(() => value))
  })

  test('that are not there are an error', () => {
    const [[, bytes] = ['', Buffer.alloc(0)]] = objectTypes()
    expect(() => new Btf(bytes).constant('NOTHING')).toThrow('no constant NOTHING in BTF')
  })

  test('of a kernel are read with their sign', () => {
    const btf = new Btf(kernelTypes())
    expect(btf.constant('false')).toBe(0)
    expect(btf.constant('true')).toBe(1)
  })

  test('are not taken for others: a tracer refuses an object that means another number', () => {
    const object = { constant: (name: string) => (name === 'COMPAT_BIT' ? 0x20000 : 5) }
    expect(() => checkConstants(object)).toThrow('COMPAT_BIT is 131072, not 65536')
  })
})

describe('type information of a kernel', () => {
  test('with all kinds of types is read: pointers, arrays, typedefs, bit fields', () => {
    const btf = new Btf(kernelTypes())
    expect(membersOf(btf, 'list_head')).toEqual({ next: [0, 8, 1], prev: [8, 8, 1] })
    expect(btf.struct('list_head').size).toBe(16)
    expect(membersOf(btf, 'callback_head')).toEqual({ next: [0, 8, 1], func: [8, 8, 1] })
    expect(membersOf(btf, 'timespec64')).toEqual({ tv_sec: [0, 8, 1], tv_nsec: [8, 8, 1] })
  })

  test('that is there in part says what it lacks', () => {
    expect(() => new Btf(kernelTypes()).struct('task_struct')).toThrow(/^no type \d+ in BTF$/)
  })
})

describe('bytes that are damaged', () => {
  const whole = [kernelTypes(), ...objectTypes().map(([, bytes]) => bytes)]

  test('are said to be', () => {
    for (const bytes of whole) {
      for (const part of cutOff(bytes, 300))
        expect(() => new Btf(part)).toThrow(/^(?:BTF is damaged: it is cut off|not BTF)$/)
    }
    expect(() => new Btf(new Uint8Array(64))).toThrow('not BTF')
  })

  test('never are read beyond their end, and never for ever', () => {
    const clear = /^(?:not BTF$|BTF is damaged: |no type \d+ in BTF$|no struct )/
    for (const bytes of whole) {
      for (const other of damaged(bytes, 300)) {
        try {
          const btf = new Btf(other)
          for (const name of ['calls', 'connection', 'process', 'list_head', 'task_struct']) btf.struct(name)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          expect(error).toMatchObject({ message: expect.stringMatching(clear) })
        }
      }
    }
  })

  test('may say that a type is made of itself', () => {
    // struct s { t m; }, typedef t of itself
    const text = Buffer.from('\0s\0m\0t\0')
    const types = Uint32Array.of(1, (4 << 24) | 1, 4, 3, 2, 0, 5, 8 << 24, 2)
    const header = Buffer.alloc(24)
    header.writeUInt16LE(0xeb9f, 0)
    header.writeUInt8(1, 2)
    for (const [i, value] of [24, 0, types.byteLength, types.byteLength, text.length].entries())
      header.writeUInt32LE(value, 4 + 4 * i)
    const btf = new Btf(Buffer.concat([header, Buffer.from(types.buffer), text]))
    expect(() => btf.struct('s')).toThrow('BTF is damaged: type 2 is made of itself')
  })
})
