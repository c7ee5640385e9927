/** Names of TCP services from /etc/services. */

import { readFileSync } from 'node:fs'

const FILE = '/etc/services'

/** Names of TCP ports: lines of `name port/protocol aliases # comment` (services(5)); the first name of a port counts. */
export function parseServices(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [, name, port] = /^\s*([^\s#]+)\s+(\d+)\/tcp\b/.exec(line) ?? []
    if (name !== undefined && !names.has(Number(port))) names.set(Number(port), name)
  }
  return names
}

/** Those of this machine; none where the file is missing. */
export function readServices(): ReadonlyMap<number, string> {
  try {
    return parseServices(readFileSync(FILE, 'utf8'))
  } catch {
    return new Map()
  }
}
