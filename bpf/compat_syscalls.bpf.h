/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Compatible mode: count, errors, total, maximum and histogram of durations of
 * every system call, per process and call; life of processes. Whichever hook
 * tells of them.
 */
#ifndef EBPF_TOP_COMPAT_SYSCALLS_BPF_H
#define EBPF_TOP_COMPAT_SYSCALLS_BPF_H

#include "compat.bpf.h"
#include "histogram.bpf.h"

#define MAX_CALLS 16384
/* every native number is below; others are of no table */
#define NUMBERS 512
#define UNKNOWN_NUMBER 0xffff
#define MAX_ERRNO 4095
/* no result of any call */
#define INTERRUPTED (1L << 62)

struct compat_call_key {
	__u32 process;
	__u32 call;		/* number, and COMPAT_BIT for the 32-bit table */
};

/* the octave of calls whose begin was not seen, which have no duration */
#define NO_OCTAVE OCTAVES

struct compat_octave_key {
	__u32 process;
	__u32 call;
	__u32 octave;
};

/* calls of one process to one system call in one interval, whose durations are in one octave */
struct compat_calls {
	__u64 sum_ns;
	__u32 counts[OCTAVE_BUCKETS];
	__u32 errors;
	__u32 unused;
	TOLD_BY_BTF(call_bits);
	TOLD_BY_BTF(octaves_from);
};

struct compat_call_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	/* few calls have durations in more than three */
	__uint(max_entries, 3 * MAX_CALLS);
	__type(key, struct compat_octave_key);
	__type(value, struct compat_calls);
};

struct compat_call_map calls_even SEC(".maps");
struct compat_call_map calls_odd SEC(".maps");

/* the longest per CPU: without compare-and-swap no two CPUs can share a maximum */
struct compat_longest_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, struct compat_call_key);
	__type(value, __u64);
};

struct compat_longest_map longest_even SEC(".maps");
struct compat_longest_map longest_odd SEC(".maps");

/* failed calls by error number; where it is full, they are in `errors` only */
struct compat_failure_key {
	__u32 process;
	__u32 call;
	__u32 number;
};

struct compat_failure_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, struct compat_failure_key);
	__type(value, __u32);
};

struct compat_failure_map failures_even SEC(".maps");
struct compat_failure_map failures_odd SEC(".maps");

/* the tool is a native process: what it shows tells where the status is */
static __always_inline void find_status(struct compat_state *state)
{
	__u32 status = 0;
	__u8 *task = (__u8 *)bpf_get_current_task();

	if (state->status_offset || STATUS_OFFSET == NEWER_STATUS_OFFSET)
		return;
	if (!bpf_probe_read(&status, sizeof(status), task + STATUS_OFFSET))
		state->status_offset = status & COMPAT_STATUS ? NEWER_STATUS_OFFSET : STATUS_OFFSET;
}

static __always_inline __u32 call_of(const struct compat_state *state, __u32 number)
{
	__u8 *task = (__u8 *)bpf_get_current_task();
	__u32 status = 0, call = number & ~FOREIGN_ABI_BIT;

	/* constant offsets only: either may be read on every kernel */
	if (STATUS_OFFSET == NEWER_STATUS_OFFSET || state->status_offset == STATUS_OFFSET)
		bpf_probe_read(&status, sizeof(status), task + STATUS_OFFSET);
	else if (state->status_offset == NEWER_STATUS_OFFSET)
		bpf_probe_read(&status, sizeof(status), task + NEWER_STATUS_OFFSET);
	if (status & COMPAT_STATUS)
		return (number < NUMBERS ? number : UNKNOWN_NUMBER) | COMPAT_BIT;
	return call < NUMBERS ? call : UNKNOWN_NUMBER;
}

/* see the same function in syscalls.bpf.h */
static __always_inline bool call_resumes(const struct compat_control *ctl, struct compat_thread *thread, __u32 call)
{
	struct interrupted *interrupted = &thread->interrupted;

	if (thread->filter_generation != ctl->filter_generation) {
		interrupted->entered_ns = 0;
		thread->filter_generation = ctl->filter_generation;
		return is_restart(call);
	}
	if (!goes_on(interrupted, call))
		return false;
	if (interrupted->entered_ns == UNSEEN) {
		interrupted->entered_ns = 0;
		return false;
	}
	thread->call = interrupted->call;
	thread->entered_ns = interrupted->entered_ns;
	interrupted->entered_ns = 0;
	return true;
}

