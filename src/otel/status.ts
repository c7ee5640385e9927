/** How the export goes, for the header of the screen and the log of the service. */

export type ExportState = 'connecting' | 'ok' | 'failing' | 'disabled'

/** What one request came to. */
export interface RequestEnd {
  readonly signal: 'metrics' | 'traces'
  /** Name of the gRPC status; OK where it arrived. */
  readonly status: string
  readonly message: string
}

export class ExportStatus {
  /** While spans or metrics fail it is failing. */
  state: ExportState
  /** Why it fails, or failed last. */
  lastError = ''
  /** Requests that failed. */
  failures = 0
  /** A pid filter is on. */
  filtered = false
  readonly #failing = new Set<string>()
  readonly #onChange: (line: string) => void

  /** `onChange` gets one line for each change of the state. */
  constructor(disabled: boolean, onChange: (line: string) => void) {
    this.state = disabled ? 'disabled' : 'connecting'
    this.#onChange = onChange
    if (disabled) onChange('export is disabled by OTEL_SDK_DISABLED')
  }

  update({ signal, status, message }: RequestEnd): void {
    if (status === 'OK') this.#failing.delete(signal)
    else {
      this.failures++
      this.lastError = `${status}${message === '' ? '' : `: ${message}`}`
      this.#failing.add(signal)
    }
    const state = this.#failing.size > 0 ? 'failing' : 'ok'
    if (state === this.state) return
    const before = this.state
    this.state = state
    if (state === 'failing') this.#onChange(`export fails: ${this.lastError}`)
    else this.#onChange(before === 'failing' ? 'export works again' : 'export works')
  }

  setFiltered(pids: readonly number[]): void {
    if (this.filtered === pids.length > 0) return
    this.filtered = pids.length > 0
    this.#onChange(
      this.filtered ? `export carries only what the pid filter lets through` : 'export carries all processes',
    )
  }

  /** For the header of the screen. */
  get shown(): { readonly state: string; readonly reason: string } {
    return {
      state: `otlp ${this.state}${this.filtered ? ' (filtered)' : ''}`,
      reason: this.state === 'failing' ? this.lastError : '',
    }
  }

  get text(): string {
    const { state, reason } = this.shown
    return reason === '' ? state : `${state} ${reason}`
  }
}
