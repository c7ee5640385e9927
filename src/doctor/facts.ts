/** What the doctor looks at on this machine. */

import { accessSync, constants, existsSync, readFileSync, readlinkSync } from 'node:fs'
import { arch, release } from 'node:os'
import { BpfError } from '../bpf/error.ts'
import { type Libbpf, loadLibbpf } from '../bpf/libbpf.ts'
import { Tracefs } from '../bpf/tracepoint.ts'
import { saveVerifierLog } from '../bpf/verifier.ts'
import { type Wishes as RightsWishes, userFor } from '../leave-root/leave-root.ts'
import { nameOf, type Way } from '../plan/need.ts'
import { decide, type Plan, type Verdict, type Verdicts } from '../plan/plan.ts'
import { isInUserNamespace, lacking, ownCapabilities } from '../rights/capabilities.ts'
import { hidesProcesses } from '../rights/rights.ts'
import { Opener } from '../tracers/opening/opener.ts'
import { registry } from '../tracers/registry.ts'

/** Inode of the pid namespace that the machine begins with: PROC_PID_INIT_INO of the kernel. */
const HOST_PID_NAMESPACE = 'pid:[4026531836]'

export interface Facts {
  readonly kernel: string
  readonly arch: string
  readonly root: boolean
  /** Effective capabilities as bits; in a user namespace none, for the kernel asks for those of the host. */
  readonly capabilities: bigint
  /** It is in a user namespace other than the host's. */
  readonly userNamespace: boolean
  /** Whom a run becomes; null: it stays who it is. */
  readonly becomes: string | null
  /** --keep-root was given. */
  readonly keepRoot: boolean
  /** /proc hides the processes of other users. */
  readonly hidesProcesses: boolean
  readonly noNewPrivileges: boolean
  /** 0: none, 1: strict, 2: a filter. */
  readonly seccomp: number
  /** File with kernel type information that was given; null: none. */
  readonly btfFile: string | null
  readonly btf: 'readable' | 'absent' | 'denied'
  /** null: cannot be told. */
  readonly lockdown: 'none' | 'integrity' | 'confidentiality' | null
  /** Where it is mounted; null: nowhere. */
  readonly tracefs: string | null
  /** Where it is not mounted: whether a mount of our own works, and if not, why. */
  readonly tracefsOwn: true | string
  readonly bpffs: boolean
  readonly hostPids: boolean
  /** Bytes of locked memory allowed; null: no limit. */
  readonly lockedMemory: number | null
  /** System calls can be traced within that limit; since 5.11 it is not used. */
  readonly memorySuffices: boolean
  /** kernel.unprivileged_bpf_disabled; null: the kernel has none. */
  readonly unprivilegedBpf: number | null
  /** net.core.bpf_jit_enable; null: the kernel has no such switch. */
  readonly jit: number | null
  readonly kprobes: boolean | null
  readonly libbpf: { readonly version: string | null } | { readonly problem: string; readonly remedy: string }
  /** null: nothing could be tried, or it would be refused. */
  readonly plan: Plan | null
  /** Of every way that was tried, also those behind the chosen ones. */
  readonly verdicts: Verdicts
  /** File with the whole log of the verifier; null: it refused nothing. */
  readonly verifierLog: string | null
}

export interface Wishes extends RightsWishes {
  readonly compat: boolean
  readonly btf: string | null
}

function everyWay(): readonly Way[] {
  return registry.needs.flatMap(({ ways }) => ways)
}

