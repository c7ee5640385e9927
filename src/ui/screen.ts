/** The interactive screen: a sink of samples, and the keys that steer the session. */

import type { Names } from '../names/names.ts'
import { type NameSource, openNames } from '../names/resolver.ts'
import type { Host, Session, Sink } from '../session.ts'
import { isUtf8 } from '../text/signs.ts'
import { frame } from './frame.ts'
import { asker } from './pages/observe.ts'
import { actionOf } from './state/keys.ts'
import { addressesInSight } from './state/naming.ts'
import type { Event } from './state/reduce.ts'
import { type ExporterState, initialState, type Size } from './state/state.ts'
import { createStore, NOT_PERMITTED, type Priority } from './state/store.ts'
import { paletteFor } from './terminal/ability.ts'
import { holdConsole } from './terminal/console.ts'
import type { Input, Key } from './terminal/input.ts'
import { type Jobs, jobs as realJobs } from './terminal/jobs.ts'
import { openKeyboard } from './terminal/keyboard.ts'
import { handleSuspension } from './terminal/suspension.ts'
import { guardTerminal, type TerminalInput, type TerminalOutput } from './terminal/terminal.ts'
import type { View } from './view.tsx'

/** What the screen takes when it shows something already. Once it was loaded from here, its file need not be there any more. */
export function loadView() {
  return import('./view.tsx')
}

/** Signals that end the screen. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

export interface ScreenOptions {
  readonly host: Host
  readonly session: Session
  readonly version: string
  /** Seconds. */
  readonly interval: number
  /** One of the registry. */
  readonly view: string
  /** Column id or heading to sort the opened view by. */
  readonly sort?: string | undefined
  readonly filter: string
  /** Those the session traces already; empty: all. */
  readonly pids: readonly number[]
  /** Both must be terminals. */
  readonly stdin: TerminalInput
  readonly stdout: TerminalOutput
  /** Where the reason for the end is written; default process.stderr. */
  readonly stderr?: NodeJS.WritableStream
  /** A process with this id can be traced. */
  processExists(pid: number): boolean
  /** What is to be printed for an error, ended by a line feed. */
  explain(error: unknown): string
  /** Who comes first; null or absent: that stays as it is. */
  readonly priority?: Priority | null
  /** This program does already, or the kernel has refused that; absent: nobody has asked. */
  readonly realtime?: 'raised' | 'refused' | undefined
  /** How the export goes, asked for at every sample; null if there is none. */
  exporter?(): ExporterState | null
  /** Where names of hosts and services come from, once they are wanted; default: the system's. */
  readonly openNames?: (changed: (names: Names) => void) => NameSource
  /** Emits signals, uncaughtException and exit; default process. */
  readonly signals?: NodeJS.EventEmitter
  readonly jobs?: Jobs
  /** Colours are wanted; default true. */
  readonly colour?: boolean
  /** For the type of the terminal, its colours and its characters; default process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Why the screen ended. */
export type ScreenEnd =
  /** By q or Ctrl-C. */
  | { readonly reason: 'quit' }
  /** By `stop`, because the program is done. */
  | { readonly reason: 'done' }
  | { readonly reason: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly reason: 'error'; readonly error: unknown }

export interface Screen extends Sink {
  /** Resolves when the terminal is as it was before and the reason stands on it; never rejects. */
  readonly ended: Promise<ScreenEnd>
  /** Ends the screen; the first reason counts. */
  stop(end: ScreenEnd): void
}

/**
 * Takes the terminal over and shows what it is sent. Whatever ends it restores the terminal first and then prints the
 * reason; leaving the process is the caller's matter.
 */
