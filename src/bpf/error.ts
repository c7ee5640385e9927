/** The kernel side cannot do what was asked: what, and the one thing a person can do about it. */
export class BpfError extends Error {
  override readonly name = 'BpfError'
  readonly what: string
  readonly remedy: string
  /** What the kernel's verifier said; empty where it was not asked. */
  readonly log: readonly string[]

  constructor(what: string, remedy: string, log: readonly string[] = []) {
    super(`${what}: ${remedy}`)
    this.what = what
    this.remedy = remedy
    this.log = log
  }
}

/** Remedy where a part of the program is missing or damaged. */
export const REINSTALL = 'install ebpf-top again; in a checkout: npm run setup'
