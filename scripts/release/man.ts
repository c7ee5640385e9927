/** The man page ebpf-top(8), from the table of flags that `--help` comes from. */

import { allFlags, names } from './flag-values.ts'

const EXIT_STATUS = {
  0: 'Done.',
  1: 'Failed while running.',
  2: 'Wrong usage.',
  3: 'This machine cannot: permission, kernel, or a library that is missing.',
} as const

const FILES = {
  '/etc/ebpf-top/otel.env': 'Settings of the service: OTEL_* variables.',
  '/usr/lib/systemd/system/ebpf-top.service':
    'The service, which sends metrics to an OpenTelemetry collector. It is not started by itself.',
} as const

const ENVIRONMENT = {
  NO_COLOR: 'No colours.',
  'OTEL_*': 'Where and how to export, as OpenTelemetry defines them; with --export.',
  EBPF_TOP_DEBUG: 'If it is 1, errors come with their stack.',
} as const

const EXAMPLES = {
  'sudo ebpf-top': 'The screen.',
  'sudo ebpf-top -p 1234': 'One process, filtered in the kernel.',
  'sudo ebpf-top --once --view connections': 'One sample as text.',
  'sudo ebpf-top --output json -d 0.5': 'A sample a line.',
  'sudo ebpf-top --headless --export otlp': 'Metrics alone, as a service.',
  'ebpf-top --doctor': 'What this machine can show, and why not the rest.',
} as const

/** Text for man(1). `date` is its last change. */
export function manPage(version: string, date: Date): string {
  return `.TH EBPF-TOP 8 ${date.toISOString().slice(0, 10)} "ebpf-top ${version}" "System Administration"
.SH NAME
ebpf-top \\- which process is doing what to this kernel right now
.SH SYNOPSIS
.B ebpf-top
.RI [ option ]...
.SH DESCRIPTION
.B ebpf-top
shows the system calls, TCP connections, bytes and latencies of every process, live and exactly.
Everything is counted in the kernel by BPF programs; what could not be counted is shown as lost.
The same numbers go to an OpenTelemetry collector if it is asked to export.
.PP
It needs root, or the capabilities CAP_BPF and CAP_PERFMON. Started as root, it becomes the user who called sudo, else
nobody, and keeps CAP_BPF alone by the best means.
.B ebpf-top \\-\\-doctor
tells what else this machine would need to show more.
In the screen the key
.B ?
shows all keys.
.SH OPTIONS
${allFlags.map(flag => `.TP\n${head(flag.value, names(flag))}\n${sentence(flag.help)}`).join('\n')}
.SH EXIT STATUS
${list(EXIT_STATUS)}
.SH ENVIRONMENT
${list(ENVIRONMENT)}
.SH FILES
${list(FILES)}
.SH EXAMPLES
${list(EXAMPLES)}
.SH SEE ALSO
README.md, docs/columns.md and docs/faq.md, in
.I /usr/share/doc/ebpf-top
or beside the program.
.PP
.BR bpf (2),
.BR capabilities (7),
.BR htop (1),
.BR ss (8),
.BR strace (1)
`
}

function head(value: string | undefined, flags: readonly string[]): string {
  const bold = flags.map(flag => `\\fB${roff(flag)}\\fR`).join(', ')
  return value === undefined ? bold : `${bold} \\fI${roff(value)}\\fR`
}

function list(entries: Readonly<Record<string | number, string>>): string {
  return Object.entries(entries)
    .map(([name, text]) => `.TP\n\\fB${roff(name)}\\fR\n${roff(text)}`)
    .join('\n')
}

/** With a capital and a full stop. */
function sentence(text: string): string {
  return roff(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`)
}

/** Hyphens that can be copied, and no line that looks like a request. */
function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&')
}
