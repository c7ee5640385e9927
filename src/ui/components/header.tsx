import { memo } from 'react'
import { factLines } from '../lines/header.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'

/** What the machine does, what watching costs, and what is shown. */
export const Header = memo(function Header({ state }: { readonly state: State }) {
  return <Lines top={0} lines={factLines(state)} />
})
