/** Rights of this process: what it holds, how it lets go of it, and what of it its children get. */

import { readFileSync } from 'node:fs'
import koffi from 'koffi'
import { errnoName } from '../syscall/errno.ts'
import { CAPABILITIES, type Capability, holds, setIn, setOf } from './capabilities.ts'
import type { User } from './user.ts'

const libc = koffi.load('libc.so.6')

/** Of <linux/filter.h>. */
koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'void *' })

const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')
const capset = libc.func('int capset(void *header, void *sets)')
const seccomp = libc.func('long syscall(long number, unsigned int operation, unsigned int flags, sock_fprog *program)')

/** Of <linux/prctl.h>. */
const PR_SET_KEEPCAPS = 8
const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_RAISE = 2
const PR_CAP_AMBIENT_CLEAR_ALL = 4

/** _LINUX_CAPABILITY_VERSION_3: sets of 64 bits, as two structs of three halves each. */
const VERSION_3 = 0x2008_0522

/** seccomp(2) by architecture, from the kernel's system call tables. */
const SYS_SECCOMP = process.arch === 'arm64' ? 277 : 317
const SECCOMP_SET_MODE_FILTER = 1
const SECCOMP_FILTER_FLAG_TSYNC = 1
const SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4

/** One instruction, BPF_RET of SECCOMP_RET_ALLOW: a filter that lets all calls pass. */
const ALLOW_ALL = Uint32Array.of(0x06, 0x7fff_0000)

/** Highest number of a capability that a kernel may have. */
const LAST_CAPABILITY = 63

/** Of this process since it ceased to be root; null: it was not started as root, or stays it. */
let held: readonly Capability[] | null = null

/** What this process may make effective. */
export function permittedSet(): bigint {
  return setIn(readFileSync('/proc/self/status', 'utf8'), 'CapPrm')
}

/** Takes away for good what a program that is started later could get, but for `kept`. Nothing where that is not permitted. */
export function boundBy(kept: readonly Capability[]): void {
  const set = setOf(kept)
  for (let bit = 0; bit <= LAST_CAPABILITY; bit++) {
    if (((set >> BigInt(bit)) & 1n) === 0n) prctl(PR_CAPBSET_DROP, bit, 0, 0, 0)
  }
}

/**
 * Becomes a user, all threads of it; this one keeps its permitted set.
 * @throws where that is not permitted, or the user is not in this user namespace; it is root then as before
 */
export function becomeUser({ uid, gid, groups }: User): void {
  if (process.setgroups === undefined || process.setgid === undefined || process.setuid === undefined) {
    throw new Error('this system knows no users')
  }
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) !== 0) throw new Error(`PR_SET_KEEPCAPS: ${errnoName(koffi.errno())}`)
  const before = { groups: process.getgroups?.() ?? [], gid: process.getgid?.() ?? 0 }
  try {
    process.setgroups([...groups])
    process.setgid(gid)
    process.setuid(uid)
  } catch (error) {
    attempt(() => process.setgid?.(before.gid))
    attempt(() => process.setgroups?.(before.groups))
    throw error
  } finally {
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0)
  }
}

/** Holds these capabilities from now on, of those that it may, and no others. Tells why that failed; null: it did not. */
export function holdOnly(capabilities: readonly Capability[]): string | null {
  const permitted = permittedSet()
  const possible = capabilities.filter(capability => holds(permitted, capability))
  const status = setCapabilities(possible, [])
  if (status !== 0) return errnoName(koffi.errno())
  held = possible
  return null
}

/** `inheritable`: those that a program which is started can be given. */
function setCapabilities(capabilities: readonly Capability[], inheritable: readonly Capability[]): number {
  const halves = (set: bigint): [number, number] => [Number(set & 0xffff_ffffn), Number(set >> 32n)]
  const [low, high] = halves(setOf(capabilities))
  const [inheritableLow, inheritableHigh] = halves(setOf(inheritable))
  const sets = Uint32Array.of(low, low, inheritableLow, high, high, inheritableHigh)
  return capset(Uint32Array.of(VERSION_3, 0), sets)
}

/**
 * No program that is started from now on gets more rights than this process has. That is a matter of each thread, and a
 * seccomp filter is what brings it to all of them; this one lets every call pass.
 */
export function gainNothing(): void {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
  const program = { len: 1, filter: ALLOW_ALL }
  seccomp(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, program)
}

/** Starts something that gets these capabilities, as far as this process holds them, and no others of it. */
export function giving<T>(capabilities: readonly Capability[], start: () => T): T {
  if (held === null) return start()
  const given = held.filter(capability => capabilities.includes(capability))
  if (given.length === 0) return start()
  setCapabilities(held, given)
  for (const capability of given) {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAPABILITIES[capability].bit, 0, 0)
  }
  try {
    return start()
  } finally {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    setCapabilities(held, [])
  }
}

function attempt(action: () => void): void {
  try {
    action()
  } catch {
    // it was not changed, or stays changed
  }
}
