import { closeSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DamagedObject } from '../../bpf/btf/elf.ts'
import { readU64 } from '../../bpf/btf/layout.ts'
import { BpfError } from '../../bpf/error.ts'
import { liftMemoryLimit } from '../../bpf/kernel.ts'
import type { Libbpf } from '../../bpf/libbpf.ts'
import { SharedMaps } from '../../bpf/maps/shared-maps.ts'
import { BpfObject } from '../../bpf/object.ts'
import { Tracefs } from '../../bpf/tracepoint.ts'
import { nameOf, type Way } from '../../plan/need.ts'
import type { Verdict } from '../../plan/plan.ts'
import { tryDiag } from '../connections/compat/diag.ts'
import { ON_TRACEPOINTS, OPTIONAL, SYSCALLS, TOGETHER, type Together, UNPREEMPTED, WITHOUT } from './objects.ts'

/** Why system calls are not watched by raw tracepoints. */
const PREEMPTED = 'this kernel preempts programs on raw tracepoints, and skips them for other threads meanwhile'

/** Programs on raw tracepoints are preempted. */
interface Preemption {
  /** Why plain ones cannot take their place; null: they can. */
  readonly obstacle: string | null
}

export interface OpenerSettings {
  /** Folder of the BPF objects. */
  readonly folder: string
  /** Kernel type information from this file; null: the kernel's own. */
  readonly btf: string | null
  /** Entries of maps whose size depends on the machine. */
  readonly rooms: Readonly<Record<string, number>>
}

/** Tries ways by loading and attaching their objects, and keeps what works. */
export class Opener {
  readonly libbpf: Libbpf
  readonly #settings: OpenerSettings
  readonly #shared: Record<'full' | 'compat', SharedMaps>
  readonly #objects = new Map<string, BpfObject>()
  readonly #log: string[] = []
  /** The programs of openTogether are on plain tracepoints. */
  #isPlain = false
  /** What they do not tell, being on raw ones; null: nothing. */
  #flaw: string | null = null
  #tracefs: Tracefs | null = null

  constructor(libbpf: Libbpf, settings: OpenerSettings) {
    this.libbpf = libbpf
    this.#settings = settings
    this.#shared = { full: new SharedMaps(settings.rooms), compat: new SharedMaps(settings.rooms) }
    liftMemoryLimit()
  }

  /** What the kernel's verifier said of objects that it refused. */
  get log(): readonly string[] {
    return this.#log
  }

  /** All that are open. */
  get objects(): readonly BpfObject[] {
    return [...new Set(this.#objects.values())]
  }

  has(name: string): boolean {
    return this.#objects.has(name)
  }

  /** An object of a way that works. */
  object(name: string): BpfObject {
    const object = this.#objects.get(name)
    if (object === undefined) throw new RangeError(`${name} is not open`)
    return object
  }

  /** The records of a tracepoint; throws where tracefs cannot be reached. */
  get tracefs(): Tracefs {
    this.#tracefs ??= new Tracefs()
    return this.#tracefs
  }

  /**
   * Opens what the best ways need in one go, while this thread goes on. Where that does not work nothing is open: each
   * way by itself says what works, and why the rest does not.
   */
  async openTogether(): Promise<void> {
    for (const together of TOGETHER) {
      const object = await this.#openTogether(together)
      if (object === null) continue
      const preemption = this.#preemptionOf(object)
      if (preemption === null) return
      this.#isPlain = preemption.obstacle === null && (await this.#openTogether(UNPREEMPTED)) !== null
      if (!this.#isPlain) this.#flaw = flawOf(preemption)
      return
    }
  }

  /** Takes the place of what was opened so before; null: that does not work. */
  async #openTogether({ name, holds, without }: Together): Promise<BpfObject | null> {
    const { folder, btf, rooms } = this.#settings
    const shared = new SharedMaps(rooms)
    const path = join(folder, `${name}.bpf.o`)
    let object: BpfObject | null = null
    try {
      object = await BpfObject.loadAside(this.libbpf, path, shared, { btf, without })
      if (object === null) return null
      object.attach(new Set(), this.#tracefsFor(name))
      refuseWithoutStorage(object)
    } catch (error) {
      object?.close()
      if (error instanceof DamagedObject) throw error
      return null
    }
    this.close()
    this.#shared.full = shared
    for (const held of holds) this.#objects.set(held, object)
    return object
  }

  /** Of the programs of an object, which is attached and ran; null: they are not preempted. */
  #preemptionOf(object: BpfObject): Preemption | null {
    const { view, layout } = object.array('preemption', 'preemption')
    if (view.getUint32(layout.u32('preempted'), true) === 0) return null
    try {
      closeSync(this.tracefs.openEvent('raw_syscalls/sys_enter'))
      return { obstacle: null }
    } catch (error) {
      return { obstacle: reasonOf(error) }
    }
  }

  /** The same of programs that read no struct of the kernel; without type information nobody can tell. */
  #lookAtPreemption(): Preemption | null {
    const { folder, btf } = this.#settings
    let looking: BpfObject | null = null
    try {
      looking = BpfObject.load(this.libbpf, join(folder, 'preemption.bpf.o'), new SharedMaps(), { btf })
      looking.attach()
      statSync('/')
      return this.#preemptionOf(looking)
    } catch (error) {
      if (error instanceof DamagedObject) throw error
      return null
    } finally {
      looking?.close()
    }
  }

  /** null: the programs of that object, which is attached, are not preempted, or not on raw tracepoints. */
  #preemptionWith(name: string): Preemption | null {
    if (name === 'syscalls') return this.#preemptionOf(this.object(name))
    return name === 'compat_syscalls' ? this.#lookAtPreemption() : null
  }

