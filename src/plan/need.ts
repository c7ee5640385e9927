/** What is to be measured, and every way of doing so that the tool knows, as data. */

export interface Way {
  /** Name of the need that it meets. */
  readonly need: string
  /** As `sources` of a sample and --doctor show it. */
  readonly source: string
  /** BPF objects that have to load and attach; all of them together are the probe. */
  readonly objects: readonly string[]
  /** Other ways without one of which this one does not work: sources by need. */
  readonly beside?: Readonly<Record<string, readonly string[]>>
  /** Compatible mode uses it. */
  readonly compat: boolean
  /** What the kernel must have, for people. */
  readonly requires: string
}

export interface Need {
  readonly name: string
  /** What it is, for people. */
  readonly what: string
  /** The best one first. */
  readonly ways: readonly Way[]
}

export function needOf(name: string, what: string, ways: readonly Omit<Way, 'need'>[]): Need {
  return { name, what, ways: ways.map(way => ({ need: name, ...way })) }
}

/** Names a way: `bytes tp_btf:sock_send_length`. */
export function nameOf(way: Way): string {
  return `${way.need} ${way.source}`
}
