/** What names a process for good. */
export interface ProcessKey {
  readonly pid: number
  /** Since boot; 0: not known. */
  readonly startedNs: number
}

interface Node<T> {
  readonly value: T
  older: Node<T> | null
}

/** Something for each process. A pid may have been given again: then it has several, by their start. */
export class ByProcess<T extends ProcessKey> {
  readonly #newest = new Map<number, Node<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Of a process whose start is not known: that of the last one with its pid. */
  get(pid: number, startedNs: number): T | undefined {
    let node = this.#newest.get(pid) ?? null
    while (node !== null && startedNs !== 0 && node.value.startedNs !== startedNs) node = node.older
    return node?.value
  }

  /** Takes the place of what the process had. */
  set(value: T): void {
    this.delete(value)
    const newest = this.#newest.get(value.pid) ?? null
    this.#size++
    if (newest === null || newest.value.startedNs <= value.startedNs) {
      this.#newest.set(value.pid, { value, older: newest })
      return
    }
    let node = newest
    while (node.older !== null && node.older.value.startedNs > value.startedNs) node = node.older
    node.older = { value, older: node.older }
  }

  delete({ pid, startedNs }: ProcessKey): void {
    let newer: Node<T> | null = null
    let node = this.#newest.get(pid) ?? null
    while (node !== null && node.value.startedNs !== startedNs) {
      newer = node
      node = node.older
    }
    if (node === null) return
    this.#size--
    if (newer !== null) newer.older = node.older
    else if (node.older !== null) this.#newest.set(pid, node.older)
    else this.#newest.delete(pid)
  }

  forEach(act: (value: T) => void): void {
    this.#newest.forEach(newest => {
      for (let node: Node<T> | null = newest; node !== null; node = node.older) act(node.value)
    })
  }
}
