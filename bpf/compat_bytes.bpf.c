// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: bytes that processes sent and received over IP sockets, from
 * the records of the kernel's own tracepoints (6.3).
 */
#include "compat.bpf.h"

/* as /sys/kernel/tracing/events/sock/sock_send_length/format has it */
struct length_record {
	__u64 common;
	__u64 socket;
	__u16 family;
	__u16 protocol;
	int length;
	int flags;
};

static __always_inline struct compat_process *mover(const struct length_record *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_control *ctl = get_control();
	struct compat_process *process;

	if (ctx->length <= 0 || (ctx->family != AF_INET && ctx->family != AF_INET6))
		return NULL;
	if (!ctl || !ctl->epoch || !watched(ctl, pid_tgid >> 32))
		return NULL;
	process = make_process(ctl->epoch, pid_tgid);
	if (!process)
		lose_bytes();
	return process;
}

SEC("tp/sock/sock_send_length")
int compat_send_length(struct length_record *ctx)
{
	struct compat_process *process = mover(ctx);

	if (process)
		count_sent(process, ctx->protocol, ctx->length);
	return 0;
}

SEC("tp/sock/sock_recv_length")
int compat_recv_length(struct length_record *ctx)
{
	struct compat_process *process;

	/* peeked bytes will be read again; the error queue holds what was sent */
	if (ctx->flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	process = mover(ctx);
	if (process)
		count_received(process, ctx->protocol, ctx->length);
	return 0;
}
