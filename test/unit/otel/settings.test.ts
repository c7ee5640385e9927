import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { readSettings } from '../../../src/otel/settings/settings.ts'

const OPTIONS = {
  protocol: 'otlp',
  endpoint: null,
  intervalSeconds: null,
  pids: false,
  top: 200,
  spans: false,
} as const

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-settings-'))
const noCertificate = join(folder, 'text')
writeFileSync(noCertificate, 'no certificate')

describe('settings', () => {
  it('without variables are the defaults', () => {
    expect(readSettings(OPTIONS, {})).toMatchObject({
      metrics: { endpoint: { address: 'localhost:4317', tls: false }, compression: 'none', proxy: null },
      traces: null,
      disabled: false,
      intervalMs: 10_000,
      timeoutMs: 9_000,
      histograms: 'exponential',
      logLevel: 'warn',
      pids: false,
      top: 200,
    })
  })

  it.each<[Record<string, string>, object]>([
    [{ OTEL_METRIC_EXPORT_INTERVAL: '60000' }, { intervalMs: 60_000, timeoutMs: 10_000 }],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '' }, { intervalMs: 10_000 }],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, { timeoutMs: 200 }],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '200', OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '300' }, { timeoutMs: 300 }],
    [{ OTEL_METRIC_EXPORT_TIMEOUT: '100', OTEL_EXPORTER_OTLP_TIMEOUT: '200' }, { timeoutMs: 100 }],
    [{ OTEL_SDK_DISABLED: 'true' }, { disabled: true }],
    [{ OTEL_SDK_DISABLED: 'TRUE' }, { disabled: true }],
    [{ OTEL_SDK_DISABLED: 'false' }, { disabled: false }],
    [{ OTEL_LOG_LEVEL: 'DEBUG' }, { logLevel: 'debug' }],
    [
      { OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'explicit_bucket_histogram' },
      { histograms: 'explicit' },
    ],
    [
      { OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram' },
      { histograms: 'exponential' },
    ],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x,x-tenant=7' }, {}],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'a=1,b=x%2Cy' }, {}],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, {}],
    [{ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'LowMemory' }, {}],
  ])('%j', (environment, expected) => {
    expect(readSettings(OPTIONS, environment)).toMatchObject(expected)
  })

  it('the interval of the command line stands above the variable', () => {
    const settings = readSettings({ ...OPTIONS, intervalSeconds: 0.5 }, { OTEL_METRIC_EXPORT_INTERVAL: '60000' })
    expect(settings).toMatchObject({ intervalMs: 500, timeoutMs: 450 })
  })

  it('of traces are looked at only for spans', () => {
    const environment = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }
    expect(readSettings(OPTIONS, environment)).toMatchObject({ traces: null })
    expect(() => readSettings({ ...OPTIONS, spans: true }, environment)).toThrow('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL')
  })
})

describe('unusable values end the start with status 2 and name the variable', () => {
  it.each<[string, string]>([
    ['OTEL_METRIC_EXPORT_INTERVAL', '0'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '10s'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '99999999999'],
    ['OTEL_METRIC_EXPORT_TIMEOUT', '-1'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'x'],
    ['OTEL_EXPORTER_OTLP_METRICS_TIMEOUT', '1.5'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'http/json'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd'],
    ['OTEL_EXPORTER_OTLP_INSECURE', '1'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'ftp://x'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://:4317'],
    ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://h:99999'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'sp ace=1'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'k=%zz'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'k=%0a'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/nowhere/ca.pem'],
    ['OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE', noCertificate],
    ['OTEL_EXPORTER_OTLP_CLIENT_KEY', noCertificate],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'sometimes'],
    ['OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION', 'summary'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a'],
    ['OTEL_RESOURCE_ATTRIBUTES', '=b'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b=c'],
    ['OTEL_RESOURCE_ATTRIBUTES', `a=${'x'.repeat(256)}`],
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_LOG_LEVEL', 'loud'],
  ])('%s=%s', (name, value) => {
    let error: unknown
    try {
      readSettings(OPTIONS, { [name]: value })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ status: 2, what: expect.stringContaining(name) })
  })

  it('and show no header, which may be a secret', () => {
    expect(() => readSettings(OPTIONS, { OTEL_EXPORTER_OTLP_HEADERS: 'tok en=s3cret' })).toThrow(/^((?!s3cret).)*$/)
    expect(() => readSettings(OPTIONS, { OTEL_EXPORTER_OTLP_HEADERS: 's3cret' })).toThrow(/^((?!s3cret).)*$/)
  })
})
