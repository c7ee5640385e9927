/** The flags of the command line as data: the parser and `--help` are made from them. */

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
  { name: 'iterations', short: 'n', value: 'N', help: 'end after N samples' },
  { name: 'batch', short: 'b', help: 'text tables on stdout, no terminal needed' },
  { name: 'once', help: 'one sample: the same as --batch -n 1' },
  {
    name: 'output',
    value: 'text|json|csv',
    help: 'form of the batch output; implies --batch; json is one sample a line',
  },
  {
    name: 'view',
    value: 'overview|syscalls|connections|processes|listeners|slow',
    help: 'the view to open; in text and csv the table to print (csv: syscalls for overview)',
  },
  { name: 'sort', short: 's', value: 'COLUMN', help: 'order of the rows: a heading or a csv field' },
  {
    name: 'filter',
    short: 'F',
    value: 'EXPR',
    help: 'only rows with this text in them; in json too, which otherwise has every row',
  },
  { name: 'export', value: 'otlp', help: 'metrics over OTLP/gRPC in the background; OTEL_* variables are honoured' },
  { name: 'endpoint', value: 'URL', help: 'of the collector, as OTEL_EXPORTER_OTLP_ENDPOINT, which sudo drops' },
  {
    name: 'export-interval',
    value: 'SECONDS',
    help: 'time between exports; default OTEL_METRIC_EXPORT_INTERVAL, else 10',
  },
  { name: 'export-pids', help: 'a series for each process id, and not for each process name: many short-lived series' },
  { name: 'export-top', value: 'N', help: 'processes with series of their own; default 200; the rest is one series' },
  { name: 'export-spans', help: 'a span as well for each TCP connection and each slow system call' },
  { name: 'slow', value: 'DURATION', help: 'from when on a system call is slow: 500us, 10ms, 2s; default 10ms' },
  { name: 'headless', help: 'no screen and no batch output: export only, until SIGTERM' },
  { name: 'cost', help: 'measure what the BPF programs cost as well, which costs some more; key c on the screen' },
  { name: 'no-color', help: 'a screen without colours, as NO_COLOR has it, which sudo drops' },
  { name: 'no-mouse', help: 'nothing: the screen leaves the mouse to the terminal' },
  { name: 'realtime', help: 'keep refreshing when all CPUs are busy, for less than a tenth of a CPU; key R' },
  { name: 'no-priority', help: 'never before other processes, whatever keys are pressed' },
  { name: 'tracer', value: 'FILE.bpf.o', repeatable: true, help: "load a tracer of one's own as well; repeatable" },
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
