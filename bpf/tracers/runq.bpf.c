// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * What processes wait for a processor, and what they have of one: all threads of
 * a process together. A time is counted when it is over.
 */
#include "../arch.bpf.h"
#include "../ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct process_id {
	eb_pid pid;
};

struct run {
	char name[16];
	eb_ns on_cpu_ns;
	eb_ns runnable_ns EB_SORT;
	eb_counter switches;
	struct eb_histogram wait_ns;
};

EB_TABLE(runq, struct process_id, struct run, 4096)

/* since when a thread is ready to run, or runs; 0: that was not seen */
struct times {
	__u64 ready;
	__u64 running;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);	/* address of its task_struct, which stays its own until sched_process_free */
	__type(value, struct times);
} _threads SEC(".maps");

static __always_inline struct times *times_of(struct task_struct *thread)
{
	__u64 address = (__u64)thread;
	struct times *times = bpf_map_lookup_elem(&_threads, &address);
	struct times none = {};

	if (times)
		return times;
	if (bpf_map_update_elem(&_threads, &address, &none, BPF_NOEXIST))
		runq_lost();
	return bpf_map_lookup_elem(&_threads, &address);
}

static __always_inline struct run *row_of(struct task_struct *thread)
{
	struct process_id key = { .pid = thread->tgid };
	struct run *row = runq_row(&key);

	if (row && !row->name[0])
		BPF_CORE_READ_STR_INTO(&row->name, thread, group_leader, comm);
	return row;
}

static __always_inline int is_ready(struct task_struct *thread)
{
	struct times *times;

	if (!thread->pid || !eb_watched(thread->tgid))
		return 0;
	times = times_of(thread);
	if (times)
		times->ready = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(sched_wakeup, struct task_struct *thread)
{
	return is_ready(thread);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *thread)
{
	return is_ready(thread);
}

static __always_inline long state_of(struct task_struct *thread)
{
	struct task_struct___before_5_14 *old = (void *)thread;

	if (bpf_core_field_exists(thread->__state))
		return BPF_CORE_READ(thread, __state);
	return BPF_CORE_READ(old, state);
}

static __always_inline void leaves(struct task_struct *thread, bool preempted, __u64 now)
{
	struct times *times;
	struct run *row;

	if (!thread->pid || !eb_watched(thread->tgid))
		return;
	times = times_of(thread);
	row = row_of(thread);
	if (row)
		EB_ADD(row->switches, 1);
	if (!times)
		return;
	if (row && times->running)
		EB_ADD(row->on_cpu_ns, now - times->running);
	times->running = 0;
	/* one that could go on waits from now on */
	times->ready = preempted || !state_of(thread) ? now : 0;
}

static __always_inline void comes(struct task_struct *thread, __u64 now)
{
	struct times *times;
	struct run *row;

	if (!thread->pid || !eb_watched(thread->tgid))
		return;
	times = times_of(thread);
	if (!times)
		return;
	times->running = now;
	if (!times->ready)
		return;
	row = row_of(thread);
	if (row) {
		EB_ADD(row->runnable_ns, now - times->ready);
		eb_record(&row->wait_ns, now - times->ready);
	}
	times->ready = 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempted, struct task_struct *before, struct task_struct *next)
{
	__u64 now = bpf_ktime_get_ns();

	leaves(before, preempted, now);
	comes(next, now);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(sched_process_free, struct task_struct *thread)
{
	__u64 address = (__u64)thread;

	bpf_map_delete_elem(&_threads, &address);
	return 0;
}
