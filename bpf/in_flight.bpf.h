/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * The walk over all threads, for those that are in a system call. It reads what the
 * begin of a call left behind; where that was not seen, the registers that the
 * thread had when it entered the kernel last.
 *
 * Who includes this says by the four functions below what is known of a thread.
 */
#ifndef EBPF_TOP_IN_FLIGHT_BPF_H
#define EBPF_TOP_IN_FLIGHT_BPF_H

#include "in_flight_row.bpf.h"
#include "interruptions.h"

static __always_inline bool is_walked(struct task_struct *thread);
static __always_inline __u32 current_filter(void);
/* the first members of `look` */
static __always_inline void read_begin(struct task_struct *thread, struct look *look);
/* whether they are still the same */
static __always_inline bool is_unchanged(struct task_struct *thread, const struct look *look);
/* there was no memory for the begin of some call */
static __always_inline bool lost_begins(void);

/* task_struct.__state */
enum {
	TASK_INTERRUPTIBLE = 0x1,
	TASK_STOPPED = 0x4,
	TASK_TRACED = 0x8,
	TASK_FREEZABLE = 0x2000,
};

/* signal_struct.flags: the process is being ended */
#define SIGNAL_GROUP_EXIT 0x4

/* filters of seccomp that are looked through for one that hands calls to another process */
#define MOST_SECCOMP_FILTERS 16
/* powers of 2: 16 to 128 KiB, by the size of pages and what debugging takes */
#define LEAST_STACK_SHIFT 14
#define MOST_STACK_SHIFT 17
/* a thread that makes calls all the time is looked at so often until it holds still */
#define MOST_LOOKS 8

static __always_inline __u32 state_of(struct task_struct *thread)
{
	struct task_struct___before_5_14 *before = (void *)thread;
	long state = 0;

	if (bpf_core_field_exists(thread->__state))
		return thread->__state;
	/* the compiler must not look for the member before it is known which of both there is */
	asm volatile("" : "+r"(before));
	bpf_core_read(&state, sizeof(state), &before->state);
	return state;
}

static __always_inline bool is_running(struct task_struct *thread)
{
	/* with one processor it is the walk that runs */
	return bpf_core_field_exists(thread->on_cpu) && thread->on_cpu;
}

#define READ_MEMBER(pointer, member) ((pointer)->member)

static __always_inline struct pt_regs *registers_in(__u64 stack, __u64 size)
{
	return (void *)(stack + size - bpf_core_type_size(struct pt_regs));
}

/* that of every thread. Who walks is in read(2): where its registers say so, they are. 0: nowhere */
static __always_inline __u64 stack_size(void)
{
	struct in_flight_settings *settings = get_in_flight_settings();
	struct task_struct *self = (void *)bpf_get_current_task();
	struct pt_regs *regs;
	struct entry entry;
	__u64 stack;
	int shift;

	if (!settings || settings->stack_size)
		return settings ? settings->stack_size : 0;
	stack = (__u64)BPF_CORE_READ(self, stack);
	for (shift = LEAST_STACK_SHIFT; shift <= MOST_STACK_SHIFT; shift++) {
		regs = registers_in(stack, 1ULL << shift);
		READ_ENTRY(&entry, regs, false, BPF_CORE_READ);
		if (entry.number != CALL_READ || !entry.pending)
			continue;
		settings->stack_size = 1ULL << shift;
		break;
	}
	return settings->stack_size;
}

/* the registers that a thread had in user mode */
static __always_inline void read_entry(struct task_struct *thread, struct entry *entry)
{
	bool compat = in_compat_call(thread);
	struct pt_regs *regs;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		regs = (struct pt_regs *)bpf_task_pt_regs(thread);
		READ_ENTRY(entry, regs, compat, READ_MEMBER);
		return;
	}
	/* before 5.15 they are at the end of its stack on all architectures */
	regs = registers_in((__u64)thread->stack, stack_size());
	READ_ENTRY(entry, regs, compat, BPF_CORE_READ);
}

/* whether the thread did not go on meanwhile */
static __always_inline bool look_at(struct task_struct *thread, struct look *look)
{
	read_begin(thread, look);
	barrier();
	look->switches = thread->nvcsw + thread->nivcsw;
	look->state = state_of(thread);
	look->running = is_running(thread);
	barrier();
	read_entry(thread, &look->entry);
	barrier();
	look->running |= is_running(thread);
	barrier();
	return is_unchanged(thread, look);
}

/* another process may be asked what becomes of its calls, before their begin is told: ptrace, or a filter of seccomp */
static __always_inline bool may_be_held_up(struct task_struct *thread)
{
	struct seccomp_filter *filter = NULL;
	int i;

	if (BPF_CORE_READ(thread, ptrace))
		return true;
	if (!bpf_core_field_exists(thread->seccomp.filter) || !bpf_core_field_exists(filter->notif))
		return false;
	filter = BPF_CORE_READ(thread, seccomp.filter);
	for (i = 0; filter && i < MOST_SECCOMP_FILTERS; i++) {
		if (BPF_CORE_READ(filter, notif))
			return true;
		filter = BPF_CORE_READ(filter, prev);
	}
	return filter;
}

/* a signal ended the call for now: the thread is stopped, or about to enter it again */
static __always_inline bool is_interrupted(struct task_struct *thread, const struct look *look)
{
	bool stopped = look->state & (TASK_STOPPED | TASK_TRACED);

	/* arm64 forgets the number before it stops */
	if (look->running || (look->entry.number < 0 && (PENDING_WHILE_IT_RUNS || !stopped)))
		return false;
	if (look->entry.number >= 0 && !is_interruption(look->entry.result))
		return false;
	return !(BPF_CORE_READ(thread, signal, flags) & SIGNAL_GROUP_EXIT);
}

