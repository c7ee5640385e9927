// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Bytes that processes sent and received over IP sockets: the lengths that
 * their calls returned, not those that they asked for.
 */
#include "bytes.bpf.h"

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock *sk, int length, int flags)
{
	return sent(sk, length);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock *sk, int length, int flags)
{
	return received(sk, length, flags);
}
