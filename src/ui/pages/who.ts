/** Who a process is, as its page says it. */

import type { KnownAbout } from '../../facts/about.ts'
import { formatSeconds } from '../../table/format.ts'
import { sanitize } from '../../text/text.ts'
import type { Item } from '../lines/items.ts'
import { span, type Tone } from '../lines/style.ts'
import type { State } from '../state/state.ts'
import type { Page } from './page.ts'

/** As /proc calls them (proc(5)). */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'uninterruptible',
  I: 'idle',
  T: 'stopped',
  t: 'traced',
  Z: 'zombie',
  X: 'dead',
}

/** By their numbers in <linux/capability.h>. */
const CAPABILITIES = `chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
  net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace
  sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control
  setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`.split(/\s+/)

/** From so many on, without a gap, they are all that the kernel has: those before 5.8 have 38. */
const ALL_LEAST = 38

/** The effective capabilities, for people. */
export function capabilitiesText(bits: bigint): string {
  if (bits === 0n) return 'none'
  const isAll = (bits & (bits + 1n)) === 0n && bits >= (1n << BigInt(ALL_LEAST)) - 1n
  if (isAll) return 'all'
  const set = CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n)
  return set.length === 0 ? `0x${bits.toString(16)}` : set.join(',')
}

/** The arguments; null: not known. */
export function commandOf({ about, seen }: Page): string | null {
  const told = about === null || typeof about === 'string' ? null : about.command
  const known = seen?.get('command') ?? null
  return known === null ? told || null : String(known)
}

/** Facts of it, the most important first. */
export function whoItems({ what, about }: Page, state: State): Item[] {
  if (what.kind !== 'process') return []
  const { started_ns } = what.process
  const items: Item[] = []
  if (about === 'ended') items.push(fact(0, '', 'it has ended', 'warning'))
  if (started_ns !== null && state.shown !== null && about !== 'ended') {
    const seconds = Date.parse(state.shown.sample.time) / 1e3 - started_ns / 1e9
    items.push(fact(1, 'up', formatSeconds(seconds)))
  }
  if (about === null || about === 'no answer') items.push(fact(9, '', 'parent, user, threads: not known', 'dim'))
  return about === null || typeof about === 'string' ? items : [...items, ...aboutItems(about)]
}

function aboutItems({ details, user, parentName }: KnownAbout): Item[] {
  const { parent, state, threads, capabilities, ids, pidNamespace, networkNamespace } = details
  const inner = ids.length > 1 ? ids.at(-1) : undefined
  return [
    fact(1, 'parent', parent === 0 ? 'none' : `${parentName ?? ''} ${parent}`.trimStart()),
    ...(user === null ? [] : [fact(1, 'user', user)]),
    fact(2, '', `${threads} ${threads === 1 ? 'thread' : 'threads'}`),
    fact(2, '', STATES[state] ?? `state ${state}`, state === 'D' ? 'warning' : 'plain'),
    ...(inner === undefined ? [] : [fact(6, 'pid inside', String(inner))]),
    ...(capabilities === null ? [] : [fact(7, 'capabilities', capabilitiesText(capabilities))]),
    ...(pidNamespace === null ? [] : [fact(19, 'pid ns', String(pidNamespace))]),
    ...(networkNamespace === null ? [] : [fact(18, 'net ns', String(networkNamespace))]),
  ]
}

function fact(rank: number, title: string, value: string, tone: Tone = 'plain'): Item {
  const text = span(sanitize(value), tone)
  return { rank, line: title === '' ? [text] : [span(`${title} `, 'dim'), text] }
}
