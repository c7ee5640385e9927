/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What only the exits of connect, accept and splice tell of TCP connections. They are
 * watched where all system calls are, so that no other call pays for it.
 */
#ifndef EBPF_TOP_SOCKET_CALLS_BPF_H
#define EBPF_TOP_SOCKET_CALLS_BPF_H

#include "process.bpf.h"
#include "connection.bpf.h"
#include <bpf/bpf_endian.h>

/* the socket behind a file descriptor of this thread; NULL: there is none */
static __always_inline struct socket *socket_of(struct task_struct *thread, __u32 fd)
{
	struct fdtable *table = thread->files->fdt;
	struct file *file;

	if (fd >= table->max_fds || bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd) || !file)
		return NULL;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

static __always_inline __u16 protocol_of(const struct socket *sock)
{
	return BPF_CORE_READ(sock, sk, sk_protocol);
}

/* an inbound connection that was not accepted yet, or a listening socket, by its address; NULL: none is known */
static __always_inline struct tcp_socket *accepting_socket(__u64 address)
{
	__u32 *place = bpf_map_lookup_elem(&accepts, &address);
	struct tcp_socket *socket = place ? socket_at(*place) : NULL;

	return socket && socket->address == address && socket->id ? socket : NULL;
}

/* the id of the listening socket that is accepted from; 0: not known */
static __always_inline __u64 listener_at(struct task_struct *thread, __u32 fd)
{
	struct socket *sock = socket_of(thread, fd);
	struct tcp_socket *socket = sock ? accepting_socket((__u64)BPF_CORE_READ(sock, sk)) : NULL;

	return socket ? socket->id : 0;
}

/* accept returned a connection: it has an owner, and waited until now */
static __noinline void accept_returned(long fd, struct pt_regs *regs)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct tcp_socket *socket;
	__u64 listener;
	struct socket *sock;
	__u64 address;

	if (fd < 0)
		return;
	sock = socket_of(thread, fd);
	if (!sock)
		return;
	address = (__u64)BPF_CORE_READ(sock, sk);
	if (protocol_of(sock) == IPPROTO_MPTCP) {
		mptcp_used_by(address, thread);
		address = first_subflow(address);
	}
	socket = accepting_socket(address);
	if (!socket || socket->accepted_ns)
		return;
	if (!owner_of(socket)->pid) {
		used_by(socket, thread);
		socket->unused = 1;
	}
	/* one that closes may leave those that wait to another one that shares its port (net.ipv4.tcp_migrate_req) */
	listener = listener_at(thread, PT_REGS_PARM1_CORE_SYSCALL(regs));
	if (listener)
		socket->listener = listener;
	/* Fast Open: it moves bytes before its handshake is over */
	socket->established = 1;
	socket->accepted_ns = bpf_ktime_get_ns();
}

/* accept is called: of those that have the listening socket open, this process used it last */
static __noinline void accept_entered(__u32 fd)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct socket *sock = socket_of(thread, fd);
	struct tcp_socket *socket;
	__u64 address;

	if (!sock)
		return;
	address = (__u64)BPF_CORE_READ(sock, sk);
	if (protocol_of(sock) == IPPROTO_MPTCP) {
		mptcp_used_by(address, thread);
		return;
	}
	socket = accepting_socket(address);
	if (socket && !knows_owner(&socket->owner, thread))
		used_by(socket, thread);
}

/* a descriptor is about to be closed, or to become that of another file: others may have the socket open still */
static __noinline void descriptor_given_up(__u32 fd)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct socket *sock = socket_of(thread, fd);
	struct control *ctl = get_control();
	struct tcp_socket *socket = NULL;
	struct owner *owner = NULL;
	__u32 index, *hint;
	__u64 address;

	if (!sock || !ctl)
		return;
	address = (__u64)BPF_CORE_READ(sock, sk);
	switch (protocol_of(sock)) {
	case IPPROTO_MPTCP:
		owner = mptcp_owner(address);
		break;
	case IPPROTO_TCP:
		index = index_of((void *)address, HINT_BITS);
		hint = bpf_map_lookup_elem(&place_hints, &index);
		socket = hint ? socket_at(*hint) : NULL;
		if (!socket || socket->address != address) {
			/* another socket has its hint: whichever of its sockets it was */
			may_let_go(thread->tgid);
			return;
		}
		owner = &socket->owner;
		break;
	}
	if (owner && owner->pid == thread->tgid)
		owner->left_pass = ctl->pass + 1;
}

