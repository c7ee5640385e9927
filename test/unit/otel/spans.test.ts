import { describe, expect, it } from 'vitest'
import * as spans from '../../../src/otel/spans.ts'
import type { Sample } from '../../../src/sample/sample.ts'
import { connectionRow, sampleOf } from '../../support/samples.ts'

const connectionSpans = (sample: Sample) => spans.connectionSpans(sample).map(make => make())
const slowCallSpans = (sample: Sample) => spans.slowCallSpans(sample).map(make => make())

const END = Date.parse('2026-01-01T12:00:00.000Z')

describe('spans of connections', () => {
  it('are made when they close, from their beginning to their end', () => {
    const row = connectionRow({
      direction: 'outbound',
      state: 'CLOSE',
      closed: true,
      age_seconds: 2.5,
      started_ns: (END - 2500) * 1e6,
      ended_ns: END * 1e6,
      connect_latency_ns: 1_500_000,
      local: { address: '10.0.0.1', port: 40_000 },
      remote: { address: '10.0.0.2', port: 443 },
    })
    expect(connectionSpans(sampleOf({ connections: [connectionRow(), row] }))).toEqual([
      {
        name: 'tcp.connect',
        kind: 2,
        startMs: END - 2500,
        durationMs: 2500,
        error: null,
        attributes: {
          'process.pid': 42,
          'process.executable.name': 'nginx',
          'network.transport': 'tcp',
          'network.type': 'ipv4',
          'network.local.address': '10.0.0.1',
          'network.local.port': 40_000,
          'network.peer.address': '10.0.0.2',
          'network.peer.port': 443,
          'ebpf_top.tcp.sent_bytes': 4096,
          'ebpf_top.tcp.received_bytes': 200,
          'ebpf_top.tcp.retransmits': 0,
          'ebpf_top.tcp.connect.duration_ms': 1.5,
        },
      },
    ])
  })

  it('of inbound ones are called tcp.accept', () => {
    expect(connectionSpans(sampleOf({ connections: [connectionRow({ closed: true })] }))).toMatchObject([
      { name: 'tcp.accept', kind: 1 },
    ])
  })

  it('name the container and the pod', () => {
    const owner = { container: 'c', pod: 'p' }
    const connections = [connectionRow({ closed: true, ...owner }), connectionRow({ closed: true, pid: null })]
    const [owned, unowned] = connectionSpans(sampleOf({ connections }))
    expect(owned?.attributes).toMatchObject({ 'container.id': 'c', 'k8s.pod.uid': 'p' })
    expect(Object.keys(unowned?.attributes ?? {})).not.toContain('k8s.pod.uid')
  })

  it('that failed say why', () => {
    const refused = connectionRow({
      direction: 'outbound',
      closed: true,
      established: false,
      error: 'ECONNREFUSED',
    })
    const givenUp = { ...refused, state: 'SYN_SENT', error: null }
    expect(connectionSpans(sampleOf({ connections: [refused, givenUp] }))).toMatchObject([
      { error: 'ECONNREFUSED', attributes: { 'error.type': 'ECONNREFUSED' } },
      { error: '_OTHER', attributes: { 'error.type': '_OTHER' } },
    ])
  })

  it('whose beginning was not seen are not made up', () => {
    const row = connectionRow({ closed: true, age_is_minimum: true })
    expect(connectionSpans(sampleOf({ connections: [row] }))).toEqual([])
  })
})

describe('spans of slow system calls', () => {
  it('have the names that were promised', () => {
    const call = { pid: 7, tid: 8, name: 'cat', syscall: 'read', id: 0, return: -11, error: 'EAGAIN' }
    const row = { ...call, abi: 'native', started_ns: 1e18, duration_ns: 25e6 } as const
    expect(slowCallSpans(sampleOf({ slow_calls: [row] }))).toEqual([
      {
        name: 'syscall',
        kind: 0,
        startMs: 1e12,
        durationMs: 25,
        error: 'EAGAIN',
        attributes: {
          'process.pid': 7,
          'process.tid': 8,
          'process.executable.name': 'cat',
          'syscall.id': 0,
          'syscall.name': 'read',
          'syscall.return': -11,
          'syscall.duration_ms': 25,
          'error.type': 'EAGAIN',
        },
      },
    ])
  })
})
