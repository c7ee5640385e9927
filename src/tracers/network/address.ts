import ipaddr from 'ipaddr.js'
import type { Family } from '../connections/row.ts'

const AF_INET6 = 10

/** fe80::/10: an address that each link may have. */
export const OF_LINK = /^fe[89ab][0-9a-f]:/

export interface Address {
  readonly family: Family
  readonly address: string
}

/** An address as the kernel keeps it: IPv4-mapped IPv6 addresses are IPv4, IPv6 is written as in RFC 5952. */
export function readAddress(view: DataView, offset: number, kernelFamily: number): Address {
  if (kernelFamily !== AF_INET6) return { family: 'ipv4', address: ipv4(view, offset) }
  if (familyOf(view, offset, kernelFamily) === 'ipv4') return { family: 'ipv4', address: ipv4(view, offset + 12) }
  const bytes = Array.from(new Uint8Array(view.buffer, view.byteOffset + offset, 16))
  return { family: 'ipv6', address: new ipaddr.IPv6(bytes).toRFC5952String() }
}

/** The bytes of an address that was read, in network order: 4 of IPv4, 16 of IPv6. */
export function bytesOf({ address }: Address): number[] {
  return ipaddr.parse(address).toByteArray()
}

/** The family that people see: that of a mapped address is IPv4. */
export function familyOf(view: DataView, offset: number, kernelFamily: number): Family {
  return kernelFamily === AF_INET6 && !isMapped(view, offset) ? 'ipv6' : 'ipv4'
}

function ipv4(view: DataView, offset: number): string {
  const byte = (i: number): number => view.getUint8(offset + i)
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`
}

/** ::ffff:0:0/96 */
function isMapped(view: DataView, offset: number): boolean {
  return (
    view.getUint32(offset, true) === 0 &&
    view.getUint32(offset + 4, true) === 0 &&
    view.getUint32(offset + 8) === 0xffff
  )
}
