/** The rest of what the program asks the kernel: clocks, netlink, other processes. */

import type * as Askers from '../../../src/asking/asker.ts'
import type * as Aside from '../../../src/bpf/aside.ts'
import type * as Clocks from '../../../src/bpf/clock.ts'
import type * as Kernel from '../../../src/bpf/kernel.ts'
import type * as Netlinks from '../../../src/bpf/netlink.ts'
import type * as Tracepoints from '../../../src/bpf/tracepoint.ts'
import type * as Readers from '../../../src/facts/reader.ts'
import type * as OwnProcesses from '../../../src/own-processes.ts'
import { ownProcesses } from '../../../src/own-processes.ts'
import { epoch, load, note } from './objects.ts'
import { endInterval, intervalNow, isRecording, isTold, lastOf, notesOf, theTape } from './tape.ts'

const bytesOf = (view: DataView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength)

/** The clocks are read when the program begins, and at the end of each interval. */
export function mockClocks(actual: typeof Clocks) {
  return {
    ...actual,
    readClocks() {
      const interval = endInterval()
      const { clocks } = theTape()
      if (isRecording()) clocks.push(actual.readClocks())
      return clocks[interval]
    },
  }
}

export function mockKernel(actual: typeof Kernel) {
  const forKernel = {
    async gracePeriod() {
      await actual.gracePeriod()
      note(intervalNow())
    },
  }
  const played = {
    async gracePeriod() {
      load(epoch() - 1)
    },
    callWithNumber() {},
    inNetworkNamespace: <T>(_namespace: number, _own: number, action: () => T) => action(),
    liftMemoryLimit: () => true,
    liftFileLimit: () => 1 << 20,
  }
  const chosen = () => (isRecording() ? { ...actual, ...forKernel } : { ...actual, ...played })
  return {
    ...actual,
    gracePeriod: () => chosen().gracePeriod(),
    callWithNumber: (number: number) => chosen().callWithNumber(number),
    inNetworkNamespace: <T>(namespace: number, own: number, action: () => T) =>
      chosen().inNetworkNamespace(namespace, own, action),
    liftMemoryLimit: () => chosen().liftMemoryLimit(),
    liftFileLimit: () => chosen().liftFileLimit(),
  }
}

