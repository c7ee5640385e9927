/** Asks who one process is that somebody looks at: more than is known of all processes. */

import { type Accounts, readAccounts, userName } from '../rights/user.ts'
import type { Details } from './details.ts'
import type { Answer, FactsReader } from './reader.ts'

/** What is known by now; null: not known. */
export interface KnownAbout {
  readonly details: Details
  /** Name of its effective user; `uid 1000` where it has none. */
  readonly user: string | null
  readonly parentName: string | null
  /** Empty: it has none. */
  readonly command: string | null
}

export type About = KnownAbout | 'ended' | 'no answer'

/** How far two statements of one start may be from each other: /proc has hundredths of a second. */
const SAME_START_NS = 50e6

const TICK_NS = 1e9 / 100

export interface AboutProcess {
  readonly pid: number
  /** Start in Unix time; null: not known. */
  readonly started_ns: number | null
}

export class AboutAsker {
  readonly #reader: Pick<FactsReader, 'ask' | 'askDetails'> | null
  readonly #ofBoot: (ns: number) => number
  /** Of the process asked for last: a file that may hold up who reads it is read once. */
  #last: AboutProcess | null = null
  #command: string | null = null
  #parentName: string | null = null
  #accounts: Accounts | null = null

  /** @param ofBoot Unix time of a moment since boot */
  constructor(reader: Pick<FactsReader, 'ask' | 'askDetails'> | null, ofBoot: (ns: number) => number) {
    this.#reader = reader
    this.#ofBoot = ofBoot
  }

  /** Tells what is known, and tells again when more is. */
  ask(process: AboutProcess, told: (about: About) => void): void {
    if (this.#reader === null) {
      told('no answer')
      return
    }
    const { pid, started_ns } = process
    this.#reader.askDetails(pid, details => {
      if (typeof details === 'string') {
        told(details)
        return
      }
      const startedNs = this.#ofBoot(details.startedTicks * TICK_NS)
      if (started_ns !== null && Math.abs(startedNs - started_ns) > SAME_START_NS) {
        told('ended')
        return
      }
      const isNew = this.#last?.pid !== pid || this.#last.started_ns !== started_ns
      if (isNew) {
        this.#last = process
        this.#command = null
        this.#parentName = null
      }
      const tell = (): void => {
        if (this.#last?.pid === pid) told(this.#known(details))
      }
      tell()
      if (!isNew) return
      const learn = (take: (answer: Answer) => void) => (answer: Answer | null) => {
        if (answer === null || this.#last !== process) return
        take(answer)
        tell()
      }
      this.#reader?.ask([
        ...(details.parent === 0
          ? []
          : [
              {
                pid: details.parent,
                onAnswer: learn(({ name }) => {
                  this.#parentName = name
                }),
              },
            ]),
        {
          pid,
          onAnswer: learn(({ command }) => {
            this.#command = command
          }),
        },
      ])
    })
  }

  #known(details: Details): KnownAbout {
    const { uid } = details
    this.#accounts ??= readAccounts()
    const user = uid === null ? null : userName(uid, this.#accounts)
    return { details, user, parentName: this.#parentName, command: this.#command }
  }
}
