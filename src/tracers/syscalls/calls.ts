import { errnoName } from '../../syscall/errno.ts'
import { type Abi, type Arch, syscallName } from '../../syscall/names.ts'
import type { Histogram } from '../../table/histogram.ts'
import type { CallRecord } from './call-records.ts'
import { CallRow, OTHER_ERRORS } from './row.ts'

/** A row of calls over what the kernel side said of them. What nobody asks for is not made. */
export class Calls extends CallRow {
  readonly #pid: number
  readonly #startedNs: number | null
  readonly #record: CallRecord
  readonly #arch: Arch

  constructor(pid: number, startedNs: number | null, record: CallRecord, arch: Arch) {
    super()
    this.#pid = pid
    this.#startedNs = startedNs
    this.#record = record
    this.#arch = arch
  }

  get pid(): number {
    return this.#pid
  }

  get process_started_ns(): number | null {
    return this.#startedNs
  }

  get syscall(): string {
    return syscallName(this.#arch, this.abi, this.id)
  }

  get id(): number {
    return this.#record.number
  }

  get abi(): Abi {
    return this.#record.abi
  }

  get errors(): number {
    return this.#record.errors
  }

  get failures(): CallRow['failures'] {
    const { errors, failures } = this.#record
    if (errors === 0) return NO_FAILURES
    const named = failures.map(({ errno, count }) => ({ errno: errnoName(errno), count }))
    const rest = failures.reduce((left, { count }) => left - count, errors)
    return rest > 0 ? [...named, { errno: OTHER_ERRORS, count: rest }] : named
  }

  get untimed(): number {
    return this.#record.untimed
  }

  get durations(): Histogram {
    return this.#record.durations
  }
}

const NO_FAILURES: CallRow['failures'] = []
