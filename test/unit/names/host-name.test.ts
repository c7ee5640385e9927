import { expect, it } from 'vitest'
import { isHostName } from '../../../src/names/host-name.ts'

it.each([
  'one.example',
  'localhost',
  'ec2-1-2-3-4.compute.example.com.',
  '4.3.2.host.example',
  '_dmarc.example',
  'xn--bcher-kva.example',
  'a1.b2.c3',
  '7.example',
  'dead.beef.example',
])('%s is the name of a host', name => expect(isHostName(name)).toBe(true))

it.each([
  '',
  '.',
  '10.0.0.1',
  '10.0.0.1.',
  '10.0.0.1.evil.example',
  '10.1',
  '2130706433',
  'evil.1',
  '0x7f.0.0.0x1',
  '0x7f000001',
  'example.0x1',
  '::1',
  'fe80::1',
  '[::1]',
  '10.0.0.1:443',
  'evil.example:443',
  'a b.example',
  'a..b',
  '-a.example',
  'a-.example',
  '\u001b[2J.example',
  '１０.０.０.１',
  'bücher.example',
  'a\u202e.example',
  'a/b',
  `${'x'.repeat(64)}.example`,
  'x.'.repeat(128),
])('%j is none, or looks like an address', name => expect(isHostName(name)).toBe(false))
