/** The components under Ink make the lines of `frame`: nothing else, whatever stands in them. */

import { afterEach, expect, it } from 'vitest'
import { registry } from '../../../src/tracers/registry.ts'
import { frame } from '../../../src/ui/frame.ts'
import { openPrompt } from '../../../src/ui/prompt/prompt.ts'
import { reduce } from '../../../src/ui/state/reduce.ts'
import { initialState, type Size, type State } from '../../../src/ui/state/state.ts'
import type { Palette } from '../../../src/ui/terminal/ability.ts'
import { mountView, type View } from '../../../src/ui/view.tsx'
import { hostOf, listsOf } from '../../support/samples.ts'
import { fullSample, processRow, sampleOf } from './samples.ts'

const NAMES = [
  '日本語テキスト処理',
  'naïve…“”│',
  'e\u0301tude',
  '👍🏽 ok',
  '👨‍👩‍👧',
  '🇩🇪',
  'हिन्दी',
  'a\x1b[31mb',
  '\u0301mark first',
  '\tz',
]

const mounted: View[] = []
afterEach(() => {
  for (const view of mounted.splice(0)) view.unmount()
})

function mount(palette: Palette): View {
  const view = mountView(palette, false)
  mounted.push(view)
  return view
}

function stateOf(size: Size, view: string): State {
  const full = listsOf(fullSample())
  const named = NAMES.map((name, pid) => processRow({ pid, name, command: name }))
  const sample = sampleOf({ ...full, processes: [...named, ...full.processes] })
  const initial = initialState({
    host: hostOf({ name: 'web-1', kernel: '6.12', cpus: 2, notes: ['a note'] }),
    version: '0.1.0',
    size,
    view,
    filter: '',
    pids: [],
    interval: 1,
  })
  return reduce(initial, { type: 'sample', sample, calls: [], exporter: null, at: 0 }, { processExists: () => true })
}

const sizes: readonly Size[] = [
  { columns: 40, rows: 8 },
  { columns: 60, rows: 10 },
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
]
const palettes: readonly Palette[] = ['colour', 'mono', 'none']

it.each(palettes)('the lines stay as they are, in the palette %s', palette => {
  const view = mount(palette)
  for (const size of sizes) {
    for (const name of registry.views) {
      const state = stateOf(size, name)
      const others: readonly Partial<State>[] = [
        { help: 0 },
        { message: 'so it is' },
        { exporter: { state: 'exporting', target: 'http://localhost:4318', reason: 'refused' } },
        openPrompt(state, 'pids'),
        { grouping: 'service' },
      ]
      for (const shown of [state, ...others.map(other => ({ ...state, ...other })), state]) {
        const lines = frame(shown, palette)
        expect(lines).toHaveLength(size.rows)
        expect(view.render(shown)).toEqual(lines)
      }
    }
  }
})

it('a component that throws ends it with the error', async () => {
  const view = mount('none')
  const broken: State = {
    ...stateOf({ columns: 80, rows: 24 }, 'overview'),
    get message(): string {
      throw new Error('broken part')
    },
  }
  const ended = expect(view.ended).rejects.toThrow('broken part')
  view.render(broken)
  await ended
})
