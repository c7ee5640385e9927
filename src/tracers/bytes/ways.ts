import { needOf } from '../../plan/need.ts'
import { COMPAT, FULL, PLAIN, RAW } from '../syscalls/ways.ts'

export const byteNeed = needOf('bytes', 'bytes of processes', [
  {
    source: 'tp_btf:sock_send_length',
    objects: ['bytes'],
    beside: RAW,
    compat: false,
    requires: 'BTF and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    source: 'tp+tp_btf:sock_send_length',
    objects: ['plain_bytes'],
    beside: PLAIN,
    compat: false,
    requires: 'BTF, tracefs and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    source: 'fexit:inet_sendmsg',
    objects: ['fexit_bytes'],
    beside: FULL,
    compat: false,
    requires: 'BTF and BPF trampolines (5.5 on x86_64, 6.0 on arm64), no lockdown that forbids them',
  },
  {
    source: 'tp:sock_send_length',
    objects: ['compat_bytes'],
    beside: COMPAT,
    compat: true,
    requires: 'tracefs and the tracepoint sock:sock_send_length (6.3)',
  },
  {
    source: 'kprobe:inet_sendmsg',
    objects: ['compat_kprobes'],
    beside: COMPAT,
    compat: true,
    requires: 'kprobes',
  },
  {
    source: 'tcp_sockets',
    objects: [],
    beside: { sockets: ['iter/tcp', 'inet_diag'] },
    compat: true,
    requires: 'open TCP connections; counts TCP alone, as the network carries it',
  },
])
