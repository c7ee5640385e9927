import type { ConnectionRow } from './row.ts'

/** Whether a connection ended before it was established: it never was one. */
export function hasFailed({ closed, established }: Pick<ConnectionRow, 'closed' | 'established'>): boolean {
  return closed && !established
}
