/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Records of plain tracepoints, as /sys/kernel/tracing/events has their formats.
 */
#ifndef EBPF_TOP_RECORDS_H
#define EBPF_TOP_RECORDS_H

#include "arch.bpf.h"

/* raw_syscalls/sys_enter */
struct enter_record {
	__u64 common;
	long number;
};

/* raw_syscalls/sys_exit */
struct exit_record {
	__u64 common;
	long number;
	long result;
};

/* signal/signal_deliver */
struct deliver_record {
	__u64 common;
	int signal;
	int error;
	int code;
	unsigned long handler;
	unsigned long flags;
};

/* sched/sched_process_exec */
struct exec_record {
	__u64 common;
	__u32 file;
	int tid;
	int tid_before;
};

/* sock/sock_send_length, sock/sock_recv_length */
struct length_record {
	__u64 common;
	__u64 socket;
	__u16 family;
	__u16 protocol;
	int length;
	int flags;
};

static __always_inline bool moved_by_ip(const struct length_record *record)
{
	return record->length > 0 && (record->family == AF_INET || record->family == AF_INET6);
}

/* peeked bytes will be read again; the error queue holds what was sent */
static __always_inline bool taken_out(int flags)
{
	return !(flags & (MSG_PEEK | MSG_ERRQUEUE));
}

#endif
