/** What a terminal can show, and what its user wants to see of that. */

import { readTerminfo } from './terminfo.ts'

/** `colour` with the eight colours of every colour terminal; `mono` with bold, dim and inverse only; `none` without those. */
export type Palette = 'colour' | 'mono' | 'none'

type Environment = Readonly<Record<string, string | undefined>>

/** Types that have no colours, where the terminal database is silent: terminals of glass, and variants without. */
const COLOURLESS = /^(?:vt\d|wy\w*\d|tvi|att|adm|hp|sun)|-m(?:ono)?$/

const COLOURS_LEAST = 8

/**
 * The palette for a terminal: none of colours where it has none (terminfo), and where it is not to have any (`wanted`
 * false; NO_COLOR, see no-color.org; FORCE_COLOR=0; CLICOLOR=0). FORCE_COLOR and CLICOLOR_FORCE know it better than the
 * terminal's type.
 */
export function paletteFor(environment: Environment, wanted = true): Palette {
  const { TERM = '' } = environment
  const known = readTerminfo(TERM, environment)
  if (TERM === 'dumb' || known?.inverse === false) return 'none'
  if (!wanted || isRefused(environment)) return 'mono'
  if (isForced(environment)) return 'colour'
  const colours = known?.colours ?? (COLOURLESS.test(TERM) ? 0 : COLOURS_LEAST)
  return colours >= COLOURS_LEAST ? 'colour' : 'mono'
}

function isRefused({ NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE }: Environment): boolean {
  if (NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return true
  return CLICOLOR === '0' && !isForced({ FORCE_COLOR, CLICOLOR_FORCE })
}

function isForced({ FORCE_COLOR, CLICOLOR_FORCE }: Environment): boolean {
  return Boolean(FORCE_COLOR) || (Boolean(CLICOLOR_FORCE) && CLICOLOR_FORCE !== '0')
}

/** A terminal of this type cannot show the screen: its cursor does not go where we say. */
export function isUnaddressable(environment: Environment): boolean {
  const { TERM = '' } = environment
  return TERM === '' || TERM === 'dumb' || readTerminfo(TERM, environment)?.addressable === false
}
