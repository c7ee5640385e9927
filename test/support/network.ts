import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { Told } from './sockets.ts'
import { compiled } from './workload.ts'

const FOLDER = '/run/netns'
let made = 0

/** Runs a command; throws with what it said where it fails. */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A network namespace that goes with the test. */
export class Namespace {
  readonly name: string
  readonly inode: number

  constructor() {
    made++
    this.name = `ebpf-top-test-${process.pid}-${made}`
    run('ip', 'netns', 'add', this.name)
    onTestFinished(() => {
      run('ip', 'netns', 'del', this.name)
    })
    this.inode = statSync(this.file).ino
    this.ip('link', 'set', 'lo', 'up')
  }

  get file(): string {
    return `${FOLDER}/${this.name}`
  }

  ip(...args: readonly string[]): void {
    run('ip', '-n', this.name, ...args)
  }

  run(command: string, ...args: readonly string[]): string {
    return run('ip', 'netns', 'exec', this.name, command, ...args)
  }

  sysctl(name: string, value: number): void {
    this.run('sh', '-c', `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`)
  }
}

export const NEAR = '10.77.0.1'
export const FAR = '10.77.0.2'

/** Two hosts on this machine, with a wire in between that is told how slow and how lossy it is. */
export interface Hosts {
  readonly near: Namespace
  readonly far: Namespace
  readonly wire: Told
}

export async function twoHosts(): Promise<Hosts> {
  const near = new Namespace()
  const far = new Namespace()
  const wire = new Told([compiled('link'), near.file, 'wire0', far.file, 'wire0'])
  await wire.tell('drop', 0)
  for (const [host, own, other] of [
    [near, NEAR, FAR],
    [far, FAR, NEAR],
  ] as const) {
    host.ip('address', 'add', own, 'peer', other, 'dev', 'wire0')
    host.ip('link', 'set', 'wire0', 'mtu', '1500', 'up')
  }
  return { near, far, wire }
}

/** What `ss` says of one established TCP connection. */
export interface Seen {
  readonly sent: number
  readonly received: number
  readonly retransmits: number
  readonly segments: number
  readonly rttMs: number
  readonly minRttMs: number
  readonly pids: readonly number[]
  readonly receiveQueue: number
  readonly sendQueue: number
}

/** The second opinion: the connection between two ports, as `ss -tinp` shows it. */
export function askSs(localPort: number, remotePort: number, namespace: Namespace | null = null): Seen {
  const args = ['-tinpOH', `sport = :${localPort} and dport = :${remotePort}`]
  const text = namespace === null ? run('ss', ...args) : namespace.run('ss', ...args)
  if (text.trim().split('\n').length !== 1) throw new Error(`ss does not show one connection: ${text}`)
  const figure = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)
  return {
    sent: figure(/\bbytes_sent:(\d+)/) - figure(/\bbytes_retrans:(\d+)/),
    received: figure(/\bbytes_received:(\d+)/),
    retransmits: figure(/\bretrans:\d+\/(\d+)/),
    segments: figure(/\bdata_segs_out:(\d+)/),
    rttMs: figure(/\brtt:([\d.]+)/),
    minRttMs: figure(/\bminrtt:([\d.]+)/),
    pids: [...text.matchAll(/pid=(\d+)/g)].map(match => Number(match[1])),
    receiveQueue: figure(/^\S+\s+(\d+)/),
    sendQueue: figure(/^\S+\s+\d+\s+(\d+)/),
  }
}

/** Whether the kernel keeps this end of a connection in TIME_WAIT. */
export function isInTimeWait(localPort: number, remotePort: number): boolean {
  const text = run('ss', '-tanH', 'state', 'time-wait', `sport = :${localPort} and dport = :${remotePort}`)
  return text.trim() !== ''
}

/** Backlog, its limit, and drops of a listening socket, as `ss -ltn` shows them. */
export function askSsListener(port: number): { backlog: number; limit: number; drops: number } {
  const text = run('ss', '-ltnmH', `sport = :${port}`)
  const [, backlog, limit] = /^LISTEN\s+(\d+)\s+(\d+)/.exec(text) ?? []
  return { backlog: Number(backlog), limit: Number(limit), drops: Number(/\bd(\d+)\)/.exec(text)?.[1]) }
}