struct socket_address {
	__u16 family;
	__be16 port;
	union {
		__u8 v4[12];
		struct {
			__be32 flow;
			__u8 address[16];
			__u32 scope;
		} v6;
	};
};

/* lengths of the addresses that connect takes: the older one of IPv6 is without the scope */
#define LENGTH_V4 16
#define LENGTH_V6_OLD 24
#define LENGTH_V6 28
#define LONGEST_ADDRESS 128

/* what connect was told, no more than its length says: behind that there may be no memory; false: it is too short */
static __always_inline bool read_target(struct socket_address *target, const void *from, __u32 length)
{
	if (length < LENGTH_V4 || length > LONGEST_ADDRESS)
		return false;
	if (length >= LENGTH_V6)
		bpf_probe_read_user(target, LENGTH_V6, from);
	else if (length >= LENGTH_V6_OLD)
		bpf_probe_read_user(target, LENGTH_V6_OLD, from);
	else
		bpf_probe_read_user(target, LENGTH_V4, from);
	return target->family == AF_INET || (target->family == AF_INET6 && length >= LENGTH_V6_OLD);
}

/* fe80::/10 */
static __always_inline bool is_of_link(const struct socket_address *target)
{
	return target->family == AF_INET6 && target->v6.address[0] == 0xfe && (target->v6.address[1] & 0xc0) == 0x80;
}

static __always_inline bool is_any(const struct in6_addr *address)
{
	return !(address->in6_u.u6_addr32[0] | address->in6_u.u6_addr32[1] | address->in6_u.u6_addr32[2] |
		 address->in6_u.u6_addr32[3]);
}

/* whether the kernel looked for a way to the target, and did not refuse the call for what it was told */
static __always_inline bool was_tried(const struct socket_address *target, __u32 error)
{
	switch (error) {
	case EINTR:
	case EFAULT:
	case EAFNOSUPPORT:
	case ECONNABORTED:
	case EISCONN:
	case EALREADY:
		return false;
	case EINVAL:
		/* there it wants to know by which interface */
		return !is_of_link(target);
	}
	return error < ERESTARTSYS;
}

/* connect failed before it sent anything: no socket ever changed its state */
static __always_inline void connect_refused(struct control *ctl, struct connection_state *state, struct sock *sk,
					    struct task_struct *thread, struct pt_regs *regs, __u64 entered, __u32 error)
{
	struct socket_address target = {};
	struct connection *row;
	struct in6_addr remote;
	__u32 index;

	/* a connection that there is already, or one that is under way, did not fail */
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_CLOSE)
		return;
	if (!read_target(&target, (void *)PT_REGS_PARM2_CORE_SYSCALL(regs), PT_REGS_PARM3_CORE_SYSCALL(regs)) ||
	    !was_tried(&target, error))
		return;
	row = new_closed(state, ctl->epoch, &index);
	if (!row)
		return;
	row->id = new_id(state);
	row->started_ns = entered;
	row->ended_ns = bpf_ktime_get_ns();
	row->owner = thread->tgid;
	row->owner_started_ns = BPF_CORE_READ(thread, group_leader, start_boottime);
	BPF_CORE_READ_STR_INTO(&row->name, thread, group_leader, comm);
	row->state = TCP_SYN_SENT;
	row->direction = DIRECTION_OUTBOUND;
	row->error = error;
	row->opened = 1;
	row->family = target.family;
	row->namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	row->device = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	/* where it was bound; not inet_sport, which may be of an earlier try */
	row->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	row->remote_port = bpf_ntohs(target.port);
	if (target.family == AF_INET) {
		BPF_CORE_READ_INTO(&row->local, sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(row->remote, target.v4, 4);
		return;
	}
	BPF_CORE_READ_INTO(&row->local, sk, __sk_common.skc_v6_rcv_saddr);
	if (!row->device && is_of_link(&target))
		row->device = target.v6.scope;
	/* the kernel keeps what it was told before it looks for a way: the process may write something else there meanwhile */
	BPF_CORE_READ_INTO(&remote, sk, __sk_common.skc_v6_daddr);
	if (is_any(&remote))
		__builtin_memcpy(row->remote, target.v6.address, sizeof(row->remote));
	else
		__builtin_memcpy(row->remote, &remote, sizeof(row->remote));
}

