/** Looks names up in the background. */

import { Resolver } from 'node:dns/promises'
import { NameCache } from './cache.ts'
import { isHostName } from './host-name.ts'
import type { Names } from './names.ts'
import { readServices } from './services.ts'

/** Questions on their way at the same time. */
const AT_ONCE = 8

/** Milliseconds that a name server gets for an answer; it is asked once. */
const PATIENCE = 2000

/** Milliseconds in which answers are gathered before they are told, so that they do not draw the screen one by one. */
const GATHER = 100

export interface NameSource {
  /** Only these addresses are of interest now; those of earlier calls that nobody was asked about yet are forgotten. */
  want(addresses: readonly string[]): void
  /** Asks and tells nothing more. */
  close(): void
}

/** What names are asked of. */
export interface Reverse {
  /** Names of an address; throws where there are none. */
  reverse(address: string): Promise<readonly string[]>
  cancel(): void
}

export interface NameSettings {
  readonly reverse?: Reverse
  readonly cache?: NameCache
  services?(): ReadonlyMap<number, string>
}

/** @param changed is told of names that have become known: at first those of services, then hosts as they are found */
export function openNames(changed: (names: Names) => void, settings: NameSettings = {}): NameSource {
  // c-ares, which does not occupy Node's threads as getnameinfo would; it looks into /etc/hosts as well
  const { reverse = new Resolver({ timeout: PATIENCE, tries: 1 }), cache = new NameCache() } = settings
  let services: ReadonlyMap<number, string> | null = null
  let queue: readonly string[] = []
  let telling: NodeJS.Timeout | undefined
  let closed = false
  const asked = new Set<string>()

  /** A new object each time: whoever compares sees that something has changed. */
  const tell = (): void => {
    telling = undefined
    changed({ host: address => cache.get(address), service: port => services?.get(port) ?? null })
  }
  const ask = async (address: string): Promise<void> => {
    asked.add(address)
    const name = await nameOf(reverse, address)
    asked.delete(address)
    if (closed) return
    cache.set(address, name)
    if (name !== null) telling ??= setTimeout(tell, GATHER)
    askMore()
  }
  const askMore = (): void => {
    while (asked.size < AT_ONCE) {
      const [next, ...rest] = queue
      if (next === undefined) return
      queue = rest
      void ask(next)
    }
  }
  return {
    want(addresses) {
      if (closed) return
      queue = [...new Set(addresses)].filter(address => !asked.has(address) && !cache.isFresh(address))
      askMore()
      if (services !== null) return
      services = (settings.services ?? readServices)()
      tell()
    },
    close() {
      closed = true
      clearTimeout(telling)
      reverse.cancel()
    },
  }
}

/** The first that is a name of a host; null where there is none, or nobody who knows it. */
async function nameOf(reverse: Reverse, address: string): Promise<string | null> {
  try {
    const names = await reverse.reverse(address)
    return names.find(isHostName) ?? null
  } catch {
    return null
  }
}
