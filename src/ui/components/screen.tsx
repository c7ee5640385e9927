import { memo } from 'react'
import { placeLine } from '../lines/header.ts'
import { tooSmallLines } from '../lines/too-small.ts'
import { pageHeadLines } from '../pages/lines.ts'
import { pickerLines } from '../sort/picker.ts'
import { headerHeight, layout, pageHeadHeight, tooSmall } from '../state/layout.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'
import { Footer } from './footer.tsx'
import { Header } from './header.tsx'
import { Help } from './help.tsx'
import { Prompt } from './prompt.tsx'
import { TablePane } from './table-pane.tsx'

/** All of the terminal: each of its rows is drawn by one of these. */
export const Screen = memo(function Screen({ state }: { readonly state: State }) {
  const { size, help, picking, prompt } = state
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
      <Place top={height - 1} state={state} />
      {picking === null ? (
        <>
          <PageHead top={height} state={state} />
          <Tables top={height + pageHeadHeight(state)} state={state} />
        </>
      ) : (
        <Lines top={height} lines={pickerLines(state, picking)} />
      )}
      {foot}
    </>
  )
})

/** The views and their keys, or the trail to the page. */
function Place({ top, state }: { readonly top: number; readonly state: State }) {
  return <Lines top={top} lines={[placeLine(state)]} />
}

/** What a page says above its tables. */
function PageHead({ top, state }: { readonly top: number; readonly state: State }) {
  return <Lines top={top} lines={pageHeadLines(state)} />
}

/** Bands of tables from the top down. */
function Tables({ top, state }: { readonly top: number; readonly state: State }) {
  let below = top
  return layout(state).map(band => {
    const from = below
    below += band[0]?.height ?? 0
    return <TablePane key={band.map(({ table }) => table).join(' ')} top={from} state={state} band={band} />
  })
}
