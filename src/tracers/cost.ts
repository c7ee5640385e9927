import { closeSync } from 'node:fs'
import type { Libbpf } from '../bpf/libbpf.ts'
import type { BpfObject } from '../bpf/object.ts'
import type { CostSwitch } from './parts.ts'

/** BPF_STATS_RUN_TIME of <linux/bpf.h>. */
const RUN_TIME = 0

/** What the BPF programs themselves cost. The kernel measures it only while asked to, since that costs as well. */
export class ProgramCost {
  readonly #libbpf: Libbpf
  readonly #objects: () => readonly BpfObject[]
  #switch: CostSwitch | null = null
  #wanted = false
  #measures = false
  /** While it is open the kernel measures. */
  #file: number | null = null
  #before = 0

  constructor(libbpf: Libbpf, objects: () => readonly BpfObject[]) {
    this.#libbpf = libbpf
    this.#objects = objects
  }

  /** From now on another one is asked where this process has not the permission (CAP_SYS_ADMIN). */
  measuredBy(other: CostSwitch): void {
    this.#switch = other
  }

  /** Switches the measuring on or off; without the permission it stays off. */
  measure(on: boolean): void {
    if (on === this.#wanted) return
    this.#wanted = on
    if (!on) {
      this.close()
      return
    }
    const file = this.#libbpf.enableStats(RUN_TIME)
    if (file >= 0) {
      this.#file = file
      this.#begin()
    } else {
      this.#switch?.measure(true).then(isMeasured => isMeasured && this.#wanted && this.#begin())
    }
  }

  /** Seconds that the programs ran since the last call, on all processors; null while that is not measured. */
  take(): number | null {
    if (!this.#measures) return null
    const total = this.#total()
    const since = total - this.#before
    this.#before = total
    return since / 1e9
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    else if (this.#measures) void this.#switch?.measure(false)
    this.#file = null
    this.#measures = false
  }

  #begin(): void {
    this.#measures = true
    this.#before = this.#total()
  }

  #total(): number {
    return this.#objects()
      .flatMap(object => object.statistics())
      .reduce((total, program) => total + program.run_time_ns, 0)
  }
}
