import type { Losses } from '../loss.ts'
import type { Connections } from '../parts.ts'
import type { IntervalRows } from '../tracer.ts'
import { type ConnectionRecords, NO_SOCKETS } from './sockets/record.ts'

/**
 * Opens connections; where that fails now, as for want of open files or memory, it is tried again with each walk.
 * `collects`: they have that.
 */
export function openedOrLater(open: () => Connections, source: string, collects: boolean): Connections {
  try {
    return open()
  } catch {
    return new LaterConnections(open, source, collects)
  }
}

/** Connections that could not be opened when the program began. */
class LaterConnections implements Connections {
  readonly source: string
  readonly closed: IntervalRows
  readonly collect?: (epoch: number) => void
  readonly #open: () => Connections
  #opened: Connections | null = null

  constructor(open: () => Connections, source: string, collects: boolean) {
    this.source = source
    if (collects) this.collect = epoch => this.#opened?.collect?.(epoch)
    this.#open = open
    this.closed = {
      prepare: epoch => this.#opened?.closed.prepare(epoch),
      fill: epoch => this.#opened?.closed.fill?.(epoch) ?? 0,
      usage: epoch => this.#opened?.closed.usage?.(epoch),
    }
  }

  /** Throws where it still fails. */
  walk(): Promise<void> {
    if (this.#opened === null) {
      this.#opened = this.#open()
      // what was lost before is lost from none of its intervals
      this.#opened.takeLost()
    }
    return this.#opened.walk()
  }

  async readOpen(): Promise<ConnectionRecords> {
    return this.#opened?.readOpen() ?? NO_SOCKETS
  }

  readClosed(epoch: number): ConnectionRecords {
    return this.#opened?.readClosed(epoch) ?? NO_SOCKETS
  }

  takeLost(): Losses {
    return this.#opened?.takeLost() ?? {}
  }

  notes(): readonly string[] {
    return this.#opened?.notes?.() ?? []
  }
}
