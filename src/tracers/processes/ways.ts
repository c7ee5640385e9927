import { needOf } from '../../plan/need.ts'
import { COMPAT_PLAIN, COMPAT_RAW, PLAIN, RAW } from '../syscalls/ways.ts'

export const processNeed = needOf('processes', 'names and exits of processes', [
  {
    source: 'tp_btf',
    objects: [],
    beside: RAW,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    source: 'tp:sched',
    objects: [],
    beside: PLAIN,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    source: 'raw_tp',
    objects: [],
    beside: COMPAT_RAW,
    compat: true,
    requires: 'the same as its system calls',
  },
  {
    source: 'tp:sched+hash',
    objects: [],
    beside: COMPAT_PLAIN,
    compat: true,
    requires: 'the same as its system calls',
  },
])
