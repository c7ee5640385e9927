import { afterEach, describe, expect, it } from 'vitest'
import { flags } from '../../../src/cli/flags.ts'
import { helpText } from '../../../src/cli/help.ts'
import type { Options } from '../../../src/cli/options.ts'
import { parseCommand } from '../../../src/cli/parse.ts'
import type { System } from '../../../src/cli/system.ts'
import { UserError } from '../../../src/errors.ts'
import { TracerFault } from '../../../src/tracers/object/tracer-file.ts'
import { registry } from '../../../src/tracers/registry.ts'
import { VERSION } from '../../../src/version.ts'
import { anyTracer } from '../../support/object-file.ts'

const ann = { name: 'ann', uid: 1000, gid: 100, groups: [27] }

/** A machine with the processes 1, 42 and 100, of which 101 is a thread, and one file. */
const system: System = {
  processOf: pid => ([1, 42, 100].includes(pid) ? pid : pid === 101 ? 100 : null),
  isReadableFile: file => file === 'own.bpf.o',
  tracer(word) {
    if (word !== 'own.bpf.o' && word !== 'other.bpf.o')
      throw new TracerFault(`cannot read the file ${word} (ENOENT)`, 'give another path')
    return anyTracer(word, '')
  },
  isRoot: () => true,
  user: name => (name === 'ann' ? ann : null),
}

function parse(line: string): Options {
  const command = parseCommand(words(line), system)
  if (command.kind !== 'run' && command.kind !== 'doctor') throw new Error(`not options but ${command.kind}`)
  return command.options
}

/** Words as a shell makes them of a line without quotes; `''` is an empty word. */
function words(line: string): string[] {
  return line
    .split(' ')
    .filter(word => word !== '')
    .map(word => (word === "''" ? '' : word))
}

// what a line names is no view of the next one
afterEach(() => {
  for (const { tracer, name } of registry.tables) if (tracer !== undefined) registry.remove(name)
})

it('takes tracers, whose tables are views', () => {
  const options = parse('--tracer own.bpf.o --tracer=other.bpf.o --view other')
  expect(options.tracers.map(({ name }) => name)).toEqual(['own', 'other'])
  expect(options.view).toBe('other')
})

const exportOptions = {
  protocol: 'otlp',
  endpoint: null,
  intervalSeconds: null,
  pids: false,
  top: 200,
  spans: false,
} as const

const DEFAULTS: Options = {
  mode: 'screen',
  pids: [],
  intervalSeconds: 1,
  iterations: null,
  output: 'text',
  view: 'overview',
  sort: null,
  filter: '',
  export: null,
  slowNs: 10_000_000,
  cost: false,
  colour: true,
  realtime: 'asked',
  tracers: [],
  user: null,
  keepRoot: false,
  compat: false,
  btf: null,
}

