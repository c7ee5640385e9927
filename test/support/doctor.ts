import type { Facts } from '../../src/doctor/facts.ts'
import { nameOf } from '../../src/plan/need.ts'
import { decide, type Verdict } from '../../src/plan/plan.ts'
import { registry } from '../../src/tracers/registry.ts'

export const REFUSED = { works: false, reason: 'loading it is not permitted (EPERM)' } as const

/** Verdicts of all ways: those named `no` are refused. */
export function verdicts(no: readonly string[] = []): Map<string, Verdict> {
  const names = registry.needs.flatMap(({ ways }) => ways).map(nameOf)
  return new Map(names.map(name => [name, no.includes(name) ? REFUSED : { works: true }]))
}

/** All capabilities but some. */
const ALL = (1n << 41n) - 1n
export const without = (...bits: number[]): bigint => bits.reduce((set, bit) => set & ~(1n << BigInt(bit)), ALL)

/** A machine on which all is well, but for `changes`. */
export function factsOf(changes: Partial<Facts> = {}): Facts {
  const tried = changes.verdicts ?? verdicts()
  return {
    kernel: '6.12.0',
    arch: 'x64',
    root: true,
    capabilities: ALL,
    userNamespace: false,
    becomes: 'ann',
    keepRoot: false,
    hidesProcesses: false,
    noNewPrivileges: false,
    seccomp: 0,
    btfFile: null,
    btf: 'readable',
    lockdown: 'none',
    tracefs: '/sys/kernel/tracing',
    tracefsOwn: true,
    bpffs: true,
    hostPids: true,
    lockedMemory: null,
    memorySuffices: true,
    unprivilegedBpf: 2,
    jit: 1,
    kprobes: true,
    libbpf: { version: '1.1' },
    plan: decide(registry.needs, tried, { compatOnly: false }),
    verdicts: tried,
    verifierLog: null,
    ...changes,
  }
}
