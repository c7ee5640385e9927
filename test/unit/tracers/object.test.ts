import { describe, expect, test } from 'vitest'
import { HistogramSum, summarize, total } from '../../../src/table/histogram.ts'
import { added, type Cell, Decoder } from '../../../src/tracers/object/decode.ts'
import type { MapShape } from '../../../src/tracers/object/field.ts'
import { describeObject } from '../../../src/tracers/object/object-file.ts'
import { tableOf } from '../../../src/tracers/object/table.ts'
import { type MadeMember, MadeTypes, madeObject } from '../../support/object-file.ts'

const HASH = 1
const ARRAY = 2
const PERCPU_HASH = 5

/** The one map of an object whose value is a struct of these members, its key a `__u32`. */
function mapWith(size: number, members: (types: MadeTypes) => readonly MadeMember[], type = HASH): MapShape {
  const types = new MadeTypes()
  const key = types.int('unsigned int', 4)
  types.map('rows', type, key, types.struct('value', size, members(types)), 16)
  const [map] = describeObject(madeObject(types)).tables
  if (map === undefined) throw new Error('no map')
  return map
}

/** The cells of one element, by the ids of fields. */
function cellsOf(map: MapShape, value: Buffer, key = Buffer.alloc(map.keySize), processors = 1): Record<string, Cell> {
  const view = ({ buffer, byteOffset, length }: Buffer) => new DataView(buffer, byteOffset, length)
  const element = new Decoder(map, processors).element(view(key), 0, view(value), 0)
  if (element === null) throw new Error('no element')
  return Object.fromEntries(map.fields.map(({ id }, i) => [id, element.cells[i] ?? null]))
}