/** Looks at everything. Loads every BPF object of `folder` for a moment where that is permitted; else none is tried. */
export function gatherFacts(folder: string, { compat, btf, ...wishes }: Wishes): Facts {
  const status = read('/proc/self/status') ?? ''
  const libbpf = openLibbpf()
  const capabilities = ownCapabilities()
  const mayTry = 'close' in libbpf && lacking(capabilities).length === 0
  const tried = mayTry ? tryAll(libbpf, folder, btf) : { verdicts: new Map<string, Verdict>(), log: [] }
  const user = userFor(wishes)
  return {
    kernel: release(),
    arch: arch(),
    root: process.geteuid?.() === 0,
    capabilities,
    userNamespace: isInUserNamespace(),
    becomes: user?.name ?? null,
    keepRoot: wishes.keepRoot,
    hidesProcesses: hidesProcesses(),
    noNewPrivileges: field(status, 'NoNewPrivs') === 1,
    seccomp: field(status, 'Seccomp') ?? 0,
    btfFile: btf,
    btf: btfState(),
    lockdown: lockdown(),
    ...tracefs(),
    bpffs: (read('/proc/self/mounts') ?? '').split('\n').some(line => line.split(' ')[2] === 'bpf'),
    hostPids: hostPids(),
    lockedMemory: lockedMemory(),
    memorySuffices: everyWay().some(way => way.need === 'syscalls' && tried.verdicts.get(nameOf(way))?.works === true),
    unprivilegedBpf: number('/proc/sys/kernel/unprivileged_bpf_disabled'),
    jit: number('/proc/sys/net/core/bpf_jit_enable'),
    kprobes: existsSync('/sys/bus/event_source/devices') ? existsSync('/sys/bus/event_source/devices/kprobe') : null,
    libbpf: 'close' in libbpf ? { version: libbpf.version } : libbpf,
    plan: mayTry ? decide(registry.needs, tried.verdicts, { compatOnly: compat }) : null,
    verdicts: tried.verdicts,
    verifierLog: saveVerifierLog(tried.log, user),
  }
}

function openLibbpf(): Libbpf | { readonly problem: string; readonly remedy: string } {
  try {
    return loadLibbpf()
  } catch (error) {
    if (error instanceof BpfError) return { problem: error.what, remedy: error.remedy }
    throw error
  }
}

/** Tries every way by itself: a way beside another one needs that one's maps only where it is used. */
function tryAll(libbpf: Libbpf, folder: string, btf: string | null): { verdicts: Verdicts; log: readonly string[] } {
  const opener = new Opener(libbpf, { folder, btf, rooms: {} })
  const verdicts = new Map<string, Verdict>()
  try {
    for (const way of everyWay()) verdicts.set(nameOf(way), opener.try(way))
    return { verdicts, log: opener.log }
  } finally {
    opener.close()
  }
}

function btfState(): Facts['btf'] {
  try {
    accessSync('/sys/kernel/btf/vmlinux', constants.R_OK)
    return 'readable'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'denied' : 'absent'
  }
}

/** `[none] integrity confidentiality` marks the level in force. */
function lockdown(): Facts['lockdown'] {
  const level = /\[(\w+)\]/.exec(read('/sys/kernel/security/lockdown') ?? '')?.[1]
  return level === 'none' || level === 'integrity' || level === 'confidentiality' ? level : null
}

function tracefs(): Pick<Facts, 'tracefs' | 'tracefsOwn'> {
  const mount = (read('/proc/self/mounts') ?? '').split('\n').find(line => line.split(' ')[2] === 'tracefs')
  if (mount !== undefined) return { tracefs: mount.split(' ')[1] ?? null, tracefsOwn: true }
  try {
    new Tracefs().close()
    return { tracefs: null, tracefsOwn: true }
  } catch (error) {
    return { tracefs: null, tracefsOwn: error instanceof Error ? error.message : String(error) }
  }
}

/** In a container with process ids of its own /proc shows others than the kernel side sees. */
function hostPids(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === HOST_PID_NAMESPACE
  } catch {
    return true
  }
}

/** The soft limit in /proc/self/limits, in bytes. */
function lockedMemory(): number | null {
  const limit = /^Max locked memory\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  return limit === undefined || limit === 'unlimited' ? null : Number(limit)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function number(path: string): number | null {
  const text = read(path)
  return text === null ? null : Number(text)
}

function field(status: string, name: string): number | null {
  const value = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]
  return value === undefined ? null : Number(value)
}
