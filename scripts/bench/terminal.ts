import { spawn } from '@lydell/node-pty'
import { ebpfTop } from './compile.ts'

/** The goals for the screen are meant for this size. */
const SIZE = { cols: 120, rows: 50 }

/** The screen of ebpf-top on a terminal line of the kernel. */
export class Screen {
  readonly pid: number
  /** On the clock of `performance.now`. */
  readonly startedMs: number
  readonly #kill: () => void
  #written = ''
  #bytes = 0
  #onData: () => void = () => {}

  constructor(...args: readonly (string | number)[]) {
    const [file = '', ...rest] = ebpfTop(...args)
    this.startedMs = performance.now()
    const pty = spawn(file, rest, { ...SIZE, name: 'xterm-256color' })
    this.pid = pty.pid
    this.#kill = () => pty.kill('SIGKILL')
    process.once('exit', this.#kill)
    pty.onData(data => {
      this.#written = (this.#written + data).slice(-1_000_000)
      this.#bytes += Buffer.byteLength(data)
      this.#onData()
    })
    this.type = keys => pty.write(keys)
  }

  readonly type: (keys: string) => void

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** What was written since the last call. */
  take(): string {
    const written = this.#written
    this.#written = ''
    return written
  }

  /** Waits until `text` is written; gives the seconds since the start. */
  shows(text: string, patience = 20): Promise<number> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`"${text}" is not on the screen:\n${this.#written.slice(-2000)}`)),
        1000 * patience,
      )
      this.#onData = () => {
        if (!this.#written.includes(text)) return
        clearTimeout(late)
        this.#onData = () => {}
        resolve((performance.now() - this.startedMs) / 1000)
      }
      this.#onData()
    })
  }

  close(): void {
    process.removeListener('exit', this.#kill)
    this.#kill()
  }
}
