/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The kernel types that the tracers read, each with only the members they
 * read. Offsets are relocated when an object is loaded (CO-RE), so order and
 * completeness do not matter here; names and member types do.
 */
#ifndef EBPF_TOP_KERNEL_H
#define EBPF_TOP_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

#define true 1
#define false 0
#define NULL ((void *)0)

/* makes bpf_tracing.h use the kernel's names of registers */
#define __VMLINUX_H__

/* user-visible constants of the bpf(2) interface */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1U << 0,
	BPF_F_CLONE = 1U << 9,
	BPF_F_MMAPABLE = 1U << 10,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0,
};

/* helpers that older kernels lack: a program asks whether there is one (bpf_core_enum_value_exists) */
enum bpf_func_id {
	BPF_FUNC_task_pt_regs = 175,
	BPF_FUNC_loop = 181,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	AF_INET = 2,
	AF_INET6 = 10,
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	IPPROTO_TCP = 6,
	IPPROTO_UDP = 17,
	IPPROTO_UDPLITE = 136,
	IPPROTO_MPTCP = 262,
	MSG_PEEK = 0x2,
	MSG_ERRQUEUE = 0x2000,
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
};

enum {
	EFAULT = 14,
	EINVAL = 22,
	EAFNOSUPPORT = 97,
	ECONNABORTED = 103,
	EISCONN = 106,
	EALREADY = 114,
	EINPROGRESS = 115,
};

/* task_struct.flags */
enum {
	PF_EXITING = 0x00000004,
	PF_KTHREAD = 0x00200000,
};

/*
 * A member that takes no room: it keeps an enum in BTF, where user space reads its
 * constants by their names.
 */
#define TOLD_BY_BTF(enumeration) enum enumeration enumeration[0]

/*
 * What a program behind a perf event returns: with 0 the kernel would keep the event
 * from whoever else has asked for it.
 */
#define FOR_OTHERS_TOO 1

enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
	TCP_NEW_SYN_RECV,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic64_t;

struct qspinlock {
	atomic_t val;
};

struct raw_spinlock {
	struct qspinlock raw_lock;
};

typedef struct {
	struct raw_spinlock rlock;
} spinlock_t;

typedef struct {
	spinlock_t slock;
	int owned;
} socket_lock_t;

struct thread_info {
	unsigned long flags;
	__u32 status;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	__u16 i_mode;
	__u32 i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
};

struct k_sigaction {
	struct sigaction sa;
};

struct kernel_siginfo;

struct notification;

struct seccomp_filter {
	struct seccomp_filter *prev;
	struct notification *notif;	/* who answers calls in the place of the kernel */
};

struct seccomp {
	int mode;
	struct seccomp_filter *filter;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct list_head {
	struct list_head *next;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
	__u64 id;
};

struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

/* groups in which a thread is, one in each hierarchy */
struct css_set {
	struct list_head cgrp_links;
};

struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link;
};

struct task_struct {
	struct thread_info thread_info;
	struct seccomp seccomp;
	void *stack;
	unsigned int __state;
	unsigned int flags;
	unsigned int ptrace;
	unsigned int on_cpu;	/* one byte in later kernels: what is unsigned is read in the size that it has */
	unsigned short migration_disabled;
	int pid;
	int tgid;
	int exit_code;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	struct files_struct *files;
	struct mm_struct *mm;
	struct css_set *cgroups;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	__u64 start_time;
	__u64 start_boottime;
	char comm[16];
};

struct task_struct___before_5_14 {
	volatile long state;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	possible_net_t skc_net;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
	unsigned long skc_flags;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	__u16 sk_type;
	__u16 sk_protocol;
	struct socket *sk_socket;
	int sk_err;
	atomic_t sk_drops;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
};

/* where locks are those of PREEMPT_RT */
struct sock___rt {
	struct {
		struct {
			struct {
				void *owner;
			} lock;
		} slock;
	} sk_lock;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

/* one that waits in an accept queue */
struct request_sock {
	struct sock *sk;
	struct request_sock *dl_next;
};

struct request_sock_queue {
	__u8 rskq_defer_accept;
	struct request_sock *rskq_accept_head;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	void *icsk_ulp_data;
};

struct minmax_sample {
	__u32 t;
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 rcv_wup;
	__u32 rcv_wnd;
	__u32 copied_seq;
	__u32 write_seq;
	__u32 snd_una;
	__u32 snd_wnd;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 tcp_mstamp;
	__u32 retrans_stamp;
	__u32 srtt_us;
	__u32 total_retrans;
	__u32 data_segs_out;
	struct minmax rtt_min;
	bool is_mptcp;
};

struct mptcp_sock {
	struct sock *first;
};

struct mptcp_subflow_context {
	__u32 mp_capable : 1;
	__u32 mp_join : 1;
	struct sock *conn;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct sk_buff;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
