/** A line of what the doctor says. */
export interface Row {
  readonly topic: string
  /** `no` where something is missed for it, `partly` where a lesser way is used or it may matter. */
  readonly state: 'yes' | 'partly' | 'no'
  readonly detail: string
  /** The one command or step that mends it; null: nothing to mend, or nothing can. */
  readonly remedy: string | null
}

export function row(topic: string, state: Row['state'], detail: string, remedy: string | null = null): Row {
  return { topic, state, detail, remedy }
}
