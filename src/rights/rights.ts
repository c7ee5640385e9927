/** What the program holds, and what of this machine decides on it. */

import { readFileSync } from 'node:fs'
import { type Capability, capabilitiesIn, ownCapabilities, type RightsContext } from './capabilities.ts'

/** Who does what the program has no right to. */
export interface Keeper {
  /** Whether the kernel measures what BPF programs cost. Gives false where that cannot be had. */
  measure(on: boolean): Promise<boolean>
  /** Stops the job of this process, with those in it that are root's. Gives false where that failed. */
  stopJob(): Promise<boolean>
}

/** What the program holds once it is at work. */
export interface Rights {
  /** For people. */
  readonly text: string
  /** What should be said of it, a line each. */
  readonly notes: readonly string[]
  /** null: nobody is needed, or there. */
  readonly keeper: Keeper | null
}

/** Of a program that nobody has changed yet. */
export function currentRights(): Rights {
  return {
    text: `as uid ${process.getuid?.()}, ${withOnly(capabilitiesIn(ownCapabilities()))}`,
    notes: [],
    keeper: null,
  }
}

/** What the kernel and /proc decide. */
export function rightsContext(priority: boolean): RightsContext {
  return { hasBpf: hasBpf(), hidesProcesses: hidesProcesses(), priority }
}

/** CAP_BPF, before which there was CAP_SYS_ADMIN alone. */
const CAP_BPF = 39

function hasBpf(): boolean {
  try {
    return Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')) >= CAP_BPF
  } catch {
    return true
  }
}

/** Whether /proc hides the processes of other users (`hidepid`), by how it is mounted. */
export function hidesProcesses(): boolean {
  try {
    const options = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.split(' ')[4] === '/proc')
      .at(-1)
    return /\bhidepid=(?!0\b|off\b)/.test(options ?? '')
  } catch {
    return false
  }
}

/** `with CAP_BPF alone`, for people. */
export function withOnly(capabilities: readonly Capability[]): string {
  if (capabilities.length === 0) return 'with no capability'
  return `with ${capabilities.join(', ')}${capabilities.length === 1 ? ' alone' : ''}`
}
