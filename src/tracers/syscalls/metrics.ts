import { total } from '../../table/histogram.ts'
import { PORTION } from '../../table/slices.ts'
import { ATTRIBUTES as A } from '../attributes.ts'
import type { Labels, Meter, MetricDescription, TracerMetrics } from '../metrics.ts'
import type { CallRow } from './row.ts'

const descriptions = {
  'ebpf_top.syscall.calls': {
    kind: 'counter',
    unit: '{call}',
    perProcess: true,
    attributes: [A.syscallName],
    description: 'System calls that returned, including those that seccomp answered.',
  },
  'ebpf_top.syscall.errors': {
    kind: 'counter',
    unit: '{error}',
    perProcess: true,
    attributes: [A.syscallName, A.errorType],
    description: 'System calls that returned an error; error.type is the name of the errno.',
  },
  'ebpf_top.syscall.duration': {
    kind: 'histogram',
    unit: 's',
    perProcess: true,
    attributes: [A.syscallName],
    description:
      'Durations of system calls, in the buckets in which the kernel side counted them; without those that seccomp answered.',
  },
} as const satisfies Readonly<Record<string, MetricDescription>>

export const syscallMetrics = (): TracerMetrics => ({
  descriptions,
  *take({ calls }, meterOf) {
    let taken = 0
    for (const call of calls) {
      if (taken++ % PORTION === 0) yield
      addCalls(meterOf(call), call)
    }
  },
})

const syscallLabels = (syscall: string): Labels => ({ [A.syscallName]: syscall })

/** Numbers that no kernel has a call for, and that anybody can call, are one name. */
const NO_CALL = /^syscall_\d+$/

function addCalls(meter: Meter, call: CallRow): void {
  const { durations, failures, untimed } = call
  const syscall = NO_CALL.test(call.syscall) ? 'unknown' : call.syscall
  const count = total(durations) + untimed
  meter.rank(count)
  meter.add('ebpf_top.syscall.calls', count, syscall, syscallLabels)
  if (count > untimed) meter.histogram('ebpf_top.syscall.duration', syscall, syscallLabels).add(durations)
  for (const { errno, count: failed } of failures) {
    meter.add('ebpf_top.syscall.errors', failed, `${syscall} ${errno}`, () => ({
      ...syscallLabels(syscall),
      [A.errorType]: errno,
    }))
  }
}
