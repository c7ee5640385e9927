import { type Flag, flags } from './flags.ts'

const NAMES_WIDTH = 34

/** The text of `--help`, at most 120 cells wide. */
export function helpText(): string {
  return `ebpf-top: which process is doing what to this kernel right now

Usage: ebpf-top [options]      (as root, or with CAP_BPF and CAP_PERFMON)

${flags.map(line).join('\n')}

Batch output: text shows rates as the screen does, csv and json exact numbers of the interval, durations in
nanoseconds. What could not be counted stands in "lost".

Environment: NO_COLOR, EBPF_TOP_DEBUG=1 (errors with their stack), and with --export the OTEL_* variables.

Exit status: 0 done, 1 failed while running, 2 wrong usage, 3 this machine cannot.
`
}

function line(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `
  const names = `  ${short}--${flag.name}${flag.value === undefined ? '' : ` ${flag.value}`}`
  return names.length < NAMES_WIDTH
    ? names.padEnd(NAMES_WIDTH) + flag.help
    : `${names}\n${' '.repeat(NAMES_WIDTH)}${flag.help}`
}
