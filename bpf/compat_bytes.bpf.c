// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: bytes that processes sent and received over IP sockets, from
 * the records of the kernel's own tracepoints (6.3).
 */
#include "compat.bpf.h"
#include "records.h"

static __always_inline struct compat_process *mover(const struct length_record *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_control *ctl = get_control();
	struct compat_process *process;

	if (!moved_by_ip(ctx))
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
	return FOR_OTHERS_TOO;
}

SEC("tp/sock/sock_recv_length")
int compat_recv_length(struct length_record *ctx)
{
	struct compat_process *process = taken_out(ctx->flags) ? mover(ctx) : NULL;

	if (process)
		count_received(process, ctx->protocol, ctx->length);
	return FOR_OTHERS_TOO;
}
