import { describe, expect, it } from 'vitest'
import { ExportStatus } from '../../../src/otel/status.ts'

const arrived = { signal: 'metrics', status: 'OK', message: '', rejected: 0 } as const
const refused = { signal: 'metrics', status: 'UNAVAILABLE', message: 'connect ECONNREFUSED', rejected: 0 } as const

describe('the state of the export', () => {
  it('is told once for each change', () => {
    const lines: string[] = []
    const status = new ExportStatus(false, 'here:4317', line => lines.push(line))
    expect(status.text).toBe('otlp connecting here:4317')
    for (const end of [refused, refused, arrived, arrived, refused, arrived]) status.update(end)
    expect(lines).toEqual([
      'export fails: UNAVAILABLE: connect ECONNREFUSED',
      'export works again',
      'export fails: UNAVAILABLE: connect ECONNREFUSED',
      'export works again',
    ])
    expect(status).toMatchObject({ state: 'ok', failures: 3, lastError: 'UNAVAILABLE: connect ECONNREFUSED' })
  })

  it('stands in the header with the reason', () => {
    const status = new ExportStatus(false, 'here:4317', () => {})
    status.update(refused)
    expect(status.text).toBe('otlp failing here:4317 UNAVAILABLE: connect ECONNREFUSED')
    status.update(arrived)
    expect(status.text).toBe('otlp ok here:4317')
  })

  it('is failing where a collector took a request without some of it', () => {
    const lines: string[] = []
    const status = new ExportStatus(false, 'here:4317', line => lines.push(line))
    status.update({ ...arrived, status: 'PARTIAL_SUCCESS', rejected: 3, message: 'too old' })
    expect(status.text).toBe('otlp failing here:4317 PARTIAL_SUCCESS: 3 points rejected: too old')
    status.update({ signal: 'traces', status: 'PARTIAL_SUCCESS', rejected: 1, message: '' })
    expect(status.lastError).toBe('PARTIAL_SUCCESS: 1 spans rejected')
    expect(status.failures).toBe(2)
    expect(lines).toEqual(['export fails: PARTIAL_SUCCESS: 3 points rejected: too old'])
  })

  it('is failing while one of two signals fails', () => {
    const status = new ExportStatus(false, 'here:4317', () => {})
    status.update({ ...refused, signal: 'traces' })
    status.update(arrived)
    expect(status.state).toBe('failing')
    status.update({ ...arrived, signal: 'traces' })
    expect(status.state).toBe('ok')
  })

  it('says that a pid filter is on', () => {
    const lines: string[] = []
    const status = new ExportStatus(false, 'here:4317', line => lines.push(line))
    status.update(arrived)
    for (const pids of [[], [7], [7, 8], []]) {
      status.setFiltered(pids)
      expect(status.text).toBe(pids.length > 0 ? 'otlp ok (filtered) here:4317' : 'otlp ok here:4317')
    }
    expect(lines).toHaveLength(3)
  })
})
