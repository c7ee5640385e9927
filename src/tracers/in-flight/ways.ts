import { needOf } from '../../plan/need.ts'
import { COMPAT, FULL } from '../syscalls/ways.ts'

export const inFlightNeed = needOf('in_flight', 'system calls in flight', [
  {
    source: 'iter/task',
    objects: ['in_flight'],
    beside: FULL,
    compat: false,
    requires: 'the same as its system calls',
  },
  {
    source: 'iter/task+hash',
    objects: ['compat_in_flight'],
    beside: COMPAT,
    compat: true,
    requires: 'BTF and walks over threads (5.8)',
  },
])
