/** Every way of measuring that the tool knows, as data: for each need the best one first. */

export type Need = 'syscalls' | 'processes' | 'connections' | 'sockets' | 'owners' | 'bytes' | 'in_flight'

export interface Way {
  readonly need: Need
  /** As `sources` of a sample and --doctor show it. */
  readonly source: string
  /** BPF objects that have to load and attach; all of them together are the probe. */
  readonly objects: readonly string[]
  /** Other ways without one of which this one does not work: sources by need. */
  readonly beside?: Readonly<Partial<Record<Need, readonly string[]>>>
  /** Compatible mode uses it. */
  readonly compat: boolean
  /** What the kernel must have, for people. */
  readonly requires: string
}

/** What a need is, for people, in the order in which they are decided. */
export const needs: Readonly<Record<Need, string>> = {
  syscalls: 'system calls and their durations',
  processes: 'names and exits of processes',
  connections: 'start, latency and end of TCP connections',
  sockets: 'open TCP connections and their counters',
  owners: 'which process has a connection',
  bytes: 'bytes of processes',
  in_flight: 'system calls in flight',
}

const RAW = { syscalls: ['tp_btf'] }
const PLAIN = { syscalls: ['tp:raw_syscalls'] }
const FULL = { syscalls: [...RAW.syscalls, ...PLAIN.syscalls] }
const COMPAT_RAW = { syscalls: ['raw_tp'] }
const COMPAT_PLAIN = { syscalls: ['tp:raw_syscalls+hash'] }
const COMPAT = { syscalls: [...COMPAT_RAW.syscalls, ...COMPAT_PLAIN.syscalls] }

export const ways: readonly Way[] = [
  {
    need: 'syscalls',
    source: 'tp_btf',
    objects: ['processes', 'syscalls'],
    compat: false,
    requires: 'BTF, task storage in tracing programs (5.11), atomic operations (5.12), programs that are not preempted',
  },
  {
    need: 'syscalls',
    source: 'tp:raw_syscalls',
    objects: ['plain_syscalls'],
    compat: false,
    requires: 'BTF, task storage in tracing programs (5.11), atomic operations (5.12), tracefs',
  },
  {
    need: 'syscalls',
    source: 'raw_tp',
    objects: ['compat_syscalls'],
    compat: true,
    requires: 'raw tracepoints (4.17), and programs that are not preempted',
  },
  {
    need: 'syscalls',
    source: 'tp:raw_syscalls+hash',
    objects: ['compat_plain_syscalls'],
    compat: true,
    requires: 'tracefs',
  },
  {
    need: 'processes',
    source: 'tp_btf',
    objects: [],
    beside: RAW,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    need: 'processes',
    source: 'tp:sched',
    objects: [],
    beside: PLAIN,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    need: 'processes',
    source: 'raw_tp',
    objects: [],
    beside: COMPAT_RAW,
    compat: true,
    requires: 'the same as its system calls',
  },
  {
    need: 'processes',
    source: 'tp:sched+hash',
    objects: [],
    beside: COMPAT_PLAIN,
    compat: true,
    requires: 'the same as its system calls',
  },
  {
    need: 'connections',
    source: 'tp_btf',
    objects: ['connections'],
    beside: FULL,
    compat: false,
    requires: 'BTF, socket storage in tracing programs (5.11), iter/tcp (5.9), iter/task_file (5.8)',
  },
  {
    need: 'connections',
    source: 'tp:inet_sock_set_state',
    objects: ['compat_connections'],
    compat: true,
    requires: 'tracefs and the tracepoint sock:inet_sock_set_state (4.16)',
  },
  {
    need: 'sockets',
    source: 'iter/tcp',
    objects: [],
    beside: { connections: ['tp_btf'] },
    compat: false,
    requires: 'the same as its changes of state',
  },
  {
    need: 'sockets',
    source: 'inet_diag',
    objects: [],
    compat: true,
    requires: 'CONFIG_INET_TCP_DIAG (module tcp_diag)',
  },
  {
    need: 'owners',
    source: 'iter/task_file',
    objects: [],
    beside: { sockets: ['iter/tcp'] },
    compat: false,
    requires: 'the same as open connections',
  },
  {
    need: 'owners',
    source: '/proc/PID/fd',
    objects: [],
    beside: { sockets: ['inet_diag'] },
    compat: true,
    requires: 'nothing; CAP_SYS_PTRACE for processes of other users',
  },
  {
    need: 'bytes',
    source: 'tp_btf:sock_send_length',
    objects: ['bytes'],
    beside: RAW,
    compat: false,
    requires: 'BTF and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    need: 'bytes',
    source: 'tp+tp_btf:sock_send_length',
    objects: ['plain_bytes'],
    beside: PLAIN,
    compat: false,
    requires: 'BTF, tracefs and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    need: 'bytes',
    source: 'fexit:inet_sendmsg',
    objects: ['fexit_bytes'],
    beside: FULL,
    compat: false,
    requires: 'BTF and BPF trampolines (5.5 on x86_64, 6.0 on arm64), no lockdown that forbids them',
  },
  {
    need: 'bytes',
    source: 'tp:sock_send_length',
    objects: ['compat_bytes'],
    beside: COMPAT,
    compat: true,
    requires: 'tracefs and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    need: 'bytes',
    source: 'kprobe:inet_sendmsg',
    objects: ['compat_kprobes'],
    beside: COMPAT,
    compat: true,
    requires: 'kprobes',
  },
  {
    need: 'bytes',
    source: 'tcp_sockets',
    objects: [],
    compat: true,
    requires: 'open TCP connections; counts TCP alone, as the network carries it',
  },
  {
    need: 'in_flight',
    source: 'iter/task',
    objects: ['in_flight'],
    beside: FULL,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    need: 'in_flight',
    source: 'iter/task+hash',
    objects: ['compat_in_flight'],
    beside: COMPAT,
    compat: true,
    requires: 'BTF and walks over threads (5.8)',
  },
]

/** Names a way: `bytes tp_btf:sock_send_length`. */
export function nameOf(way: Way): string {
  return `${way.need} ${way.source}`
}
