import { helperBeside, OBJECT_FOLDER } from '../bpf/shipped.ts'
import { isInProc } from '../facts/own-pid.ts'
import { FactsReader } from '../facts/reader.ts'
import type { Plan } from '../plan/plan.ts'
import { currentRights, hidesProcesses, type Rights } from '../rights/rights.ts'
import type { Sampler, SamplerSettings } from '../session.ts'
import { openTracers } from '../tracers/opening/open.ts'
import type { Tracers } from '../tracers/parts.ts'
import { saveMemory } from './memory.ts'
import { KernelSampler } from './sampler.ts'

/** What is given up of the rights of this process when all is attached and nothing was read that others can write. */
export type LeaveRoot = (plan: Plan) => Promise<Rights>

/**
 * Attaches the tracers to the running kernel. Counting begins with `run`.
 * @throws BpfError where it cannot; whatever `leaveRoot` throws
 */
export async function openSampler(
  settings: SamplerSettings,
  folder = OBJECT_FOLDER,
  leaveRoot: LeaveRoot = async () => currentRights(),
): Promise<Sampler> {
  saveMemory()
  const tracers = await openTracers(folder, settings.pids, settings)
  try {
    if (settings.cost === true) tracers.cost.measure(true)
    const rights = await leaveRoot(tracers.plan)
    if (rights.keeper !== null) tracers.cost.measuredBy(rights.keeper)
    return samplerOf(tracers, settings, folder, rights)
  } catch (error) {
    tracers.close()
    throw error
  }
}

/** Makes samples of what these tracers see. */
export function samplerOf(
  tracers: Tracers,
  settings: SamplerSettings,
  folder = OBJECT_FOLDER,
  rights = currentRights(),
): Sampler {
  const reader = isInProc(tracers.self) ? factsReader(folder) : null
  return new KernelSampler(tracers, settings, reader, rights)
}

function factsReader(folder: string): FactsReader {
  return new FactsReader(helperBeside(folder, 'facts'), hidesProcesses() ? ['CAP_SYS_PTRACE'] : [])
}
