/** What can stand for the value of a flag, read from how the help writes it: `text|json|csv`, `FILE`. */

import { type Flag, flags } from '../../src/cli/flags.ts'

export const allFlags: readonly Flag[] = flags

/** Words of which the value may be one. */
export function choices({ value = '' }: Flag): string[] {
  return value.split('|').filter(word => /^[a-z][a-z-]*$/.test(word))
}

/** Whether it may be a file. */
export function isFile({ value = '' }: Flag): boolean {
  return /FILE|DIR/.test(value)
}

/** As they are written: `-p` and `--pid`. */
export function names({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`]
}
