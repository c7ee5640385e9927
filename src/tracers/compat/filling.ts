import { readU64, type StructLayout } from '../../bpf/btf/layout.ts'
import type { KeyedMap } from '../../bpf/maps/hash.ts'
import type { BpfObject } from '../../bpf/object.ts'
import { FIRST } from './control.ts'

/** Counters of entries that the kernel side made, in `compat_state`. */
type Made = 'made_processes' | 'made_pairs' | 'made_octaves' | 'made_ends'

/** How full hash maps are, by what was made in them since the interval began. */
export class CompatFilling {
  readonly #state: KeyedMap
  readonly #layout: StructLayout
  readonly #maps: readonly { readonly made: Made; readonly room: number }[]
  #before: readonly number[] = []

  /** `maps`: for each counter one of the two maps that it is of. */
  constructor(object: BpfObject, maps: Readonly<Partial<Record<Made, string>>>) {
    this.#state = object.keyed('compat_state')
    this.#layout = object.layout('compat_state')
    const counters: readonly Made[] = ['made_processes', 'made_pairs', 'made_octaves', 'made_ends']
    this.#maps = counters.flatMap(made => {
      const map = maps[made]
      return map === undefined ? [] : { made, room: object.entries(map) }
    })
  }

  /** An interval begins, in maps that are empty. */
  begin(): void {
    this.#before = this.#read()
  }

  /** What part of the fullest map is taken. */
  fill(): number {
    const now = this.#read()
    return Math.max(...this.#maps.map(({ room }, i) => ((now[i] ?? 0) - (this.#before[i] ?? 0)) / room))
  }

  #read(): number[] {
    const state = this.#state.get(FIRST)
    return this.#maps.map(({ made }) => (state === null ? 0 : readU64(state, this.#layout.u64(made))))
  }
}
