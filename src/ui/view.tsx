/** The screen as a program of Ink: the only part that knows React and Ink. */

import { Writable } from 'node:stream'
import { Box, render, Text } from 'ink'
import type { Part } from './frame.ts'

export interface View {
  /** The lines of the screen, as Ink renders these parts. */
  render(parts: readonly Part[]): readonly string[]
  unmount(): void
  /** Resolves when unmounted; rejects if a component throws, and Ink has unmounted itself by then. */
  readonly ended: Promise<unknown>
}

function Screen({ parts }: { readonly parts: readonly Part[] }) {
  return (
    <Box flexDirection="column">
      {parts.map(({ name, lines }) => (
        <Text key={name}>{lines.join('\n')}</Text>
      ))}
    </Box>
  )
}

/** Runs the screen as a program of Ink. */
export function mountView(): View {
  const output = new Output()
  let rendered = ''
  const instance = render(<Screen parts={[]} />, {
    stdout: output,
    // In CI Ink would draw the last frame alone.
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    // Ink makes a frame either as a grid of cells, each of them an object, or, as it does for screen readers, as the
    // texts one below the other. Our lines are as wide as the terminal already, and the grid took several times as
    // long as all else (docs/cost.md).
    isScreenReaderEnabled: true,
    // Each frame is written at once and as it is; what of it is new to the terminal, `Terminal` knows.
    debug: true,
    onRender: () => {
      rendered = output.written
    },
  })
  return {
    render(parts) {
      instance.rerender(<Screen parts={parts} />)
      return rendered.split('\n')
    },
    unmount: () => instance.unmount(),
    ended: instance.waitUntilExit(),
  }
}

/** Where Ink writes, which is not the terminal: nothing but `Terminal` writes there. */
class Output extends Writable {
  /** Of no terminal, so that no line is ever wrapped; without a size Ink would run programs to ask for one. */
  readonly columns = 10_000
  readonly rows = 1
  /** By the last call: a frame, or a mode that `Terminal` has set already. */
  written = ''

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.written = chunk
    done()
  }
}
