/** How many series there may be: memory and requests stay bounded, whatever processes call and however they fail. */

export interface Room {
  /** One more series for a group that has `size` of them; false: there is no room. */
  take(size: number): boolean
  /** A group with `size` series is no more. */
  free(size: number): void
}

export const NO_BOUND: Room = { take: () => true, free: () => {} }

/** Of one group alone. */
export function upTo(most: number): Room {
  return { take: size => size < most, free: () => {} }
}

/** Groups that are counted together. */
export class SharedRoom implements Room {
  readonly #own: number
  readonly #common: number
  #used = 0

  /** Each group has room for `own` series that nobody can take from it, and with all others for so many in `common`. */
  constructor(own: number, common: number) {
    this.#own = own
    this.#common = common
  }

  take(size: number): boolean {
    if (size < this.#own) return true
    if (this.#used >= this.#common) return false
    this.#used++
    return true
  }

  free(size: number): void {
    this.#used -= Math.max(0, size - this.#own)
  }
}