static __always_inline int call_entered(__u32 number)
{
	struct compat_control *ctl = get_control();
	struct compat_state *state = get_state();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_thread *thread;
	__u32 call;

	if (!ctl || !state)
		return 0;
	if (!ctl->epoch && ctl->greeting && number == ctl->greeting)
		ctl->greeter = pid_tgid >> 32;
	if (pid_tgid >> 32 == ctl->tool)
		find_status(state);
	if (!watched(ctl, pid_tgid >> 32))
		return 0;
	thread = make_thread(pid_tgid);
	if (!thread) {
		__sync_fetch_and_add(&state->lost_calls, 1);
		return 0;
	}
	call = call_of(state, number);
	if ((thread->interrupted.entered_ns || is_restart(call)) && call_resumes(ctl, thread, call))
		return 0;
	thread->call = call;
	thread->filter_generation = ctl->filter_generation;
	thread->entered_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void count_failure(__u32 epoch, const struct compat_call_key *key, __u32 number)
{
	struct compat_failure_key failure = { .process = key->process, .call = key->call, .number = number };
	__u32 *count;

	if (epoch & 1)
		count = LOOKUP_OR_ZERO(&failures_odd, &failure, __u32);
	else
		count = LOOKUP_OR_ZERO(&failures_even, &failure, __u32);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/* rows of the call and of its process, all or none */
static __always_inline struct compat_calls *make_calls(__u32 epoch, const struct compat_octave_key *key,
						       __u64 pid_tgid)
{
	struct compat_calls *calls;

	if (epoch & 1)
		calls = bpf_map_lookup_elem(&calls_odd, key);
	else
		calls = bpf_map_lookup_elem(&calls_even, key);
	if (calls)
		return calls;
	if (!make_process(epoch, pid_tgid))
		return NULL;
	COUNT_MADE(made_octaves);
	if (epoch & 1)
		return LOOKUP_OR_ZERO(&calls_odd, key, struct compat_calls);
	return LOOKUP_OR_ZERO(&calls_even, key, struct compat_calls);
}

static __always_inline __u64 *make_longest(__u32 epoch, const struct compat_call_key *key)
{
	__u64 *longest;

	if (epoch & 1)
		longest = bpf_map_lookup_elem(&longest_odd, key);
	else
		longest = bpf_map_lookup_elem(&longest_even, key);
	if (longest)
		return longest;
	COUNT_MADE(made_pairs);
	if (epoch & 1)
		return LOOKUP_OR_ZERO(&longest_odd, key, __u64);
	return LOOKUP_OR_ZERO(&longest_even, key, __u64);
}

static __always_inline void count_error(struct compat_calls *calls, __u32 epoch, const struct compat_call_key *key,
					long result)
{
	if (result >= 0 || result < -MAX_ERRNO)
		return;
	__sync_fetch_and_add(&calls->errors, 1);
	count_failure(epoch, key, -result);
}

static __always_inline void count_call(struct compat_state *state, __u32 epoch, const struct compat_call_key *key,
				       __u64 duration, long result, __u64 pid_tgid)
{
	__u32 bucket = histogram_bucket(duration);
	struct compat_octave_key octave = {
		.process = key->process,
		.call = key->call,
		.octave = bucket / OCTAVE_BUCKETS,
	};
	struct compat_calls *calls;
	__u64 *longest;

	longest = make_longest(epoch, key);
	calls = make_calls(epoch, &octave, pid_tgid);
	if (!calls || !longest) {
		__sync_fetch_and_add(&state->lost_calls, 1);
		return;
	}
	__sync_fetch_and_add(&calls->counts[bucket % OCTAVE_BUCKETS], 1);
	__sync_fetch_and_add(&calls->sum_ns, duration);
	if (duration > *longest)
		*longest = duration;
	count_error(calls, epoch, key, result);
}

/* the same where nobody saw it begin */
static __always_inline void count_untimed(struct compat_state *state, __u32 epoch, const struct compat_call_key *key,
					  long result, __u64 pid_tgid)
{
	struct compat_octave_key octave = { .process = key->process, .call = key->call, .octave = NO_OCTAVE };
	struct compat_calls *calls = make_calls(epoch, &octave, pid_tgid);

	if (!calls) {
		__sync_fetch_and_add(&state->lost_calls, 1);
		return;
	}
	__sync_fetch_and_add(&calls->counts[0], 1);
	count_error(calls, epoch, key, result);
}

/* the end of a call whose begin was not told, see syscalls.bpf.h */
static __always_inline void call_answered(const struct compat_control *ctl, struct compat_state *state, __u64 pid_tgid,
					  struct compat_thread *thread, long number, long result)
{
	struct compat_call_key key = { .process = pid_tgid >> 32 };

	if (!thread)
		thread = make_thread(pid_tgid);
	if (!thread) {
		__sync_fetch_and_add(&state->lost_calls, 1);
		return;
	}
	if (thread->filter_generation != ctl->filter_generation) {
		thread->filter_generation = ctl->filter_generation;
		return;
	}
	key.call = call_of(state, number);
	if (is_interruption(result))
		interrupt(&thread->interrupted, UNSEEN, key.call, result);
	else
		count_untimed(state, ctl->epoch, &key, result, pid_tgid);
}

/* what the program sees of a result that may not be meant for it; INTERRUPTED: nothing yet */
static __always_inline long result_seen(struct compat_thread *thread, __u64 entered, long result)
{
	if (is_sigreturn(thread->call)) {
		handler_returned(&thread->interrupted);
		return 0;
	}
	if (!is_interruption(result))
		return result;
	interrupt(&thread->interrupted, entered, thread->call, result);
	return INTERRUPTED;
}

static __always_inline int call_returned(long number, long result)
{
	struct compat_control *ctl = get_control();
	struct compat_state *state = get_state();
	__u64 pid_tgid = bpf_get_current_pid_tgid(), entered;
	struct compat_call_key key = { .process = pid_tgid >> 32 };
	struct compat_thread *thread;
	__u32 tid = pid_tgid, epoch;

	if (!ctl || !state || !watched(ctl, key.process))
		return 0;
	epoch = ctl->epoch;
	thread = bpf_map_lookup_elem(&compat_threads, &tid);
	/* the kernel had no room for the return probe of a send or receive */
	if (thread && thread->moving) {
		thread->moving = 0;
		__sync_fetch_and_add(&state->lost_bytes, 1);
	}
	if (!thread || !thread->entered_ns) {
		if (epoch)
			call_answered(ctl, state, pid_tgid, thread, number, result);
		return 0;
	}
	entered = thread->entered_ns;
	thread->entered_ns = 0;
	if (!epoch || thread->filter_generation != ctl->filter_generation)
		return 0;
	if (result < 0 || thread->interrupted.entered_ns)
		result = result_seen(thread, entered, result);
	if (result == INTERRUPTED)
		return 0;
	key.call = thread->call;
	count_call(state, epoch, &key, bpf_ktime_get_ns() - entered, result, pid_tgid);
	return 0;
}

/* a handler is about to run: a call that was interrupted may end by that */
static __always_inline int signal_delivered(__u64 handler, __u64 flags)
{
	struct compat_control *ctl = get_control();
	struct compat_state *state = get_state();
	__u64 pid_tgid = bpf_get_current_pid_tgid(), entered;
	struct compat_call_key key = { .process = pid_tgid >> 32 };
	struct compat_thread *thread;
	__u32 tid = pid_tgid;

	if (!ctl || !state || !ctl->epoch || !watched(ctl, key.process))
		return 0;
	thread = bpf_map_lookup_elem(&compat_threads, &tid);
	if (!thread || thread->filter_generation != ctl->filter_generation)
		return 0;
	entered = thread->interrupted.entered_ns;
	if (!ends_interrupted(&thread->interrupted, handler, flags))
		return 0;
	thread->interrupted.entered_ns = 0;
	key.call = thread->interrupted.call;
	if (entered == UNSEEN)
		count_untimed(state, ctl->epoch, &key, -EINTR, pid_tgid);
	else
		count_call(state, ctl->epoch, &key, bpf_ktime_get_ns() - entered, -EINTR, pid_tgid);
	return 0;
}

/* a thread that executes a program becomes the first of its process, whose number it gets in the midst of its call */
static __always_inline void rename_thread(__u32 before, __u32 now)
{
	struct compat_thread *thread = bpf_map_lookup_elem(&compat_threads, &before), copy;

	if (!thread)
		return;
	copy = *thread;
	bpf_map_update_elem(&compat_threads, &now, &copy, BPF_ANY);
	bpf_map_delete_elem(&compat_threads, &before);
}

/* `before`: number of the thread until then */
static __always_inline int process_executed(__u32 before)
{
	struct compat_control *ctl = get_control();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 tgid = pid_tgid >> 32;
	struct compat_process *process;

	if (before != (__u32)pid_tgid)
		rename_thread(before, pid_tgid);
	if (!ctl)
		return 0;
	if (ctl->epoch & 1)
		process = bpf_map_lookup_elem(&processes_odd, &tgid);
	else
		process = bpf_map_lookup_elem(&processes_even, &tgid);
	if (process) {
		process->leader = 1;
		bpf_get_current_comm(process->name, sizeof(process->name));
	}
	return 0;
}

/* of each thread; user space looks whether others go on after the first one */
static __always_inline int thread_exited(void)
{
	struct compat_control *ctl = get_control();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct compat_process *process;
	__u32 tid = pid_tgid;

	/* without an entry it was never seen to do anything */
	if (!ctl || bpf_map_delete_elem(&compat_threads, &tid))
		return 0;
	if (!ctl->epoch || tid != pid_tgid >> 32 || !watched(ctl, tid))
		return 0;
	process = make_process(ctl->epoch, pid_tgid);
	if (process)
		process->exited = 1;
	return 0;
}

#endif
