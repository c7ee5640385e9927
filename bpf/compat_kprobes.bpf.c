// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Compatible mode: bytes that processes sent and received over IP sockets, from
 * what the kernel's functions behind these calls returned. A return probe that
 * the kernel had no room for is noticed at the end of the system call, and lost.
 */
#include "compat.bpf.h"

static __always_inline struct compat_thread *current_thread(void)
{
	struct compat_control *ctl = get_control();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_thread *thread;

	if (!ctl || !ctl->epoch || !watched(ctl, pid_tgid >> 32))
		return NULL;
	thread = make_thread(pid_tgid);
	if (!thread)
		lose_bytes();
	return thread;
}

/* struct socket begins so in every kernel since 2.6 */
struct plain_socket {
	int state;
	short type;
};

static __always_inline short type_of(const struct call_registers *ctx)
{
	struct plain_socket socket = {};

	bpf_probe_read(&socket, sizeof(socket), (void *)FIRST_ARGUMENT(ctx));
	return socket.type;
}

static __always_inline int begin(const struct call_registers *ctx, __u32 flags)
{
	struct compat_thread *thread = current_thread();
	short type;

	if (!thread)
		return 0;
	type = type_of(ctx);
	thread->flags = flags;
	if (type == SOCK_STREAM)
		thread->moving = IPPROTO_TCP;
	else if (type == SOCK_DGRAM)
		thread->moving = IPPROTO_UDP;
	else
		thread->moving = MOVING_OTHER;
	return 0;
}

static __always_inline int begin_stream(const struct call_registers *ctx)
{
	return type_of(ctx) == SOCK_STREAM ? begin(ctx, 0) : 0;
}

/* the row for what this thread moved; NULL if its call is not to be counted */
static __always_inline struct compat_process *end(int length, __u32 *protocol)
{
	struct compat_control *ctl = get_control();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_process *process;
	struct compat_thread *thread;
	__u32 tid = pid_tgid;

	thread = bpf_map_lookup_elem(&compat_threads, &tid);
	if (!thread)
		return NULL;
	*protocol = thread->moving;
	thread->moving = 0;
	if (!*protocol || length <= 0 || thread->flags & (MSG_PEEK | MSG_ERRQUEUE))
		return NULL;
	if (!ctl || !ctl->epoch || !watched(ctl, pid_tgid >> 32))
		return NULL;
	process = make_process(ctl->epoch, pid_tgid);
	if (!process)
		lose_bytes();
	return process;
}

static __always_inline int sent(int length)
{
	struct compat_process *process;
	__u32 protocol;

	process = end(length, &protocol);
	if (process)
		count_sent(process, protocol, length);
	return 0;
}

static __always_inline int received(int length)
{
	struct compat_process *process;
	__u32 protocol;

	process = end(length, &protocol);
	if (process)
		count_received(process, protocol, length);
	return 0;
}

SEC("kprobe/inet_sendmsg")
int kprobe_inet_sendmsg(struct call_registers *ctx)
{
	return begin(ctx, 0);
}

SEC("kretprobe/inet_sendmsg")
int kretprobe_inet_sendmsg(struct call_registers *ctx)
{
	return sent(RETURN_VALUE(ctx));
}

SEC("kprobe/inet_recvmsg")
int kprobe_inet_recvmsg(struct call_registers *ctx)
{
	return begin(ctx, FOURTH_ARGUMENT(ctx));
}

SEC("kretprobe/inet_recvmsg")
int kretprobe_inet_recvmsg(struct call_registers *ctx)
{
	return received(RETURN_VALUE(ctx));
}

/* since 5.3 IPv6 has functions of its own */
SEC("kprobe/inet6_sendmsg")
int kprobe_inet6_sendmsg(struct call_registers *ctx)
{
	return begin(ctx, 0);
}

SEC("kretprobe/inet6_sendmsg")
int kretprobe_inet6_sendmsg(struct call_registers *ctx)
{
	return sent(RETURN_VALUE(ctx));
}

SEC("kprobe/inet6_recvmsg")
int kprobe_inet6_recvmsg(struct call_registers *ctx)
{
	return begin(ctx, FOURTH_ARGUMENT(ctx));
}

SEC("kretprobe/inet6_recvmsg")
int kretprobe_inet6_recvmsg(struct call_registers *ctx)
{
	return received(RETURN_VALUE(ctx));
}

/* what sendfile(2) and splice(2) send, until 6.5 */
SEC("kprobe/inet_sendpage")
int kprobe_inet_sendpage(struct call_registers *ctx)
{
	/* other protocols than TCP go through sendmsg again */
	return begin_stream(ctx);
}

SEC("kretprobe/inet_sendpage")
int kretprobe_inet_sendpage(struct call_registers *ctx)
{
	return sent(RETURN_VALUE(ctx));
}
