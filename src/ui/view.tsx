/** The screen as a component: the only part that knows React and Ink's hooks. */

import { Writable } from 'node:stream'
import { type Instance, render, type SuspendTerminal, useApp, useInput, usePaste } from 'ink'
import { useEffect } from 'react'
import { type Key, keysOf } from './input.ts'

/** What changes. */
export interface Source {
  /** Calls `changed` at every change, until the function it returns is called. */
  subscribe(changed: () => void): () => void
}

interface ViewProps {
  readonly source: Source
  /** Draws what the source has. */
  draw(): void
  onKeys(keys: readonly Key[]): void
  onPaste(text: string): void
  /** Hands out the way to take the terminal from Ink for a while. */
  onReady(suspend: SuspendTerminal): void
}

/**
 * Draws as a canvas does, past Ink's layout: there every cell of every frame becomes an object, which takes ten times
 * the time of all else that the screen does (docs/cost.md).
 */
function View({ source, draw, onKeys, onPaste, onReady }: ViewProps) {
  useEffect(() => {
    draw()
    return source.subscribe(draw)
  }, [source, draw])
  const { suspendTerminal } = useApp()
  useEffect(() => onReady(suspendTerminal), [onReady, suspendTerminal])
  useInput((input, key) => onKeys(keysOf(input, key)))
  usePaste(onPaste)
  return null
}

/** Runs the component: it draws from now on, and reads keys and pastes from `stdin`. */
export function mountView(stdin: NodeJS.ReadableStream, props: ViewProps): Instance {
  return render(<View {...props} />, {
    stdin,
    stdout: nowhere(),
    // In CI Ink would not read keys otherwise; the caller has made sure that there is a terminal.
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
  })
}

/** Where Ink writes: nothing but `Terminal` writes to the terminal. With a size, or Ink would run programs to ask for one. */
function nowhere(): Writable & { readonly columns: number; readonly rows: number } {
  return Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { columns: 1, rows: 1 })
}
