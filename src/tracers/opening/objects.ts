/** Programs that may fail to attach: the kernel function was split off later, or is gone. */
export const OPTIONAL: ReadonlySet<string> = new Set([
  'kprobe_inet6_sendmsg',
  'kretprobe_inet6_sendmsg',
  'kprobe_inet6_recvmsg',
  'kretprobe_inet6_recvmsg',
  'kprobe_inet_sendpage',
  'kretprobe_inet_sendpage',
])

/** An object that holds several others: with it libbpf looks through the kernel's type information only once. */
export interface Together {
  readonly name: string
  /** The objects that it stands for. */
  readonly holds: readonly string[]
  /** Programs that are left out then. */
  readonly without: readonly string[]
}

/** The walk over places: before 6.2 the kernel has no `bpf_rdonly_cast`. */
const WALK = 'walk_places'
/** The begin of system calls, by the same means, and without. */
const ENTER_AGAIN = 'sys_enter_again'
const ENTER = 'sys_enter'

/** Tried in this order. */
export const TOGETHER: readonly Together[] = [
  { name: 'full', holds: ['processes', 'syscalls', 'connections', 'bytes', 'in_flight'], without: [ENTER] },
  { name: 'full', holds: ['processes', 'syscalls', 'connections', 'bytes', 'in_flight'], without: [ENTER_AGAIN, WALK] },
  // before 6.3
  {
    name: 'full',
    holds: ['processes', 'syscalls', 'connections', 'in_flight'],
    without: ['sock_send_length', 'sock_recv_length', ENTER_AGAIN, WALK],
  },
]

/** What takes their place where the kernel preempts their programs. */
export const UNPREEMPTED: Together = {
  name: 'plain',
  holds: ['plain_syscalls', 'connections', 'plain_bytes', 'in_flight'],
  without: [],
}

/** Objects with programs on plain tracepoints, which tracefs has the numbers of. */
export const ON_TRACEPOINTS: ReadonlySet<string> = new Set([
  'plain',
  'plain_syscalls',
  'plain_bytes',
  'compat_plain_syscalls',
  'compat_connections',
  'compat_bytes',
])

/** Objects whose programs remember threads in task storage. */
export const SYSCALLS: ReadonlySet<string> = new Set(['syscalls', 'plain_syscalls'])

/** What an object is loaded without, at best and where that does not work; others are loaded whole. */
export const WITHOUT: Readonly<Record<string, { readonly best: readonly string[]; readonly else: readonly string[] }>> =
  {
    fexit_bytes: { best: [], else: ['fexit_inet_sendpage'] },
    connections: { best: [], else: [WALK] },
    syscalls: { best: [ENTER], else: [ENTER_AGAIN] },
  }
