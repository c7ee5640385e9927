import { describe, expect, test } from 'vitest'
import { Decoder } from '../../../src/tracers/object/decode.ts'
import { describeObject } from '../../../src/tracers/object/object-file.ts'
import { tableOf } from '../../../src/tracers/object/table.ts'
import { cutOff, damaged, kernelTypes, objectTypes } from '../../support/golden/bytes.ts'
import { MadeTypes, madeObject } from '../../support/object-file.ts'

/** Types of maps, of <linux/bpf.h>. */
const HASH = 1
const RING = 27

describe('an object', () => {
  test('has tables of its maps of rows alone, and says which cannot be shown', () => {
    const types = new MadeTypes()
    const u32 = types.int('unsigned int', 4)
    types.map('events', RING, null, null, 4096).map('counts', HASH, u32, u32, 8).map('untyped', HASH, null, null, 8)
    const { tables, notes } = describeObject(madeObject(types))
    expect(tables.map(({ name, entries }) => [name, entries])).toEqual([['counts', 8]])
    expect(notes).toEqual(['map untyped is not shown: it is defined without the types of its keys and values'])
  })

  test('has parameters, which are written into its bytes', () => {
    const types = new MadeTypes()
    const u32 = types.int('unsigned int', 4)
    const knob = (name: string, type: number) => types.variable('.rodata', name, types.volatile(type))
    knob('min_ms', u32)
    knob('low', types.int('short', 2, 'signed'))
    knob('on', types.int('_Bool', 1, 'bool'))
    knob('who', types.array(types.int('char', 1, 'signed'), 8))
    knob('long', types.int('unsigned long', 8))
    types.variable('.rodata', 'no_knob', u32)
    const constants = {
      ...{ min_ms: Buffer.from([5, 0, 0, 0]), low: Buffer.from([255, 255]), on: Buffer.from([1]) },
      ...{ who: Buffer.from('me\0\0\0\0\0\0'), long: Buffer.alloc(8), no_knob: Buffer.alloc(4) },
    }
    const file = madeObject(types, constants)
    const { knobs } = describeObject(file)
    expect(knobs.map(({ name, type, value }) => [name, type, value])).toEqual([
      ['min_ms', 'unsigned int', '5'],
      ['low', 'short', '-1'],
      ['on', 'bool', 'true'],
      ['who', 'char[8]', 'me'],
      ['long', 'unsigned long', '0'],
    ])
    const values = { min_ms: '0xff', low: '-300', on: 'false', who: 'you', long: '18446744073709551615' }
    for (const { name, set } of knobs) set(Object.entries(values).find(([key]) => key === name)?.[1] ?? '')
    expect(describeObject(file).knobs.map(({ value }) => value)).toEqual(['255', '-300', 'false', 'you', values.long])
    const refused = {
      min_ms: ['-1', '4294967296', '', 'x', '1.5'],
      low: ['32768'],
      on: ['2'],
      who: ['12345678', 'a\0'],
    }
    for (const [name, words] of Object.entries(refused)) {
      for (const word of words)
        expect(() => knobs.find(each => each.name === name)?.set(word), word).toThrow(RangeError)
    }
  })

  /** An object with one map whose value is that type. */
  const withValue = (make: (types: MadeTypes) => number): Buffer => {
    const types = new MadeTypes()
    return madeObject(types.map('rows', HASH, types.int('unsigned int', 4), make(types), 8))
  }

  test.each<readonly [string, Buffer, string]>([
    ['no ELF file', Buffer.from('#!/bin/sh\n'), 'no ELF file'],
    [
      'another machine',
      Buffer.concat([madeObject(new MadeTypes()).subarray(0, 18), Buffer.from([62, 0]), Buffer.alloc(60)]),
      'no BPF object',
    ],
    ['no types', madeObject(Buffer.alloc(0)), 'BTF is damaged: it is cut off'],
    ['a type made of itself', withValue(types => types.add('t', 8, 0, 2)), 'is made of itself'],
    [
      'a struct in itself',
      withValue(types => types.struct('s', 8, [{ name: 'm', type: 2, at: 0 }])),
      'too deep or too large',
    ],
    ['a type that is not there', withValue(() => 999), 'there is no number 999'],
    ['a value without a size', withValue(() => 0), 'has no size'],
    ['a value too large', withValue(types => types.array(types.int('char', 1), 1 << 20)), 'takes 1048576 bytes'],
    [
      'a member outside',
      withValue(types => types.struct('s', 4, [{ name: 'm', type: types.int('x', 4), at: 64 }])),
      'outside of it',
    ],
    [
      'a name with an escape',
      withValue(types => types.struct('s', 4, [{ name: 'a\x1b[31m', type: 1, at: 0 }])),
      'a name is none of C',
    ],
    [
      'a bit field too wide',
      withValue(types => types.struct('s', 4, [{ name: 'a', type: 1, at: 8, bits: 32 }])),
      'too wide',
    ],
    [
      'an unknown tag',
      withValue(types => types.struct('s', 4, [{ name: 'a', type: 1, at: 0, tags: ['eb:color=red'] }])),
      'there is no tag "color"',
    ],
    [
      'a width that is none',
      withValue(types => types.struct('s', 4, [{ name: 'a', type: 1, at: 0, tags: ['eb:width=x'] }])),
      'its width "x"',
    ],
    [
      'a text as duration',
      withValue(types =>
        types.struct('s', 8, [
          { name: 'a', type: types.typedef('eb_ns', types.array(types.int('char', 1), 8)), at: 0 },
        ]),
      ),
      'cannot be eb_ns',
    ],
    [
      'too many fields',
      withValue(types =>
        types.struct(
          's',
          800,
          Array.from({ length: 200 }, (_, i) => ({ name: `m${i}`, type: 1, at: 32 * i })),
        ),
      ),
      'more than 128 fields',
    ],
  ])('with %s is refused', (_, file, why) => {
    expect(() => describeObject(file)).toThrow(why)
  })

  test('with structs without end is refused soon', () => {
    const types = new MadeTypes()
    let inner = types.struct('empty', 0, [])
    for (let i = 0; i < 20; i++) {
      inner = types.struct(
        `s${i}`,
        0,
        Array.from({ length: 100 }, (_, m) => ({ name: `m${m}`, type: inner, at: 0 })),
      )
    }
    types.map('rows', HASH, types.int('unsigned int', 4), inner, 8)
    expect(() => describeObject(madeObject(types))).toThrow('too deep or too large')
  })

  test('that is damaged is refused with a word on why, or is read', () => {
    const types = new MadeTypes()
    const u32 = types.int('unsigned int', 4)
    const kind = types.enum('kind', { A: 0, B: 1 })
    const value = types.struct('v', 24, [
      { name: 'kind', type: kind, at: 0, tags: ['eb:label=Kind'] },
      { name: 'text', type: types.array(types.int('char', 1, 'signed'), 12), at: 32 },
      { name: 'ns', type: types.typedef('eb_ns', types.int('long', 8)), at: 128 },
    ])
    types.map('rows', HASH, u32, value, 8).variable('.rodata', 'knob', types.volatile(u32))
    const whole = [
      madeObject(types, { knob: Buffer.alloc(4) }),
      madeObject(kernelTypes()),
      ...objectTypes().map(([, bytes]) => madeObject(bytes)),
    ]
    const element = new DataView(new ArrayBuffer(1 << 20))
    for (const bytes of whole) {
      for (const other of [...cutOff(bytes, 50), ...damaged(bytes, 150)]) {
        try {
          const { tables } = describeObject(Buffer.from(other))
          for (const map of tables) {
            tableOf('own', 'own', map, true)
            new Decoder(map, 2).element(element, 0, element, 0)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }
    }
  })
})
