/** Programs of other makers that are measured along, or that a measurement needs. */

import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** Debian packages that hold them. */
const PACKAGES = {
  bpftrace: 'bpftrace',
  syscount: 'libbpf-tools',
  'syscount-bpfcc': 'bpfcc-tools',
  strace: 'strace',
  perf: 'linux-perf',
  nginx: 'nginx-light',
  wrk: 'wrk',
} as const

export type Peer = keyof typeof PACKAGES

/** Where Debian installs programs, also those for root alone. */
const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin']

/** What is missing, in one line each; empty where all are installed. */
export function missing(peers: readonly Peer[]): string[] {
  return peers
    .filter(peer => pathOf(peer) === null)
    .map(peer => `${peer} is not installed: apt-get install ${PACKAGES[peer]}`)
}

export function pathOf(peer: Peer): string | null {
  return FOLDERS.map(folder => join(folder, peer)).find(isProgram) ?? null
}

/** Its command, in a mount namespace of its own in which tracefs is mounted where tools look for it. */
export function withTracefs(peer: Peer, ...args: readonly string[]): string[] {
  const script = '[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', peer, ...args]
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
