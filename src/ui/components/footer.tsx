import { memo } from 'react'
import { footerLine } from '../lines/footer.ts'
import type { State } from '../state/state.ts'
import { Lines } from './canvas.tsx'

/** What the keys do now, or a message. */
export const Footer = memo(function Footer({ top, state }: { readonly top: number; readonly state: State }) {
  return <Lines top={top} lines={[footerLine(state)]} />
})
