import { expect, test } from 'vitest'
import { HistogramSum } from '../../../src/table/histogram.ts'
import { Tables } from '../../../src/table/tables.ts'
import type { Meter } from '../../../src/tracers/metrics.ts'
import { metricsOf } from '../../../src/tracers/object/metrics.ts'
import { describeObject } from '../../../src/tracers/object/object-file.ts'
import { tableOf } from '../../../src/tracers/object/table.ts'
import { MadeTypes, madeObject } from '../../support/object-file.ts'

/** BPF_MAP_TYPE_HASH */
const HASH = 1

test('what rows count in an interval is exported, by process and by the rest of the key', () => {
  const types = new MadeTypes()
  const [u32, u64] = [types.int('unsigned int', 4), types.int('unsigned long', 8)]
  const key = types.struct('k', 8, [
    { name: 'pid', type: types.typedef('eb_pid', u32), at: 0 },
    { name: 'error', type: types.typedef('eb_errno', types.int('int', 4, 'signed')), at: 32 },
  ])
  const value = types.struct('v', 32, [
    { name: 'calls', type: types.typedef('eb_counter', u64), at: 0 },
    { name: 'read_bytes', type: types.typedef('eb_bytes', u64), at: 64 },
    { name: 'wait_ns', type: types.typedef('eb_ns', u64), at: 128 },
    { name: 'plain', type: u64, at: 192 },
  ])
  const [map] = describeObject(madeObject(types.map('own', HASH, key, value, 8))).tables
  if (map === undefined) throw new Error('no map')
  const table = tableOf('own', 'own', map, true)
  const { descriptions, take } = metricsOf('own', table, map)
  expect(
    Object.entries(descriptions).map(([name, { kind, unit, attributes }]) => [name, kind, unit, attributes]),
  ).toEqual([
    ['ebpf_top.own.calls', 'counter', '{calls}', ['ebpf_top.error']],
    ['ebpf_top.own.read_bytes', 'counter', 'By', ['ebpf_top.error']],
    ['ebpf_top.own.wait_ns', 'counter', 'ns', ['ebpf_top.error']],
  ])
  const row = {
    ...{ key: 'k', pid: 42, histograms: {} },
    values: { pid: 42, error: 'ENOENT', calls: 3, read_bytes: 4096, wait_ns: null, plain: 9 },
  }
  const told: unknown[] = []
  const meter: Meter = {
    add: (name, amount, series = '', labelsOf) => told.push([name, amount, labelsOf?.(series)]),
    histogram: () => new HistogramSum(),
    record() {},
    rank: activity => told.push(['rank', activity]),
  }
  const sample = { tables: new Tables().with(table, [row]), calls: [] }
  for (const _ of take(sample, process => {
    told.push(process.pid)
    return meter
  }));
  const labels = { 'ebpf_top.error': 'ENOENT' }
  expect(told).toEqual([42, ['ebpf_top.own.calls', 3, labels], ['ebpf_top.own.read_bytes', 4096, labels], ['rank', 1]])
})
