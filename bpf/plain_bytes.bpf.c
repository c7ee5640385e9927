// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Bytes that processes sent and received over IP sockets, beside plain_syscalls.bpf.c
 * and for the same reason. Only who has a socket is known where the socket is: the
 * next send or receive tells it again.
 */
#include "bytes.bpf.h"

static __always_inline struct process *mover(const struct length_record *ctx)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct control *ctl = get_control();

	if (!moved_by_ip(ctx) || !ctl || !ctl->epoch || !watched(ctl, thread->tgid))
		return NULL;
	return current_process(ctl, thread);
}

SEC("tp/sock/sock_send_length")
int sock_send_length(struct length_record *ctx)
{
	struct process *process = mover(ctx);

	if (process)
		count_sent(process, ctx->protocol, ctx->length);
	return FOR_OTHERS_TOO;
}

SEC("tp/sock/sock_recv_length")
int sock_recv_length(struct length_record *ctx)
{
	struct process *process = taken_out(ctx->flags) ? mover(ctx) : NULL;

	if (process)
		count_received(process, ctx->protocol, ctx->length);
	return FOR_OTHERS_TOO;
}

static __always_inline int owned(struct sock *sk, int length)
{
	struct control *ctl = get_control();

	if (length > 0 && ctl && ctl->epoch && is_ip(sk))
		moved_by(sk, sk->sk_protocol, bpf_get_current_task_btf());
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(owner_sends, struct sock *sk, int length, int flags)
{
	return owned(sk, length);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(owner_receives, struct sock *sk, int length, int flags)
{
	return taken_out(flags) ? owned(sk, length) : 0;
}