describe('good command lines', () => {
  it.each<[string, Partial<Options>]>([
    ['', {}],
    ['-p 1', { pids: [1] }],
    ['--pid 1,42', { pids: [1, 42] }],
    ['-p42', { pids: [42] }],
    ['--pid=42', { pids: [42] }],
    ['-d 0.1', { intervalSeconds: 0.1 }],
    ['-d .5', { intervalSeconds: 0.5 }],
    ['--delay 3600', { intervalSeconds: 3600 }],
    ['-n 3', { iterations: 3 }],
    ['-b', { mode: 'batch' }],
    ['-bn 2', { mode: 'batch', iterations: 2 }],
    ['--once', { mode: 'batch', iterations: 1 }],
    ['--batch --once', { mode: 'batch', iterations: 1 }],
    ['--output text', { mode: 'batch' }],
    ['--output json', { mode: 'batch', output: 'json' }],
    ['--output csv --view connections', { mode: 'batch', output: 'csv', view: 'connections' }],
    ['--view processes -s pid', { view: 'processes', sort: 'pid' }],
    ['-s retransmits', { sort: 'retransmits' }],
    ['--view syscalls --sort CALLS/s', { view: 'syscalls', sort: 'CALLS/s' }],
    ['-F nginx', { filter: 'nginx' }],
    ['--filter=-x', { filter: '-x' }],
    ['-F 10', { filter: '10' }],
    ['--export otlp', { export: exportOptions }],
    ['--export otlp --endpoint http://c:4317', { export: { ...exportOptions, endpoint: 'http://c:4317' } }],
    ['--export otlp --export-interval 5', { export: { ...exportOptions, intervalSeconds: 5 } }],
    [
      '--export otlp --export-pids --export-top 7 --export-spans',
      { export: { ...exportOptions, pids: true, top: 7, spans: true } },
    ],
    ['--no-color', { colour: false }],
    ['--no-color --no-color --no-mouse', { colour: false }],
    ['--realtime', { realtime: 'now' }],
    ['--no-priority', { realtime: 'never' }],
    ['--slow 1.5ms', { slowNs: 1_500_000 }],
    ['--slow 20us', { slowNs: 20_000 }],
    ['--slow 2s', { slowNs: 2_000_000_000 }],
    ['--headless --export otlp', { mode: 'headless', export: exportOptions }],
    ['--batch --export otlp', { mode: 'batch', export: exportOptions }],
    ['--user ann', { user: ann }],
    ['--keep-root', { keepRoot: true }],
    ['--compat', { compat: true }],
    ['--btf own.bpf.o', { btf: 'own.bpf.o' }],
  ])('%s', (line, change) => expect(parse(line)).toEqual({ ...DEFAULTS, ...change }))

  it('knows --doctor, also as json', () => {
    expect(parseCommand(['--doctor'], system).kind).toBe('doctor')
    expect(parse('--doctor --output json').output).toBe('json')
  })

  it.each(['--help', '-h', '--help --pid abc', '-h -V', '--once -h'])('%s prints the help', line => {
    expect(parseCommand(words(line), system)).toEqual({ kind: 'help', text: helpText() })
  })

  it.each(['--version', '-V', '-b -V'])('%s prints the version', line => {
    expect(parseCommand(words(line), system)).toEqual({ kind: 'version', text: `${VERSION}\n` })
  })
})

