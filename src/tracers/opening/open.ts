import { totalmem } from 'node:os'
import { BpfError } from '../../bpf/error.ts'
import { callWithNumber } from '../../bpf/kernel.ts'
import { loadLibbpf } from '../../bpf/libbpf.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { helperBeside } from '../../bpf/shipped.ts'
import { fieldOffset } from '../../bpf/tracepoint.ts'
import { type Owner, saveVerifierLog } from '../../bpf/verifier.ts'
import { isInProc, pidInFirstNamespace } from '../../facts/own-pid.ts'
import { ownProcesses } from '../../own-processes.ts'
import { nameOf, type Way } from '../../plan/need.ts'
import { decide, type Plan, type Verdict, wayFor } from '../../plan/plan.ts'
import { describe, isInUserNamespace, lacking, ownCapabilities } from '../../rights/capabilities.ts'
import { SocketBytes } from '../bytes/socket-bytes.ts'
import { ByteTracer } from '../bytes/tracer.ts'
import { CompatControl } from '../compat/control.ts'
import { CompatLoss } from '../compat/loss.ts'
import { CompatConnections } from '../connections/compat/tracer.ts'
import { openedOrLater } from '../connections/later.ts'
import { NO_SOCKETS } from '../connections/sockets/record.ts'
import { ConnectionTracer, FULL_SOURCE } from '../connections/tracer.ts'
import { Control } from '../control.ts'
import { ProgramCost } from '../cost.ts'
import { MapMemory } from '../map-memory.ts'
import { NetworkNamespaces } from '../network/namespaces.ts'
import type { Bytes, Connections, IntervalControl, Processes, SlowCalls, Syscalls, Tracers } from '../parts.ts'
import { CompatProcesses } from '../processes/compat.ts'
import { ProcessTracer } from '../processes/tracer.ts'
import { registry } from '../registry.ts'
import { SlowCallTracer } from '../slow-calls/tracer.ts'
import { CompatSyscalls } from '../syscalls/compat.ts'
import { SyscallTracer } from '../syscalls/tracer.ts'
import { Opener } from './opener.ts'

export type { Tracers } from '../parts.ts'

/** Sockets that there is room for, by the memory of the machine: a row takes some 230 bytes of the kernel's. */
const ROOMS = totalmem() >= 4 * 2 ** 30 ? roomsFor(131_072, 49_152) : roomsFor(10_240, 4_096)

/** Entries of maps, by the sockets that are open and those that close in an interval. */
export function roomsFor(open: number, closed: number) {
  return {
    open_connections: open,
    closed_connections: 2 * closed,
    // the place of one that closed is free again after the next walk
    tcp_sockets: open + closed,
    free_places: open + closed,
    // what is known of some sockets and processes only
    accepts: 2 * open,
    queued: open / 2,
    mptcp_owners: open / 8,
    groups: Math.max(512, open / 128),
  }
}

/** How tracers are opened; nothing of it need be said. */
export interface TracerSettings {
  /** Use only what compatible mode uses. */
  readonly compat?: boolean
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf?: string | null
  /** Calls that take at least so long are told one by one, in nanoseconds; 0: none. */
  readonly slowNs?: number
  /** Whose the log of the verifier is; null: who runs this. */
  readonly owner?: Owner | null
}

/**
 * Loads and attaches the best tracers that work here, traced from the start under a filter. Throws a BpfError where
 * system calls cannot be traced at all.
 */
