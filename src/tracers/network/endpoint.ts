import type { Names } from '../../names/names.ts'
import type { Endpoint } from '../connections/row.ts'

/** `address:port`, an IPv6 address in brackets (RFC 5952, section 6). */
export function endpoint({ address, port }: Endpoint): string {
  return join(address, port)
}

/** `host:port` where the host has a name. */
export function namedHost({ address, port }: Endpoint, names: Names): string {
  return join(names.host(address) ?? address, port)
}

/** `address:service` where the port has a name. Only for the end that offers the service: the other's is any port. */
export function namedService({ address, port }: Endpoint, names: Names): string {
  return join(address, names.service(port) ?? port)
}

/** Both. */
export function namedEndpoint({ address, port }: Endpoint, names: Names): string {
  return join(names.host(address) ?? address, names.service(port) ?? port)
}

function join(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
