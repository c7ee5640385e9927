import type { IntervalRows, MapUsage } from '../tracers/tracer.ts'

/** How full maps were in a sample: each as full as in the fullest of the kernel side's intervals in it. */
export class FullestMaps {
  #usage = new Map<string, MapUsage>()

  /** Adds an interval of the kernel side. */
  add(rows: readonly IntervalRows[], epoch: number): void {
    for (const map of rows.flatMap(each => each.usage?.(epoch) ?? [])) {
      if ((this.#usage.get(map.name)?.used ?? -1) < map.used) this.#usage.set(map.name, map)
    }
  }

  /** Adds the last one, and begins anew. */
  take(rows: readonly IntervalRows[], epoch: number): MapUsage[] {
    this.add(rows, epoch)
    const usage = [...this.#usage.values()]
    this.#usage = new Map()
    return usage
  }
}