describe('bad command lines', () => {
  it.each([
    ['--bogus', 'unknown flag --bogus'],
    ['--bogus 1', 'unknown flag --bogus'],
    ['-x', 'unknown flag -x'],
    ['-bx', 'unknown flag -x'],
    ['--export-pods', 'unknown flag --export-pods'],
    ['--__proto__ x', 'unknown flag'],
    ['--pid', '--pid needs a value'],
    ['--pid --batch', '--pid needs a value'],
    ['-p', '--pid needs a value'],
    ["--pid ''", '--pid needs a value'],
    ['--pid.x 3', '--pid needs a value'],
    ['--delay', '--delay needs a value'],
    ['--delay=', '--delay needs a value'],
    ['--view', '--view needs a value'],
    ['-F', '--filter needs a value'],
    ['--tracer', '--tracer needs a value'],
    ['--tracer own.bpf.o --tracer', '--tracer needs a value'],
    ['--tracer=', '--tracer needs a value'],
    ['--batch=yes', '--batch takes no value'],
    ['--batch=true', '--batch takes no value'],
    ['--batch false', '--batch takes no value'],
    ['-b=x', '--batch takes no value'],
    ['--no-batch', '--batch takes no value'],
    ['--color', 'unknown flag --color'],
    ['--color=x', 'unknown flag --color'],
    ['--no-color=x', 'unknown flag'],
    ['--mouse', 'unknown flag --mouse'],
    ['--no-nonsense', 'unknown flag'],
    ['--user bob', '--user: "bob" is no user, or one with the rights of root'],
    ['--user', '--user needs a value'],
    ['--user ann --keep-root', '--user and --keep-root cannot be used together'],
    ['--realtime --no-priority', '--realtime and --no-priority cannot be used together'],
    ['stray', 'unexpected argument "stray"'],
    ['-b stray', '"stray"'],
    ['-- -b', '"-b"'],
    ['-p 1 42', '"42"'],
    ['--pid abc', '"abc" is not a process id'],
    ['--pid 0', '"0" is not a process id'],
    ['--pid -1', '"-1" is not a process id'],
    ['--pid 1.5', '"1.5" is not a process id'],
    ['--pid 1e2', '"1e2" is not a process id'],
    ['--pid 0x1', '"0x1" is not a process id'],
    ['--pid 1,', '"" is not a process id'],
    ['--pid 99999999999', 'is not a process id'],
    ['--pid 7', 'there is no process 7'],
    ['--pid 1,7', 'there is no process 7'],
    ['--pid 101', '101 is a thread of process 100'],
    ['--pid 1,1', '1 is given twice'],
    ['--pid 1,01', '1 is given twice'],
    ['--pid 1 --pid 42', '--pid was given more than once'],
    ['-d 1 --delay 2', '--delay was given more than once'],
    ['--export-interval 1 --export-interval 2', '--export-interval was given more than once'],
    ['--delay 0', '"0" is not a number of seconds'],
    ['--delay 0.09', 'between 0.1 and 3600'],
    ['--delay 3601', 'between 0.1 and 3600'],
    ['--delay -1', '"-1" is not a number of seconds'],
    ['--delay 1s', '"1s" is not a number of seconds'],
    ['--delay NaN', '"NaN" is not a number of seconds'],
    ['--delay Infinity', 'is not a number of seconds'],
    ['--delay 0,5', 'is not a number of seconds'],
    ['-n 0', '"0" is not a number of samples'],
    ['-n -3', '"-3" is not a number of samples'],
    ['-n 1.5', '"1.5" is not a number of samples'],
    ['-n many', '"many" is not a number of samples'],
    ['-n 99999999999999999999', 'is not a number of samples'],
    ['--view nope', '--view: unknown value "nope"'],
    ['--output xml', '--output: unknown value "xml"'],
    ['--export prometheus', '--export: unknown value "prometheus"'],
    ['--sort nope', 'overview has no column "nope"'],
    ['--view syscalls --sort pid', 'syscalls has no column "pid"'],
    ['--headless', '--headless has no effect without --export'],
    ['--headless --export otlp --batch', '--headless and --batch cannot be used together'],
    ['--headless --export otlp --once', '--headless and --once cannot be used together'],
    ['--headless --export otlp --output json', '--headless and --output cannot be used together'],
    ['--once -n 2', '--once and --iterations cannot be used together'],
    ['--doctor --headless --export otlp', 'cannot be used together'],
    ['--export-interval 5', '--export-interval has no effect without --export'],
    ['--export-pids', '--export-pids has no effect without --export'],
    ['--endpoint http://c:4317', '--endpoint has no effect without --export'],
    ['--export-top 5', '--export-top has no effect without --export'],
    ['--export-spans', '--export-spans has no effect without --export'],
    ['--export otlp --export-top 0', '--export-top: "0" is not a number of processes'],
    ['--export otlp --export-top x', '--export-top: "x" is not a number of processes'],
    ['--slow 10', '--slow: "10" is not a duration'],
    ['--slow 0ms', '--slow: "0ms" is not a duration'],
    ['--slow 2h', '--slow: "2h" is not a duration'],
    ['--export otlp --export-interval 0', '--export-interval: "0" is not a number of seconds'],
    ['--tracer missing.o', '--tracer: cannot read the file missing.o (ENOENT)'],
    ['--tracer own.bpf.o --tracer=own.bpf.o', '--tracer own.bpf.o: there is a view own already'],
    ['--view own', '--view: unknown value "own"'],
    ['--tracer own.bpf.o --view own --sort nothing', '--sort: own has no column "nothing"'],
    ['--btf missing', '--btf: cannot read the file missing'],
  ])('%s', (line, what) => {
    const error = catchError(() => parse(line))
    expect(error).toBeInstanceOf(UserError)
    if (!(error instanceof UserError)) return
    expect(error.what).toContain(what)
    expect(error.status).toBe(2)
    expect(error.remedy).not.toBe('')
  })

  it('names the columns that there are', () => {
    const error = catchError(() => parse('--view syscalls --sort nope'))
    expect(error instanceof UserError && error.remedy).toMatch(/syscall, id, .*count, errors, duration_ns_sum/)
  })
})

describe('the help', () => {
  it('has every flag and fits into 120 columns', () => {
    for (const flag of flags) expect(helpText()).toContain(`--${flag.name}`)
    for (const line of helpText().split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })
})

function catchError(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
