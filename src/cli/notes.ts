import type { Sample } from '../sample/sample.ts'
import type { Sink } from '../session.ts'

/** Writes what samples say cannot be seen, each line when it is new, where nobody else has a place for it. */
export class NoteSink implements Sink {
  readonly #write: (line: string) => void
  #told: ReadonlySet<string> = new Set()

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  take({ notes }: Sample): void {
    for (const note of notes) if (!this.#told.has(kindOf(note))) this.#write(note)
    this.#told = new Set(notes.map(kindOf))
  }

  fail(): void {}
}

/** The same note with another number is not told again. */
function kindOf(note: string): string {
  return note.replace(/\d+/g, '0')
}
