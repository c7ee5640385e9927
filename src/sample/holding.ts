import type { FreshSample, HeldSample, Sample } from './sample.ts'

/** A sample that is given to sinks, and what is to be done once it is taken and nobody holds it any more. */
export class LentSample {
  readonly sample: FreshSample
  readonly #release: () => void
  #holders = 1

  constructor(sample: Sample & Pick<FreshSample, 'calls'>, release: () => void) {
    const { calls, ...kept } = sample
    this.#release = release
    this.sample = { ...sample, hold: () => this.#hold(kept) }
  }

  /** The sink has taken it. */
  taken(): void {
    this.#letGo()
  }

  #hold(sample: Sample): HeldSample {
    this.#holders++
    let isHeld = true
    const release = (): void => {
      if (isHeld) this.#letGo()
      isHeld = false
    }
    // nobody else makes them
    return { ...sample, release } as HeldSample
  }

  #letGo(): void {
    if (--this.#holders === 0) this.#release()
  }
}
