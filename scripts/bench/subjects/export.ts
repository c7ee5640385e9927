import { status } from '@grpc/grpc-js'
import { absent, answering, type Exported, exportTo, hanging, type Receiver } from '../exporting.ts'
import { atMost, type Figure, figure } from '../measure.ts'
import type { Subject } from '../subject.ts'

const COLLECTORS: Readonly<Record<string, () => Promise<Receiver>>> = {
  'that answers': () => answering(status.OK),
  'that is slow, 300 ms': () => answering(status.OK, 300),
  'that is busy (RESOURCE_EXHAUSTED)': () => answering(status.RESOURCE_EXHAUSTED),
  'that hangs': hanging,
  'that is absent': absent,
}

export const exporting: Subject = {
  name: 'export',
  title: 'Exporting',
  method:
    '200 processes with 50 different calls each, with histograms: 20,000 series. Each second a sample is counted and ' +
    'all series are exported, in an otherwise idle process; the event loop by `monitorEventLoopDelay`. The default ' +
    'interval is 10 s: a tenth of the processor time of exporting.',
  needs: [],
  async run(bench) {
    const figures: Figure[] = []
    for (const [name, start] of Object.entries(COLLECTORS)) {
      bench.say(`a collector ${name}`)
      const receiver = await start()
      const exports = await bench.quiet.measure(() => exportTo(receiver.port, 2 * bench.rounds))
      receiver.close()
      figures.push(...figuresOf(name, exports))
    }
    return figures
  },
}

function figuresOf(name: string, exports: readonly Exported[]): Figure[] {
  const blocked = exports.map(({ blockedMilliseconds }) => blockedMilliseconds)
  const cpu = exports.map(({ cpuMilliseconds }) => cpuMilliseconds)
  return [
    figure(`collector ${name}: event loop blocked at a time, at most`, 'ms', blocked, atMost(16, 'ms')),
    figure(`collector ${name}: processor time of an export and a sample`, 'ms', cpu),
  ]
}
