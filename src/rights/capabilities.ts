/** The capabilities that the tool uses, what each is for, and which of them it keeps once it is at work. */

import { readFileSync } from 'node:fs'
import { type Plan, wayFor } from '../plan/plan.ts'

/** With their numbers of <linux/capability.h>. The table in docs/kernels.md has the same ones, in this order. */
export const CAPABILITIES = {
  CAP_BPF: { bit: 39, purpose: 'loading BPF programs' },
  CAP_PERFMON: { bit: 38, purpose: 'tracing' },
  CAP_SYS_ADMIN: {
    bit: 21,
    purpose: 'in compatible mode, connections inside other network namespaces; before 5.8 everything',
  },
  CAP_SYS_PTRACE: {
    bit: 19,
    purpose: 'in compatible mode, which connections processes of other users have, and their network namespaces',
  },
  CAP_DAC_READ_SEARCH: {
    bit: 2,
    purpose: 'plain tracepoints, since tracefs belongs to root; in compatible mode, open files of other users',
  },
  CAP_NET_ADMIN: { bit: 12, purpose: 'in compatible mode, room for what the kernel tells of closed sockets' },
  CAP_SYS_RESOURCE: { bit: 24, purpose: 'lifting the limit on locked memory before 5.11' },
  CAP_SYS_NICE: { bit: 23, purpose: 'on the screen, refreshing when all CPUs are busy' },
  CAP_KILL: { bit: 5, purpose: 'on the screen, stopping the whole job by Ctrl-Z' },
  CAP_SETUID: { bit: 7, purpose: 'becoming an ordinary user' },
  CAP_SETGID: { bit: 6, purpose: 'becoming an ordinary user' },
  CAP_SETPCAP: { bit: 8, purpose: 'making sure that no program gets more' },
} as const

export type Capability = keyof typeof CAPABILITIES

/** Without one of these nothing can be traced; CAP_SYS_ADMIN stands for both. */
const NEEDED = ['CAP_BPF', 'CAP_PERFMON'] as const satisfies readonly Capability[]

/** What compatible mode needs to look at the sockets of others. */
export const FOR_SOCKETS_OF_OTHERS = [
  'CAP_SYS_ADMIN',
  'CAP_SYS_PTRACE',
  'CAP_DAC_READ_SEARCH',
  'CAP_NET_ADMIN',
] as const satisfies readonly Capability[]

/** Whether a set, as /proc/PID/status prints it, holds a capability. */
export function holds(set: bigint, capability: Capability): boolean {
  return (set & bitOf(capability)) !== 0n
}

/** A set of these capabilities. */
export function setOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((set, capability) => set | bitOf(capability), 0n)
}

/** Those that a set holds of the ones that are known here. */
export function capabilitiesIn(set: bigint): Capability[] {
  return Object.keys(CAPABILITIES)
    .filter(isCapability)
    .filter(capability => holds(set, capability))
}

function bitOf(capability: Capability): bigint {
  return 1n << BigInt(CAPABILITIES[capability].bit)
}

function isCapability(name: string): name is Capability {
  return name in CAPABILITIES
}

/** Capabilities without which nothing can be traced and which a set lacks. */
export function lacking(set: bigint): Capability[] {
  return holds(set, 'CAP_SYS_ADMIN') ? [] : NEEDED.filter(capability => !holds(set, capability))
}

/** Capabilities that only some figures need, and which a set lacks though they would change what is seen by a plan. */
export function missed(set: bigint, plan: Plan): Capability[] {
  const wanted = new Set<Capability>()
  if (wayFor(plan, 'connections') === null || plan.flaws.length > 0) wanted.add('CAP_DAC_READ_SEARCH')
  if (wayFor(plan, 'sockets')?.compat === true) for (const capability of FOR_SOCKETS_OF_OTHERS) wanted.add(capability)
  return [...wanted].filter(capability => !holds(set, capability))
}

/** What else decides on the capabilities that are kept. */
export interface RightsContext {
  /** The kernel has CAP_BPF (5.8); CAP_SYS_ADMIN stands for it before. */
  readonly hasBpf: boolean
  /** /proc hides the processes of other users. */
  readonly hidesProcesses: boolean
  /** There is a screen, and it may come before other processes. */
  readonly priority: boolean
}

/**
 * Those that are needed after all programs of a plan were loaded and attached. CAP_PERFMON is for loading alone; before 5.19
 * reading a map takes CAP_BPF.
 */
export function keptFor(plan: Plan, { hasBpf, hidesProcesses, priority }: RightsContext): Capability[] {
  const kept = new Set<Capability>([hasBpf ? 'CAP_BPF' : 'CAP_SYS_ADMIN'])
  if (wayFor(plan, 'sockets')?.compat === true) for (const capability of FOR_SOCKETS_OF_OTHERS) kept.add(capability)
  if (hidesProcesses) kept.add('CAP_SYS_PTRACE')
  if (priority) kept.add('CAP_SYS_NICE')
  return [...kept]
}

/** A set in the text of /proc/PID/status. */
export function setIn(status: string, name: 'CapEff' | 'CapPrm'): bigint {
  return BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`)
}

/** The effective set in the text of /proc/PID/status. */
export function effectiveSet(status: string): bigint {
  return setIn(status, 'CapEff')
}

/** The effective set of this process; none in a user namespace, for BPF takes capabilities of the host. */
export function ownCapabilities(): bigint {
  return isInUserNamespace() ? 0n : effectiveSet(readFileSync('/proc/self/status', 'utf8'))
}

/** Whether this is another user namespace than the one that the kernel began with, which knows all ids as they are. */
export function isInUserNamespace(): boolean {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8').trim().replace(/\s+/g, ' ') !== '0 0 4294967295'
  } catch {
    return false
  }
}

/** What is missing, each with its purpose: `CAP_BPF (loading BPF programs) and CAP_PERFMON (tracing)`. */
export function describe(capabilities: readonly Capability[]): string {
  return capabilities.map(capability => `${capability} (${CAPABILITIES[capability].purpose})`).join(' and ')
}
