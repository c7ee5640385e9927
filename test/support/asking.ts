import type { Asking } from '../../src/facts/facts.ts'
import type { Answer } from '../../src/facts/reader.ts'
import { ownProcesses } from '../../src/own-processes.ts'

/** Answers at once, as `answer` says; null: it does not know. `pids`: of those that are said to ask, which are the program's own. */
export function asking(answer: (pid: number) => Answer | null, ...pids: readonly number[]): Asking {
  for (const pid of pids) ownProcesses.began(pid)
  return {
    ask: questions => {
      for (const { pid, onAnswer } of questions) onAnswer(answer(pid))
    },
    settled: () => Promise.resolve(),
  }
}
