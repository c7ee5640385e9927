/** Errors as a person reads them: one line says what failed and one says what to do. */

import { BpfError, REINSTALL } from './bpf/error.ts'
import { oneLine } from './text/line.ts'
import { sanitize } from './text/text.ts'

/** Exit status of each kind of error. */
const STATUS = {
  /** Failed while running. */
  failed: 1,
  /** Wrong usage. */
  usage: 2,
  /** This machine cannot: permission, kernel, library, Node. */
  unable: 3,
} as const

export type ErrorKind = keyof typeof STATUS

/** The program needs some 160 itself. */
const MORE_FILES = 'raise the limit on open files: ulimit -n 1024, or LimitNOFILE= in its unit'

/** An error whose reason is known, with what to do about it. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly what: string
  readonly remedy: string
  readonly status: number

  /** `what` failed and what to do: a line each, without a full stop. */
  constructor(kind: ErrorKind, what: string, remedy: string, options?: ErrorOptions) {
    super(what, options)
    this.what = what
    this.remedy = remedy
    this.status = STATUS[kind]
  }
}

/** An error of the command line itself: status 2. */
export function usageError(what: string, remedy: string): UserError {
  return new UserError('usage', what, remedy)
}

/** Any thrown value as a UserError; one whose reason nobody foresaw is called a bug. */
export function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error
  if (error instanceof BpfError) return new UserError('unable', error.what, error.remedy, { cause: error })
  const message = error instanceof Error ? error.message || error.name : String(error)
  if (isOutOfFiles(error)) return new UserError('failed', oneLine(message), MORE_FILES, { cause: error })
  if (isIncomplete(error, message)) return new UserError('unable', firstLine(message), REINSTALL, { cause: error })
  return new UserError(
    'failed',
    oneLine(message),
    'this is a bug: please report it; run again with EBPF_TOP_DEBUG=1 to see where it happened',
    { cause: error },
  )
}

/** Of this process, or of the whole machine. */
function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')
}

/** A part that the program was installed with is not there, or does not fit this machine: most often koffi. */
function isIncomplete(error: unknown, message: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED' || message.includes('native Koffi module')
}

/**
 * What stands on stderr for an error, ended by a line feed: exactly two lines, whatever an untrusted name in them holds.
 * With `debug` the stack follows, with those of the errors behind it.
 */
export function errorText(error: unknown, debug = false): string {
  const { what, remedy, cause } = asUserError(error)
  const lines = [`ebpf-top: ${oneLine(what)}`, `  ${firstLine(remedy)}`]
  if (debug) lines.push(...stacks(error instanceof UserError ? [error, cause] : [error]))
  return `${lines.join('\n')}\n`
}

/** `errorText`, with the stack where EBPF_TOP_DEBUG asks for it. */
export function explain(error: unknown): string {
  return errorText(error, (process.env.EBPF_TOP_DEBUG ?? '') !== '')
}

/** Says on stderr what is no error, or not the end: one line, whatever untrusted text is in it. */
export function note(text: string): void {
  process.stderr.write(`ebpf-top: ${oneLine(text)}\n`)
}

function stacks(errors: readonly unknown[]): string[] {
  return errors
    .flatMap(error => (error instanceof Error && error.stack !== undefined ? error.stack.split('\n') : []))
    .map(sanitize)
}

/** Of our own words, which may list all that can be written. */
function firstLine(text: string): string {
  return sanitize(text.trim().split(/\r?\n/, 1)[0] ?? '')
}
