/** What /proc tells of one process that somebody looks at. */

/** What its own files say. */
export interface Details {
  readonly name: string
  /** Start in ticks since boot. */
  readonly startedTicks: number
  readonly parent: number
  /** As /proc calls it: `S`, `D`, `R`, ... */
  readonly state: string
  readonly threads: number
  /** Effective user; null: not told. */
  readonly uid: number | null
  /** Effective capabilities, a bit for each by its number; null: not told. */
  readonly capabilities: bigint | null
  /** Its ids from the outermost pid namespace that this program sees to its own; more than one: it is in an inner one. */
  readonly ids: readonly number[]
  /** Inodes of its namespaces; null: this program may not know. */
  readonly pidNamespace: number | null
  readonly networkNamespace: number | null
}

/** From the texts of status, of the links to the namespaces, and of stat; null: there is no such process. */
export function detailsIn(status: Buffer, links: Buffer, stat: Buffer): Details | null {
  const line = readStat(stat.toString('utf8'))
  if (line === null) return null
  const fields = new Map(
    status
      .toString('utf8')
      .split('\n')
      .map(text => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1).trim()] as const),
  )
  const uids = numbers(fields.get('Uid'))
  const capabilities = fields.get('CapEff')
  const [pid, network] = links.toString('utf8').split('\n')
  return {
    ...line,
    uid: uids[1] ?? null,
    capabilities: capabilities !== undefined && /^[\da-f]+$/.test(capabilities) ? BigInt(`0x${capabilities}`) : null,
    ids: numbers(fields.get('NSpid')),
    pidNamespace: inode(pid),
    networkNamespace: inode(network),
  }
}

/** What stands behind the name in /proc/PID/stat; the name itself may hold anything (proc(5)). */
export function afterName(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 1)
}

/** The fields of /proc/PID/stat that are of use here; null: it is empty. */
export function readStat(stat: string): Pick<Details, 'name' | 'startedTicks' | 'parent' | 'state' | 'threads'> | null {
  if (stat === '') return null
  // counted from the one behind the name, which is the third
  const fields = afterName(stat).trimStart().split(' ')
  return {
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    threads: Number(fields[17]),
    startedTicks: Number(fields[19]),
  }
}

function numbers(text = ''): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number)
}

/** `net:[4026531840]` */
function inode(link = ''): number | null {
  const found = /\[(\d+)\]$/.exec(link)?.[1]
  return found === undefined ? null : Number(found)
}
