// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Page faults of processes, as the kernel itself counts them for each thread. A
 * tracepoint of faults would not tell minor ones from major ones, and only x86
 * and RISC-V have one. A thread faults while it runs: what its counters rose by is
 * taken when it leaves the processor, and at each tick of the clock.
 */
#include "../arch.bpf.h"
#include "../ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct process_id {
	eb_pid pid;
};

struct faults {
	char name[16];
	eb_counter minor EB_SORT;	/* the page was in memory */
	eb_counter major;		/* it was read from a disk */
};

EB_TABLE(faults, struct process_id, struct faults, 16384)

/* what of the faults of a thread was counted */
struct seen {
	__u64 minor;
	__u64 major;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);	/* address of its task_struct, which stays its own until sched_process_free */
	__type(value, struct seen);
} _threads SEC(".maps");

/* from here on its faults are counted */
static __always_inline void begin(struct task_struct *thread)
{
	struct seen seen = { .minor = thread->min_flt, .major = thread->maj_flt };
	__u64 address = (__u64)thread;

	if (thread->pid && bpf_map_update_elem(&_threads, &address, &seen, BPF_NOEXIST))
		faults_lost();
}

/* all callers hold the lock of the run queue of the thread: nothing comes in between */
static __always_inline void count(struct task_struct *thread)
{
	struct process_id key = { .pid = thread->tgid };
	__u64 address = (__u64)thread, minor = thread->min_flt, major = thread->maj_flt, more_minor, more_major;
	struct seen *seen = bpf_map_lookup_elem(&_threads, &address);
	struct faults *row;

	if (!seen) {
		begin(thread);
		return;
	}
	more_minor = minor - seen->minor;
	more_major = major - seen->major;
	if (!(more_minor | more_major))
		return;
	seen->minor = minor;
	seen->major = major;
	if (!eb_watched(key.pid))
		return;
	row = faults_row(&key);
	if (!row)
		return;
	/* as it is called now: it may have executed another program */
	BPF_CORE_READ_STR_INTO(&row->name, thread, group_leader, comm);
	EB_ADD(row->minor, more_minor);
	EB_ADD(row->major, more_major);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *thread)
{
	count(thread);
	return 0;
}

SEC("tp_btf/sched_stat_runtime")
int BPF_PROG(sched_stat_runtime, struct task_struct *thread)
{
	count(thread);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempted, struct task_struct *before, struct task_struct *next)
{
	count(before);
	count(next);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(sched_process_free, struct task_struct *thread)
{
	__u64 address = (__u64)thread;

	bpf_map_delete_elem(&_threads, &address);
	return 0;
}
