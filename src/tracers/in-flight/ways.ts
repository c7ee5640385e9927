/** The ways to know of system calls in flight, the best one first; the need is decided behind that of system calls. */
export const inFlightWays = [
  {
    need: 'in_flight',
    source: 'iter/task',
    objects: ['in_flight'],
    beside: { syscalls: ['tp_btf', 'tp:raw_syscalls'] },
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    need: 'in_flight',
    source: 'iter/task',
    objects: ['compat_in_flight'],
    beside: { syscalls: ['raw_tp', 'tp:raw_syscalls+hash'] },
    compat: true,
    requires: 'BTF and iter/task (5.8)',
  },
] as const
