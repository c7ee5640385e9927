import { expect, it } from 'vitest'
import { parseServices, readServices } from '../../../src/names/services.ts'

it('the first name of each TCP port counts; comments, aliases and other protocols do not', () => {
  const text = `# Network services
ssh		22/tcp				# SSH Remote Login Protocol
  domain	53/udp
domain          53/tcp
http		80/tcp		www		# WorldWideWeb HTTP
www-old 80/tcp
#gone 81/tcp
broken line
sctp-thing 9/sctp
last 65535/tcp`
  expect([...parseServices(text)]).toEqual([
    [22, 'ssh'],
    [53, 'domain'],
    [80, 'http'],
    [65_535, 'last'],
  ])
})

it('reading those of the machine never fails', () => {
  expect(readServices()).toBeInstanceOf(Map)
})
