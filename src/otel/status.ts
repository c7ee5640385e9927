/** How the export goes, for the header of the screen and the log of the service. */

export type ExportState = 'connecting' | 'ok' | 'failing' | 'disabled'

/** What one request came to. */
export interface RequestEnd {
  readonly signal: 'metrics' | 'traces'
  /** Name of the gRPC status; OK where it arrived, PARTIAL_SUCCESS where the collector did not take all that was in it. */
  readonly status: string
  /** One harmless line. */
  readonly message: string
  /** Points or spans that the collector took the rest without. */
  readonly rejected: number
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
  readonly #target: string
  readonly #onChange: (line: string) => void

  /** `target`: of the metrics. `onChange` gets one line for each change of the state. */
  constructor(disabled: boolean, target: string, onChange: (line: string) => void) {
    this.#target = target
    this.state = disabled ? 'disabled' : 'connecting'
    this.#onChange = onChange
    if (disabled) onChange('export is disabled by OTEL_SDK_DISABLED')
  }

  update({ signal, status, message, rejected }: RequestEnd): void {
    if (status === 'OK') this.#failing.delete(signal)
    else {
      this.failures++
      const what = rejected === 0 ? [] : [`${rejected} ${signal === 'metrics' ? 'points' : 'spans'} rejected`]
      this.lastError = [status, ...what, ...(message === '' ? [] : [message])].join(': ')
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
    this.#onChange(this.filtered ? `the pid filter limits the export to some processes` : 'export covers all processes')
  }

  /** For the header of the screen. */
  get shown(): { readonly state: string; readonly target: string; readonly reason: string } {
    const reason = this.state === 'failing' ? this.lastError : ''
    const said = this.state === 'disabled' || reason.includes(this.#target)
    const state = `otlp ${this.state}${this.filtered ? ' (filtered)' : ''}`
    return { state, target: said ? '' : this.#target, reason }
  }

  get text(): string {
    const { state, target, reason } = this.shown
    return [state, target, reason].filter(part => part !== '').join(' ')
  }
}
