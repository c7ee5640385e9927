/** The address of a collector, in whichever of its forms: it is understood in full, or refused. */

import { isIP, isIPv6 } from 'node:net'
import path from 'node:path'
import { type UserError, usageError } from '../../errors.ts'

export interface Endpoint {
  /** As the SDK takes it: host and port without a scheme, or unix:// and an absolute path. */
  readonly address: string
  readonly tls: boolean
  /** Lower-case name or address, without brackets; null for a Unix socket. */
  readonly host: string | null
  /** 0 for a Unix socket. */
  readonly port: number
  /** How people are told of it. */
  readonly shown: string
}

/** Where text stood, for what is said about it. */
export interface Source {
  /** A variable or a flag. */
  readonly name: string
  readonly text: string
}

/** Of OTLP over gRPC, with TLS and without. */
const DEFAULT_PORT = 4317
const MAX_PORT = 65_535

/** Room for a path in the kernel's sockaddr_un, with the 0 at its end. */
const MAX_PATH_BYTES = 107

/** What gRPC would take for a scheme of its own and not for a host. */
const SCHEMES_OF_GRPC = new Set(['dns', 'ipv4', 'ipv6', 'unix', 'constructor'])

export const DEFAULT_ENDPOINT = { name: '', text: `http://localhost:${DEFAULT_PORT}` }

/**
 * http://, https:// or unix: in any case of letters; without a scheme TLS, unless `insecure`.
 * @throws UserError with status 2 for anything that could not be used in full
 */
export function parseEndpoint({ name, text }: Source, insecure: boolean): Endpoint {
  const refuse = (what: string, remedy: string): UserError => usageError(`${name}: ${what}`, remedy)
  const instead = (right: string): string => `write ${write(name, right)}`
  // URLs pass over line feeds, tabs and the direction of slashes
  if (/[\s\\\p{C}]/u.test(text)) {
    throw refuse(
      `"${text}" contains a blank or another character that no endpoint may have`,
      instead(DEFAULT_ENDPOINT.text),
    )
  }
  if (/^unix:/i.test(text)) return unixEndpoint(text.slice('unix:'.length), refuse, instead)
  const [, scheme = insecure ? 'http' : 'https', rest = text] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(text) ?? []
  const [authority = '', ...beyond] = rest.split(/(?=[/?#])/)
  if (authority.includes('@')) {
    throw refuse(
      'a user name in an endpoint is not sent',
      'send it as OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20...',
    )
  }
  const protocol = scheme.toLowerCase()
  if (!['http', 'https'].includes(protocol))
    throw refuse(`"${text}" is not an endpoint for gRPC`, instead(DEFAULT_ENDPOINT.text))
  if (authority.includes('%')) {
    throw refuse(
      `gRPC does not support zones ("${authority}")`,
      'write an address without a zone, or the name of a host',
    )
  }
  const shownScheme = rest === text ? '' : `${protocol}://`
  if (isBareIPv6(authority)) {
    throw refuse(`the IPv6 address "${authority}" needs brackets`, instead(`${shownScheme}${bracketed(authority)}`))
  }
  const { host, port } = hostAndPort(authority) ?? {}
  if (host === undefined || port === undefined) {
    throw refuse(`"${text}" is not an endpoint for gRPC`, instead(DEFAULT_ENDPOINT.text))
  }
  const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  if (!['', '/'].includes(beyond.join(''))) {
    throw refuse(`gRPC does not support a path such as "${beyond.join('')}"`, instead(`${shownScheme}${address}`))
  }
  if (SCHEMES_OF_GRPC.has(host)) {
    throw refuse(`gRPC does not accept "${host}" as a host name`, 'write its full name, or its address')
  }
  return { address, tls: protocol === 'https', host, port, shown: address }
}

function write(name: string, value: string): string {
  return name.startsWith('--') ? `${name} ${value}` : `${name}=${value}`
}

type Refuse = (what: string, remedy: string) => UserError

/** `unix:PATH` and `unix:///PATH`, without TLS. */
function unixEndpoint(rest: string, refuse: Refuse, instead: (right: string) => string): Endpoint {
  // two slashes would make the first part of the path a host
  const file = /^\/\/(?!\/)/.test(rest) ? '' : rest.replace(/^\/\/(?=\/)/, '')
  if (file === '' || file.endsWith('/')) {
    throw refuse(`"unix:${rest}" has no path of a socket`, instead('unix:///run/otel.sock'))
  }
  const absolute = path.resolve(file)
  if (Buffer.byteLength(absolute) > MAX_PATH_BYTES) {
    throw refuse(`the path of a socket has at most ${MAX_PATH_BYTES} bytes`, instead('unix:///run/otel.sock'))
  }
  return { address: `unix://${absolute}`, tls: false, host: null, port: 0, shown: `unix:${absolute}` }
}

function isBareIPv6(authority: string): boolean {
  return isIPv6(authority) || isIPv6(authority.replace(/:\d+$/, ''))
}

/** What was probably meant: the last number, where it can be one, is the port. */
function bracketed(authority: string): string {
  const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(authority) ?? []
  return isIPv6(address) ? `[${address}]:${port}` : `[${authority}]:${DEFAULT_PORT}`
}

/** Undefined where there is no such host or port. Brackets may stand around an IPv4 address too, as where either may come. */
function hostAndPort(authority: string): { host: string; port: number } | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(authority)
  if (parts === null) return
  const [, inner, name = '', digits] = parts
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  if (port < 1 || port > MAX_PORT) return
  // a number alone would be an address too
  if (inner === undefined ? /^\d+$/.test(name) : isIP(inner) === 0) return
  // as URLs are read: names in other alphabets, addresses in fewer than four parts
  const host = URL.parse(`http://${isIPv6(inner ?? '') ? `[${inner}]` : (inner ?? name)}`)?.hostname ?? ''
  return /^[\w.:[\]-]+$/.test(host) ? { host: host.replace(/^\[|\]$/g, ''), port } : undefined
}
