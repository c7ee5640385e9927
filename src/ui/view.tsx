/** The screen as a program of Ink. */

import { Writable } from 'node:stream'
import { render } from 'ink'
import { type Brush, BrushContext } from './components/canvas.tsx'
import { Screen } from './components/screen.tsx'
import type { State } from './state/state.ts'
import type { Palette } from './terminal/ability.ts'

export interface View {
  /** The lines of the screen, from the top down. */
  render(state: State): readonly string[]
  unmount(): void
  /** Resolves when unmounted; rejects if a component throws, and Ink has unmounted itself by then. */
  readonly ended: Promise<unknown>
}

/** Runs the screen as a program of Ink. */
export function mountView(palette: Palette, ascii: boolean): View {
  const brush: Brush = { canvas: [], palette, ascii }
  const instance = render(null, {
    stdout: new Nowhere(),
    // In CI Ink would draw the last frame alone.
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    // Nothing waits for the next thirtieth of a second.
    debug: true,
  })
  return {
    render(state) {
      instance.rerender(
        <BrushContext value={brush}>
          <Screen state={state} />
        </BrushContext>,
      )
      return brush.canvas.slice(0, state.size.rows)
    },
    unmount: () => instance.unmount(),
    ended: instance.waitUntilExit(),
  }
}

/** Where Ink writes, which is not the terminal: nothing but `Terminal` writes there. */
class Nowhere extends Writable {
  /** Without a size Ink would run programs to ask for one. */
  readonly columns = 80
  readonly rows = 24

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done()
  }
}
