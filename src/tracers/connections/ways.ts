import { needOf } from '../../plan/need.ts'
import { FULL } from '../syscalls/ways.ts'

/** In the order in which they are decided. */
export const connectionNeeds = [
  needOf('connections', 'start, latency and end of TCP connections', [
    {
      source: 'tp_btf',
      objects: ['connections'],
      beside: FULL,
      compat: false,
      requires: 'BTF, socket storage in tracing programs (5.11), iter/tcp (5.9), iter/task_file (5.8)',
    },
    {
      source: 'tp:inet_sock_set_state',
      objects: ['compat_connections'],
      compat: true,
      requires: 'tracefs and the tracepoint sock:inet_sock_set_state (4.16)',
    },
  ]),
  needOf('sockets', 'open TCP connections and their counters', [
    {
      source: 'iter/tcp',
      objects: [],
      beside: { connections: ['tp_btf'] },
      compat: false,
      requires: 'the same as its changes of state',
    },
    {
      source: 'inet_diag',
      objects: [],
      compat: true,
      requires: 'CONFIG_INET_TCP_DIAG (module tcp_diag)',
    },
  ]),
  needOf('owners', 'which process has a connection', [
    {
      source: 'iter/task_file',
      objects: [],
      beside: { sockets: ['iter/tcp'] },
      compat: false,
      requires: 'the same as open connections',
    },
    {
      source: '/proc/PID/fd',
      objects: [],
      beside: { sockets: ['inet_diag'] },
      compat: true,
      requires: 'nothing; CAP_SYS_PTRACE for processes of other users',
    },
  ]),
]
