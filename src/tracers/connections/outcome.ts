import type { ConnectionRow } from './row.ts'

/** Whether a connection ended before it was established: it never was one. */
export function hasFailed({ closed, established }: Pick<ConnectionRow, 'closed' | 'established'>): boolean {
  return closed && !established
}

/** Why it never was a connection, as an errno where one is known; null: it is one, or was, or is about to be. */
export function failureOf(row: Pick<ConnectionRow, 'closed' | 'established' | 'error'>): string | null {
  return hasFailed(row) ? (row.error ?? 'FAILED') : null
}
