import type { BpfObject } from '../bpf/object.ts'
import { Loss } from './loss.ts'

/** Bytes of processes: they stand in the process rows, so that here is only what was lost. */
export class ByteTracer {
  readonly source: string
  readonly loss: Loss

  constructor(object: BpfObject, source: string) {
    this.source = source
    this.loss = new Loss(object, object.array('byte_state', 'byte_state'), { no_row: 'lost' })
  }
}
