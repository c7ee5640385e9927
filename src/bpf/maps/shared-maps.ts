import { check } from '../check.ts'
import type { Libbpf, Pointer } from '../libbpf.ts'

/**
 * Maps that several objects use, by name: the first object that has one creates it. `rooms` says how many entries maps
 * have whose size depends on the machine.
 */
export class SharedMaps {
  readonly #fds = new Map<string, number>()
  readonly #rooms: Readonly<Record<string, number>>

  constructor(rooms: Readonly<Record<string, number>> = {}) {
    this.#rooms = rooms
  }

  reuse(libbpf: Libbpf, map: Pointer): void {
    const fd = this.#fds.get(libbpf.mapName(map))
    const room = this.#rooms[libbpf.mapName(map)]
    if (fd !== undefined) check(libbpf.mapReuseFd(map, fd), `sharing map ${libbpf.mapName(map)}`)
    else if (room !== undefined) check(libbpf.mapSetMaxEntries(map, room), `sizing map ${libbpf.mapName(map)}`)
  }

  remember(libbpf: Libbpf, map: Pointer): void {
    const name = libbpf.mapName(map)
    if (!this.#fds.has(name)) this.#fds.set(name, libbpf.mapFd(map))
  }
}
