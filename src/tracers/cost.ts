import { closeSync } from 'node:fs'
import type { Libbpf } from '../bpf/libbpf.ts'
import type { BpfObject } from '../bpf/object.ts'

/** BPF_STATS_RUN_TIME of <linux/bpf.h>. */
const RUN_TIME = 0

/** What the BPF programs themselves cost. The kernel measures it only while asked to, since that costs as well. */
export class ProgramCost {
  readonly #libbpf: Libbpf
  readonly #objects: () => readonly BpfObject[]
  /** While it is open the kernel measures. */
  #file: number | null = null
  #before = 0

  constructor(libbpf: Libbpf, objects: () => readonly BpfObject[]) {
    this.#libbpf = libbpf
    this.#objects = objects
  }

  /** Switches the measuring on or off; without the permission (CAP_SYS_ADMIN) it stays off. */
  measure(on: boolean): void {
    if (on && this.#file === null) {
      const file = this.#libbpf.enableStats(RUN_TIME)
      this.#file = file < 0 ? null : file
      this.#before = this.#total()
    } else if (!on) {
      this.close()
    }
  }

  /** Seconds that the programs ran since the last call, on all processors; null while that is not measured. */
  take(): number | null {
    if (this.#file === null) return null
    const total = this.#total()
    const since = total - this.#before
    this.#before = total
    return since / 1e9
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #total(): number {
    return this.#objects()
      .flatMap(object => object.statistics())
      .reduce((total, program) => total + program.run_time_ns, 0)
  }
}
