/** What the doctor says, from the facts alone. */

import { nameOf, type Way } from '../plan/need.ts'
import { missing, wayFor } from '../plan/plan.ts'
import { holds, lacking } from '../rights/capabilities.ts'
import type { Facts } from './facts.ts'
import { capabilityRows, needsMemory, permissionRow, RUN_AS_ROOT, rightsRow } from './rights-rows.ts'
import { type Row, row } from './row.ts'

export type { Row } from './row.ts'

export interface Diagnosis {
  /** System calls, processes and connections can be measured. */
  readonly able: boolean
  readonly rows: readonly Row[]
}

/** Needs without which the main job cannot be done. */
const MAIN = ['syscalls', 'processes', 'sockets']

export function diagnose(facts: Facts): Diagnosis {
  const rows = [
    kernelRow(facts),
    libbpfRow(facts),
    permissionRow(facts),
    rightsRow(facts),
    ...capabilityRows(facts),
    btfRow(facts),
    ...lockdownRow(facts),
    tracefsRow(facts),
    bpffsRow(facts),
    jitRow(facts),
    unprivilegedRow(facts),
    seccompRow(facts),
    pidsRow(facts),
    memoryRow(facts),
    kprobesRow(facts),
    ...planRows(facts),
    ...wayRows(facts),
  ]
  const { plan } = facts
  return { able: plan !== null && MAIN.every(need => wayFor(plan, need) !== null), rows }
}

function kernelRow({ kernel, arch }: Facts): Row {
  const isKnown = arch === 'x64' || arch === 'arm64'
  const machine = arch === 'x64' ? 'x86_64' : arch
  return row('kernel', isKnown ? 'yes' : 'no', `Linux ${kernel} on ${machine}`, isKnown ? null : 'use x86_64 or arm64')
}

function libbpfRow({ libbpf, btf, verdicts }: Facts): Row {
  if ('problem' in libbpf) return row('libbpf', 'no', libbpf.problem, libbpf.remedy)
  const version = libbpf.version === null ? 'before 0.6' : `version ${libbpf.version}`
  const isLost = [...verdicts.values()].some(verdict => !verdict.works && verdict.reason.includes(UNREADABLE_BTF))
  if (!isLost || btf !== 'readable') return row('libbpf', 'yes', version)
  return row(
    'libbpf',
    'partly',
    `${version}, too old to read the type information of this kernel`,
    'install a newer libbpf: 1.0 reads that of Linux 6.0 and later',
  )
}

/** What libbpf says of type information with kinds that are newer than itself. */
const UNREADABLE_BTF = 'failed to find valid kernel BTF'

function btfRow({ btf, btfFile }: Facts): Row {
  if (btfFile !== null) return row('type information', 'yes', `from ${btfFile}`)
  switch (btf) {
    case 'readable':
      return row('type information', 'yes', '/sys/kernel/btf/vmlinux')
    case 'denied':
      return row(
        'type information',
        'partly',
        '/sys/kernel/btf/vmlinux cannot be read',
        'chmod a+r /sys/kernel/btf/vmlinux',
      )
    case 'absent':
      return row(
        'type information',
        'partly',
        'this kernel has no BTF (CONFIG_DEBUG_INFO_BTF): compatible mode',
        'give a BTF file of exactly this kernel: ebpf-top --btf FILE',
      )
  }
}

function lockdownRow({ lockdown }: Facts): Row[] {
  switch (lockdown) {
    case null:
      return [row('lockdown', 'yes', 'not in force, or securityfs is not mounted')]
    case 'none':
      return [row('lockdown', 'yes', 'none')]
    case 'integrity':
      return [row('lockdown', 'yes', 'integrity: programs that change memory are refused, which none here does')]
    case 'confidentiality':
      return [
        row('lockdown', 'no', 'confidentiality: no BPF program may read kernel memory', 'boot with lockdown=integrity'),
      ]
  }
}

const MOUNT_TRACEFS = 'mount -t tracefs tracefs /sys/kernel/tracing'

function tracefsRow({ tracefs, tracefsOwn }: Facts): Row {
  if (tracefs !== null) return row('tracefs', 'yes', `mounted at ${tracefs}`)
  if (tracefsOwn === true) return row('tracefs', 'yes', 'not mounted; a private mount works')
  return row('tracefs', 'partly', tracefsOwn, MOUNT_TRACEFS)
}

function bpffsRow({ bpffs }: Facts): Row {
  return row('bpffs', 'yes', bpffs ? 'mounted' : 'not mounted (not needed: nothing is pinned)')
}

