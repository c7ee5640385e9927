import { closeSync } from 'node:fs'
import { Child } from '../child.ts'
import { ebpfTop } from '../compile.ts'
import { atMost, type Figure, figure, median, ratios, sleep } from '../measure.ts'
import { libbpf } from '../objects.ts'
import { cpuSeconds, programsOf } from '../proc.ts'
import { type Bench, repeat, type Subject } from '../subject.ts'
import { Many, type Shape } from '../workload.ts'

/** BPF_STATS_RUN_TIME of <linux/bpf.h>. */
const RUN_TIME = 0

/** 250 processes, 1,000 ends of connections and 25,000 calls a second. */
const ONE: Shape = { processes: 250, kinds: 10, repeats: 1, period: 100, pairs: 2 }
const STEPS = [1, 2, 4] as const

const WARM_UP = 6
const WATCHED = 10
const BAR = 40

interface Cost {
  /** Milliseconds of processor time a second: of the process, and of the programs in the kernel. */
  readonly user: number
  readonly kernel: number
}

export const scaling: Subject = {
  name: 'scaling',
  title: 'Cost by work',
  method:
    'Processes, connections and calls a second all grow together: 250 processes with 1,000 ends of connections and ' +
    `some 25,000 calls a second, then 2 and 4 times that. Processor time of \`ebpf-top --output json\` at 1 s over ${WATCHED} s, ` +
    'and of its BPF programs by the kernel’s own statistics, in milliseconds a second.',
  needs: [],
  async run(bench) {
    const rounds = await repeat(bench, bench.rounds, async () => {
      const costs: Cost[] = []
      for (const step of STEPS)
        costs.push(await bench.quiet.measure(() => costOf({ ...ONE, processes: step * ONE.processes })))
      return costs
    })
    const at = (step: number, part: (cost: Cost) => number): number[] =>
      rounds.flatMap(costs => costs.slice(step, step + 1)).map(part)
    const user = STEPS.map((_, i) => at(i, cost => cost.user))
    const kernel = STEPS.map((_, i) => at(i, cost => cost.kernel))
    draw(bench, user.map(median), kernel.map(median))
    const last = STEPS.length - 1
    const fourfold = (what: string, costs: readonly number[][]): Figure =>
      figure(`4 times the work, ${what}`, 'x', ratios(costs[last] ?? [], costs[0] ?? []), atMost(4, 'x'))
    return [
      ...STEPS.map((step, i) => figure(`processor time a second at ${step}x`, 'ms', user[i] ?? [])),
      ...STEPS.map((step, i) => figure(`in the kernel’s BPF programs at ${step}x`, 'ms', kernel[i] ?? [])),
      fourfold('processor time', user),
      fourfold('BPF programs', kernel),
    ]
  },
}

function costOf(shape: Shape): Promise<Cost> {
  return Many.during(shape, async () => {
    const top = new Child(ebpfTop('--output', 'json'), { stdout: 'ignore' })
    const statistics = libbpf().enableStats(RUN_TIME)
    const now = () => ({
      ms: performance.now(),
      user: cpuSeconds(top.pid),
      kernel: programsOf(top.pid).reduce((sum, { runSeconds }) => sum + runSeconds, 0),
    })
    try {
      await sleep(WARM_UP)
      const before = now()
      await sleep(WATCHED)
      const after = now()
      const seconds = (after.ms - before.ms) / 1000
      return {
        user: (1000 * (after.user - before.user)) / seconds,
        kernel: (1000 * (after.kernel - before.kernel)) / seconds,
      }
    } finally {
      closeSync(statistics)
      await top.stop('SIGTERM')
    }
  })
}

/** The curve, as bars. */
function draw(bench: Bench, user: readonly number[], kernel: readonly number[]): void {
  const top = Math.max(...user, ...kernel)
  const bar = (name: string, value: number): string =>
    `${name.padEnd(12)} ${'█'.repeat(Math.round((BAR * value) / top))} ${value.toFixed(1)} ms`
  const lines = STEPS.flatMap((step, i) => [bar(`${step}x process`, user[i] ?? 0), bar('   kernel', kernel[i] ?? 0)])
  bench.note(`\n\`\`\`\n${lines.join('\n')}\n\`\`\``)
}