/* connect returned: where it failed, its row may still lack the reason, or there is none yet */
static __noinline void connect_returned(struct control *ctl, struct task *task, struct pt_regs *regs, __u64 entered,
					long result)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct connection_state *state = get_connection_state();
	__u32 connecting = task->connecting, index;
	struct connection *row;
	struct socket *sock;
	bool told;
	__u64 file;

	task->connecting = 0;
	if (result >= 0 || result == -EINPROGRESS || !state)
		return;
	sock = socket_of(thread, PT_REGS_PARM1_CORE_SYSCALL(regs));
	if (!sock)
		return;
	file = BPF_CORE_READ(sock, file, f_inode, i_ino);
	told = !bpf_map_delete_elem(&failed_connects, &file);
	if (connecting > 1) {
		index = connecting - 2;
		row = bpf_map_lookup_elem(&closed_connections, &index);
		if (row && row->epoch == ctl->epoch && row->owner == thread->tgid && !row->error)
			row->error = -result;
		return;
	}
	if (!connecting && !told)
		connect_refused(ctl, state, BPF_CORE_READ(sock, sk), thread, regs, entered, -result);
}

/* splice took bytes out of a TCP socket: the one way to receive that passes by sock_recv_length */
static __noinline void splice_returned(struct control *ctl, struct task *task, struct pt_regs *regs, long bytes)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	struct process_state *state = get_process_state();
	struct process *process;
	struct socket *sock;
	struct sock *sk;
	__u16 family;
	__u32 index;

	if (bytes <= 0)
		return;
	sock = socket_of(thread, PT_REGS_PARM1_CORE_SYSCALL(regs));
	if (!sock)
		return;
	sk = BPF_CORE_READ(sock, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return;
	index = process_of(ctl->epoch, task);
	process = index < MAX_PROCESSES ? process_at(ctl->epoch, index) : NULL;
	if (process)
		__sync_fetch_and_add(&process->tcp_received, bytes);
	else if (state)
		__sync_fetch_and_add(&state->lost_splices, 1);
}

/* `regs`: NULL where the hook does not have them */
static __always_inline struct pt_regs *registers_of(struct pt_regs *regs)
{
	return regs ? regs : (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

static __always_inline void socket_call_returned(struct control *ctl, struct task *task, __u32 call,
						 struct pt_regs *regs, __u64 entered, long result)
{
	switch (call) {
	case CALL_ACCEPT:
	case CALL_ACCEPT4:
		accept_returned(result, registers_of(regs));
		break;
	case CALL_CONNECT:
		connect_returned(ctl, task, registers_of(regs), entered, result);
		break;
	case CALL_SPLICE:
		splice_returned(ctl, task, registers_of(regs), result);
	}
}

/* a call that tells who uses a socket, or may let go of one, whoever is watched */
static __always_inline void socket_call_entered(struct pt_regs *regs, long number)
{
	switch (number) {
	case CALL_CLOSE:
	case CALL_DUP3:
#ifdef CALL_DUP2
	case CALL_DUP2:
#endif
		regs = registers_of(regs);
		descriptor_given_up(number == CALL_CLOSE ? PT_REGS_PARM1_CORE_SYSCALL(regs) :
							   PT_REGS_PARM2_CORE_SYSCALL(regs));
		break;
	case CALL_CLOSE_RANGE:
		may_let_go(current_tgid());
		break;
	case CALL_ACCEPT:
	case CALL_ACCEPT4:
		accept_entered(PT_REGS_PARM1_CORE_SYSCALL(registers_of(regs)));
		break;
	}
}

#endif
