import { type Need, nameOf, type Way } from './need.ts'

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
  readonly needs: readonly Need[]
  /** The best way that works for a need, by its name. */
  readonly chosen: ReadonlyMap<string, Way>
  /** Better ways than the chosen ones, and why they are not used. */
  readonly rejected: readonly Rejection[]
  /** Needs whose way does not tell all that there is, and why. */
  readonly flaws: readonly { readonly need: string; readonly flaw: string }[]
  /** The way to try next, without whose verdict no more can be decided; null: all is decided. */
  readonly next: Way | null
}

/** Decides for each need in turn, which come behind those that their ways work together with. `compatOnly`: use only what compatible mode uses. */
export function decide(
  needs: readonly Need[],
  verdicts: Verdicts,
  { compatOnly }: { readonly compatOnly: boolean },
): Plan {
  const chosen = new Map<string, Way>()
  const rejected: Rejection[] = []
  const flaws: { need: string; flaw: string }[] = []
  for (const need of needs) {
    for (const way of need.ways) {
      const obstacle = obstacleOf(way, chosen, compatOnly)
      if (obstacle !== null) {
        rejected.push({ way, reason: obstacle, tried: false })
        continue
      }
      const verdict = verdicts.get(nameOf(way))
      if (verdict === undefined) return { needs, chosen, rejected, flaws, next: way }
      if (verdict.works) {
        chosen.set(need.name, way)
        if (verdict.flaw !== undefined) flaws.push({ need: need.name, flaw: verdict.flaw })
        break
      }
      rejected.push({ way, reason: verdict.reason, tried: true })
    }
  }
  return { needs, chosen, rejected, flaws, next: null }
}

/** Why a way is not even tried; null: it is. */
function obstacleOf(way: Way, chosen: Plan['chosen'], compatOnly: boolean): string | null {
  if (compatOnly && !way.compat) return '--compat was given'
  for (const [need, sources] of Object.entries(way.beside ?? {})) {
    const source = chosen.get(need)?.source
    if (source === undefined || !sources.includes(source))
      return `works only together with ${need} by ${sources.join(' or ')}`
  }
  return null
}

/** The best way that works for a need; null: none does. */
export function wayFor(plan: Plan, need: string): Way | null {
  return plan.chosen.get(need) ?? null
}

/** How a need is met, as `sources` shows it. */
export function sourceOf(plan: Plan, need: string): string {
  return wayFor(plan, need)?.source ?? 'none'
}

/** What no way was found for, each with the reason of the last way that was tried. */
export function missing(plan: Plan): { readonly need: Need; readonly reason: string }[] {
  return plan.needs
    .filter(({ name }) => wayFor(plan, name) === null)
    .map(need => ({
      need,
      reason: plan.rejected.findLast(({ way }) => way.need === need.name)?.reason ?? NO_METHOD,
    }))
}

const NO_METHOD = 'this kernel has no method for it'

/** How a need is met, for people. */
export interface Means {
  /** Its name. */
  readonly need: string
  /** As `sources` shows it. */
  readonly source: string
  /** Why nothing better is used; null: there is nothing better. */
  readonly why: string | null
}

/** How each need is met here, in the order of the needs. */
export function meansOf(plan: Plan): Means[] {
  return plan.needs.map(({ name }) => ({
    need: name,
    source: sourceOf(plan, name),
    why: plan.rejected.find(({ way }) => way.need === name)?.reason ?? null,
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
      : `compatible mode for ${whatOf(plan, way.need)}: ${reason}`,
  )
  const log = verifierLog === null ? [] : [`the full log of the verifier is in ${verifierLog}`]
  return [
    ...notes,
    ...missing(plan).map(({ need, reason }) => `not measured here: ${need.what} (${reason})`),
    ...plan.flaws.map(({ need, flaw }) => `not all ${whatOf(plan, need)}: ${flaw}`),
    ...rights.map(right => `some of it is not seen without ${right}`),
    ...log,
  ]
}

function whatOf({ needs }: Plan, name: string): string {
  return needs.find(need => need.name === name)?.what ?? name
}

/** For each need that compatible mode meets though nobody asked for it, the best way that was tried in vain. */
function fallbacks(plan: Plan): Rejection[] {
  return plan.needs
    .filter(({ name }) => wayFor(plan, name)?.compat === true)
    .flatMap(({ name }) => plan.rejected.find(({ way, tried }) => way.need === name && !way.compat && tried) ?? [])
}
