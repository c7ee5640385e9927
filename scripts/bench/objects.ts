/** BPF objects attached in this process, without the rest of the program. */

import { join } from 'node:path'
import { type Libbpf, loadLibbpf } from '../../src/bpf/libbpf.ts'
import { BpfObject, SharedMaps } from '../../src/bpf/object.ts'
import { Control } from '../../src/tracers/control.ts'
import { openTracers } from '../../src/tracers/tracers.ts'
import { bpfObject, DIST } from './compile.ts'

/** Detaches what was attached. */
export type Detach = () => void

let loaded: Libbpf | null = null

export function libbpf(): Libbpf {
  loaded ??= loadLibbpf()
  return loaded
}

/** Empty programs on the two hooks of system calls, or on the two of sends and receives. */
export function attachEmpty(hooks: 'syscalls' | 'bytes'): Detach {
  const others = hooks === 'bytes' ? ['sys_enter', 'sys_exit'] : ['sock_send_length', 'sock_recv_length']
  const object = BpfObject.load(libbpf(), bpfObject('empty'), new SharedMaps(), { without: others })
  object.attach()
  return () => object.close()
}

/** All that ebpf-top attaches, counting, under a pid filter if there are any pids. */
export async function attachAll(pids: readonly number[] = []): Promise<Detach> {
  const tracers = await openTracers(DIST, pids)
  tracers.control.advance()
  return () => tracers.close()
}

/**
 * The tracer of bytes, beside that of connections as always, which has no program where bytes are sent or received.
 * All sockets of now are known, as after the first sample.
 */
export async function attachBytes(): Promise<Detach> {
  const objects = openObjects(['processes', 'connections', 'bytes'])
  const processes = objectOf(objects, 'processes')
  const connections = objectOf(objects, 'connections')
  connections.attach()
  objectOf(objects, 'bytes').attach()
  const control = new Control(processes.array('control', 'control'), processes.bytes('pid_filter'))
  control.setFilter([])
  control.beginPass()
  await connections.walk('walk_sockets')
  control.advance()
  return () => {
    for (const object of objects.values()) object.close()
  }
}

/** Loaded but not attached, by their names. */
export function openObjects<Name extends string>(names: readonly Name[]): ReadonlyMap<Name, BpfObject> {
  const shared = new SharedMaps({ open_connections: 16_384, closed_connections: 16_384 })
  return new Map(names.map(name => [name, BpfObject.load(libbpf(), join(DIST, `${name}.bpf.o`), shared)]))
}

/** Throws where it was not opened. */
export function objectOf<Name extends string>(objects: ReadonlyMap<Name, BpfObject>, name: Name): BpfObject {
  const object = objects.get(name)
  if (object === undefined) throw new RangeError(`${name} is not open`)
  return object
}
