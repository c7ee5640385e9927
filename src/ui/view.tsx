/** The state on the terminal: the only part that knows React and Ink's components. */

import { Box, type SuspendTerminal, Text, useApp, useInput, usePaste } from 'ink'
import { memo, useEffect, useMemo, useSyncExternalStore } from 'react'
import { frame } from './frame.ts'
import { type Key, keysOf } from './input.ts'
import type { State } from './state.ts'
import type { Palette } from './style.ts'

/** Where the view gets its state from. */
export interface Source {
  get(): State
  /** Calls `changed` at every change, until the function it returns is called. */
  subscribe(changed: () => void): () => void
}

interface ViewProps {
  readonly source: Source
  readonly palette: Palette
  onKeys(keys: readonly Key[]): void
  onPaste(text: string): void
  /** Hands out the way to take the terminal from Ink for a while. */
  onReady(suspend: SuspendTerminal): void
}

export function View({ source, palette, onKeys, onPaste, onReady }: ViewProps) {
  const state = useSyncExternalStore(source.subscribe, source.get)
  const lines = useMemo(() => frame(state, palette), [state, palette])
  const { suspendTerminal } = useApp()
  useEffect(() => onReady(suspendTerminal), [onReady, suspendTerminal])
  useInput((input, key) => onKeys(keysOf(input, key)))
  usePaste(onPaste)
  return (
    <Box flexDirection="column">
      {lines.map((text, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the terminal is its index
        <TerminalLine key={row} text={text} />
      ))}
    </Box>
  )
}

/** One `Text` a line: that costs half of a `Box` per cell, and only changed lines are laid out again. */
const TerminalLine = memo(function TerminalLine({ text }: { readonly text: string }) {
  return <Text wrap="truncate">{text}</Text>
})
