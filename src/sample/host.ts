/** Facts of the machine that stay the same while the program runs. */

import { readFileSync } from 'node:fs'
import { cpus, hostname, release } from 'node:os'
import { isInProc } from '../facts/own-pid.ts'
import { meansOf, notesOf } from '../plan/plan.ts'
import { describe, holds, missed, ownCapabilities } from '../rights/capabilities.ts'
import { hidesProcesses, type Rights } from '../rights/rights.ts'
import type { Host } from '../session.ts'
import type { Tracers } from '../tracers/parts.ts'

/** `btf`: the file that type information was read from; null: the kernel's own. */
export function hostWith(tracers: Tracers, btf: string | null, rights: Rights): Host {
  const { plan, verifierLog, self } = tracers
  return {
    name: hostname(),
    kernel: release(),
    cpus: cpus().length,
    means: meansOf(plan),
    rights: rights.text,
    notes: [...rights.notes, ...notesOf(plan, { btf, rights: missedRights(tracers), verifierLog }), ...procNotes(self)],
  }
}

/** What would show more; none where that cannot be found out, for want of open files. */
function missedRights({ plan }: Tracers): string[] {
  try {
    return missed(ownCapabilities(), plan).map(capability => describe([capability]))
  } catch {
    return []
  }
}

/** What cannot be known of processes since /proc does not tell of all of them, a line each. */
function procNotes(self: number | null): string[] {
  if (!isInProc(self)) {
    return ['process ids are those of the host, not of this pid namespace: of idle processes only the name is known']
  }
  if (!hidesProcesses() || holds(ownCapabilities(), 'CAP_SYS_PTRACE')) return []
  try {
    // the first process is another user's, or it is root who asks
    readFileSync('/proc/1/stat')
    return []
  } catch {
    return [
      "/proc hides other users' processes (hidepid): of idle ones only the name is known; CAP_SYS_PTRACE shows them",
    ]
  }
}