describe('a map of C values', () => {
  test('has numbers of all sizes, signed or not, and digits where no double holds them', () => {
    const map = mapWith(48, types => [
      { name: 'small', type: types.int('unsigned char', 1), at: 0 },
      { name: 'low', type: types.int('signed char', 1, 'signed'), at: 8 },
      { name: 'short', type: types.int('short', 2, 'signed'), at: 16 },
      { name: 'int', type: types.int('int', 4, 'signed'), at: 32 },
      { name: 'long', type: types.int('long', 8, 'signed'), at: 64 },
      { name: 'huge', type: types.int('unsigned long', 8), at: 128 },
      { name: 'yes', type: types.int('_Bool', 1, 'bool'), at: 192 },
      { name: 'wide', type: types.int('__int128', 16), at: 256 },
    ])
    const value = Buffer.alloc(48)
    value.writeUInt8(200, 0)
    value.writeInt8(-2, 1)
    value.writeInt16LE(-300, 2)
    value.writeInt32LE(-70_000, 4)
    value.writeBigInt64LE(-5n, 8)
    value.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 16)
    value.writeUInt8(1, 24)
    value.writeUInt8(0xab, 32)
    expect(cellsOf(map, value)).toEqual({
      ...{ key: 0, small: 200, low: -2, short: -300, int: -70_000, long: -5, huge: '18446744073709551615', yes: true },
      wide: `ab${'00'.repeat(15)}`,
    })
  })

  test('has texts, lists, bytes, pointers and fractions', () => {
    const map = mapWith(64, types => [
      { name: 'comm', type: types.array(types.int('char', 1, 'signed'), 16), at: 0 },
      { name: 'loads', type: types.array(types.int('unsigned int', 4), 3), at: 128 },
      { name: 'raw', type: types.array(types.int('unsigned char', 1), 3), at: 224 },
      { name: 'to', type: types.pointer(0), at: 256 },
      { name: 'part', type: types.float('double', 8), at: 320 },
      { name: 'half', type: types.float('float', 4), at: 384 },
    ])
    const value = Buffer.alloc(64)
    value.write('nginx\0rest', 0)
    for (const i of [0, 1, 2]) value.writeUInt32LE(i * 10, 16 + 4 * i)
    value.set([1, 2, 255], 28)
    value.writeBigUInt64LE(0x1234n, 32)
    value.writeDoubleLE(0.25, 40)
    value.writeFloatLE(Number.NaN, 48)
    expect(cellsOf(map, value)).toMatchObject({
      ...{ comm: 'nginx', loads: '0 10 20', raw: '0102ff', to: '3412000000000000', part: 0.25, half: null },
    })
  })

  test('has bit fields, enums by their names, and structs in structs as one list', () => {
    const map = mapWith(24, types => {
      const state = types.enum('state', { IDLE: 0, BUSY: 1, BROKEN: -1 })
      const long = types.enum('long_state', { FAR: 2 ** 40 }, 8)
      const int = types.int('unsigned int', 4)
      const inner = types.struct('inner', 8, [
        { name: 'state', type: state, at: 0 },
        { name: 'low', type: int, at: 32, bits: 3 },
        { name: 'high', type: int, at: 35, bits: 5 },
      ])
      const anonymous = types.struct('', 4, [{ name: 'plain', type: int, at: 0 }])
      return [
        { name: 'in', type: inner, at: 0 },
        { name: '', type: anonymous, at: 64 },
        { name: 'other', type: state, at: 96 },
        { name: 'far', type: long, at: 128 },
      ]
    })
    const value = Buffer.alloc(24)
    value.writeInt32LE(-1, 0)
    value.writeUInt8(0b10110_101, 4)
    value.writeUInt32LE(77, 8)
    value.writeUInt32LE(9, 12)
    value.writeBigUInt64LE(2n ** 40n, 16)
    expect(cellsOf(map, value)).toEqual({
      ...{ key: 0, in_state: 'BROKEN', in_low: 5, in_high: 22, plain: 77, other: '9', far: 'FAR' },
    })
  })

  test('knows what the types of ebpf_top.bpf.h say', () => {
    const map = mapWith(104, types => {
      const [u16, u32, u64] = [
        types.int('unsigned short', 2),
        types.int('unsigned int', 4),
        types.int('unsigned long', 8),
      ]
      const s32 = types.int('int', 4, 'signed')
      const six = types.struct('six', 16, [
        { name: 'bytes', type: types.array(types.int('unsigned char', 1), 16), at: 0 },
      ])
      const of = (name: string, type: number) => types.typedef(name, type)
      return [
        { name: 'pid', type: of('eb_pid', u32), at: 0 },
        { name: 'error', type: of('eb_errno', s32), at: 32 },
        { name: 'call', type: of('eb_syscall', u32), at: 64 },
        { name: 'signal', type: of('eb_signal', u32), at: 96 },
        { name: 'four', type: of('eb_ipv4', u32), at: 128 },
        { name: 'port', type: of('eb_port', u16), at: 160 },
        { name: 'six', type: of('eb_ipv6', six), at: 192 },
        { name: 'wait_ns', type: of('eb_ns', u64), at: 320 },
        { name: 'read_bytes', type: of('eb_bytes', u64), at: 384 },
        { name: 'calls', type: of('eb_counter', u64), at: 448 },
        { name: 'level', type: of('eb_gauge', types.int('long', 8, 'signed')), at: 512 },
        { name: 'group', type: of('eb_cgroup', u64), at: 576 },
        { name: 'device', type: of('eb_device', u32), at: 640 },
      ]
    })
    const value = Buffer.alloc(104)
    for (const [i, word] of [42, -2, 0, 9].entries()) value.writeInt32LE(word, 4 * i)
    value.set([127, 0, 0, 1], 16)
    value.writeUInt16LE(8080, 20)
    value.set([0xfe, 0x80], 24)
    value.set([1], 39)
    for (const [i, number] of [5n, 6n, 7n, 2n ** 63n, 11n].entries()) value.writeBigUInt64LE(number, 40 + 8 * i)
    value.writeUInt32LE(4095 * 2 ** 20 + 3, 80)
    expect(cellsOf(map, value)).toEqual({
      ...{ key: 0, pid: 42, error: 'ENOENT', signal: 'SIGKILL', four: '127.0.0.1', port: 8080, six: 'fe80::1' },
      ...{ call: process.arch === 'arm64' ? 'io_setup' : 'read', wait_ns: 5, read_bytes: 6, calls: 7, level: null },
      ...{ group: 11, device: '4095:3' },
    })
    const { columns, defaultSort } = tableOf('own', 'own', map, true)
    expect(defaultSort).toBe('wait_ns')
    expect(columns.map(({ id, title, unit, kind }) => [id, title, unit, kind === 'counter'])).toEqual([
      ['key', 'KEY', 'number', false],
      ['pid', 'PID', 'number', false],
      ['name', 'NAME', 'text', false],
      ['error', 'ERROR', 'text', false],
      ['call', 'CALL', 'text', false],
      ['signal', 'SIGNAL', 'text', false],
      ['four', 'FOUR', 'text', false],
      ['port', 'PORT', 'number', false],
      ['six', 'SIX', 'text', false],
      ['wait_ns', 'WAIT', 'nanoseconds', false],
      ['read_bytes', 'READ/s', 'bytes', true],
      ['calls', 'CALLS/s', 'events', true],
      ['level', 'LEVEL', 'number', false],
      ['group', 'GROUP', 'number', false],
      ['device', 'DEVICE', 'text', false],
      ['container', 'CONTAINER', 'text', false],
      ['command', 'COMMAND', 'text', false],
    ])
  })

  test('knows its histograms', () => {
    const map = mapWith(1424, types => {
      const counts = types.array(types.int('unsigned int', 4), 352)
      const u64 = types.int('unsigned long', 8)
      const histogram = types.struct('eb_histogram', 1424, [
        { name: 'sum', type: u64, at: 0 },
        { name: 'max', type: u64, at: 64 },
        { name: 'buckets', type: counts, at: 128 },
      ])
      return [{ name: 'wait_ns', type: histogram, at: 0 }]
    })
    const expected = new HistogramSum()
    for (const ns of [100, 200, 5000]) expected.record(ns)
    const value = Buffer.alloc(1424)
    value.writeBigUInt64LE(5300n, 0)
    value.writeBigUInt64LE(5000n, 8)
    for (let i = 0; i < 352; i++) value.writeUInt32LE(expected.count(40 + i), 16 + 4 * i)
    const { wait_ns: found } = cellsOf(map, value)
    if (!(found instanceof HistogramSum)) throw new Error('no histogram')
    expect(summarize(found, total(found))).toEqual(summarize(expected, 3))
    const [field] = map.fields.filter(({ id }) => id === 'wait_ns')
    if (field === undefined) throw new Error('no field')
    const twice = added(field, found, expected)
    expect(twice instanceof HistogramSum && [total(twice), twice.sum, twice.max]).toEqual([6, 10_600, 5000])
    expect(tableOf('own', 'own', map, false).columns.map(({ title }) => title)).toEqual([
      ...['KEY', 'WAIT P50', 'WAIT P95', 'WAIT P99', 'WAIT MAX'],
    ])
  })

  test('is shown as tags say', () => {
    const map = mapWith(16, types => {
      const u32 = types.int('unsigned int', 4)
      return [
        { name: 'a', type: u32, at: 0, tags: ['eb:label=First', 'eb:width=20'] },
        { name: 'b', type: u32, at: 32, tags: ['eb:hidden'] },
        { name: 'c', type: u32, at: 64, tags: ['eb:sort', 'not ours'] },
      ]
    })
    const { columns, defaultSort } = tableOf('own', 'own', map, false)
    expect(columns.map(({ id, title, width }) => [id, title, width])).toEqual([
      ['key', 'KEY', 7],
      ['a', 'First', 20],
      ['c', 'C', 7],
    ])
    expect(defaultSort).toBe('c')
  })

  test('of each processor is added up, but for what is no amount', () => {
    const map = mapWith(
      16,
      types => [
        { name: 'calls', type: types.int('unsigned int', 4), at: 0 },
        { name: 'comm', type: types.array(types.int('char', 1, 'signed'), 8), at: 32 },
      ],
      PERCPU_HASH,
    )
    const value = Buffer.alloc(48)
    for (const [i, calls] of [3, 4, 5].entries()) value.writeUInt32LE(calls, 16 * i)
    value.write('late', 32 + 4)
    expect(cellsOf(map, value, Buffer.alloc(4), 3)).toEqual({ key: 0, calls: 12, comm: 'late' })
  })

  test('of an array is what somebody has written', () => {
    const map = mapWith(4, types => [{ name: 'n', type: types.int('unsigned int', 4), at: 0 }], ARRAY)
    const view = new DataView(new ArrayBuffer(4))
    expect(new Decoder(map).element(view, 0, view, 0)).toBe(null)
    expect(map.fields.map(({ id }) => id)).toEqual(['index', 'n'])
  })
})