  /** Whether a way works here. Its objects stay attached if it does. */
  try(way: Way): Verdict {
    const opened: string[] = []
    const isRaw = nameOf(way) === 'syscalls tp_btf'
    let flaw = isRaw ? this.#flaw : null
    try {
      if (isRaw && this.#isPlain) throw new Error(PREEMPTED)
      if (way.source === 'inet_diag') tryDiag()
      for (const name of way.objects) {
        if (this.has(name)) continue
        this.#objects.set(name, this.#open(name))
        opened.push(name)
        this.object(name).attach(OPTIONAL, this.#tracefsFor(name))
        if (SYSCALLS.has(name)) refuseWithoutStorage(this.object(name))
        const preemption = this.#preemptionWith(name)
        if (preemption?.obstacle === null) throw new Error(PREEMPTED)
        if (preemption !== null) flaw = flawOf(preemption)
      }
      return flaw === null ? { works: true } : { works: true, flaw }
    } catch (error) {
      for (const name of opened) {
        this.#objects.get(name)?.close()
        this.#objects.delete(name)
      }
      this.#forgetMaps()
      if (error instanceof DamagedObject) throw error
      if (error instanceof BpfError) this.#log.push(...error.log)
      return { works: false, reason: reasonOf(error) }
    }
  }

  close(): void {
    for (const object of this.objects) object.close()
    this.#objects.clear()
    this.#tracefs?.close()
    this.#tracefs = null
  }

  /** Maps go with the objects that made them: where none of a kind is left, the next one makes its own. */
  #forgetMaps(): void {
    for (const kind of ['full', 'compat'] as const) {
      if ([...this.#objects.keys()].some(name => kindOf(name) === kind)) continue
      this.#shared[kind] = new SharedMaps(this.#settings.rooms)
    }
  }

  #tracefsFor(name: string): Tracefs | null {
    return ON_TRACEPOINTS.has(name) ? this.tracefs : null
  }

  #open(name: string): BpfObject {
    const path = join(this.#settings.folder, `${name}.bpf.o`)
    const kind = kindOf(name)
    const shared = this.#shared[kind]
    const btf = kind === 'compat' ? null : this.#settings.btf
    const left = WITHOUT[name]
    try {
      return BpfObject.load(this.libbpf, path, shared, { btf, without: left?.best ?? [] })
    } catch (error) {
      if (left === undefined) throw error
      return BpfObject.load(this.libbpf, path, shared, { btf, without: left.else })
    }
  }
}

/** Objects of compatible mode have maps of their own, and no relocation. */
function kindOf(name: string): 'full' | 'compat' {
  return name.startsWith('compat_') ? 'compat' : 'full'
}

/**
 * Attached programs may still get no memory for what they remember of a thread: kernels from 6.18 on allocate it without
 * locks, which takes a processor with cmpxchg16b. Throws where that shows after a call of our own.
 */
function refuseWithoutStorage(syscalls: BpfObject): void {
  statSync('/')
  const state = syscalls.array('syscall_state', 'syscall_state')
  if (readU64(state.view, state.layout.u64('lost_no_task')) > 0) {
    throw new Error('this kernel has no memory for task storage in programs')
  }
}

function flawOf({ obstacle }: Preemption): string {
  return obstacle === null ? PREEMPTED : `${PREEMPTED}, and ${obstacle}`
}

function reasonOf(error: unknown): string {
  if (error instanceof BpfError) return error.what
  return error instanceof Error ? error.message : String(error)
}
