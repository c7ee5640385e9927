/** Whom a program that was started as root becomes. */

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface User {
  /** For people: the name, or `uid 1000` where it has none. */
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Its other groups. */
  readonly groups: readonly number[]
}

/** Texts of passwd(5) and group(5). */
export interface Accounts {
  readonly passwd: string
  readonly group: string
}

/** Whether this program was started as root. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** Of user and group `nobody` on every distribution, and what the kernel shows for ids that it cannot. */
const NOBODY = 65534

/** The highest id; the one above it means none. */
const MOST = 2 ** 32 - 2

/** The user who called sudo; where nobody did, or root, `nobody`. */
export function callerIn(environment: Readonly<Record<string, string | undefined>>, accounts: Accounts): User {
  const [uid, gid] = [idIn(environment.SUDO_UID), idIn(environment.SUDO_GID)]
  if (uid === null || gid === null) {
    return userNamed('nobody', accounts) ?? { name: 'nobody', uid: NOBODY, gid: NOBODY, groups: [] }
  }
  const name = entries(accounts.passwd).find(fields => fields[2] === String(uid))?.[0]
  return { name: name ?? `uid ${uid}`, uid, gid, groups: groupsOf(name, gid, accounts) }
}

/** A user by name or id; null: there is none. One that is root, or of the group of root, is none either. */
export function userNamed(name: string, accounts: Accounts): User | null {
  const number = /^\d+$/.test(name)
  const entry = entries(accounts.passwd).find(fields => fields[number ? 2 : 0] === name)
  if (entry === undefined) {
    const uid = number ? idIn(name) : null
    return uid === null ? null : { name: `uid ${uid}`, uid, gid: NOBODY, groups: [] }
  }
  const [known = name, , uidText, gidText] = entry
  const [uid, gid] = [idIn(uidText), idIn(gidText)]
  if (uid === null || gid === null) return null
  return { name: known, uid, gid, groups: groupsOf(known, gid, accounts) }
}

/** The name of a user; `uid 1000` where it has none. */
export function userName(uid: number, { passwd }: Pick<Accounts, 'passwd'>): string {
  return entries(passwd).find(fields => fields[2] === String(uid))?.[0] ?? `uid ${uid}`
}

/** Those of this machine. */
export function readAccounts(): Accounts {
  return { passwd: read('/etc/passwd'), group: read('/etc/group') }
}

/** How long a directory service may take, in milliseconds. */
const PATIENCE_MS = 5_000

/** A user whom only a directory service knows, such as LDAP, as a line of passwd(5); empty: nobody knows him. */
export function askForUser(name: string): string {
  try {
    return execFileSync('/usr/bin/getent', ['passwd', '--', name], {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}

/** An id that is not root's; null: the text is none. */
function idIn(text: string | undefined): number | null {
  const id = /^\d{1,10}$/.test(text ?? '') ? Number(text) : 0
  return id >= 1 && id <= MOST ? id : null
}

function groupsOf(name: string | undefined, own: number, { group }: Accounts): number[] {
  if (name === undefined) return []
  const ids = entries(group)
    .filter(fields => (fields[3] ?? '').split(',').includes(name))
    .map(fields => idIn(fields[2]))
  return [...new Set(ids)].filter(id => id !== null).filter(id => id !== own)
}

function entries(text: string): string[][] {
  return text.split('\n').map(line => line.split(':'))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
