/** Hears what is typed on a terminal. */

import { type Input, InputDecoder } from './input.ts'

export interface Keyboard {
  /** Hears nothing until `resume`: somebody else has the terminal. */
  pause(): void
  resume(): void
}

/** Hears from `resume` on. `hear` is given all that came at once. */
export function openKeyboard(stdin: NodeJS.ReadableStream, hear: (inputs: readonly Input[]) => void): Keyboard {
  let decoder = new InputDecoder()
  let waiting: NodeJS.Timeout | undefined
  let pieces = 0

  const tell = (inputs: readonly Input[]): void => {
    if (inputs.length > 0) hear(inputs)
  }
  const onData = (chunk: string | Buffer): void => {
    clearTimeout(waiting)
    pieces++
    tell(decoder.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    const { patience } = decoder
    if (patience !== null) waiting = setTimeout(isOver, patience, pieces)
  }
  /** What came while this program had no turn is not late: it is looked for first. */
  const isOver = (seen: number): void => {
    setImmediate(() => {
      if (pieces === seen) tell(decoder.flush())
    })
  }
  return {
    pause() {
      clearTimeout(waiting)
      pieces++
      decoder = new InputDecoder()
      stdin.off('data', onData)
      stdin.pause()
    },
    resume() {
      stdin.on('data', onData)
      stdin.resume()
    },
  }
}
