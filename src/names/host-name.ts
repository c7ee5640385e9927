/** Letters, digits, hyphens and underscores between dots. */
const HOST_NAME = /^(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.)*[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?\.?$/i

/** Of a name, with a dot at its end. */
const MOST = 254

/**
 * It can be the name of a host and is not to be taken for an address: whoever has an address writes what he likes into its
 * PTR record. So nothing that ends in a number, as addresses do in all their forms (`10.0.0.1`, `0x7f.1`, `2130706433`), nor
 * begins with four of them, of which a narrow column would show nothing else.
 */
export function isHostName(name: string): boolean {
  if (name.length > MOST || !HOST_NAME.test(name)) return false
  if (/^\d+\.\d+\.\d+\.\d+/.test(name)) return false
  return !/(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(name)
}
