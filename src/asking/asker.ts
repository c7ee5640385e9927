import { readFileSync } from 'node:fs'
import { ownProcesses } from '../own-processes.ts'
import { type Child, startChild } from './child.ts'

/** A request by netlink. */
export interface Question {
  /** Open file of the network namespace to ask in; null: the own one. Those come first. */
  readonly namespace: number | null
  /** Number of the netlink protocol. */
  readonly protocol: number
  /** With its header. */
  readonly request: Uint8Array
}

/** What became of a question: its answer came whole; it was an error; it holds up who asks it; nobody came to ask it. */
export type Outcome = 'answered' | 'refused' | 'held up' | 'not asked'

/** How long nothing may come before it is seen whether the child is held up, in milliseconds. */
const PATIENCE_MS = 100

/** Children that may be held up at a time: each takes some 100 kB, and ends when what it waits for does. */
const MOST_STUCK = 64

/** NO_NAMESPACE of diag.c: the one that it is in. */
const NO_NAMESPACE = 0xffffffff

/** Of diag.c. */
const SIZE_BYTES = 4
const END_BYTES = 8

/** What it takes to enter a network namespace. */
const ENTERING = ['CAP_SYS_ADMIN'] as const

/** Descriptor of the first namespace in the child. */
const FIRST_FILE = 3

/**
 * Asks netlink through a child (diag.c), since an answer may be held up for as long as a process likes, in a state that no
 * signal ends. A child that is held up is given up, and another one goes on with the next question.
 */
export class Asker {
  readonly #program: string
  /** Children that are held up. */
  readonly #stuck = new Set<Child>()

  /** `program`: the compiled diag.c. */
  constructor(program: string) {
    this.#program = program
  }

  /**
   * Asks one after the other, for `limit` milliseconds at most as long as answers come in time. Gives each datagram to `take`,
   * valid during the call, with the index of its question; and what became of each. `onHeld` is called when a question holds
   * up who asks it, and when it does no more.
   * @throws where nobody can be started to ask
   */
  async ask(
    questions: readonly Question[],
    limit: number,
    take: (index: number, datagram: DataView) => void,
    onHeld: (index: number, isHeld: boolean) => void,
  ): Promise<Outcome[]> {
    const outcomes = questions.map((): Outcome => 'not asked')
    const until = performance.now() + limit
    let next = 0
    while (next < questions.length && this.#stuck.size < MOST_STUCK && performance.now() < until) {
      const first = next
      const answers = new Answers(
        datagram => take(first + answers.ended, datagram),
        isGood => {
          outcomes[first + answers.ended] = isGood ? 'answered' : 'refused'
        },
      )
      const child = this.#start(questions.slice(first), answers)
      const isHeldUp = await this.#wait(child, answers, questions.length - first, until)
      next = first + answers.ended
      if (child.failure !== null) throw new Error(child.failure)
      if (isHeldUp && next < questions.length) {
        const held = next
        outcomes[held] = 'held up'
        onHeld(held, true)
        this.#giveUp(child, () => onHeld(held, false))
        next++
      } else if (next < questions.length) {
        // it ended before its time, or there is no time left
        this.#giveUp(child, () => {})
        break
      }
    }
    return outcomes
  }

  #start(questions: readonly Question[], answers: Answers): Child {
    const files = [...new Set(questions.map(({ namespace }) => namespace).filter(file => file !== null))]
    const capabilities = files.length === 0 ? [] : ENTERING
    const child = startChild(this.#program, { files, capabilities })
    const { process, stdin, stdout } = child
    ownProcesses.began(process.pid)
    process.once('exit', () => ownProcesses.ended(process.pid))
    stdout.on('data', (chunk: Buffer) => answers.receive(chunk))
    for (const { namespace, protocol, request } of questions) {
      const file = namespace === null ? NO_NAMESPACE : FIRST_FILE + files.indexOf(namespace)
      stdin.write(new Uint8Array(Uint32Array.of(file, protocol, request.length).buffer))
      stdin.write(request)
    }
    stdin.end()
    return child
  }

  /** Until so many questions have been answered; true: the next one holds up the child. */
  #wait(child: Child, answers: Answers, count: number, until: number): Promise<boolean> {
    return new Promise(resolve => {
      let received = 0
      const end = (isHeldUp: boolean): void => {
        clearInterval(timer)
        resolve(isHeldUp)
      }
      const timer = setInterval(() => {
        const isLate = answers.received === received
        received = answers.received
        // or it has had no turn yet
        if (isLate && !isRunnable(child.process.pid)) end(true)
        else if (performance.now() > until) end(false)
      }, PATIENCE_MS)
      child.process.once('error', () => end(false))
      child.stdout.once('close', () => end(false))
      child.stdout.on('data', () => answers.ended >= count && end(false))
    })
  }

  /** Nobody waits for it any more. */
  #giveUp(child: Child, onEnd: () => void): void {
    const { process, stdin, stdout } = child
    if (process.exitCode !== null || process.signalCode !== null || process.pid === undefined) {
      onEnd()
      return
    }
    this.#stuck.add(child)
    process.once('exit', () => {
      this.#stuck.delete(child)
      onEnd()
    })
    stdout.removeAllListeners('data')
    stdin.destroy()
    stdout.destroy()
    process.kill('SIGKILL')
  }
}

/** Takes apart what the child writes. */
class Answers {
  /** Questions of which the answer has come to its end. */
  ended = 0
  /** Bytes that came. */
  received = 0
  readonly #onDatagram: (datagram: DataView) => void
  readonly #onEnd: (isGood: boolean) => void
  #rest: Buffer = Buffer.alloc(0)

  constructor(onDatagram: (datagram: DataView) => void, onEnd: (isGood: boolean) => void) {
    this.#onDatagram = onDatagram
    this.#onEnd = onEnd
  }

  receive(chunk: Buffer): void {
    this.received += chunk.length
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    while (bytes.length >= END_BYTES) {
      const size = bytes.readUInt32LE(0)
      if (size === 0) {
        this.#onEnd(bytes.readUInt32LE(SIZE_BYTES) === 0)
        this.ended++
        bytes = bytes.subarray(END_BYTES)
      } else if (bytes.length >= SIZE_BYTES + size) {
        this.#onDatagram(new DataView(bytes.buffer, bytes.byteOffset + SIZE_BYTES, size))
        bytes = bytes.subarray(SIZE_BYTES + size)
      } else break
    }
    this.#rest = bytes
  }
}

/** Whether a process has a turn, or waits for one: by a file of /proc that takes no lock of its memory. */
function isRunnable(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'R'
  } catch {
    return false
  }
}
