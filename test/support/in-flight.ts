import { onTestFinished } from 'vitest'
import { readClocks, Times } from '../../src/bpf/clock.ts'
import { callWithNumber } from '../../src/bpf/kernel.ts'
import { loadLibbpf } from '../../src/bpf/libbpf.ts'
import { wayFor } from '../../src/plan/plan.ts'
import { CompatControl } from '../../src/tracers/compat/control.ts'
import { Control } from '../../src/tracers/control.ts'
import type { InFlightRow } from '../../src/tracers/in-flight/row.ts'
import { stuckTable } from '../../src/tracers/in-flight/stuck.ts'
import { inFlightTable } from '../../src/tracers/in-flight/table.ts'
import { InFlightTracer } from '../../src/tracers/in-flight/tracer.ts'
import { inFlightNeed } from '../../src/tracers/in-flight/ways.ts'
import { makePlan, roomsFor } from '../../src/tracers/opening/open.ts'
import { Opener } from '../../src/tracers/opening/opener.ts'
import { Reading } from '../../src/tracers/reading.ts'
import { OBJECTS } from './top.ts'

/** Rows, and when they were taken by the test's own clock. */
export interface Walk {
  readonly rows: readonly InFlightRow[]
  readonly stuck: readonly InFlightRow[]
  readonly beganNs: number
  readonly endedNs: number
}

export function monotonicNow(): number {
  return Number(process.hrtime.bigint())
}

/** Calls in flight as the tracer tells them, counting from `open` on. */
export class InFlightWalks {
  readonly tracer: InFlightTracer
  /** By then the begin of every call is seen. */
  readonly watchesSinceNs: number
  readonly #control: Control | CompatControl

  private constructor(tracer: InFlightTracer, control: Control | CompatControl) {
    this.tracer = tracer
    this.#control = control
    this.watchesSinceNs = monotonicNow()
  }

  static async open(compat: boolean, pids: readonly number[] = []): Promise<InFlightWalks> {
    const opener = new Opener(loadLibbpf(), { folder: OBJECTS, btf: null, rooms: roomsFor(10_240, 4_096) })
    onTestFinished(() => opener.close())
    if (!compat) await opener.openTogether()
    const way = wayFor(makePlan(opener, compat), 'syscalls')
    const [first = ''] = way?.objects ?? []
    const walk = inFlightNeed.ways.find(one => one.compat === way?.compat)
    const verdict = walk && opener.try({ ...walk, need: 'syscalls' })
    if (verdict?.works !== true) throw new Error(`no walk: ${verdict?.reason}`)
    const object = opener.object(first)
    const control = way?.compat
      ? new CompatControl(object)
      : new Control(object.array('control', 'control'), object.bytes('pid_filter'))
    control.greeted(callWithNumber)
    control.setFilter(pids)
    const tracer = new InFlightTracer(opener.object(walk?.objects[0] ?? ''), {
      syscalls: opener.object(way?.objects.at(-1) ?? ''),
    })
    control.advance()
    await tracer.watchAnew()
    return new InFlightWalks(tracer, control)
  }

  async setFilter(pids: readonly number[]): Promise<void> {
    this.#control.setFilter(pids)
    await this.tracer.watchAnew()
  }

  async walk(): Promise<Walk> {
    const beganNs = monotonicNow()
    await this.tracer.beforeEnd()
    const endedNs = monotonicNow()
    const reading = new Reading()
    const interval = { epoch: this.#control.epoch, pids: this.#control.pids, endedNs, times: Times.of(readClocks()) }
    for (const _ of this.tracer.read(reading, interval));
    return { rows: reading.tables.of(inFlightTable), stuck: reading.tables.of(stuckTable), beganNs, endedNs }
  }
}
