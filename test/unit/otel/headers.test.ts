import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { parseHeaders } from '../../../src/otel/settings/headers.ts'

const NAME = 'OTEL_EXPORTER_OTLP_HEADERS'

function parse(common: string, own = ''): Record<string, unknown> {
  return parseHeaders({ name: NAME, text: common }, { name: 'OTEL_EXPORTER_OTLP_METRICS_HEADERS', text: own }).getMap()
}

describe('headers', () => {
  it.each<[string, Record<string, unknown>]>([
    ['', {}],
    [' , ,', {}],
    ['cookie=a=1;b=2', { cookie: 'a=1;b=2' }],
    ['authorization=Basic YWJjOmRlZg==', { authorization: 'Basic YWJjOmRlZg==' }],
    ['authorization=Bearer%20a%2Cb%3D', { authorization: 'Bearer a,b=' }],
    ['Authorization=Bearer x', { authorization: 'Bearer x' }],
    ['x-a=1, x-b=2 ,x-c= 3 ,', { 'x-a': '1', 'x-b': '2', 'x-c': '3' }],
    ['x-empty=', { 'x-empty': '' }],
    ['x-empty=,x-b=2', { 'x-empty': '', 'x-b': '2' }],
    ['x-tok-bin=YWJj', { 'x-tok-bin': Buffer.from('abc') }],
    ['x-tok-bin=YQ==', { 'x-tok-bin': Buffer.from('a') }],
    ['x-tok-bin=YQ', { 'x-tok-bin': Buffer.from('a') }],
    ['x-tok-bin=-_-_', { 'x-tok-bin': Buffer.from('-_-_', 'base64url') }],
    ['x-tok-bin=', { 'x-tok-bin': Buffer.alloc(0) }],
    ['x-plus=a+b', { 'x-plus': 'a+b' }],
    ['x-quoted="a b"', { 'x-quoted': '"a b"' }],
  ])('%s', (text, expected) => expect(parse(text)).toEqual(expected))

  it('of one signal stand above those of all', () => {
    expect(parse('x-a=1,x-b=1', 'X-B=2')).toEqual({ 'x-a': '1', 'x-b': '2' })
  })

  it.each([
    's3cret',
    '=s3cret',
    'te st=s3cret',
    'é=s3cret',
    'x:y=s3cret',
    'x-name=s3cret%C3%A9',
    'x-name=s3creté',
    'x-percent=s3cret%',
    'x-percent=s3cret%zz',
    'x-line=s3cret%0D%0Aevil:1',
    'x-nul=s3cret%00',
    'x-tab=s3cret%09x',
    'x-lead=%20s3cret',
    'x-trail=s3cret%20',
    'x-tok-bin=s3cret!',
    'x-tok-bin=s3crets3cret=',
    'x-a=s3cret,x-a=2',
    'x-a=s3cret,X-A=s3cret',
    ...['content-type', 'TE', 'user-agent', 'connection', 'upgrade', 'transfer-encoding'].map(key => `${key}=s3cret`),
    ...['content-length', 'keep-alive', 'grpc-timeout', 'grpc-encoding', 'grpc-x', '__proto__'].map(
      key => `${key}=s3cret`,
    ),
  ])('%j is refused: the variable is named, no value shown', text => {
    expect(() => parse(text)).toThrow(UserError)
    expect(() => parse(text)).toThrow(/^OTEL_EXPORTER_OTLP_HEADERS: ((?!s3cret).)*$/)
    expect(() => parse('', text)).toThrow(/^OTEL_EXPORTER_OTLP_METRICS_HEADERS: /)
  })
})
