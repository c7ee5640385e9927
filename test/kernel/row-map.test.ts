import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadLibbpf } from '../../src/bpf/libbpf.ts'
import type { RowMap } from '../../src/bpf/maps/row-map.ts'
import { SharedMaps } from '../../src/bpf/maps/shared-maps.ts'
import { BpfObject } from '../../src/bpf/object.ts'
import { OBJECTS } from '../support/top.ts'

/** The rows of a map that nobody else uses. */
function rowsOfProcesses(): RowMap {
  const object = BpfObject.load(loadLibbpf(), join(OBJECTS, 'processes.bpf.o'), new SharedMaps())
  onTestFinished(() => object.close())
  return object.rows('processes', 'process')
}

/** Writes to each of some rows what tells it from all others. */
function fill(rows: RowMap, first: number, count: number, mark: number): void {
  const { bytes, release } = rows.map(first, count)
  for (let i = 0; i < count; i++) bytes.setUint32(i * rows.layout.size, mark + i, true)
  release()
}

function marks(rows: RowMap, view: DataView): number[] {
  return Array.from({ length: view.byteLength / rows.layout.size }, (_, i) =>
    view.getUint32(i * rows.layout.size, true),
  )
}

const from = (mark: number, count: number): number[] => Array.from({ length: count }, (_, i) => mark + i)

test('rows are read from wherever they begin, few and many of them', () => {
  const rows = rowsOfProcesses()
  for (const [first, count, mark] of [
    [0, 1, 10],
    [777, 3, 20],
    [1, rows.entries - 1, 100],
    [rows.entries - 1, 1, 7],
  ] as const) {
    fill(rows, first, count, mark)
    expect(marks(rows, rows.copy(first, count).bytes)).toEqual(from(mark, count))
  }
  expect(rows.copy(5, 0).bytes.byteLength).toBe(0)
})

test('a copy is good until it is released, and nobody takes what is copied next for it', () => {
  const rows = rowsOfProcesses()
  fill(rows, 0, 100, 1000)
  const first = rows.copy(0, 100)
  first.hold()
  fill(rows, 0, 100, 2000)
  const second = rows.copy(0, 100)
  first.release()
  expect(marks(rows, first.bytes)).toEqual(from(1000, 100))
  first.release()
  expect(() => first.bytes.getUint32(0)).toThrow(TypeError)
  fill(rows, 0, 50, 3000)
  const third = rows.copy(0, 50)
  expect(() => first.bytes.getUint32(0)).toThrow(TypeError)
  expect([marks(rows, second.bytes), marks(rows, third.bytes)]).toEqual([from(2000, 100), from(3000, 50)])
})

test('of what is large one part of a map is mapped at a time', () => {
  const rows = rowsOfProcesses()
  const { release } = rows.map(0, rows.entries)
  expect(() => rows.map(0, rows.entries)).toThrow('mapped')
  release()
  release()
  rows.map(0, rows.entries).release()
})

test('what is small stays mapped, grows, and can be read by several', () => {
  const rows = rowsOfProcesses()
  fill(rows, 50, 2000, 1)
  const some = rows.map(50, 10)
  const more = rows.map(50, 2000)
  const again = rows.map(50, 10)
  expect(marks(rows, some.bytes)).toEqual(from(1, 10))
  expect(marks(rows, more.bytes)).toEqual(from(1, 2000))
  some.release()
  some.release()
  fill(rows, 50, 10, 77)
  expect(marks(rows, again.bytes)).toEqual(from(77, 10))
  expect(more.bytes.getUint32(0, true)).toBe(77)
})
