import { type Need, nameOf, needs, type Way, ways } from './ways.ts'

/** Whether a way works here, found out by trying it. */
export type Verdict =
  /** `flaw`: what it does not tell; it is none where it is absent. */
  { readonly works: true; readonly flaw?: string } | { readonly works: false; readonly reason: string }

/** Verdicts by the names of the ways that were tried. */
export type Verdicts = ReadonlyMap<string, Verdict>

export interface Rejection {
  readonly way: Way
  readonly reason: string
  /** It was found out by trying, and not decided beforehand. */
  readonly tried: boolean
}

export interface Plan {
  /** The best way that works for each need; null: none does. */
  readonly chosen: Readonly<Record<Need, Way | null>>
  /** Better ways than the chosen ones, and why they are not used. */
  readonly rejected: readonly Rejection[]
  /** Needs whose way does not tell all that there is, and why. */
  readonly flaws: readonly { readonly need: Need; readonly flaw: string }[]
  /** The way to try next, without whose verdict no more can be decided; null: all is decided. */
  readonly next: Way | null
}

/** Decides for each need in turn. `compatOnly`: use only what compatible mode uses. */
export function decide(verdicts: Verdicts, { compatOnly }: { readonly compatOnly: boolean }): Plan {
  const chosen: Record<Need, Way | null> = {
    syscalls: null,
    processes: null,
    connections: null,
    sockets: null,
    owners: null,
    bytes: null,
    in_flight: null,
  }
  const rejected: Rejection[] = []
  const flaws: { need: Need; flaw: string }[] = []
  for (const need of Object.keys(chosen).filter(isNeed)) {
    for (const way of ways.filter(way => way.need === need)) {
      const obstacle = obstacleOf(way, chosen, compatOnly)
      if (obstacle !== null) {
        rejected.push({ way, reason: obstacle, tried: false })
        continue
      }
      const verdict = verdicts.get(nameOf(way))
      if (verdict === undefined) return { chosen, rejected, flaws, next: way }
      if (verdict.works) {
        chosen[need] = way
        if (verdict.flaw !== undefined) flaws.push({ need, flaw: verdict.flaw })
        break
      }
      rejected.push({ way, reason: verdict.reason, tried: true })
    }
  }
  return { chosen, rejected, flaws, next: null }
}

/** Why a way is not even tried; null: it is. */
function obstacleOf(way: Way, chosen: Plan['chosen'], compatOnly: boolean): string | null {
  if (compatOnly && !way.compat) return '--compat was given'
  for (const [need, sources] of Object.entries(way.beside ?? {})) {
    const source = isNeed(need) ? chosen[need]?.source : undefined
    if (source === undefined || !sources.includes(source))
      return `works only together with ${need} by ${sources.join(' or ')}`
  }
  if (way.need === 'bytes' && way.objects.length === 0 && chosen.sockets === null) return 'no open connections are seen'
  return null
}

function isNeed(name: string): name is Need {
  return name in needs
}

/** How a need is met, as `sources` shows it. */
export function sourceOf(plan: Plan, need: Need): string {
  return plan.chosen[need]?.source ?? 'none'
}

/** What no way was found for, each with the reason of the last way that was tried. */
export function missing(plan: Plan): { readonly need: Need; readonly reason: string }[] {
  return Object.keys(needs)
    .filter(isNeed)
    .filter(need => plan.chosen[need] === null)
    .map(need => ({
      need,
      reason: plan.rejected.findLast(({ way }) => way.need === need)?.reason ?? 'this kernel has no method for it',
    }))
}

/** How a need is met, for people. */
export interface Means {
  readonly need: Need
  /** As `sources` shows it. */
  readonly source: string
  /** Why nothing better is used; null: there is nothing better. */
  readonly why: string | null
}

/** How each need is met here, in the order of the needs. */
export function meansOf(plan: Plan): Means[] {
  return Object.keys(needs)
    .filter(isNeed)
    .map(need => ({
      need,
      source: sourceOf(plan, need),
      why: plan.rejected.find(({ way }) => way.need === need)?.reason ?? null,
    }))
}

/** What else there is to say of a plan. */
export interface Circumstances {
  /** The file with type information that was given; null: none was. */
  readonly btf?: string | null
  /** Rights that are missing, each with what it is for. */
  readonly rights?: readonly string[]
  /** File with the whole log of the verifier; null: it refused nothing. */
  readonly verifierLog?: string | null
}

/** What a person should hear of a plan, a line each. */
export function notesOf(plan: Plan, { btf = null, rights = [], verifierLog = null }: Circumstances = {}): string[] {
  const notes = fallbacks(plan).map(({ way, reason }) =>
    btf !== null && nameOf(way) === 'syscalls tp_btf'
      ? `--btf ${btf} cannot be used here: ${reason}`
      : `compatible mode for ${needs[way.need]}: ${reason}`,
  )
  const log = verifierLog === null ? [] : [`the full log of the verifier is in ${verifierLog}`]
  return [
    ...notes,
    ...missing(plan).map(({ need, reason }) => `not measured here: ${needs[need]} (${reason})`),
    ...plan.flaws.map(({ need, flaw }) => `not all ${needs[need]}: ${flaw}`),
    ...rights.map(right => `some of it is not seen without ${right}`),
    ...log,
  ]
}

/** For each need that compatible mode meets though nobody asked for it, the best way that was tried in vain. */
function fallbacks({ chosen, rejected }: Plan): Rejection[] {
  return Object.keys(needs)
    .filter(isNeed)
    .filter(need => chosen[need]?.compat === true)
    .flatMap(need => rejected.find(({ way, tried }) => way.need === need && !way.compat && tried) ?? [])
}
