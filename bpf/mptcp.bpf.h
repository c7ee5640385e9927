/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * MPTCP: what processes have open is an MPTCP socket; the TCP connections below it,
 * its subflows, are sockets that only the kernel uses.
 */
#ifndef EBPF_TOP_MPTCP_BPF_H
#define EBPF_TOP_MPTCP_BPF_H

#include "owners.bpf.h"

/* owners of MPTCP sockets, by the address of the socket */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct owner);
} mptcp_owners SEC(".maps");

/* of a TCP socket that is a subflow; NULL: it is none */
static __always_inline struct mptcp_subflow_context *subflow_of(const struct sock *sk)
{
	const struct tcp_sock *tp = (const struct tcp_sock *)sk;

	if (!bpf_core_field_exists(struct tcp_sock, is_mptcp) || !BPF_CORE_READ(tp, is_mptcp))
		return NULL;
	return BPF_CORE_READ(tp, inet_conn.icsk_ulp_data);
}

/* address of the MPTCP socket of a TCP socket; 0: it is of none */
static __always_inline __u64 mptcp_of(const struct sock *sk)
{
	struct mptcp_subflow_context *subflow = subflow_of(sk);

	return subflow ? (__u64)BPF_CORE_READ(subflow, conn) : 0;
}

/* address of the first subflow of an MPTCP socket */
static __always_inline __u64 first_subflow(__u64 mptcp)
{
	const struct mptcp_sock *msk = (const struct mptcp_sock *)mptcp;

	return bpf_core_field_exists(struct mptcp_sock, first) ? (__u64)BPF_CORE_READ(msk, first) : 0;
}

/* both ends agreed to speak MPTCP: a subflow that fell back is plain TCP */
static __always_inline bool speaks_mptcp(const struct sock *sk)
{
	struct mptcp_subflow_context *subflow = subflow_of(sk);

	return subflow && (BPF_CORE_READ_BITFIELD_PROBED(subflow, mp_capable) ||
			   BPF_CORE_READ_BITFIELD_PROBED(subflow, mp_join));
}

/* `now`: the socket is new, and what is known at its address was of another one */
static __always_inline void expect_mptcp(__u64 mptcp, bool now)
{
	struct owner nobody = {};

	bpf_map_update_elem(&mptcp_owners, &mptcp, &nobody, now ? BPF_ANY : BPF_NOEXIST);
}

static __always_inline struct owner *mptcp_owner(__u64 mptcp)
{
	return bpf_map_lookup_elem(&mptcp_owners, &mptcp);
}

/* this process acts on an MPTCP socket, and so has it */
static __always_inline void mptcp_used_by(__u64 mptcp, struct task_struct *thread)
{
	struct owner *owner = mptcp_owner(mptcp);

	if (!owner) {
		expect_mptcp(mptcp, false);
		owner = mptcp_owner(mptcp);
	}
	if (owner && !(thread->flags & PF_KTHREAD) && !knows_owner(owner, thread))
		set_owner(owner, thread);
}

#endif
