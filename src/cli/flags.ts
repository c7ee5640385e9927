/** The flags of the command line as data: the parser and `--help` are made from them. */

import { registry } from '../tracers/registry.ts'

export interface Flag {
  /** Without the dashes. */
  readonly name: string
  readonly short?: string
  /** What stands for the value in the help; absent: the flag takes none. */
  readonly value?: string
  /** It may be given more than once. */
  readonly repeatable?: boolean
  readonly help: string
}

export const flags = [
  { name: 'pid', short: 'p', value: 'PID[,PID...]', help: 'only these processes, filtered in the kernel' },
  { name: 'delay', short: 'd', value: 'SECONDS', help: 'interval between samples, 0.1 to 3600; default 1' },
  { name: 'iterations', short: 'n', value: 'N', help: 'exit after N samples' },
  { name: 'batch', short: 'b', help: 'text tables on stdout, no terminal needed' },
  { name: 'once', help: 'one sample: the same as --batch -n 1' },
  {
    name: 'output',
    value: 'text|json|csv',
    help: 'format of the batch output, implies --batch; json is one sample per line',
  },
  {
    name: 'view',
    get value() {
      return registry.views.join('|')
    },
    help: 'the view to open; in text and csv the table to print (csv: syscalls for overview)',
  },
  { name: 'sort', short: 's', value: 'COLUMN', help: 'sort the rows by this column: a heading or a csv field' },
  {
    name: 'filter',
    short: 'F',
    value: 'EXPR',
    help: 'only rows that contain this text, in json too',
  },
  {
    name: 'export',
    value: 'otlp',
    help: 'export metrics over OTLP/gRPC in the background; honours the OTEL_* variables',
  },
  { name: 'endpoint', value: 'URL', help: 'URL of the collector, like OTEL_EXPORTER_OTLP_ENDPOINT, which sudo drops' },
  {
    name: 'export-interval',
    value: 'SECONDS',
    help: 'time between exports; default OTEL_METRIC_EXPORT_INTERVAL, else 10',
  },
  { name: 'export-pids', help: 'one series per process id instead of per process name: many short-lived series' },
  {
    name: 'export-top',
    value: 'N',
    help: 'how many processes have series of their own, default 200; all others share one',
  },
  { name: 'export-spans', help: 'also export a span for each TCP connection and each slow system call' },
  {
    name: 'slow',
    value: 'DURATION',
    help: 'a system call is slow if it takes this long: 500us, 10ms, 2s; default 10ms',
  },
  { name: 'headless', help: 'no screen and no batch output: export only, until SIGTERM' },
  { name: 'cost', help: 'also measure the CPU time of the BPF programs, which costs a little; key c' },
  { name: 'no-color', help: 'no colours on the screen, like NO_COLOR, which sudo drops' },
  { name: 'no-mouse', help: 'accepted, without effect: the screen never uses the mouse' },
  { name: 'realtime', help: 'keep refreshing when all CPUs are busy, for less than a tenth of a CPU; key R' },
  { name: 'no-priority', help: 'never run before other processes, whatever keys are pressed' },
  {
    name: 'tracer',
    value: 'NAME|FILE.bpf.o',
    repeatable: true,
    help: 'another table, from a BPF object: FILE.bpf.o?knob=value',
  },
  { name: 'new-tracer', value: 'NAME', help: 'write the source of a tracer to begin with, and say how it is compiled' },
  {
    name: 'user',
    value: 'NAME',
    help: 'whom to become after the start as root; default the user who called sudo, else nobody',
  },
  { name: 'keep-root', help: 'stay root: keep all rights after the start' },
  { name: 'compat', help: 'use only what compatible mode uses, whatever the kernel offers' },
  { name: 'btf', value: 'FILE', help: 'kernel type information, for kernels without /sys/kernel/btf/vmlinux' },
  { name: 'doctor', help: 'what this machine can and cannot show, and why; needs no root' },
  { name: 'version', short: 'V', help: 'print the version' },
  { name: 'help', short: 'h', help: 'print this help' },
] as const satisfies readonly Flag[]

export type FlagName = (typeof flags)[number]['name']
