import { memo } from 'react'
import { besideTabs } from '../lines/header.ts'
import { tooSmallLines } from '../lines/too-small.ts'
import { headerHeight, layout, tooSmall } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'
import { Footer } from './footer.tsx'
import { Header } from './header.tsx'
import { Help } from './help.tsx'
import { Prompt } from './prompt.tsx'
import { TablePane } from './table-pane.tsx'
import { Tabs } from './tabs.tsx'

/** All of the terminal: each of its rows is drawn by one of these. */
export const Screen = memo(function Screen({ state }: { readonly state: State }) {
  const { size, help, prompt, view } = state
  if (tooSmall(size)) return <Lines top={0} lines={tooSmallLines(size)} />

  const last = size.rows - 1
  const foot =
    prompt === null ? <Footer top={last} state={state} /> : <Prompt top={last} prompt={prompt} columns={size.columns} />
  if (help !== null) {
    return (
      <>
        <Help state={state} scrolled={help} />
        {foot}
      </>
    )
  }
  const height = headerHeight(state)
  return (
    <>
      <Header state={state} />
      <Tabs top={height - 1} view={view} columns={size.columns} beside={besideTabs(state)} />
      <Tables top={height} state={state} />
      {foot}
    </>
  )
})

/** Bands of tables from the top down. */
function Tables({ top, state }: { readonly top: number; readonly state: State }) {
  let below = top
  return layout(state).map(band => {
    const from = below
    below += band[0]?.height ?? 0
    return <TablePane key={band.map(({ table }) => table).join(' ')} top={from} state={state} band={band} />
  })
}
