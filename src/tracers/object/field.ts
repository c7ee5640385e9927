/** What a value in a map of an object is, as its type says. */

/** How its bytes are read. */
export type Form = 'unsigned' | 'signed' | 'bool' | 'float' | 'text' | 'list' | 'hex' | 'enum' | 'histogram'

/** What a type of ebpf_top.bpf.h says besides. */
export const MEANINGS = {
  eb_pid: 'process',
  eb_tgid: 'process',
  eb_ns: 'nanoseconds',
  eb_bytes: 'bytes',
  eb_counter: 'counter',
  eb_gauge: 'gauge',
  eb_ipv4: 'ipv4',
  eb_ipv6: 'ipv6',
  eb_port: 'port',
  eb_errno: 'errno',
  eb_syscall: 'syscall',
  eb_signal: 'signal',
  eb_cgroup: 'cgroup',
  eb_device: 'device',
} as const

export type Meaning = (typeof MEANINGS)[keyof typeof MEANINGS]

/** One value of a key or of a value of a map. */
export interface FieldShape {
  /** Unique in its table. */
  readonly id: string
  readonly part: 'key' | 'value'
  readonly form: Form
  readonly meaning: Meaning | null
  /** In bytes, in the key or the value; of an enum or number within `bits`. */
  readonly offset: number
  readonly size: number
  /** Of a bit field: its first bit in these bytes, and its width. */
  readonly bits: { readonly first: number; readonly width: number } | null
  /** Elements of a list, each of `size / count` bytes, read as `element`. */
  readonly count: number
  readonly element: 'unsigned' | 'signed'
  /** Of an enum. */
  readonly names: ReadonlyMap<number, string> | null
  readonly tags: Tags
}

/** What declaration tags say of it. */
export interface Tags {
  readonly label?: string
  readonly hidden?: boolean
  readonly width?: number
  readonly sort?: boolean
}

/** A map that becomes a table. */
export interface MapShape {
  readonly name: string
  readonly type: number
  readonly perCpu: boolean
  readonly isArray: boolean
  readonly keySize: number
  readonly valueSize: number
  readonly entries: number
  readonly fields: readonly FieldShape[]
  /** Rows of intervals, by ebpf_top.bpf.h: the maps of the odd intervals, and of what is known of both. */
  readonly halves: { readonly odd: string; readonly state: string } | null
}