export function startScreen(options: ScreenOptions): Screen {
  const { stdin, stdout, stderr = process.stderr, signals = process, jobs = realJobs } = options
  const { environment = process.env, colour = true, priority = null } = options
  const { promise: ended, resolve } = Promise.withResolvers<ScreenEnd>()
  const store = createStore(
    initialState({
      ...options,
      size: sizeOf(stdout),
      ascii: !isUtf8(environment),
      realtime: priority === null ? null : options.realtime === 'raised',
      message: options.realtime === 'refused' ? NOT_PERMITTED : '',
    }),
    { session: options.session, priority },
    options,
    () => draw(),
  )
  const terminal = guardTerminal(stdin, stdout)
  const release = holdConsole()
  let view: View | undefined
  let names: NameSource | undefined
  let open = true

  const dispatch = (...events: readonly Event[]): void => {
    if (!open) return
    try {
      store.dispatch(events)
      askNames()
      askAbout(store.get())
    } catch (error) {
      end({ reason: 'error', error })
    }
  }
  const askAbout = asker(options.session, (process, about) => dispatch({ type: 'about', process, about }))
  /** Names are looked up for what is in sight, and not before somebody wants to see them. */
  const askNames = (): void => {
    const state = store.get()
    if (!state.naming) return
    names ??= (options.openNames ?? openNames)(found => dispatch({ type: 'names', names: found }))
    names.want(addressesInSight(state))
  }
  const hear = (inputs: readonly Input[]): void => {
    for (const input of inputs) {
      if (input.type === 'key') onKey(input.key)
      else dispatch({ type: 'paste', text: input.text })
    }
  }
  const onKey = (key: Key): void => {
    const action = actionOf(key, store.get())
    if (action === 'quit') end({ reason: 'quit' })
    else if (action === 'redraw') redraw()
    else if (action === 'suspend') suspension.suspend()
    else dispatch({ type: 'key', key, at: performance.now() })
  }

  const palette = paletteFor(environment, colour)
  let toDraw = false
  const drawNow = (): void => {
    toDraw = false
    if (!open) return
    try {
      const state = store.get()
      terminal.draw(view === undefined ? frame(state, palette) : view.render(state))
    } catch (error) {
      end({ reason: 'error', error })
    }
  }
  /** Once for all that the event loop has at hand: many keys come as one. */
  const draw = (): void => {
    if (!toDraw) setImmediate(drawNow)
    toDraw = true
  }
  const redraw = (): void => {
    terminal.forget()
    draw()
  }
  const takenBack = (): void => {
    dispatch({ type: 'resumed' })
    redraw()
  }
  if (priority !== null) priority.onLowered = share => dispatch({ type: 'lowered', share })
  /** Ink runs the components from here on. To load it takes longer than all else: the first numbers do not wait. */
  const mount = (): void => {
    loadView()
      .then(({ mountView }) => {
        if (!open || view !== undefined) return
        view = mountView(palette, store.get().ascii)
        draw()
        return view.ended
      })
      .catch(onError)
  }
  const onResize = (): void => {
    terminal.forget()
    dispatch({ type: 'resize', size: sizeOf(stdout) })
  }

  const onSignal = (signal: NodeJS.Signals): void => end({ reason: 'signal', signal })
  const onError = (error: unknown): void => end({ reason: 'error', error })
  const onGone = (): void => end({ reason: 'signal', signal: 'SIGHUP' })

  const onExit = (): void => end({ reason: 'done' })

  const ignoreSignals = (): void => {
    for (const signal of ENDING) signals.off(signal, onSignal)
    signals.off('uncaughtException', onError).off('unhandledRejection', onError).off('exit', onExit)
  }

  /** Gives the terminal back, whatever state it is in; false where it does not read. */
  const close = (): boolean => {
    suspension.close()
    keyboard.pause()
    names?.close()
    // Later: the signal-exit package, which Ink uses, kills the process if it finds itself the last one listening.
    setImmediate(ignoreSignals)
    stdout.off('resize', onResize)
    stdin.off('end', onGone)
    try {
      view?.unmount()
    } catch {
      // The terminal matters more, and why the screen ends is known already.
    }
    return terminal.leave()
  }
  const end = (how: ScreenEnd): void => {
    if (!open) return
    open = false
    const reads = close()
    const lines = release().map(line => `${line}\n`)
    if (how.reason === 'signal') lines.push(`ebpf-top: ended by ${how.signal}\n`)
    if (how.reason === 'error') lines.push(options.explain(how.error))
    // To a terminal that does not read this would wait for ever.
    if (reads || !isTerminal(stderr)) for (const line of lines) stderr.write(line)
    resolve(how)
  }

  const keyboard = openKeyboard(stdin, hear)
  const suspension = handleSuspension(terminal, keyboard, jobs, signals, takenBack)
  for (const signal of ENDING) signals.on(signal, onSignal)
  signals.on('uncaughtException', onError).on('unhandledRejection', onError).on('exit', onExit)
  stdout.on('resize', onResize)
  stdin.on('end', onGone)
  // These stay: a terminal that is gone fails once more when it is restored.
  stdout.on('error', onGone)
  stdin.on('error', onGone)

  terminal.enter()
  keyboard.resume()
  draw()

  return {
    ended,
    take(sample) {
      const exporter = options.exporter?.() ?? null
      dispatch({ type: 'sample', sample: sample.hold(), calls: sample.calls, exporter, at: performance.now() })
      // behind the drawing
      if (view === undefined) setImmediate(mount)
    },
    fail: onError,
    stop: end,
  }
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

function sizeOf(stdout: TerminalOutput): Size {
  return { columns: stdout.columns || 80, rows: stdout.rows || 24 }
}
