import type { Need } from '../plan/need.ts'
import { FOR_SOCKETS_OF_OTHERS } from '../rights/capabilities.ts'
import { registry } from '../tracers/registry.ts'
import { type Flag, flags } from './flags.ts'

const NAMES_WIDTH = 34
const WHAT_WIDTH = 43
const WAYS_IN_LINE = 3

/** The text of `--help`, at most 120 cells wide. */
export function helpText(): string {
  return `ebpf-top: which process is doing what to this kernel right now

Usage: ebpf-top [options]      (as root, or with CAP_BPF and CAP_PERFMON)

${flags.map(line).join('\n')}

Batch output: text shows rates per second, like the screen. csv and json have the exact numbers of the interval, and
durations in nanoseconds. Events that could not be counted are in "lost".

How it is measured: by the first of these that works here (--doctor says which one, and why):
${registry.needs.map(sourcesLine).join('\n')}

Started as root, it becomes the user who called sudo, else nobody, before it reads anything that others can write.
It keeps CAP_BPF, on the screen CAP_SYS_NICE, in compatible mode also
${FOR_SOCKETS_OF_OTHERS.join(', ')}.

Environment: NO_COLOR, EBPF_TOP_DEBUG=1 (errors with their stack), and with --export the OTEL_* variables.

Exit status: 0 done, 1 failed while running, 2 wrong usage, 3 this machine cannot.
`
}

/** The ways of one need, best first, some to a line. */
function sourcesLine({ what, ways }: Need): string {
  const sources = ways.map(way => way.source)
  const lines = [sources.slice(0, WAYS_IN_LINE), sources.slice(WAYS_IN_LINE)].filter(part => part.length > 0)
  return `  ${what.padEnd(WHAT_WIDTH)}${lines.map(part => part.join(', ')).join(`,\n${' '.repeat(WHAT_WIDTH + 2)}`)}`
}

function line(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `
  const names = `  ${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
  return names.length < NAMES_WIDTH
    ? names.padEnd(NAMES_WIDTH) + flag.help
    : `${names}\n${' '.repeat(NAMES_WIDTH)}${flag.help}`
}
