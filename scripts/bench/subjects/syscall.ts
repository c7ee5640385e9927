import { Child } from '../child.ts'
import { program, source } from '../compile.ts'
import { added, atMost, between, type Figure, figure, median, middle, type Pair, ratios, times } from '../measure.ts'
import { emptyPrograms, ourPrograms, type Switch } from '../objects.ts'
import { missing, type Peer, withTracefs } from '../peers.ts'
import { namelessFiles, tracerOf } from '../proc.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'

/** How one way of watching is switched on, until what it returns is called. */
interface Watcher {
  readonly name: string
  readonly peer: Peer | null
  /** Calls in one short run of the loop: some 0.3 ms if nobody watches. */
  readonly calls: number
  /** How often a round measures it, to take the middle one: more than once where it varies by itself. */
  readonly repeats?: number
  on(loop: number): Promise<() => Promise<void>>
}

const EMPTY = 'empty programs on sys_enter and sys_exit'
const FULL = 'ebpf-top, everything on'
const OUTSIDE = 'ebpf-top, process outside of the pid filter'
const SYSCOUNT = 'libbpf-tools `syscount -P -L`'
const BPFTRACE = 'bpftrace tracking the same'
const STRACE = '`strace -f -c`'

const CALLS = 2000
const FEW_CALLS = 50
/** Milliseconds that the loop is run for one measurement. */
const DURATION = 200

const watchers: readonly Watcher[] = [
  { name: EMPTY, peer: null, calls: CALLS, repeats: 5, on: async () => switchedOn(emptyPrograms('syscalls')) },
  { name: FULL, peer: null, calls: CALLS, repeats: 5, on: async () => switchedOn(await ourPrograms()) },
  { name: OUTSIDE, peer: null, calls: CALLS, repeats: 5, on: async () => switchedOn(await ourPrograms([process.pid])) },
  { name: SYSCOUNT, peer: 'syscount', calls: CALLS, on: () => tool(withTracefs('syscount', '-P', '-L')) },
  {
    name: BPFTRACE,
    peer: 'bpftrace',
    calls: CALLS,
    on: () => tool(withTracefs('bpftrace', source('syscalls.bt'))),
  },
  {
    name: '`perf trace -s`',
    peer: 'perf',
    calls: CALLS,
    on: loop => tool(withTracefs('perf', 'trace', '-s', '-p', String(loop))),
  },
  {
    name: 'bcc `syscount -P -L`',
    peer: 'syscount-bpfcc',
    calls: CALLS,
    on: () => tool(withTracefs('syscount-bpfcc', '-P', '-L')),
  },
  { name: STRACE, peer: 'strace', calls: FEW_CALLS, repeats: 5, on: strace },
]

export const syscall: Subject = {
  name: 'syscall',
  title: 'Watching a system call',
  method:
    'A pinned process calls `getppid` in short runs of 2,000 (50 under strace), of which the best counts. Each way of ' +
    'watching is measured between two measurements without it, ours, the empty programs and strace five times a round, of ' +
    'which the middle one counts; shown is what it adds to one call.',
  needs: [],
  async run(bench) {
    const loop = new Child(['taskset', '-c', '1', program('loop')])
    try {
      const present: Watcher[] = []
      for (const watcher of watchers) if (await works(bench, watcher, loop)) present.push(watcher)
      const pairs = await repeat(bench, bench.rounds, () => once(bench, loop, present))
      return report(new Map(present.map(({ name }, i) => [name, pairs.flatMap(round => round[i] ?? [])])))
    } finally {
      await loop.stop()
    }
  },
}

/** Measures everybody once. */
async function once(bench: Bench, loop: Child, present: readonly Watcher[]): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const { name, calls, repeats = 1, on } of present) {
    const call = async (): Promise<number> => (await loop.ask(`${DURATION} ${calls}`))[0] ?? Number.NaN
    const watched = async (): Promise<number> => {
      const off = await on(loop.pid)
      try {
        return await call()
      } finally {
        await off()
      }
    }
    const pair = middle(await bench.quiet.measure(() => times(repeats, () => between(call, watched))))
    bench.say(`  ${name}: ${pair.base.toFixed(0)} + ${(pair.value - pair.base).toFixed(0)} ns`)
    pairs.push(pair)
  }
  return pairs
}

function report(pairs: ReadonlyMap<string, readonly Pair[]>): Figure[] {
  const addedBy = (name: string): number[] => added(pairs.get(name) ?? [])
  const compared = (name: string, other: string, limit: number): Figure[] =>
    pairs.has(other)
      ? [figure(`${name} / ${other}`, 'x', ratios(addedBy(name), addedBy(other)), atMost(limit, 'x'))]
      : []
  return [
    figure(
      'the call, nobody watching',
      'ns',
      [...pairs.values()].flatMap(all => all.map(({ base }) => base)),
    ),
    ...[...pairs.keys()].map(name => figure(`added by ${name}`, 'ns', addedBy(name))),
    ...compared(FULL, EMPTY, 2.3),
    ...compared(OUTSIDE, EMPTY, 1.3),
    ...compared(FULL, SYSCOUNT, 0.45),
    ...compared(FULL, BPFTRACE, 0.35),
    ...compared(FULL, STRACE, 1 / 200),
  ].filter(({ values }) => Number.isFinite(median(values)))
}

/** Whether a peer is there and can watch this kernel; says so where not. */
async function works(bench: Bench, { name, peer, on }: Watcher, loop: Child): Promise<boolean> {
  if (peer === null) return true
  const lines = missing([peer])
  for (const line of lines) bench.lack(line)
  if (lines.length > 0) return false
  try {
    await (await on(loop.pid))()
    return true
  } catch (error) {
    bench.lack(`${name} does not run here: ${reasonOf(error)}`)
    return false
  }
}

/** The last that a program said before it ended. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n')
  return `\`${lines.findLast(line => line.trim() !== '') ?? ''}\``
}

function switchedOn(programs: Switch): () => Promise<void> {
  programs.on()
  return async () => programs.close()
}

/** A tool that is on once it has opened all that it watches with: nothing more for half a second. */
async function tool(command: readonly string[]): Promise<() => Promise<void>> {
  const child = new Child(command, { stdout: 'ignore' })
  let open = 0
  let since = Date.now()
  await child.until('watching', () => {
    const now = namelessFiles(child.pid).size
    if (now !== open) since = Date.now()
    open = now
    return open > 1 && Date.now() - since > 500
  })
  return () => child.stop()
}

async function strace(loop: number): Promise<() => Promise<void>> {
  const child = new Child(['strace', '-f', '-c', '-o', '/dev/null', '-p', String(loop)], { stdout: 'ignore' })
  await child.until('tracing', () => tracerOf(loop) !== 0)
  return () => child.stop()
}
