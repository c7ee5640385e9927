/** The screen as a component: the only part that knows React and Ink's hooks. */

import { type SuspendTerminal, useApp, useInput, usePaste } from 'ink'
import { useEffect } from 'react'
import { type Key, keysOf } from './input.ts'
import type { State } from './state.ts'

/** Where the state is. */
export interface Source {
  get(): State
  /** Calls `changed` at every change, until the function it returns is called. */
  subscribe(changed: () => void): () => void
}

interface ViewProps {
  readonly source: Source
  /** Draws the state. */
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
export function View({ source, draw, onKeys, onPaste, onReady }: ViewProps) {
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
