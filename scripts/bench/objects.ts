/** BPF objects attached in this process, without the rest of the program. */

import { join } from 'node:path'
import { type Libbpf, loadLibbpf } from '../../src/bpf/libbpf.ts'
import { SharedMaps } from '../../src/bpf/maps/shared-maps.ts'
import { BpfObject } from '../../src/bpf/object.ts'
import { ConnectionTracer } from '../../src/tracers/connections/tracer.ts'
import { Control } from '../../src/tracers/control.ts'
import { roomsFor } from '../../src/tracers/opening/open.ts'
import { bpfObject, DIST } from './compile.ts'

let loaded: Libbpf | null = null

export function libbpf(): Libbpf {
  loaded ??= loadLibbpf()
  return loaded
}

/** Loaded programs, which are attached and detached in no time. */
export interface Switch {
  on(): void
  off(): void
  close(): void
}

/** Empty programs on the two hooks of system calls, on the two of sends and receives, or on all four. */
export function emptyPrograms(hooks: 'syscalls' | 'bytes' | 'all'): Switch {
  const without = {
    syscalls: ['sock_send_length', 'sock_recv_length'],
    bytes: ['sys_enter', 'sys_exit'],
    all: [],
  }[hooks]
  return switchOf(BpfObject.load(libbpf(), bpfObject('empty'), new SharedMaps(), { without }))
}

/** All that ebpf-top attaches, counting, under a pid filter if there are any pids. */
export async function ourPrograms(pids: readonly number[] = []): Promise<Switch> {
  const object = objectOf(openObjects(['full']), 'full')
  object.attach()
  await beginCounting(object, object, pids)
  object.detach()
  return switchOf(object)
}

/**
 * The tracer of bytes, beside that of connections as always, which has no program where bytes are sent or received, and
 * is attached until the switch is closed.
 */
export async function byteTracer(): Promise<Switch> {
  const objects = openObjects(['processes', 'connections', 'bytes'])
  const connections = objectOf(objects, 'connections')
  connections.attach()
  await beginCounting(objectOf(objects, 'processes'), connections, [])
  const bytes = objectOf(objects, 'bytes')
  return {
    on: () => bytes.attach(),
    off: () => bytes.detach(),
    close() {
      for (const object of objects.values()) object.close()
    },
  }
}

/** All sockets of now are known, as after the first sample; to be called while the programs of `connections` are attached. */
async function beginCounting(processes: BpfObject, connections: BpfObject, pids: readonly number[]): Promise<void> {
  const control = new Control(processes.array('control', 'control'), processes.bytes('pid_filter'))
  control.setFilter(pids)
  await new ConnectionTracer(connections, control).walk()
  control.advance()
}

function switchOf(object: BpfObject): Switch {
  return { on: () => object.attach(), off: () => object.detach(), close: () => object.close() }
}

/** Loaded but not attached, by their names. */
export function openObjects<Name extends string>(names: readonly Name[]): ReadonlyMap<Name, BpfObject> {
  const shared = new SharedMaps(roomsFor(16_384, 8_192))
  // as on kernels that have sys_enter_again
  const settings = { without: ['sys_enter'] }
  return new Map(names.map(name => [name, BpfObject.load(libbpf(), join(DIST, `${name}.bpf.o`), shared, settings)]))
}

/** Throws where it was not opened. */
export function objectOf<Name extends string>(objects: ReadonlyMap<Name, BpfObject>, name: Name): BpfObject {
  const object = objects.get(name)
  if (object === undefined) throw new RangeError(`${name} is not open`)
  return object
}
