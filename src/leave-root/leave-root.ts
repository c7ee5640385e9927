/** Started as root, the program becomes an ordinary user before it reads anything that others can write. */

import { isSea } from 'node:sea'
import { holdProgram } from '../asking/child.ts'
import { helperBeside, helpersBeside, OBJECT_FOLDER } from '../bpf/shipped.ts'
import { UserError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { capabilitiesIn, keptFor } from '../rights/capabilities.ts'
import { becomeUser, boundBy, gainNothing, holdOnly, permittedSet } from '../rights/process.ts'
import { reaches } from '../rights/reach.ts'
import { currentRights, type Rights, rightsContext, withOnly } from '../rights/rights.ts'
import { callerIn, isRoot, readAccounts, type User } from '../rights/user.ts'
import { KEEPERS, KeeperChild } from './keeper.ts'

/** What the command line says of it. */
export interface Wishes {
  /** Whom to become; null: the user who called sudo, or `nobody`. */
  readonly user: User | null
  /** Stay root. */
  readonly keepRoot: boolean
}

export interface Leaving extends Wishes {
  readonly screen: boolean
  /** It may come before other processes. */
  readonly priority: boolean
  /** Loads the parts of the program that are otherwise loaded later; for where the user cannot read them. */
  loadAll(): Promise<unknown>
}

/** Whom a run becomes; null: it stays who it is. */
export function userFor({ user, keepRoot }: Wishes): User | null {
  return keepRoot || !isRoot() ? null : (user ?? callerIn(process.env, readAccounts()))
}

/**
 * Becomes that user, with the capabilities that the plan needs from now on. Whatever takes more has been done, or is done
 * through files that are open. What cannot be given up is said.
 * @throws UserError where the user that was asked for cannot be become
 */
export async function leaveRoot(plan: Plan, leaving: Leaving): Promise<Rights> {
  const user = userFor(leaving)
  if (user === null) {
    if (!leaving.keepRoot || !isRoot()) return currentRights()
    return {
      text: 'as root, with all its rights (--keep-root)',
      notes: ['it keeps all rights of root (--keep-root)'],
      keeper: null,
    }
  }
  const kept = keptFor(plan, rightsContext(leaving.screen && leaving.priority))
  // the single executable has all of it inside
  if (!isSea()) {
    if (!reaches(user, import.meta.filename)) await leaving.loadAll()
    for (const program of helpersBeside(OBJECT_FOLDER)) if (!reaches(user, program)) holdProgram(program)
  }
  const problem = tryToBecome(user)
  if (problem !== null && leaving.user !== null) {
    throw new UserError(
      'unable',
      `cannot become ${user.name}: ${problem}`,
      'leave --user out; it takes CAP_SETUID and CAP_SETGID',
    )
  }
  gainNothing()
  holdOnly([...kept, ...KEEPERS, 'CAP_SETPCAP'])
  const keeper = leaving.screen ? startKeeper() : null
  boundBy(kept)
  const notHeld = holdOnly(kept)
  const left = capabilitiesIn(permittedSet())
  const notes = [
    ...(problem === null ? [] : [`it stays root, for it cannot become ${user.name} (${problem}), ${withOnly(left)}`]),
    ...(notHeld === null ? [] : [`it keeps all capabilities that it was started with: ${notHeld}`]),
  ]
  return { text: `as ${problem === null ? user.name : 'root'}, ${withOnly(left)}`, notes, keeper }
}

/** null: there is no room for it. */
function startKeeper(): KeeperChild | null {
  try {
    return new KeeperChild(helperBeside(OBJECT_FOLDER, 'keeper'))
  } catch {
    return null
  }
}

function tryToBecome(user: User): string | null {
  try {
    becomeUser(user)
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
