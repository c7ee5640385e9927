/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Rows of threads that are in a system call, as the walk over all threads writes
 * them one behind the other, and what their first argument is.
 */
#ifndef EBPF_TOP_IN_FLIGHT_ROW_BPF_H
#define EBPF_TOP_IN_FLIGHT_ROW_BPF_H

#include "arch.bpf.h"

/* bytes of the names of a path, and of one name */
#define PATH_BYTES 1024
#define PATH_NAME_BYTES 256
/* names and mount points between a file and the root */
#define PATH_STEPS 48

/* what is known of the begin of the call */
enum begun {
	BEGUN_SEEN = 1,		/* at entered_ns */
	BEGUN_EARLIER,		/* at entered_ns, under another filter */
	BEGUN_BEFORE,		/* not since this filter is in force */
	BEGUN_UNSEEN,		/* at some time before this walk */
};

/* what the first argument is */
enum argument {
	ARGUMENT_NUMBER,
	ARGUMENT_FILE,		/* an open file: behind the row are the names of its path */
	ARGUMENT_SOCKET,	/* a socket of TCP or UDP: behind the row is a struct row_socket */
	ARGUMENT_CLOSED,	/* a descriptor under which nothing is open */
};

enum {
	PATH_CUT = 1,		/* there are more names above */
	PATH_DELETED = 2,	/* it has no name any more */
};

struct in_flight_row {
	__u64 seen_ns;		/* now, on the monotonic clock */
	__u64 entered_ns;	/* the same clock; 0: not known */
	__u64 process_started_ns;/* since boot; with the pid it names a process for good */
	__u64 thread_started_ns;/* the same of the thread */
	__u64 switches;		/* times that it was taken from a processor */
	__u64 argument;
	__u64 inode;		/* of the file */
	__u32 size;		/* bytes of this row, with what is behind it */
	__u32 pid;
	__u32 tid;
	__u32 call;		/* as in struct calls */
	__u32 state;		/* of the thread, bits of the kernel */
	__u32 file_system;	/* magic number */
	__u32 device;		/* number of the device that the file is */
	__u16 names;		/* bytes behind the row */
	__u8 begun;		/* enum begun */
	__u8 running;		/* on a processor */
	__u8 kind;		/* enum argument */
	__u8 path;		/* PATH_* */
	__u16 mode;		/* of the file */
	__u32 unused;
	char name[16];
	char thread_name[16];
};

/* addresses in network order, IPv4 in the first four bytes */
struct row_socket {
	__u16 family;
	__u16 local_port;
	__u16 remote_port;
	__u16 protocol;
	__u32 device;
	__u32 unused;
	__u8 local[16];
	__u8 remote[16];
};

/* what is known of a thread, and what it does at one moment */
struct look {
	/* what the begin of its call left behind: as in struct task; all 0 where the thread was never seen */
	__u64 entered_ns;
	__u64 interrupted_ns;
	__u32 call;
	__u32 interrupted_call;
	__u32 filter_generation;
	__u16 handlers;
	__u8 known;		/* the thread was seen */
	__u8 followed;		/* the end of its call would have been seen under any filter */
	struct entry entry;
	__u64 switches;
	__u32 state;
	__u32 running;
};

/* a row under way; not on the stack, whose every byte the verifier follows */
struct in_flight_room {
	struct look look;
	struct in_flight_row row;
	union {
		char names[PATH_BYTES + PATH_NAME_BYTES];
		struct row_socket socket;
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct in_flight_room);
} in_flight_room SEC(".maps");

#define IN_FLIGHT_NUMBERS 512

/* what user space tells the walk */
struct in_flight_settings {
	__u64 stack_size;	/* what the walk found out, see stack_size */
	__u64 least_ns;		/* but for 0: calls that began later have no row, nor have idle waits */
	__u32 unsure;		/* programs were left out: begins may have been missed */
	/* calls whose first argument is a file descriptor, of the native table and of the 32-bit one */
	__u8 takes_descriptor[2 * IN_FLIGHT_NUMBERS];
	/* calls that wait by their nature: who sleeps in one is idle */
	__u8 waits[2 * IN_FLIGHT_NUMBERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct in_flight_settings);
} in_flight_settings SEC(".maps");

