import type { BpfObject } from '../../bpf/object.ts'
import { addLosses, Loss } from '../loss.ts'
import type { LossCounter } from '../tracer.ts'

/** Of bpf/bytes.bpf.c, bpf/plain_bytes.bpf.c and bpf/fexit_bytes.bpf.c. */
export const BYTE_PROGRAMS: ReadonlySet<string> = new Set([
  'sock_send_length',
  'sock_recv_length',
  'fexit_inet_sendmsg',
  'fexit_inet6_sendmsg',
  'fexit_inet_recvmsg',
  'fexit_inet6_recvmsg',
  'fexit_inet_sendpage',
])

/** Bytes of processes: they stand in the process rows, so that here is only what was lost. */
export class ByteTracer {
  readonly source: string
  readonly loss: LossCounter

  constructor(object: BpfObject, source: string) {
    this.source = source
    const moved = new Loss(object, object.array('byte_state', 'byte_state'), { no_row: 'lost' }, BYTE_PROGRAMS)
    // splice is told by its system call
    const state = object.array('process_state', 'process_state')
    const spliced = new Loss(object, state, { no_row: 'lost_splices' }, new Set())
    this.loss = { take: () => addLosses(moved.take(), spliced.take()) }
  }
}
