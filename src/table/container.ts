import type { Column, Value } from './table.ts'

/** Digits of a container's id that docker, podman and crictl print. */
const DIGITS = 12

/** The column of the container that a row belongs to. */
export function containerColumn<Row>(priority: number, value: (row: Row) => Value): Column<Row> {
  return {
    id: 'container',
    title: 'CONTAINER',
    kind: 'identity',
    unit: 'text',
    value,
    shown: DIGITS,
    sparse: true,
    width: DIGITS,
    priority,
  }
}
