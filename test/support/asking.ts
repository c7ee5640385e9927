import type { Asking } from '../../src/facts/facts.ts'
import type { Answer } from '../../src/facts/reader.ts'

/** Answers at once, as `answer` says; null: it does not know. `pids`: of those that are said to ask. */
export function asking(answer: (pid: number) => Answer | null, ...pids: readonly number[]): Asking {
  return {
    pids: new Set(pids),
    ask: questions => {
      for (const { pid, onAnswer } of questions) onAnswer(answer(pid))
    },
    settled: () => Promise.resolve(),
  }
}
