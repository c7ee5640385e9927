import { afterEach, expect, test } from 'vitest'
import { Collector } from '../../support/collector.ts'
import { freePort } from '../../support/exporting.ts'
import { Pty, program } from '../../support/pty.ts'

const cleaning: (() => unknown)[] = []

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean()
})

test('the header says how the export goes, nothing else is printed, and q ends it', async () => {
  const port = await freePort()
  const [file, ...words] = program('--delay', 0.2, '--export', 'otlp', '--export-interval', 0.5)
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
  const pty = new Pty(file, words, { columns: 160, rows: 30, environment })
  cleaning.push(() => pty.close())
  // beside the tabs or among the facts, wherever there is room
  await pty.see('otlp failing')
  await pty.see('UNAVAILABLE')
  const collector = await Collector.start(port)
  cleaning.push(() => collector.stop())
  await pty.see('otlp ok')
  await collector.exports(2)
  expect(pty.modes.screen).toBe('alternate')
  pty.type('q')
  expect(await pty.ended()).toBe(0)
  expect(pty.modes.screen).toBe('normal')
  expect(pty.look().join('\n')).not.toMatch(/otlp|export|warning/i)
})

test('the header says that a pid filter is on for the export as well', async () => {
  const collector = await Collector.start(await freePort())
  cleaning.push(() => collector.stop())
  const [file, ...words] = program('--delay', 0.2, '--export', 'otlp', '--export-interval', 0.5, '--pid', process.pid)
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  const pty = new Pty(file, words, { columns: 60, rows: 12, environment })
  cleaning.push(() => pty.close())
  await pty.see('otlp ok (filtered)')
  expect(collector.latest('ebpf_top.filter.active')).toMatchObject([{ value: 1 }])
  pty.type('q')
  expect(await pty.ended()).toBe(0)
})

test('batch output goes on beside the export, on stdout alone', async () => {
  const collector = await Collector.start(await freePort())
  cleaning.push(() => collector.stop())
  const [file, ...words] = program('--output', 'json', '-d', 0.2, '-n', 5, '--export', 'otlp')
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  // the redirected stdout must hold data alone
  const pty = new Pty('sh', ['-c', '"$@" 2>/dev/null | grep -c "^{.*}$"', 'sh', file, ...words], { environment })
  cleaning.push(() => pty.close())
  expect(await pty.ended()).toBe(0)
  expect(pty.look()[0]).toBe('5')
  // what was not yet exported went with the end
  await collector.until(() => collector.latest('ebpf_top.filter.active').length > 0)
  expect(collector.latest('ebpf_top.filter.active')).toMatchObject([{ value: 0 }])
})
