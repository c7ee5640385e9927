import { afterEach, expect, test } from 'vitest'
import { callWithNumber } from '../../../src/bpf/kernel.ts'
import { Collector } from '../../support/collector.ts'
import { freePort, Service } from '../../support/exporting.ts'
import { tracerObject } from '../../support/tracer-objects.ts'

/** A number that no system call has, which this process alone uses. */
const NUMBER = 0x2a2a_2a2b

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

test('what a tracer counts arrives whole, as a counter of its process', async () => {
  const collector = await Collector.start(await freePort())
  cleaning.push(() => collector.stop())
  const tracer = `${tracerObject('exact')}?number=${NUMBER}`
  const service = new Service({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, '--tracer', tracer, '--export-pids')
  cleaning.push(() => service.stop())
  await collector.exports(1)
  const name = 'ebpf_top.exact.calls'
  for (let i = 0; i < 1000; i++) callWithNumber(NUMBER)
  const own = () => collector.latest(name).filter(({ attributes }) => attributes['process.pid'] === process.pid)
  await collector.until(() => own().some(({ value }) => value === 1000))
  expect(own()).toMatchObject([{ value: 1000 }])
})
