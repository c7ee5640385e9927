import { needOf } from '../../plan/need.ts'

/** Ways of system calls, for what works together with some of them alone. */
export const RAW = { syscalls: ['tp_btf'] }
export const PLAIN = { syscalls: ['tp:raw_syscalls'] }
export const FULL = { syscalls: [...RAW.syscalls, ...PLAIN.syscalls] }
export const COMPAT_RAW = { syscalls: ['raw_tp'] }
export const COMPAT_PLAIN = { syscalls: ['tp:raw_syscalls+hash'] }
export const COMPAT = { syscalls: [...COMPAT_RAW.syscalls, ...COMPAT_PLAIN.syscalls] }

export const syscallNeed = needOf('syscalls', 'system calls and their durations', [
  {
    source: 'tp_btf',
    objects: ['processes', 'syscalls'],
    compat: false,
    requires: 'BTF, task storage in tracing programs (5.11), atomic operations (5.12), programs that are not preempted',
  },
  {
    source: 'tp:raw_syscalls',
    objects: ['plain_syscalls'],
    compat: false,
    requires: 'BTF, task storage in tracing programs (5.11), atomic operations (5.12), tracefs',
  },
  {
    source: 'raw_tp',
    objects: ['compat_syscalls'],
    compat: true,
    requires: 'raw tracepoints (4.17), and programs that are not preempted',
  },
  {
    source: 'tp:raw_syscalls+hash',
    objects: ['compat_plain_syscalls'],
    compat: true,
    requires: 'tracefs',
  },
])
