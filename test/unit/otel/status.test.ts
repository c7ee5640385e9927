import { describe, expect, it } from 'vitest'
import { ExportStatus } from '../../../src/otel/status.ts'

const arrived = { signal: 'metrics', status: 'OK', message: '' } as const
const refused = { signal: 'metrics', status: 'UNAVAILABLE', message: 'connect ECONNREFUSED' } as const

describe('the state of the export', () => {
  it('is told once for each change', () => {
    const lines: string[] = []
    const status = new ExportStatus(false, line => lines.push(line))
    expect(status.text).toBe('otlp connecting')
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
    const status = new ExportStatus(false, () => {})
    status.update(refused)
    expect(status.text).toBe('otlp failing UNAVAILABLE: connect ECONNREFUSED')
    status.update(arrived)
    expect(status.text).toBe('otlp ok')
  })

  it('is failing while one of two signals fails', () => {
    const status = new ExportStatus(false, () => {})
    status.update({ ...refused, signal: 'traces' })
    status.update(arrived)
    expect(status.state).toBe('failing')
    status.update({ ...arrived, signal: 'traces' })
    expect(status.state).toBe('ok')
  })

  it('says that a pid filter is on', () => {
    const lines: string[] = []
    const status = new ExportStatus(false, line => lines.push(line))
    status.update(arrived)
    for (const pids of [[], [7], [7, 8], []]) {
      status.setFiltered(pids)
      expect(status.text).toBe(pids.length > 0 ? 'otlp ok (filtered)' : 'otlp ok')
    }
    expect(lines).toHaveLength(3)
  })
})