function jitRow({ jit }: Facts): Row {
  if (jit === 0)
    return row(
      'JIT',
      'partly',
      'off: programs are interpreted, which costs several times the CPU',
      'sysctl net.core.bpf_jit_enable=1',
    )
  return row('JIT', 'yes', jit === null ? 'always on' : 'on')
}

function unprivilegedRow({ unprivilegedBpf }: Facts): Row {
  const detail = unprivilegedBpf === 0 ? 'allowed, but not for tracing' : 'disabled: bpf(2) needs CAP_BPF'
  return row('unprivileged BPF', 'yes', `${detail} (kernel.unprivileged_bpf_disabled=${unprivilegedBpf ?? 'absent'})`)
}

function seccompRow({ seccomp, plan, capabilities }: Facts): Row {
  if (seccomp === 0) return row('seccomp', 'yes', 'no filter')
  const blocks = plan?.chosen.has('syscalls') !== true && lacking(capabilities).length === 0
  return blocks
    ? row(
        'seccomp',
        'no',
        'a filter is in force and bpf(2) does not work',
        'allow bpf and perf_event_open: --security-opt seccomp=unconfined',
      )
    : row('seccomp', 'yes', 'a filter is in force')
}

function pidsRow({ hostPids }: Facts): Row {
  if (hostPids) return row('process ids', 'yes', 'those of the host')
  return row(
    'process ids',
    'partly',
    'a namespace of their own: names and owners of processes will be wrong',
    'start the container with --pid=host',
  )
}

function memoryRow(facts: Facts): Row {
  const { lockedMemory } = facts
  if (lockedMemory === null) return row('locked memory', 'yes', 'no limit')
  const limit = `limit ${Math.floor(lockedMemory / 1024)} KiB`
  if (facts.memorySuffices) return row('locked memory', 'yes', `${limit}, which is enough`)
  if (holds(facts.capabilities, 'CAP_SYS_RESOURCE')) return row('locked memory', 'yes', `${limit}, which is lifted`)
  if (!needsMemory(facts))
    return row('locked memory', 'yes', `${limit}, which BPF maps do not count against since 5.11`)
  return row('locked memory', 'partly', `${limit}, which is too low before 5.11`, 'ulimit -l unlimited')
}

function kprobesRow({ kprobes }: Facts): Row {
  if (kprobes === null) return row('kprobes', 'yes', 'not known')
  return row(
    'kprobes',
    'yes',
    kprobes ? 'available' : 'not in this kernel (CONFIG_KPROBES); only needed where better hooks are missing',
  )
}

/** How each need is met. */
function planRows({ plan, root, capabilities, libbpf }: Facts): Row[] {
  if (plan === null) {
    const lacks = lacking(capabilities)
    if (lacks.length === 0 || 'problem' in libbpf) return []
    return [row('measuring', 'no', `not tried: it takes ${lacks.join(' and ')}`)]
  }
  const reasons = new Map(missing(plan).map(({ need, reason }) => [need.name, reason]))
  return plan.needs.map(({ name, what }) => {
    const way = wayFor(plan, name)
    if (way === null) return row(what, 'no', reasons.get(name) ?? '')
    const flaw = plan.flaws.find(({ need }) => need === name)?.flaw
    if (flaw !== undefined) return row(what, 'partly', `by ${way.source}; ${flaw}`, root ? MOUNT_TRACEFS : RUN_AS_ROOT)
    return row(what, way.compat ? 'partly' : 'yes', `by ${way.source}`)
  })
}

/** Each way by itself. */
function wayRows(facts: Facts): Row[] {
  const { plan, verdicts, verifierLog } = facts
  if (plan === null) return []
  return plan.needs
    .flatMap(({ ways }) => ways)
    .filter(way => way.objects.length > 0 || way.source === 'inet_diag')
    .map(way => {
      const verdict = verdicts.get(nameOf(way))
      if (verdict === undefined || verdict.works)
        return row(hookOf(way), 'yes', usedOrNot(wayFor(plan, way.need) === way))
      const log =
        verifierLog === null || !verdict.reason.includes('verifier') ? '' : `; the full log is in ${verifierLog}`
      return row(hookOf(way), 'no', `${verdict.reason} (needs ${way.requires})${log}`)
    })
}

function hookOf(way: Way): string {
  return `${way.need} by ${way.source}`
}

function usedOrNot(isUsed: boolean): string {
  return isUsed ? 'works, used' : 'works, not needed'
}
