import { ATTRIBUTES as A } from '../attributes.ts'
import type { Meter, MetricDescription, TracerMetrics } from '../metrics.ts'
import type { ProcessRow } from '../processes/row.ts'
import { processTable } from '../processes/table.ts'

const descriptions = {
  'process.network.io': {
    kind: 'counter',
    unit: 'By',
    perProcess: true,
    attributes: [A.ioDirection, A.transport],
    description: 'Bytes that system calls of the process sent and received over IP sockets.',
  },
} as const satisfies Readonly<Record<string, MetricDescription>>

export const byteMetrics = (): TracerMetrics => ({
  descriptions,
  *take({ tables }, meterOf) {
    yield
    for (const row of tables.of(processTable)) {
      if (row.sent_bytes + row.received_bytes === 0) continue
      addBytes(meterOf({ pid: row.pid, process_started_ns: row.started_ns }), row)
    }
  },
})

/** So many bytes count as much as one system call when processes are ranked by activity. */
const BYTES_PER_CALL = 4096

function addBytes(meter: Meter, row: ProcessRow): void {
  meter.rank((row.sent_bytes + row.received_bytes) / BYTES_PER_CALL)
  for (const [transport, { sent_bytes, received_bytes }] of Object.entries(row.transports)) {
    const add = (direction: string, bytes: number): void =>
      meter.add('process.network.io', bytes, `${direction} ${transport}`, () => ({
        [A.ioDirection]: direction,
        [A.transport]: transport,
      }))
    add('transmit', sent_bytes)
    add('receive', received_bytes)
  }
}
