/** A sleep that others can end or make longer. */
export class Wakeup {
  #timer: NodeJS.Timeout | null = null
  #wake: (() => void) | null = null
  #milliseconds: () => number = () => 0
  #woken = false

  /** Sleeps for as long as `milliseconds` says, asked now and after each `again`; not at all if it was woken before. */
  sleep(milliseconds: () => number): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      this.#milliseconds = milliseconds
      if (this.#woken) this.wake()
      else this.again()
    })
  }

  /** Ends the sleep, or the next one if there is none now. */
  wake(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const wake = this.#wake
    this.#wake = null
    this.#woken = wake === null
    wake?.()
  }

  /** Asks anew how long to sleep. */
  again(): void {
    if (this.#wake === null) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.wake(), Math.max(0, this.#milliseconds()))
  }
}
