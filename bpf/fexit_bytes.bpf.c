// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Bytes that processes sent and received over IP sockets, on kernels without the
 * tracepoints for it (before 6.3): what the functions behind the calls returned.
 */
#include "bytes.bpf.h"

struct msghdr;
struct page;

SEC("fexit/inet_sendmsg")
int BPF_PROG(fexit_inet_sendmsg, struct socket *sock, struct msghdr *msg, unsigned long size, int length)
{
	return sent(sock->sk, length);
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(fexit_inet6_sendmsg, struct socket *sock, struct msghdr *msg, unsigned long size, int length)
{
	return sent(sock->sk, length);
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(fexit_inet_recvmsg, struct socket *sock, struct msghdr *msg, unsigned long size, int flags, int length)
{
	return received(sock->sk, length, flags);
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(fexit_inet6_recvmsg, struct socket *sock, struct msghdr *msg, unsigned long size, int flags, int length)
{
	return received(sock->sk, length, flags);
}

/* what sendfile(2) and splice(2) send, until 6.5; other protocols than TCP go through sendmsg again */
SEC("fexit/inet_sendpage")
int BPF_PROG(fexit_inet_sendpage, struct socket *sock, struct page *page, int offset, unsigned long size, int flags,
	     long length)
{
	struct sock *sk = sock->sk;

	return sk->sk_protocol == IPPROTO_TCP ? sent(sk, length) : 0;
}
