import { expect } from 'vitest'
import type { JsonSample } from './top.ts'

export type Row = Record<string, unknown>

/** Rows of a tracer in all samples; that nothing was lost is seen as well. */
export function rowsOf(samples: readonly JsonSample[], tracer: string): Row[] {
  return samples.flatMap(({ tracers = {}, lost }: JsonSample & { tracers?: Record<string, Row[]> }) => {
    expect(lost).toMatchObject({ [tracer]: 0 })
    return tracers[tracer] ?? []
  })
}