/* the same as in the rows of calls */
static __always_inline __u32 call_with(struct task_struct *thread, long number)
{
	__u32 compat = in_compat_call(thread) ? COMPAT_BIT : 0;
	__u32 call = compat ? (__u32)number : plain_number(number);

	return (call < IN_FLIGHT_NUMBERS ? call : 0xffff) | compat;
}

/* whether the thread is in a call: which, since when, and how well that is known */
static __always_inline bool is_in_call(struct task_struct *thread, const struct look *look, struct in_flight_row *row)
{
	const struct entry *entry = &look->entry;
	bool current = look->known && look->filter_generation == current_filter(), interrupted;
	struct in_flight_settings *settings;

	if (look->entered_ns && (current || look->followed)) {
		row->call = look->call;
		row->entered_ns = look->entered_ns;
		row->begun = current ? BEGUN_SEEN : BEGUN_EARLIER;
		/* else its end was missed */
		return look->running || entry->number >= 0;
	}
	interrupted = is_interrupted(thread, look);
	if (current && look->interrupted_ns) {
		row->call = look->interrupted_call;
		row->entered_ns = look->interrupted_ns == UNSEEN ? 0 : look->interrupted_ns;
		row->begun = row->entered_ns ? BEGUN_SEEN : BEGUN_UNSEEN;
		return interrupted && !look->handlers;
	}
	if (entry->number < 0 || (!interrupted && !entry->pending))
		return false;
	if (look->running && (current || !PENDING_WHILE_IT_RUNS))
		return false;
	settings = get_in_flight_settings();
	row->call = call_with(thread, entry->number);
	row->begun = current || !settings || settings->unsure || lost_begins() || may_be_held_up(thread) ?
			     BEGUN_UNSEEN : BEGUN_BEFORE;
	return true;
}

/* what is said of the call by its number, of either table */
static __always_inline bool is_among(const __u8 *calls, __u32 call)
{
	__u32 index = (call & 0xffff) + (call & COMPAT_BIT ? IN_FLIGHT_NUMBERS : 0);

	return (call & 0xffff) < IN_FLIGHT_NUMBERS && index < 2 * IN_FLIGHT_NUMBERS && calls[index];
}

static __always_inline bool takes_descriptor(__u32 call)
{
	struct in_flight_settings *settings = get_in_flight_settings();

	return settings && is_among(settings->takes_descriptor, call);
}

/* nobody asks for it: it began just now, or is a wait that is idle by its nature. Else user space decides */
static __always_inline bool is_left_out(const struct look *look, const struct in_flight_row *row)
{
	struct in_flight_settings *settings = get_in_flight_settings();

	if (!settings || !settings->least_ns)
		return false;
	if (row->entered_ns && bpf_ktime_get_ns() - row->entered_ns < settings->least_ns)
		return true;
	return !look->running && (look->state & ~TASK_FREEZABLE) == TASK_INTERRUPTIBLE &&
	       is_among(settings->waits, row->call);
}

static __always_inline void copy_name(char *name, const struct task_struct *thread)
{
	const __u64 *from = (const __u64 *)thread->comm;

	((__u64 *)name)[0] = from[0];
	((__u64 *)name)[1] = from[1];
}

static __always_inline void describe_thread(struct in_flight_row *row, struct task_struct *thread,
					    const struct look *look)
{
	struct task_struct *leader = thread->group_leader;

	row->seen_ns = bpf_ktime_get_ns();
	row->pid = thread->tgid;
	row->tid = thread->pid;
	row->process_started_ns = leader->start_boottime;
	row->thread_started_ns = thread->start_boottime;
	row->switches = look->switches;
	row->state = look->state;
	row->running = look->running;
	row->argument = look->entry.argument;
	copy_name(row->name, leader);
	copy_name(row->thread_name, thread);
}

SEC("iter/task")
int walk_threads(struct bpf_iter__task *ctx)
{
	struct task_struct *thread = ctx->task;
	struct in_flight_room *room;
	struct look *look;
	__u32 size;
	int i;

	if (!thread || thread->flags & (PF_KTHREAD | PF_EXITING) || !is_walked(thread))
		return 0;
	room = get_in_flight_room();
	if (!room)
		return 0;
	look = &room->look;
	for (i = 0; !look_at(thread, look); i++)
		if (i == MOST_LOOKS)
			return 0;
	/* threads that the kernel runs for a process, as those of io_uring, never were in user mode */
	if (!look->entry.ip)
		return 0;
	__builtin_memset(&room->row, 0, sizeof(room->row));
	if (!is_in_call(thread, look, &room->row) || is_left_out(look, &room->row))
		return 0;
	describe_thread(&room->row, thread, look);
	if (takes_descriptor(room->row.call))
		tell_file(&room->row, thread);
	/* what was read of one that ended meanwhile is of no thread, or of another */
	if (thread->flags & PF_EXITING)
		return 0;
	/* rows begin at a multiple of 8 bytes */
	size = (sizeof(room->row) + room->row.names + 7) & ~7;
	if (size > sizeof(room->row) + sizeof(room->names))
		return 0;
	room->row.size = size;
	bpf_seq_write(ctx->meta->seq, &room->row, size);
	return 0;
}

#endif
