/** The words of the command line sorted into flags, by meow; what it would let pass in silence is refused here. */

import meow from 'meow'
import { type UserError, usageError } from '../errors.ts'
import { type Flag, type FlagName, flags } from './flags.ts'

/** Flags as they were written: text that nobody has checked yet. */
export interface Arguments {
  given(name: FlagName): boolean
  /** The value of a flag; null where the flag was not given. */
  value(name: FlagName): string | null
  /** Every value of a repeatable flag. */
  values(name: FlagName): readonly string[]
}

export const SEE_HELP = 'see ebpf-top --help'

/** @throws UserError for an unknown flag, a missing or surplus value, a repeated flag, a stray argument */
export function readArguments(argv: readonly string[]): Arguments {
  const { input, parsed } = parse(argv)
  const known = new Set<string>(flags.map(flag => key(flag)))
  for (const name of Object.keys(parsed)) if (!known.has(name)) throw unknownFlag(name)
  const found = new Map<FlagName, readonly string[]>(
    flags.map(flag => [flag.name, readFlag(flag, parsed[key(flag)], argv)]),
  )
  const stray = input[0]
  if (stray !== undefined) throw usageError(`unexpected argument "${stray}"`, SEE_HELP)
  const values = (name: FlagName) => found.get(name) ?? []
  return { given: name => values(name).length > 0, value: name => values(name)[0] ?? null, values }
}

function parse(argv: readonly string[]): { input: readonly string[]; parsed: Record<string, unknown> } {
  try {
    const { input, flags: parsed } = meow({
      importMeta: import.meta,
      pkg: { name: 'ebpf-top' },
      argv,
      flags: Object.fromEntries(flags.map(flag => [key(flag), specification(flag)])),
      booleanDefault: undefined,
      help: false,
      description: false,
      autoHelp: false,
      autoVersion: false,
    })
    return { input, parsed }
  } catch (error) {
    // It throws for a flag that was given twice, by its key.
    const name = /--(\w+) can only be set once/.exec(error instanceof Error ? error.message : '')?.[1]
    if (name === undefined) throw error
    throw usageError(`${dashed(name)} was given more than once`, `give it once; ${SEE_HELP}`)
  }
}

/** Flags without a value are read as lists of booleans: `--batch=x`, `--batch false` and `--no-batch` then show as false. */
function specification({ short, value, repeatable }: Flag) {
  const names = short === undefined ? {} : { shortFlag: short }
  if (value === undefined) return { ...names, type: 'boolean', isMultiple: true } as const
  if (repeatable === true) return { ...names, type: 'string', isMultiple: true } as const
  return { ...names, type: 'string' } as const
}

function readFlag(flag: Flag, found: unknown, argv: readonly string[]): readonly string[] {
  const list: readonly unknown[] = found === undefined ? [] : Array.isArray(found) ? found : [found]
  if (isNegative(flag)) {
    if (list.some(value => value !== false)) throw unknownFlag(flag.name.slice(NEGATION.length))
    return list.map(() => '')
  }
  if (flag.value === undefined) {
    const valued = argv.some(word => word.startsWith(`--${flag.name}=`) || word.startsWith(`-${flag.short}=`))
    if (valued || list.some(value => value !== true)) throw usageError(`--${flag.name} takes no value`, SEE_HELP)
    return list.map(() => '')
  }
  const texts = list.filter(value => typeof value === 'string')
  if (texts.length < list.length || texts.includes('') || texts.length < timesWritten(flag, argv)) {
    throw usageError(`--${flag.name} needs a value`, `write --${flag.name} ${flag.value}`)
  }
  return texts
}

/** How often a repeatable flag stands on the command line: the parser drops those without a value. */
function timesWritten(flag: Flag, argv: readonly string[]): number {
  if (flag.repeatable !== true) return 0
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  return words.filter(word => word === `--${flag.name}` || word.startsWith(`--${flag.name}=`)).length
}

function unknownFlag(name: string): UserError {
  return usageError(`unknown flag ${dashed(name)}`, SEE_HELP)
}

/** How flags begin that the parser takes for others set to false. */
const NEGATION = 'no-'

function isNegative(flag: Flag): boolean {
  return flag.name.startsWith(NEGATION)
}

/** meow's key of a flag: `exportInterval`; `color` of `no-color`. */
function key(flag: Flag): string {
  const name = isNegative(flag) ? flag.name.slice(NEGATION.length) : flag.name
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}
