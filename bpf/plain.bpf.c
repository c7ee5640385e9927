// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * The same as full.bpf.c where the kernel preempts programs on tracepoints.
 */
#include "plain_bytes.bpf.c"
#include "plain_syscalls.bpf.c"
#include "connections.bpf.c"
#include "in_flight.bpf.c"