export async function openTracers(
  folder: string,
  pids: readonly number[],
  { compat = false, btf = null, slowNs = 0, owner = null }: TracerSettings = {},
): Promise<Tracers> {
  const opener = new Opener(loadLibbpf(), { folder, btf, rooms: ROOMS })
  const namespaces = new NetworkNamespaces()
  const cost = new ProgramCost(opener.libbpf, () => opener.objects)
  const closers = [() => cost.close(), () => opener.close(), () => namespaces.close()]
  const close = (): void => {
    for (const closeOne of closers.splice(0)) closeOne()
  }
  try {
    if (!compat) await opener.openTogether()
    const plan = makePlan(opener, compat)
    const way = wayFor(plan, 'syscalls')
    if (way === null) throw cannotTrace(plan, opener.log, owner)
    const controls: IntervalControl[] = []
    const compatControl = once(() => {
      const [name = ''] = way.compat ? way.objects : ['compat_connections']
      const control = new CompatControl(opener.object(name))
      controls.push(control)
      return control
    })
    const base = way.compat ? compatBase(opener, way, compatControl()) : fullBase(opener, way, controls, slowNs)
    const openDiag = (object: BpfObject | null): Connections => {
      const opened = new CompatConnections(object, base.control, namespaces, helperBeside(folder, 'diag'))
      closers.push(() => opened.close())
      return opened
    }
    const connections = openConnections(plan, opener, base.control, compatControl, openDiag)
    const control = together(controls)
    const self = control.greeted(callWithNumber) ?? pidInFirstNamespace()
    if (!isInProc(self) && base.processes instanceof CompatProcesses) base.processes.leaveProc()
    if (pids.length > 0 && !isInProc(self)) throw cannotFilter()
    control.setFilter(pids)
    const parts = { processes: base.processes, connections }
    const maps: number[] = []
    const bytes = openBytes(plan, opener)
    const joined = bytes === null ? new SocketBytes(base.processes, connections) : { ...parts, ...bytes }
    return {
      control,
      self,
      namespaces,
      processes: joined.processes,
      syscalls: base.syscalls,
      bytes: { source: joined.source, loss: joined.loss },
      connections: joined.connections,
      slowCalls: base.slowCalls,
      cost,
      mapMemory: new MapMemory(() => [...opener.objects.flatMap(object => object.mapDescriptors()), ...maps]),
      others: await registry.open({
        plan,
        opener,
        isOwn: pid => pid === self || ownProcesses.has(pid),
        self,
        pids: () => control.pids,
        btf,
        owner,
        maps,
        // before the objects are
        onClose: closeOne => closers.unshift(closeOne),
      }),
      plan,
      verifierLog: saveVerifierLog(opener.log, owner),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** Tries ways until all is decided. */
export function makePlan(opener: Opener, compatOnly: boolean): Plan {
  const verdicts = new Map<string, Verdict>()
  for (;;) {
    const plan = decide(registry.needs, verdicts, { compatOnly })
    if (plan.next === null) return plan
    verdicts.set(nameOf(plan.next), opener.try(plan.next))
  }
}

function cannotFilter(): BpfError {
  return new BpfError(
    'this pid namespace is not the one of the kernel: its process ids name other processes there',
    'remove -p, or run it in the namespace of the host: docker run --pid=host, hostPID: true, nsenter -t 1 -p',
  )
}

function cannotTrace(plan: Plan, log: readonly string[], owner: Owner | null): BpfError {
  const reasons = plan.rejected.filter(({ way }) => way.need === 'syscalls').map(({ reason }) => reason)
  const lacks = lacking(ownCapabilities())
  if (lacks.length > 0 && isInUserNamespace()) {
    return new BpfError(
      'no permission: this is a user namespace, and tracing takes capabilities of the host',
      'run it as root of the host, outside of this container',
    )
  }
  if (lacks.length > 0) {
    return new BpfError(`no permission: missing ${describe(lacks)}`, 'run it as root: sudo ebpf-top')
  }
  const file = saveVerifierLog(log, owner)
  return new BpfError(
    `system calls cannot be traced here: ${reasons.at(-1) ?? 'this kernel has no method for it'}`,
    file === null ? 'see why, and what to do: ebpf-top --doctor' : `the full log of the verifier is in ${file}`,
  )
}

interface Base {
  readonly control: IntervalControl
  readonly processes: Processes
  readonly syscalls: Syscalls
  readonly slowCalls: SlowCalls
}

function fullBase(
  opener: Opener,
  { objects, source }: Way,
  controls: IntervalControl[],
  slowNs: number,
): Base & { readonly control: Control } {
  const [processes = '', syscalls = processes] = objects
  const object = opener.object(processes)
  const control = new Control(object.array('control', 'control'), object.bytes('pid_filter'))
  control.setSlow(slowNs)
  controls.push(control)
  return {
    control,
    processes: new ProcessTracer(object),
    syscalls: new SyscallTracer(opener.object(syscalls), source),
    slowCalls: new SlowCallTracer(opener.object(syscalls)),
  }
}

function compatBase(opener: Opener, { objects: [name = ''], source }: Way, control: CompatControl): Base {
  const object = opener.object(name)
  const processes = new CompatProcesses(object)
  return { control, processes, syscalls: new CompatSyscalls(object, source, processes), slowCalls: NO_SLOW_CALLS }
}

function openConnections(
  plan: Plan,
  opener: Opener,
  control: IntervalControl,
  compatControl: () => CompatControl,
  openDiag: (object: BpfObject | null) => Connections,
): Connections {
  const sockets = wayFor(plan, 'sockets')
  if (sockets === null) return NO_CONNECTIONS
  if (control instanceof Control && !sockets.compat) {
    return openedOrLater(() => new ConnectionTracer(opener.object('connections'), control), FULL_SOURCE, false)
  }
  const { source } = sockets
  if (wayFor(plan, 'connections')?.compat !== true) return openedOrLater(() => openDiag(null), source, true)
  // before 5.6 the protocol took one byte less
  const format = opener.tracefs.format('sock/inet_sock_set_state')
  if (fieldOffset(format, 'saddr') === OLD_ADDRESS_OFFSET) compatControl().useOldStateRecord()
  else compatControl()
  return openedOrLater(() => openDiag(opener.object('compat_connections')), source, true)
}

/** Offset of the addresses in records of changes of state before 5.6; see bpf/compat_connections.bpf.c. */
const OLD_ADDRESS_OFFSET = 31

/** Compatible mode has no rows of single calls. */
const NO_SLOW_CALLS: SlowCalls = { rows: { prepare() {} }, read: () => [], takeLost: () => 0 }

const NO_CONNECTIONS: Connections = {
  source: 'none',
  closed: { prepare() {} },
  walk: () => Promise.resolve(),
  readOpen: async () => NO_SOCKETS,
  readClosed: () => NO_SOCKETS,
  takeLost: () => ({}),
}

/** null: they are those of the connections. */
function openBytes(plan: Plan, opener: Opener): Bytes | null {
  const way = wayFor(plan, 'bytes')
  const name = way?.objects[0]
  if (way === null) return { source: 'none', loss: { take: () => ({}) } }
  if (name === undefined) return null
  const object = opener.object(name)
  if (!way.compat) return new ByteTracer(object, way.source)
  return { source: way.source, loss: new CompatLoss(object, 'lost_bytes') }
}

/** Several controls as one. */
function together(controls: readonly IntervalControl[]): IntervalControl {
  const first = controls[0]
  if (first === undefined) throw new RangeError('no control')
  if (controls.length === 1) return first
  return {
    get epoch() {
      return first.epoch
    },
    get pids() {
      return first.pids
    },
    greeted(greet) {
      const [self = null] = controls.map(control => control.greeted(greet))
      return self
    },
    advance() {
      for (const control of controls) control.advance()
    },
    setFilter(pids) {
      for (const control of controls) control.setFilter(pids)
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
