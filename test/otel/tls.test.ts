import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Collector } from '../support/collector.ts'
import { freePort } from '../support/exporting.ts'
import { sampleWith } from '../unit/otel/calls.ts'
import { type Started, startExport } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'ebpf-top-tls-'))
const file = (name: string): string => join(folder, name)

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
}

/** NAME.key and NAME.pem, signed by itself. */
function makeAuthority(name: string): void {
  const names = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`]
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', ...names)
}

/** NAME.key and NAME.pem for this machine, signed by an authority. */
function makeCertificate(name: string, authority: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`]
  openssl('req', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`)
  writeFileSync(file(`${name}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const signer = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-extfile', `${name}.ext`]
  openssl('x509', '-req', '-in', `${name}.csr`, '-days', '1', ...signer, '-out', `${name}.pem`)
}

beforeAll(() => {
  for (const name of ['authority', 'stranger']) makeAuthority(name)
  makeCertificate('server', 'authority')
  makeCertificate('client', 'authority')
  makeCertificate('impostor', 'stranger')
})

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

/** A collector behind TLS; with `mutual` it wants a certificate of the authority. */
async function secureCollector(mutual: boolean): Promise<{ collector: Collector; port: number }> {
  const collector = await Collector.start(await freePort())
  const server: Server = createServer(
    {
      key: readFileSync(file('server.key')),
      cert: readFileSync(file('server.pem')),
      ca: readFileSync(file('authority.pem')),
      requestCert: mutual,
      rejectUnauthorized: mutual,
      ALPNProtocols: ['h2'],
    },
    socket => {
      const plain = connect(collector.port, '127.0.0.1')
      for (const one of [socket, plain]) one.on('error', () => {})
      socket.pipe(plain).pipe(socket)
    },
  )
  server.on('tlsClientError', () => {})
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, resolve))
  cleaning.push(
    () => collector.stop(),
    () => server.close(),
  )
  return { collector, port }
}

function start(port: number, environment: Readonly<Record<string, string>>): Started {
  const started = startExport({ OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${port}`, ...environment })
  started.exporter.take(sampleWith(1, new Map([['a', 5]])))
  cleaning.push(() => started.close())
  return started
}

describe('TLS', () => {
  test.each(['https://127.0.0.1', 'https://localhost', '127.0.0.1'])(
    'to %s with the right authority sends',
    async host => {
      const { collector, port } = await secureCollector(false)
      start(port, {
        OTEL_EXPORTER_OTLP_ENDPOINT: `${host}:${port}`,
        OTEL_EXPORTER_OTLP_CERTIFICATE: file('authority.pem'),
      })
      await collector.exports()
      expect(collector.latest('ebpf_top.syscall.calls')).toMatchObject([{ value: 5 }])
    },
  )

  test.each(['127.0.0.1', 'localhost'])('to %s with an unknown authority fails and says why', async host => {
    const { collector, port } = await secureCollector(false)
    const { failsWith } = start(port, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `https://${host}:${port}`,
      OTEL_EXPORTER_OTLP_CERTIFICATE: file('stranger.pem'),
    })
    await failsWith(/certificate/)
    expect(collector.requests).toEqual([])
  })

  test('to an address that the certificate is not for fails and says why', async () => {
    const { collector, port } = await secureCollector(false)
    const { failsWith } = start(port, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.2:${port}`,
      OTEL_EXPORTER_OTLP_CERTIFICATE: file('authority.pem'),
    })
    await failsWith(/altnames/)
    expect(collector.requests).toEqual([])
  })

  test('without a known authority fails', async () => {
    const { collector, port } = await secureCollector(false)
    const { is } = start(port, {})
    await is('failing')
    expect(collector.requests).toEqual([])
  })
})

describe('mutual TLS', () => {
  const authority = { OTEL_EXPORTER_OTLP_CERTIFICATE: file('authority.pem') }

  test('with a certificate of the authority sends', async () => {
    const { collector, port } = await secureCollector(true)
    start(port, {
      ...authority,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('client.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: file('client.key'),
    })
    await collector.exports()
    expect(collector.latest('ebpf_top.syscall.calls')).toMatchObject([{ value: 5 }])
  })

  test('with that of another authority, or none, fails', async () => {
    const { collector, port } = await secureCollector(true)
    const impostor = start(port, {
      ...authority,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('impostor.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: file('impostor.key'),
    })
    await impostor.is('failing')
    await start(port, authority).is('failing')
    expect(collector.requests).toEqual([])
  })

  test('with a key that is not the certificate’s does not start', () => {
    const environment = {
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('client.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: file('server.key'),
    }
    expect(() => startExport(environment)).toThrow('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and')
  })

  test('with a key alone does not start', () => {
    expect(() => startExport({ OTEL_EXPORTER_OTLP_CLIENT_KEY: file('client.key') })).toThrow('must be set together')
  })
})
