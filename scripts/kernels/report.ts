/** From what a virtual machine printed to a table in docs/kernels.md. */

const BEGIN = '<!-- made by npm run test:kernels -->'
const END = '<!-- end -->'

/** What the doctor has rows for, and the headings in the table. */
const COLUMNS = {
  libbpf: 'libbpf',
  'system calls and their durations': 'system calls',
  'start, latency and end of TCP connections': 'TCP states',
  'open TCP connections and their counters': 'TCP sockets',
  'bytes of processes': 'bytes',
} as const

export interface Tests {
  readonly passed: number
  /** What failed, each with the reason. */
  readonly failed: readonly string[]
}

export interface Result {
  readonly name: string
  readonly release: string
  readonly seconds: number
  /** As `uname -r` says; empty: it did not boot. */
  readonly version: string
  /** By heading. */
  readonly ways: Readonly<Record<string, string>>
  readonly own: Tests | null
  readonly compat: Tests | null
  /** What failed, whatever the mode. */
  readonly failures: readonly string[]
  readonly summary: string
}

export function readResult(target: Pick<Result, 'name' | 'release' | 'seconds'>, output: string): Result {
  const version = between(output, 'kernel')
  const own = readTests(between(output, 'own'))
  const compat = readTests(between(output, 'compat'))
  // where only one mode works there is nothing between the second marks
  const inCompat = compat?.failed.map(failure => `with --compat: ${failure}`) ?? []
  const failures = own === null ? ['no tests were run'] : [...own.failed, ...inCompat]
  return {
    ...target,
    version,
    ways: readWays(between(output, 'doctor')),
    own,
    compat,
    failures,
    summary: version === '' ? 'did not boot' : `${score(own)}, with --compat ${score(compat)}`,
  }
}

/** The page with the rows of these kernels replaced; those of others stay. */
export function section(page: string, results: readonly Result[], commit: string): string {
  const headings = Object.values(COLUMNS)
  const [before = '', rest] = page.split(BEGIN)
  const [table = '', after = '\n'] = rest?.split(END) ?? []
  const rows = new Map(readRows(table))
  for (const { name, release, version, ways, own, compat } of results) {
    const kernel = `${name} (${release})`
    const cells = [kernel, version, ...headings.map(heading => ways[heading] ?? '-'), score(own), score(compat), commit]
    rows.set(kernel, `| ${cells.join(' | ')} |`)
  }
  const heading = ['kernel', 'version', ...headings, 'tests', 'tests with --compat', 'commit']
  const lines = [heading, heading.map(() => '---')].map(cells => `| ${cells.join(' | ')} |`)
  const made = `${BEGIN}\n\n${[...lines, ...rows.values()].join('\n')}\n\n${END}`
  return rest === undefined ? `${page}\n${made}\n` : `${before}${made}${after}`
}

/** Lines of a table by their first cell. */
function readRows(table: string): [string, string][] {
  return table.split('\n').flatMap((line): [string, string][] => {
    const kernel = /^\| ([^|]+ \([^|]+\)) \|/.exec(line)?.[1]
    return kernel === undefined ? [] : [[kernel, line]]
  })
}

function between(output: string, mark: string): string {
  return output.split(`<${mark}>`)[1]?.split(`</${mark}>`)[0]?.trim() ?? ''
}

function score(tests: Tests | null): string {
  if (tests === null) return '-'
  return `${tests.passed} of ${tests.passed + tests.failed.length}`
}

/** vitest's JSON report. */
function readTests(text: string): Tests | null {
  const report = parse(text)
  const files = list(report, 'testResults')
  if (files.length === 0) return null
  const tests = files.flatMap(file => list(file, 'assertionResults'))
  const having = (status: string): readonly unknown[] => tests.filter(test => value(test, 'status') === status)
  const failed = having('failed').map(test => `${value(test, 'fullName')}: ${list(test, 'failureMessages').join('\n')}`)
  const broken = files
    .filter(file => list(file, 'assertionResults').length === 0)
    .map(file => `${value(file, 'name')}: ${value(file, 'message')}`)
  return { passed: having('passed').length, failed: [...failed, ...broken] }
}

/** What `--doctor --output json` says of each need: `by tp_btf`. */
function readWays(text: string): Record<string, string> {
  const ways: Record<string, string> = {}
  for (const row of list(parse(text), 'rows')) {
    const heading = Object.entries(COLUMNS).find(([topic]) => topic === value(row, 'topic'))?.[1]
    if (heading === undefined) continue
    ways[heading] = value(row, 'state') === 'no' ? 'none' : String(value(row, 'detail')).replace(/^(by|version) /, '')
  }
  return ways
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function value(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, key) : undefined
}

function list(object: unknown, key: string): readonly unknown[] {
  const found = value(object, key)
  return Array.isArray(found) ? found : []
}
