/** TCP sockets as /proc/net/tcp lists them: not much of them, but without waiting for the lock of any. */

import { closeSync, openSync, readSync } from 'node:fs'
import { readAddress } from '../../network/address.ts'
import type { End } from './diag.ts'

const AF_INET = 2
const AF_INET6 = 10

/** States of sockets that are no connections: SYN_RECV, TIME_WAIT, CLOSE, NEW_SYN_RECV. */
const NONE: ReadonlySet<string> = new Set(['03', '06', '07', '0C'])

/** Bytes of each list that are read: some 50,000 sockets. */
const MOST = 8 << 20

/** Number, local and remote address and port, and state. */
const LINE = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /

export interface Ends {
  readonly local: End
  readonly remote: End
}

/** The two ends of the sockets in the network namespace of a process, `self` or its id; none where it has ended. */
export function endsFromProc(process: string): Ends[] {
  return [[`/proc/${process}/net/tcp`, AF_INET] as const, [`/proc/${process}/net/tcp6`, AF_INET6] as const].flatMap(
    ([path, family]) =>
      read(path)
        .split('\n')
        .flatMap(line => {
          const [, local = '', localPort = '', remote = '', remotePort = '', state = ''] = LINE.exec(line) ?? []
          if (state === '' || NONE.has(state)) return []
          return { local: endOf(local, localPort, family), remote: endOf(remote, remotePort, family) }
        }),
  )
}

/** The kernel prints addresses as numbers of four bytes each, as they lie in memory. */
function endOf(address: string, port: string, family: number): End {
  const bytes = new DataView(new ArrayBuffer(16))
  for (let at = 0; at < address.length; at += 8)
    bytes.setUint32(at / 2, Number.parseInt(address.slice(at, at + 8), 16), true)
  return { ...readAddress(bytes, 0, family), port: Number.parseInt(port, 16) }
}

function read(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const buffer = Buffer.alloc(1 << 16)
      let text = ''
      while (text.length < MOST) {
        const length = readSync(file, buffer)
        if (length === 0) break
        text += buffer.toString('latin1', 0, length)
      }
      return text
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
