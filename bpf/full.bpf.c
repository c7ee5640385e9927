// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * All that the best ways of measuring need, to be loaded in one go where the
 * kernel has all of it.
 */
/* first what the oldest kernels lack, so that they say so before they check the rest */
#include "bytes.bpf.c"
#include "processes.bpf.c"
#include "syscalls.bpf.c"
#include "connections.bpf.c"
#include "in_flight.bpf.c"
