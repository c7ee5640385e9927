import { describe, expect, test } from 'vitest'
import { type JsonSample, lost, sum, Top } from '../support/top.ts'
import { Workload } from '../support/workload.ts'

type Connection = JsonSample['connections'][number]

function rowsOf(samples: readonly JsonSample[], pid: number, port: number): Connection[] {
  return samples
    .flatMap(sample => sample.connections)
    .filter(row => row.pid === pid && (row.local.port === port || row.remote.port === port))
}

const CASES = [
  { family: 'ipv4', address: '127.0.0.1', shown: 'ipv4' },
  { family: 'ipv6', address: '::1', shown: 'ipv6' },
  { family: 'mapped', address: '127.0.0.1', shown: 'ipv4' },
] as const

describe('TCP connections', () => {
  test.each(CASES)(
    'over $family: owners, addresses, bytes, latency and end are exact',
    async ({ family, address, shown }) => {
      const up = 3_000_017
      const down = 70_001
      const workload = await Workload.start('tcp', family, up, down, 1)
      const top = await Top.start('-d', 0.2)
      const [server = 0, client = 0, serverPort = 0, clientPort = 0] = await workload.work()
      await top.next()
      const open = await top.next()
      await workload.step('closed')
      const samples = await top.finish()
      await workload.end()

      const outbound = rowsOf(samples, client, serverPort)
      const inbound = rowsOf(samples, server, serverPort)
      for (const [rows, sent, received] of [
        [outbound, up, down],
        [inbound, down, up],
      ] as const) {
        expect(sum(rows, row => row.sent_bytes)).toBe(sent)
        expect(sum(rows, row => row.received_bytes)).toBe(received)
        const last = rows.at(-1)
        expect(last).toMatchObject({
          name: 'tcp',
          family: shown,
          total_sent_bytes: sent,
          total_received_bytes: received,
          age_is_minimum: false,
          closed: true,
          // which of the two, tcp-queues.test.ts knows; not every kernel tells
          state: expect.stringMatching(/^(CLOSE|TIME_WAIT)$/),
        })
        // the end is told once
        expect(rows.filter(row => row.closed)).toEqual([last])
      }
      expect(outbound.at(-1)).toMatchObject({
        direction: 'outbound',
        local: { address, port: clientPort },
        remote: { address, port: serverPort },
      })
      expect(outbound.at(-1)?.connect_latency_ns).toBeGreaterThan(0)
      expect(inbound.at(-1)).toMatchObject({
        direction: 'inbound',
        local: { address, port: serverPort },
        remote: { address, port: clientPort },
        connect_latency_ns: null,
      })
      // while it was open it stood there once for each end, established
      for (const pid of [client, server]) {
        expect(rowsOf([open], pid, serverPort)).toMatchObject([{ state: 'ESTABLISHED', closed: false }])
      }
      expect(lost(samples, 'connections')).toBe(0)
    },
  )

  test('that live shorter than an interval are each there, once for each end', async () => {
    const count = 500
    const up = 1_001
    const down = 13
    const workload = await Workload.start('tcp', 'ipv4', up, down, count)
    const top = await Top.start('-d', 0.5)
    const [server = 0, client = 0, serverPort = 0] = await workload.work()
    await workload.step('closed')
    const samples = await top.finish()
    await workload.end()
    for (const [pid, sent, received] of [
      [client, up, down],
      [server, down, up],
    ] as const) {
      const rows = rowsOf(samples, pid, serverPort)
      expect(rows.filter(row => row.closed)).toHaveLength(count)
      expect(sum(rows, row => row.sent_bytes)).toBe(count * sent)
      expect(sum(rows, row => row.received_bytes)).toBe(count * received)
      for (const row of rows.filter(row => row.closed)) {
        expect(row).toMatchObject({ total_sent_bytes: sent, total_received_bytes: received })
      }
    }
    expect(lost(samples, 'connections')).toBe(0)
  })

  test('older than the tool are there from the first sample, with owner, direction and true totals', async () => {
    const up = 40_009
    const down = 50_021
    const workload = await Workload.start('tcp', 'ipv6', up, down, 1)
    const [server = 0, client = 0, serverPort = 0] = await workload.work()
    const top = await Top.start('-d', 0.2)
    const [first] = top.samples
    expect(rowsOf(first === undefined ? [] : [first], client, serverPort)).toMatchObject([
      {
        direction: 'outbound',
        state: 'ESTABLISHED',
        sent_bytes: 0,
        received_bytes: 0,
        total_sent_bytes: up,
        total_received_bytes: down,
        connect_latency_ns: null,
        age_is_minimum: true,
      },
    ])
    expect(rowsOf(first === undefined ? [] : [first], server, serverPort)).toMatchObject([
      { direction: 'inbound', sent_bytes: 0, total_sent_bytes: down, total_received_bytes: up, age_is_minimum: true },
    ])
    await workload.step('closed')
    const samples = await top.finish()
    await workload.end()
    expect(rowsOf(samples, client, serverPort).at(-1)).toMatchObject({ closed: true, total_sent_bytes: up })
    expect(sum(rowsOf(samples, client, serverPort), row => row.sent_bytes)).toBe(0)
  })

  test('of a filtered process only are shown with a pid filter', async () => {
    const workload = await Workload.start('tcp', 'ipv4', 500, 600, 3)
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    const [, client = 0, serverPort = 0] = await workload.work()
    await workload.step('closed')
    const samples = await top.finish()
    await workload.end()
    const rows = samples.flatMap(sample => sample.connections)
    expect(rows.every(row => row.pid === client)).toBe(true)
    expect(rows.filter(row => row.closed && row.remote.port === serverPort)).toHaveLength(3)
    expect(samples.flatMap(sample => sample.processes).every(row => row.pid === client)).toBe(true)
  })

  test('number as many in the process row as there are rows', async () => {
    const workload = await Workload.start('tcp', 'ipv4', 10, 10, 7)
    const top = await Top.start('-d', 0.3)
    await workload.work()
    await workload.step('closed')
    const samples = await top.finish()
    await workload.end()
    for (const sample of samples) {
      for (const process of sample.processes) {
        expect(process.connections).toBe(sample.connections.filter(row => row.pid === process.pid).length)
      }
    }
  })
})

describe('bytes of a process', () => {
  test('are what its calls returned, not what they asked for: short, failed, peeked, UDP and local ones', async () => {
    const workload = await Workload.start('lengths')
    const top = await Top.start('-d', 0.2, '-p', workload.pid)
    const [sent, received, tries] = await workload.work()
    const samples = await top.finish()
    await workload.end()
    const rows = samples.flatMap(sample => sample.processes)
    expect(tries).toBe(10)
    expect(sum(rows, row => row.sent_bytes)).toBe(sent)
    expect(sum(rows, row => row.received_bytes)).toBe(received)
    expect(lost(samples, 'bytes')).toBe(0)
  })

  test('equal the sum over its connections', async () => {
    const workload = await Workload.start('tcp', 'ipv4', 200_003, 100_003, 20)
    const top = await Top.start('-d', 0.2)
    const [server = 0, client = 0] = await workload.work()
    await workload.step('closed')
    const samples = await top.finish()
    await workload.end()
    for (const pid of [server, client]) {
      const processes = samples.flatMap(sample => sample.processes).filter(row => row.pid === pid)
      const connections = samples.flatMap(sample => sample.connections).filter(row => row.pid === pid)
      expect(sum(processes, row => row.sent_bytes)).toBe(sum(connections, row => row.sent_bytes))
      expect(sum(processes, row => row.received_bytes)).toBe(sum(connections, row => row.received_bytes))
    }
  })
})
