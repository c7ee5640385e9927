import { readFileSync } from 'node:fs'
import type { Plan } from '../plan/plan.ts'

/** Capabilities that the tool uses, with their numbers of <linux/capability.h> and what each is for. */
export const CAPABILITIES = {
  CAP_DAC_READ_SEARCH: { bit: 2, purpose: 'plain tracepoints, since tracefs belongs to root' },
  CAP_SYS_PTRACE: {
    bit: 19,
    purpose: 'in compatible mode, which connections processes of other users have, and their network namespaces',
  },
  CAP_SYS_ADMIN: {
    bit: 21,
    purpose: 'in compatible mode, connections inside other network namespaces; before 5.8 everything',
  },
  CAP_SYS_RESOURCE: { bit: 24, purpose: 'lifting the limit on locked memory before 5.11' },
  CAP_PERFMON: { bit: 38, purpose: 'tracing' },
  CAP_BPF: { bit: 39, purpose: 'loading BPF programs' },
} as const

export type Capability = keyof typeof CAPABILITIES

/** Without one of these nothing can be traced; CAP_SYS_ADMIN stands for both. */
const NEEDED = ['CAP_BPF', 'CAP_PERFMON'] as const satisfies readonly Capability[]

/** Whether a set, as /proc/PID/status prints it, holds a capability. */
export function holds(set: bigint, capability: Capability): boolean {
  return ((set >> BigInt(CAPABILITIES[capability].bit)) & 1n) === 1n
}

/** Capabilities without which nothing can be traced and which a set lacks. */
export function lacking(set: bigint): Capability[] {
  return holds(set, 'CAP_SYS_ADMIN') ? [] : NEEDED.filter(capability => !holds(set, capability))
}

/** Capabilities that only some figures need, and which a set lacks though they would change what is seen by a plan. */
export function missed(set: bigint, { chosen, flaws }: Plan): Capability[] {
  const wanted: Capability[] = []
  if (chosen.connections === null || flaws.length > 0) wanted.push('CAP_DAC_READ_SEARCH')
  if (chosen.sockets?.compat === true) wanted.push('CAP_SYS_PTRACE', 'CAP_SYS_ADMIN')
  return wanted.filter(capability => !holds(set, capability))
}

/** The effective set in the text of /proc/PID/status. */
export function effectiveSet(status: string): bigint {
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
}

/** The effective set of this process. */
export function ownCapabilities(): bigint {
  return effectiveSet(readFileSync('/proc/self/status', 'utf8'))
}

/** What is missing, each with its purpose: `CAP_BPF (loading BPF programs) and CAP_PERFMON (tracing)`. */
export function describe(capabilities: readonly Capability[]): string {
  return capabilities.map(capability => `${capability} (${CAPABILITIES[capability].purpose})`).join(' and ')
}
