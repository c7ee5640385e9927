import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { parseEndpoint } from '../../../src/otel/settings/endpoint.ts'

const NAME = 'OTEL_EXPORTER_OTLP_ENDPOINT'

function refusal(text: string, name = NAME): UserError {
  try {
    parseEndpoint({ name, text }, false)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('an endpoint', () => {
  it.each([
    ['http://localhost:5001', 'localhost:5001', false],
    ['http://localhost:5001/', 'localhost:5001', false],
    ['HTTP://localhost:5001', 'localhost:5001', false],
    ['Http://LOCALHOST:5001', 'localhost:5001', false],
    ['HTTPS://localhost:5001', 'localhost:5001', true],
    ['http://localhost:80', 'localhost:80', false],
    ['https://localhost:80', 'localhost:80', true],
    ['https://localhost:443', 'localhost:443', true],
    ['http://localhost:443', 'localhost:443', false],
    ['http://localhost', 'localhost:4317', false],
    ['https://localhost', 'localhost:4317', true],
    ['http://localhost/', 'localhost:4317', false],
    ['http://[::1]:5001', '[::1]:5001', false],
    ['http://[::1]', '[::1]:4317', false],
    ['https://[2001:DB8:0::1]:5001/', '[2001:db8::1]:5001', true],
    ['http://[10.0.0.1]:4317', '10.0.0.1:4317', false],
    ['http://127.1:4317', '127.0.0.1:4317', false],
    ['http://bücher.example:4317', 'xn--bcher-kva.example:4317', false],
    ['http://my_collector.svc.:4317', 'my_collector.svc.:4317', false],
    ['otel.example:4317', 'otel.example:4317', true],
    ['otel.example', 'otel.example:4317', true],
    ['[::1]:5001', '[::1]:5001', true],
    ['unix:/run/otel.sock', 'unix:///run/otel.sock', false],
    ['unix:///run/otel.sock', 'unix:///run/otel.sock', false],
    ['UNIX:///run/otel.sock', 'unix:///run/otel.sock', false],
    ['unix:otel.sock', `unix://${process.cwd()}/otel.sock`, false],
  ])('%s is sent to at %s, with TLS: %s', (text, address, tls) => {
    expect(parseEndpoint({ name: NAME, text }, false)).toMatchObject({ address, tls })
  })

  it('without a scheme is as OTEL_EXPORTER_OTLP_INSECURE says', () => {
    expect(parseEndpoint({ name: NAME, text: 'otel.example' }, true)).toMatchObject({ tls: false })
    expect(parseEndpoint({ name: NAME, text: 'https://otel.example' }, true)).toMatchObject({ tls: true })
  })

  it.each([
    ['http://::1:5001', 'http://[::1]:5001'],
    ['http://::1', 'http://[::1]:4317'],
    ['http://fd00:10::2:4317', 'http://[fd00:10::2]:4317'],
    ['https://2001:db8::a:b', 'https://[2001:db8::a:b]:4317'],
    ['::1:4317', '[::1]:4317'],
    ['http://otel:4317/v1/metrics', 'http://otel:4317'],
    ['http://otel:4317/?a=b', 'http://otel:4317'],
  ])('%s is refused, and the right form shown: %s', (text, right) => {
    expect(refusal(text).remedy).toBe(`write ${NAME}=${right}`)
    expect(refusal(text, '--endpoint').remedy).toBe(`write --endpoint ${right}`)
  })

  it.each(['http://[fe80::1%25eth0]:4317', 'http://[fe80::1%eth0]', 'http://fe80::1%eth0:4317', 'fe80::1%eth0'])(
    '%s is refused, and nothing shown that would be refused too',
    text => {
      expect(refusal(text)).toMatchObject({ status: 2, what: expect.stringContaining('zone') })
      expect(refusal(text).remedy).not.toContain('%')
    },
  )

  it.each([
    'http://',
    'http://:4317',
    'http:///v1/metrics',
    'http:/localhost:4317',
    'http:localhost:4317',
    'http:\\\\localhost:4317',
    'http://h:0',
    'http://h:99999',
    'http://h:',
    'http://h:43 17',
    'http://h:4317x',
    'http://lo\ncalhost:4317',
    'http://localhost :4317',
    'http://local%20host:4317',
    'http://[::1',
    'http://::1]:4317',
    'http://[localhost]:4317',
    'http://a,b:4317',
    'http://user:s3cret@localhost:4317',
    'http://dns:4317',
    'http://unix:4317',
    'http://constructor:4317',
    'dns:///localhost:4317',
    'grpc://localhost:4317',
    'ftp://localhost',
    'file:///run/otel.sock',
    '/run/otel.sock',
    'unix:',
    'unix://',
    'unix://run/otel.sock',
    'unix:/run/',
    `unix:/run/${'x'.repeat(108)}`,
    '4317',
    ':4317',
    'http://http://localhost:4317',
    '#',
  ])('%j is refused, and the variable named', text => {
    expect(refusal(text)).toMatchObject({ status: 2, what: expect.stringContaining(NAME) })
    expect(refusal(text).message).not.toContain('s3cret')
  })
})
