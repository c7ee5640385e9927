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

/** The verdict, each thing to do once with what it mends, then a line for each row. */
export function format({ able, rows }: Diagnosis): string {
  const width = Math.max(...rows.map(({ topic }) => topic.length))
  const lines = rows.map(({ topic, state, detail }) => `${state.padEnd(WORD_WIDTH)}  ${topic.padEnd(width)}  ${detail}`)
  const verdict = able ? 'ebpf-top can run here' : 'ebpf-top cannot do its main job here'
  const mending = Map.groupBy(
    rows.filter(({ state, remedy }) => state !== 'yes' && remedy !== null),
    ({ remedy }) => remedy,
  )
  const remedies = Array.from(mending, ([remedy, mended]) => {
    const topics = mended.map(({ topic }) => topic).join(', ')
    return `  -> ${remedy}  (${topics})`
  })
  return `${[verdict, ...remedies].join('\n')}\n\n${lines.join('\n')}\n`
}