static __always_inline struct in_flight_settings *get_in_flight_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&in_flight_settings, &zero);
}

static __always_inline struct in_flight_room *get_in_flight_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&in_flight_room, &zero);
}

static __always_inline struct mount *mount_with(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* adds the name of a file or directory to those of the row */
static __always_inline bool add_name(struct in_flight_room *room, struct dentry *dentry)
{
	__u32 at = room->row.names;
	long length;

	if (at >= PATH_BYTES)
		return false;
	length = bpf_probe_read_kernel_str(room->names + at, PATH_NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
	if (length < 0)
		return false;
	room->row.names = at + length;
	return true;
}

/*
 * The names of a file and of the directories above it, from the inside out, a NUL behind each; over mount points up to
 * the root of its mount namespace. `address`: of the struct file. Not static, so that the verifier goes through it once;
 * for its sake as well, what is found stands in the row at every step.
 */
__noinline int tell_path(__u64 address)
{
	struct file *file = (void *)address;
	struct in_flight_room *room = get_in_flight_room();
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry), *parent;
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount, *above;
	int i;

	if (!room)
		return 0;
	room->row.path = PATH_CUT;
	if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(mnt, mnt_root) != dentry)
		room->row.path |= PATH_DELETED;
	for (i = 0; i < PATH_STEPS; i++) {
		if (BPF_CORE_READ(mnt, mnt_root) == dentry) {
			mount = mount_with(mnt);
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				goto whole;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mnt = &above->mnt;
			continue;
		}
		if (!add_name(room, dentry))
			return 0;
		parent = BPF_CORE_READ(dentry, d_parent);
		/* a file of no directory, as those of pipes */
		if (parent == dentry)
			goto whole;
		dentry = parent;
	}
	return 0;
whole:
	room->row.path &= ~PATH_CUT;
	return 0;
}

static __always_inline bool has_addresses(__u16 family, __u16 protocol)
{
	return (family == AF_INET || family == AF_INET6) &&
	       (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
		(protocol & 0xff) == (IPPROTO_MPTCP & 0xff));
}

/* `address`: of the struct socket */
__noinline int tell_socket(__u64 address)
{
	struct socket *socket = (void *)address;
	struct in_flight_room *room = get_in_flight_room();
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct row_socket *row;
	__u16 family, protocol;

	if (!room || !sk)
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	protocol = BPF_CORE_READ(sk, sk_protocol);
	if (!has_addresses(family, protocol) || !BPF_CORE_READ(sk, __sk_common.skc_num))
		return 0;
	row = &room->socket;
	__builtin_memset(row, 0, sizeof(*row));
	row->family = family;
	row->protocol = protocol;
	row->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	row->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	row->device = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	if (family == AF_INET) {
		*(__be32 *)row->local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)row->remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO(&row->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&row->remote, sk, __sk_common.skc_v6_daddr);
	}
	room->row.kind = ARGUMENT_SOCKET;
	room->row.names = sizeof(*row);
	return 0;
}

/* what a thread has open under that number */
static __always_inline struct file *file_at(struct task_struct *thread, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(thread, files, fdt);
	struct file *file = NULL, **files;

	if (!table || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd))
		return NULL;
	return file;
}

static __always_inline void tell_file(struct in_flight_row *row, struct task_struct *thread)
{
	struct file *file = file_at(thread, row->argument);
	struct inode *inode;

	row->kind = ARGUMENT_CLOSED;
	if (!file)
		return;
	inode = BPF_CORE_READ(file, f_inode);
	row->kind = ARGUMENT_FILE;
	row->mode = BPF_CORE_READ(inode, i_mode);
	row->inode = BPF_CORE_READ(inode, i_ino);
	row->device = BPF_CORE_READ(inode, i_rdev);
	row->file_system = BPF_CORE_READ(inode, i_sb, s_magic);
	if ((row->mode & S_IFMT) == S_IFSOCK)
		tell_socket((__u64)BPF_CORE_READ(file, private_data));
	else
		tell_path((__u64)file);
}

#endif