export function mockTracepoints(actual: typeof Tracepoints) {
  class Tracefs {
    readonly #actual = isRecording() ? new actual.Tracefs() : null

    format(tracepoint: string): string {
      const { formats } = theTape()
      if (this.#actual !== null) formats[tracepoint] = this.#actual.format(tracepoint)
      return formats[tracepoint] ?? ''
    }

    openEvent(tracepoint: string): number {
      if (this.#actual === null) throw new Error('no events here')
      return this.#actual.openEvent(tracepoint)
    }

    close(): void {
      this.#actual?.close()
    }
  }
  return { ...actual, Tracefs }
}

/** How many netlink sockets were opened. */
let sockets = 0

export function forgetSockets(): void {
  sockets = 0
}

export function mockNetlink(actual: typeof Netlinks) {
  class Netlink {
    readonly #actual: Netlinks.Netlink | null
    readonly #key = String(sockets++)
    #taken = 0
    #dropped = 0

    constructor(...args: ConstructorParameters<typeof Netlinks.Netlink>) {
      this.#actual = isRecording() ? new actual.Netlink(...args) : null
    }

    send(message: Uint8Array): void {
      this.#actual?.send(message)
    }

    receive(): DataView | null {
      const { datagrams } = theTape()
      if (this.#actual !== null) {
        const received = this.#actual.receive()
        const noted = notesOf(datagrams)
        noted[this.#key] ??= []
        if (received !== null) noted[this.#key]?.push(bytesOf(received).toString('base64'))
        return received
      }
      const all = datagrams.slice(0, Math.max(0, intervalNow()) + 1).flatMap(noted => noted[this.#key] ?? [])
      const bytes = all[this.#taken]
      if (bytes === undefined) return null
      this.#taken++
      return new DataView(new Uint8Array(Buffer.from(bytes, 'base64')).buffer)
    }

    takeDrops(): number {
      const { drops } = theTape()
      if (this.#actual !== null) {
        const since = this.#actual.takeDrops()
        this.#dropped += since
        notesOf(drops)[this.#key] = this.#dropped
        return since
      }
      const dropped = lastOf(drops, this.#key) ?? 0
      const since = dropped - this.#dropped
      this.#dropped = dropped
      return since
    }

    close(): void {
      this.#actual?.close()
    }
  }
  return { ...actual, Netlink }
}

/** `pathOf`: of the files that are open. */
export function mockAsker(actual: typeof Askers, pathOf: (fd: number) => string | undefined) {
  class Asker {
    readonly #actual: Askers.Asker | null

    constructor(program: string) {
      this.#actual = isRecording() ? new actual.Asker(program) : null
    }

    async ask(...[questions, limit, take, onHeld]: Parameters<Askers.Asker['ask']>): Promise<Askers.Outcome[]> {
      const keys = questions.map(
        ({ namespace, request }) =>
          `${namespace === null ? '' : pathOf(namespace)} ${Buffer.from(request).toString('base64')}`,
      )
      const { asked } = theTape()
      if (this.#actual === null) {
        return keys.map((key, index) => {
          const answer = asked[Math.max(0, intervalNow())]?.[key]
          for (const bytes of answer?.datagrams ?? [])
            take(index, new DataView(new Uint8Array(Buffer.from(bytes, 'base64')).buffer))
          return answer?.outcome === 'answered' ? 'answered' : 'refused'
        })
      }
      const told = questions.map((): string[] => [])
      const outcomes = await this.#actual.ask(
        questions,
        limit,
        (index, datagram) => {
          told[index]?.push(bytesOf(datagram).toString('base64'))
          take(index, datagram)
        },
        onHeld,
      )
      for (const [i, key] of keys.entries())
        notesOf(asked)[key] ??= { outcome: outcomes[i] ?? '', datagrams: told[i] ?? [] }
      return outcomes
    }
  }
  return { ...actual, Asker }
}

/** Writes down which children the program has from now on. */
function noteOwn(own: number[]): void {
  const began = ownProcesses.began.bind(ownProcesses)
  ownProcesses.began = pid => {
    if (pid !== undefined && !own.includes(pid)) own.push(pid)
    began(pid)
  }
}

export function mockReader(actual: typeof Readers) {
  class FactsReader {
    readonly #actual: Readers.FactsReader | null

    constructor(...args: ConstructorParameters<typeof Readers.FactsReader>) {
      const { own } = theTape()
      if (isRecording()) noteOwn(own)
      else for (const pid of own) ownProcesses.began(pid)
      this.#actual = isRecording() ? new actual.FactsReader(...args) : null
    }

    get failure(): string | null {
      return this.#actual?.failure ?? null
    }

    ask(questions: readonly Readers.Question[]): void {
      const { facts } = theTape()
      if (this.#actual === null) {
        for (const { pid, onAnswer } of questions) onAnswer(answerOf(lastOf(facts, String(pid))))
        return
      }
      for (const { pid, onAnswer } of questions) if (!isTold(pid)) onAnswer(null)
      const told = questions.filter(({ pid }) => isTold(pid))
      this.#actual.ask(
        told.map(({ pid, onAnswer }) => ({
          pid,
          onAnswer: answer => {
            notesOf(facts)[pid] ??= answer
            onAnswer(answer)
          },
        })),
      )
    }

    async settled(milliseconds: number): Promise<void> {
      await this.#actual?.settled(milliseconds)
    }

    close(): void {
      this.#actual?.close()
    }
  }
  return { ...actual, FactsReader }
}

function answerOf(noted: unknown): Readers.Answer | null {
  return noted === undefined ? null : (noted as Readers.Answer | null)
}

export function mockAside(actual: typeof Aside) {
  class AsideReader {
    readonly #actual = isRecording() ? new actual.AsideReader() : null

    get isHeldUp(): boolean {
      return this.#actual?.isHeldUp ?? false
    }

    async read(iterator: number, patience: number): Promise<boolean> {
      return this.#actual?.read(iterator, patience) ?? true
    }
  }
  return { ...actual, AsideReader }
}

/** Notes the children of the program. */
export function mockOwn(actual: typeof OwnProcesses) {
  const { ownProcesses } = actual
  const began = ownProcesses.began.bind(ownProcesses)
  ownProcesses.began = pid => {
    if (isRecording() && pid !== undefined) theTape().own.push(pid)
    began(pid)
  }
  return actual
}
