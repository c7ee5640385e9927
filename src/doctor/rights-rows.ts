/** What the doctor says of rights. */

import {
  CAPABILITIES,
  type Capability,
  capabilitiesIn,
  describe,
  holds,
  keptFor,
  lacking,
  missed,
} from '../rights/capabilities.ts'
import { withOnly } from '../rights/rights.ts'
import type { Facts } from './facts.ts'
import { type Row, row } from './row.ts'

/** Locked memory that the maps take before 5.11, in bytes. */
const MEMORY_NEEDED = 128 * 2 ** 20

export const RUN_AS_ROOT = 'run it as root: sudo ebpf-top'

export function permissionRow({ capabilities, root, noNewPrivileges, userNamespace }: Facts): Row {
  const lacks = lacking(capabilities)
  if (lacks.length === 0) return row('permission', 'yes', root ? 'root' : 'the capabilities that tracing needs')
  if (userNamespace) {
    return row(
      'permission',
      'no',
      'this is a user namespace, and tracing takes capabilities of the host',
      'run it as root of the host, outside of this container',
    )
  }
  if (root) return row('permission', 'no', `root, but without ${describe(lacks)}`, grant(lacks))
  if (noNewPrivileges) {
    return row(
      'permission',
      'no',
      `missing ${describe(lacks)}, and none can be gained here`,
      'start it outside of this sandbox, as root',
    )
  }
  return row('permission', 'no', `missing ${describe(lacks)}`, 'run it as root: sudo ebpf-top --doctor')
}

/** As whom a run goes on after the start, and what it holds then. */
export function rightsRow({ root, becomes, keepRoot, capabilities, plan, hidesProcesses }: Facts): Row {
  const held = (names: readonly Capability[]): Capability[] => names.filter(name => holds(capabilities, name))
  if (root && keepRoot) return row('rights', 'yes', 'it stays root, with all its rights (--keep-root)')
  if (becomes === null)
    return row('rights', 'yes', `it runs ${withOnly(capabilitiesIn(capabilities))}, as it is started`)
  if (plan === null) return row('rights', 'yes', `it starts as root, and becomes ${becomes}`)
  const kept = held(keptFor(plan, { hasBpf: holds(capabilities, 'CAP_BPF'), hidesProcesses, priority: false }))
  const more = held(['CAP_SYS_NICE']).map(name => `; on the screen also ${name}, for R`)
  const detail = `${withOnly(kept)}${more.join('')}`
  const lacks = (['CAP_SETUID', 'CAP_SETGID'] as const).filter(name => !holds(capabilities, name))
  if (lacks.length === 0) return row('rights', 'yes', `it starts as root, and becomes ${becomes} ${detail}`)
  return row('rights', 'partly', `it stays root without ${lacks.join(' and ')}, but ${detail}`, grant(lacks))
}

/** Root that lacks them is in a container. */
function grant(capabilities: readonly Capability[]): string {
  const flags = capabilities.map(capability => `--cap-add ${capability.replace('CAP_', '')}`)
  return `give them to the container: ${flags.join(' ')}`
}

/** Capabilities that only some figures need. */
export function capabilityRows(facts: Facts): Row[] {
  // the row on permission says what is to be done
  if (lacking(facts.capabilities).length > 0) return []
  const optional = [
    'CAP_SYS_ADMIN',
    'CAP_SYS_PTRACE',
    'CAP_DAC_READ_SEARCH',
    'CAP_NET_ADMIN',
    'CAP_SYS_RESOURCE',
  ] as const
  return optional.map(capability => {
    const { purpose } = CAPABILITIES[capability]
    if (holds(facts.capabilities, capability)) return row(capability, 'yes', purpose)
    const matters = isMissed(capability, facts)
    return row(
      capability,
      matters ? 'partly' : 'yes',
      `missing: ${purpose}${matters ? '' : ' (not needed here)'}`,
      matters ? rootOr(facts, capability) : null,
    )
  })
}

/** Some are needed only on some kernels. */
function isMissed(capability: Capability, facts: Facts): boolean {
  if (capability === 'CAP_SYS_RESOURCE') return needsMemory(facts)
  return facts.plan !== null && missed(facts.capabilities, facts.plan).includes(capability)
}

function rootOr({ root }: Facts, capability: Capability): string {
  return root ? grant([capability]) : RUN_AS_ROOT
}

/** Whether the limit on locked memory may be in the way: something else is where it is not even tried, or not counted. */
export function needsMemory({ kernel, plan, lockedMemory, memorySuffices }: Facts): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number.parseFloat)
  const isCounted = major < 5 || (major === 5 && minor < 11)
  return isCounted && plan !== null && !memorySuffices && lockedMemory !== null && lockedMemory < MEMORY_NEEDED
}
