/**
 * Stands in for src/sample/open.ts in a program that is otherwise the real one: after the first samples something
 * breaks, which EBPF_TOP_TEST_BREAKS names.
 */

import type { Sampler, Sink } from '../../src/session.ts'
import type { ProcessRow } from '../../src/tracers/processes/row.ts'
import { hostOf, processRow, sampleOf } from '../support/samples.ts'

/** A row that throws when it is drawn, and not before: only processes are drawn with their command. */
const brokenRow = (): ProcessRow =>
  Object.defineProperty(processRow({ name: 'broken' }), 'command', {
    get() {
      throw new Error('this row cannot be drawn')
    },
  })

const breaks: Readonly<Record<string, (sink: Sink) => Promise<void>>> = {
  async tracer() {
    throw new Error('reading the map of calls: bad file descriptor')
  },
  async component(sink) {
    await sink.take(sampleOf({ processes: [brokenRow()] }))
    await new Promise(() => {})
  },
  /** The sampler does not even end when it is told to. */
  async end() {
    await new Promise(() => {})
  },
  async promise() {
    void Promise.reject(new Error('nobody listens to this'))
    await new Promise(() => {})
  },
  async timer() {
    setTimeout(() => {
      throw new Error('thrown out of nowhere')
    })
    await new Promise(() => {})
  },
}

export async function openSampler(): Promise<Sampler> {
  const what = process.env.EBPF_TOP_TEST_BREAKS ?? ''
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => {
    stop = resolve
  })
  return {
    host: hostOf(),
    async run(sink) {
      await sink.take(sampleOf())
      await new Promise(resolve => setTimeout(resolve, 300))
      await Promise.race([breaks[what]?.(sink), stopped])
    },
    finish() {},
    stop: () => what !== 'end' && stop(),
    close() {},
    setFilter() {},
    setInterval() {},
    show() {},
    describe() {},
    measureCost() {},
  }
}
