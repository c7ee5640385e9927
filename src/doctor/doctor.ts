import { OBJECT_FOLDER } from '../bpf/shipped.ts'
import { gatherFacts, type Wishes } from './facts.ts'
import { type Diagnosis, diagnose } from './rows.ts'

/** Exit status of `--doctor`. */
const ABLE = 0
const UNABLE = 3

const WORD_WIDTH = 6

/**
 * Looks at the machine and says what it can and cannot show.
 * @returns the text for stdout and the exit status: 0 if the main job can run, else 3
 */
export function examine(
  { json, ...wishes }: Wishes & { readonly json: boolean },
  folder = OBJECT_FOLDER,
): { readonly text: string; readonly status: number } {
  const diagnosis = diagnose(gatherFacts(folder, wishes))
  return {
    text: json ? `${JSON.stringify(diagnosis)}\n` : format(diagnosis),
    status: diagnosis.able ? ABLE : UNABLE,
  }
}

/** A line for each row, below it how to mend what is not well. */
export function format({ able, rows }: Diagnosis): string {
  const width = Math.max(...rows.map(({ topic }) => topic.length))
  const lines = rows.flatMap(({ topic, state, detail, remedy }) => [
    `${state.padEnd(WORD_WIDTH)}  ${topic.padEnd(width)}  ${detail}`,
    ...(remedy === null || state === 'yes' ? [] : [`${' '.repeat(WORD_WIDTH + width + 4)}-> ${remedy}`]),
  ])
  const verdict = able ? 'ebpf-top can run here' : 'ebpf-top cannot do its main job here'
  return `${lines.join('\n')}\n\n${verdict}\n`
}
