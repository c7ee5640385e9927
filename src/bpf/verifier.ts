/** The log of the kernel's verifier: whole in a file, and what of it fits into one line. */

import { chownSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const BEGIN = /-- BEGIN (?:PROG LOAD|DUMP) LOG|libbpf: load bpf program failed/i

/** Whose files are that the program writes. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Writes the log of a load that failed into a new file that only its owner can read; null: who writes it.
 * @returns its path; null where the verifier said nothing, or there is no room for a file
 */
export function saveVerifierLog(log: readonly string[], owner: Owner | null = null): string | null {
  if (!log.some(line => BEGIN.test(line))) return null
  try {
    const file = join(mkdtempSync(join(tmpdir(), 'ebpf-top-')), 'verifier.log')
    writeFileSync(file, `${log.join('\n')}\n`, { mode: 0o600 })
    if (owner !== null) for (const path of [file, dirname(file)]) chownSync(path, owner.uid, owner.gid)
    return file
  } catch {
    return null
  }
}

/**
 * The verifier's reason: its last line before the count of what it looked at; null where the log is not the verifier's.
 */
export function verifierReason(log: readonly string[]): string | null {
  const message = log.find(line => BEGIN.test(line))
  if (message === undefined) return null
  const lines = message.split('\n').map(line => line.trim())
  const counted = lines.findIndex(line => /^processed \d+ insns/.test(line))
  const before = counted > 0 ? lines.slice(0, counted) : lines.filter(line => !line.startsWith('-- '))
  return before.findLast(line => line !== '' && !BEGIN.test(line)) ?? null
}
