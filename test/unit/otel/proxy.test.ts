import { describe, expect, it } from 'vitest'
import { parseEndpoint } from '../../../src/otel/settings/endpoint.ts'
import { findProxy } from '../../../src/otel/settings/proxy.ts'

function proxyOf(endpoint: string, environment: Record<string, string>) {
  return findProxy(parseEndpoint({ name: '', text: endpoint }, false), environment)
}

describe('the proxy', () => {
  it.each<[Record<string, string>, object | null]>([
    [{}, null],
    [{ grpc_proxy: '' }, null],
    [{ grpc_proxy: 'http://p:3128' }, { name: 'grpc_proxy', url: 'http://p:3128/', shown: 'p:3128' }],
    [{ grpc_proxy: 'p:3128' }, { url: 'http://p:3128/', shown: 'p:3128' }],
    [{ https_proxy: 'http://p' }, { name: 'https_proxy', shown: 'p:80' }],
    [{ http_proxy: 'http://[::1]:3128' }, { name: 'http_proxy', shown: '[::1]:3128' }],
    [{ http_proxy: 'http://a:1', https_proxy: 'http://b:1' }, { name: 'https_proxy' }],
    [{ grpc_proxy: '  ', http_proxy: 'http://a:1' }, { name: 'http_proxy' }],
    [{ https_proxy: 'http://user:s3cret@p:3128' }, { url: 'http://user:s3cret@p:3128/', shown: 'p:3128' }],
    [{ HTTPS_PROXY: 'http://p:3128', HTTP_PROXY: 'http://p:3128' }, null],
  ])('%j', (environment, expected) => {
    const found = proxyOf('http://otel.example:4317', environment)
    if (expected === null) expect(found).toBeNull()
    else expect(found).toMatchObject(expected)
  })

  it('is none for a Unix socket', () => {
    expect(proxyOf('unix:/run/otel.sock', { grpc_proxy: 'http://p:3128' })).toBeNull()
  })

  it.each(['https://s3cret:1', 'socks5://s3cret:1', 'http://', 'http://s3cret:99999', '://s3cret'])(
    'is refused where gRPC would pass over it: %s',
    text => {
      expect(() => proxyOf('http://otel.example', { https_proxy: text })).toThrow(/^https_proxy: ((?!s3cret).)*$/)
      expect(proxyOf('http://otel.example', { https_proxy: text, no_proxy: '*' })).toBeNull()
    },
  )
})

it.each([
  ['http://[fd00::7]:4317', 'fe80::/10'],
  ['http://[::1]:4317', '1'],
  ['https://[::1]', ''],
])('%s is refused where no exception such as %j is for it: no proxy would understand gRPC', (endpoint, exceptions) => {
  expect(() => proxyOf(endpoint, { https_proxy: 'http://p:1', no_proxy: exceptions })).toThrow(/^https_proxy: .*IPv6/)
})

describe('no_proxy', () => {
  const TRUE = [
    ['http://otel.example:4317', '*'],
    ['http://otel.example:4317', ' * '],
    ['http://otel.example:4317', 'a.example, *'],
    ['http://otel.example:4317', 'otel.example'],
    ['http://otel.example:4317', 'OTEL.Example'],
    ['http://OTEL.example:4317', 'otel.example'],
    ['http://otel.example:4317', 'a.example, otel.example'],
    ['http://otel.example:4317', 'a.example\totel.example'],
    ['http://otel.example:4317', 'a.example otel.example'],
    ['http://otel.example:4317', 'example'],
    ['http://otel.example:4317', '.example'],
    ['http://otel.example:4317', '.otel.example'],
    ['http://otel.example:4317', 'otel.example.'],
    ['http://otel.example.:4317', 'otel.example'],
    ['http://otel.example:4317', 'otel.example:4317'],
    ['http://127.0.0.1:4317', '127.0.0.1'],
    ['http://127.0.0.1:4317', '127.0.0.1:4317'],
    ['http://127.0.0.1:4317', '127.0.0.0/8'],
    ['http://127.0.0.1:4317', '0.0.0.0/0'],
    ['http://[::1]:4317', '::1'],
    ['http://[::1]:4317', '0:0::1'],
    ['http://[::1]:4317', '[::1]'],
    ['http://[::1]:4317', '[::1]:4317'],
    ['http://[fd00::7]:4317', 'fd00::/8'],
  ] as const
  const FALSE = [
    ['http://otel.example:4317', ''],
    ['http://otel.example:4317', ' , '],
    ['http://otel.example:4317', '.'],
    ['http://otel.example:4317', 'tel.example'],
    ['http://otel.example:4317', 'ample'],
    ['http://otel.example:4317', 'x.otel.example'],
    ['http://otel.example:4317', '*.example.com'],
    ['http://otel.example:4317', 'otel.example:4318'],
    ['http://127.0.0.1:4317', '0.0.1'],
    ['http://127.0.0.1:4317', '1'],
    ['http://127.0.0.1:4317', '127.0.0.2/32'],
    ['http://127.0.0.1:4317', '127.0.0.1/99'],
    ['http://127.0.0.1:4317', '127.0.0.1:80'],
    ['http://127.0.0.1:4317', '::/0'],
  ] as const

  it.each(TRUE)('%s is reached directly with %j', (endpoint, exceptions) => {
    for (const name of ['no_proxy', 'NO_PROXY', 'no_grpc_proxy']) {
      expect(proxyOf(endpoint, { grpc_proxy: 'http://p:1', [name]: exceptions }), name).toBeNull()
    }
  })

  it.each(FALSE)('%s is reached through the proxy with %j', (endpoint, exceptions) => {
    expect(proxyOf(endpoint, { grpc_proxy: 'http://p:1', no_proxy: exceptions })).not.toBeNull()
  })
})
