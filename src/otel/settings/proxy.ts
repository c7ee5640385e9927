/** Which proxy leads to a collector: gRPC's variables, with exceptions as curl reads them. */

import { BlockList, isIP, isIPv6 } from 'node:net'
import { usageError } from '../../errors.ts'
import { oneLine } from '../../text/line.ts'
import type { Endpoint } from './endpoint.ts'
import type { Environment } from './variables.ts'

export interface HttpProxy {
  /** The variable that names it. */
  readonly name: string
  /** As gRPC takes it. May hold a password. */
  readonly url: string
  /** Host and port. */
  readonly shown: string
}

/** The first that is set counts, for connections with and without TLS. */
const PROXIES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const
const EXCEPTIONS = ['no_grpc_proxy', 'no_proxy', 'NO_PROXY'] as const

/** All that gRPC itself would read. */
export const PROXY_VARIABLES = [...PROXIES, ...EXCEPTIONS]

/**
 * Null: none, it is reached directly.
 * @throws UserError with status 2 for a proxy that gRPC cannot use, or not for this endpoint
 */
export function findProxy({ host, port }: Endpoint, environment: Environment): HttpProxy | null {
  const name = PROXIES.find(variable => (environment[variable]?.trim() ?? '') !== '')
  if (name === undefined || host === null) return null
  const exceptions = EXCEPTIONS.map(variable => environment[variable] ?? '').find(text => text.trim() !== '') ?? ''
  if (isExcepted(host, port, exceptions)) return null
  const text = environment[name]?.trim() ?? ''
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url?.protocol !== 'http:' || url.hostname === '') {
    // not shown: it may hold a password
    throw usageError(`${name}: this is not an HTTP proxy`, `write for example ${name}=http://proxy.example:3128`)
  }
  if (isIPv6(host)) {
    // its request for one has no brackets, and no proxy takes it
    throw usageError(
      `${name}: gRPC cannot reach the IPv6 address "${host}" through a proxy`,
      `use its host name, or set no_proxy=${host}`,
    )
  }
  return { name, url: url.href, shown: `${url.hostname}:${url.port || '80'}` }
}

/** Entries are separated by commas or blanks. */
function isExcepted(host: string, port: number, exceptions: string): boolean {
  return exceptions.split(/[\s,]+/).some(entry => entry !== '' && matches(host, port, entry.toLowerCase()))
}

/** `*`, an address, a network, or a domain with all that is in it, each perhaps with the port it is for. */
function matches(host: string, port: number, entry: string): boolean {
  if (entry === '*') return true
  const [, address = '', bits] = /^(.*?)(?:\/(\d+))?$/.exec(entry) ?? []
  if (isIP(address) !== 0) return isIn(host, address, bits)
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (only !== undefined && Number(only) !== port) return false
  const plain = name.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return isIP(plain) !== 0 && isIn(host, plain)
  const domain = plain.replace(/^\.|\.$/g, '')
  const own = host.replace(/\.$/, '')
  return domain !== '' && (own === domain || own.endsWith(`.${domain}`))
}

const FAMILIES = { 4: 'ipv4', 6: 'ipv6' } as const

/** An address without `bits` is a network of one. */
function isIn(host: string, network: string, bits?: string): boolean {
  const [own, family] = [familyOf(host), familyOf(network)]
  const size = family === 'ipv4' ? 32 : 128
  if (family === null || own !== family || Number(bits ?? size) > size) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits ?? size), family)
  return list.check(host, own)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address)
  return version === 4 || version === 6 ? FAMILIES[version] : null
}

/** What gRPC has its log say of a proxy, and what of that is the reason. */
const REASONS = [
  /^Failed to connect to \S+ through proxy \S+ with (status \d+)$/,
  /^Failed to connect to proxy \S+ with error (.*)$/s,
]

let reason = ''

/** True if that is what gRPC's log says in these words: who sends is told nothing but that there is no connection. */
export function hearProxyFailure(words: readonly unknown[]): boolean {
  const said = words.join(' ')
  const found = REASONS.map(pattern => pattern.exec(said)?.[1]).find(text => text !== undefined)
  if (found === undefined) return false
  reason = oneLine(found)
  return true
}

/** Why the proxy did not connect, when it was last asked; '' if nothing was said. */
export function proxyFailure(): string {
  return reason
}
