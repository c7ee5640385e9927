import { totalmem } from 'node:os'
import { join } from 'node:path'
import { loadLibbpf } from '../bpf/libbpf.ts'
import { BpfObject, SharedMaps } from '../bpf/object.ts'
import { ByteTracer } from './bytes.ts'
import { ConnectionTracer } from './connections.ts'
import { Control } from './control.ts'
import { NetworkNamespaces } from './namespaces.ts'
import { ProcessTracer } from './processes.ts'
import { SyscallTracer } from './syscalls.ts'

/** The built-in tracers, loaded and attached but not yet counting. */
export interface Tracers {
  readonly control: Control
  readonly namespaces: NetworkNamespaces
  readonly processes: ProcessTracer
  readonly syscalls: SyscallTracer
  readonly bytes: ByteTracer
  readonly connections: ConnectionTracer
  close(): void
}

/** Sockets that there is room for, by the memory of the machine: a row takes some 200 bytes of the kernel's. */
const ROOMS =
  totalmem() >= 4 * 2 ** 30
    ? { open_connections: 131_072, closed_connections: 2 * 65_536 }
    : { open_connections: 16_384, closed_connections: 2 * 8_192 }

/** Loads and attaches the objects of a folder, traced from the start under a filter. Throws a BpfError. */
export function openTracers(folder: string, pids: readonly number[]): Tracers {
  const libbpf = loadLibbpf()
  const shared = new SharedMaps(ROOMS)
  const opened: BpfObject[] = []
  const namespaces = new NetworkNamespaces()
  const close = (): void => {
    for (const object of opened.splice(0)) object.close()
    namespaces.close()
  }
  const open = (name: string): BpfObject => {
    const object = new BpfObject(libbpf, join(folder, `${name}.bpf.o`), shared)
    opened.push(object)
    return object
  }
  try {
    const processes = open('processes')
    const control = new Control(processes.array('control', 'control'), processes.bytes('pid_filter'))
    control.setFilter(pids)
    const tracers = {
      control,
      namespaces,
      processes: new ProcessTracer(processes),
      syscalls: new SyscallTracer(open('syscalls')),
      bytes: new ByteTracer(open('bytes')),
      connections: new ConnectionTracer(open('connections'), control, namespaces),
      close,
    }
    for (const object of opened) object.attach()
    return tracers
  } catch (error) {
    close()
    throw error
  }
}
