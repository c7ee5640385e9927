// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * Programs that were started, and how they ended: a row where a process executes
 * something, and one where that comes to its end, in the same interval the same.
 */
#include "../arch.bpf.h"
#include "../ebpf_top.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* how the process ended, in signal_struct.flags: all of its threads */
#define SIGNAL_GROUP_EXIT 0x00000004

#define COMMAND 240

struct exec {
	eb_pid pid;
	__u32 unused EB_HIDDEN;
	__u64 began EB_HIDDEN;	/* a process may execute several programs */
};

struct program {
	eb_pid parent_pid;
	char name[16];
	char command[COMMAND];
	eb_ns duration_ns EB_SORT;
	eb_gauge exit_code EB_LABEL("EXIT");
};

EB_TABLE(execs, struct exec, struct program, 16384)

/* programs that run, by process */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct running);
} _running SEC(".maps");

struct running {
	__u64 began;
	struct program program;
};

/* too large for the stack */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct running);
} _scratch SEC(".maps");

/* its row in this interval; NULL: there is none left */
static __always_inline struct program *row_of(__u32 pid, const struct running *running)
{
	struct exec key = { .pid = pid, .began = running->began };
	struct program *row = execs_row(&key);

	if (row)
		__builtin_memcpy(row, &running->program, sizeof(*row));
	return row;
}

/* arguments with spaces in between */
static __always_inline void read_command(char *command, struct task_struct *thread)
{
	unsigned long from = BPF_CORE_READ(thread, mm, arg_start), to = BPF_CORE_READ(thread, mm, arg_end);
	__u64 length = to - from, i;

	__builtin_memset(command, 0, COMMAND);
	if (length > COMMAND - 1)
		length = COMMAND - 1;
	if (bpf_probe_read_user(command, length, (void *)from))
		return;
	/* without a branch, of which the verifier would look at each */
	for (i = 0; i < COMMAND - 1; i++) {
		__u64 is_zero = ((__u64)(__u8)command[i] - 1) >> 63, is_inside = (i + 1 - length) >> 63;

		command[i] |= (is_zero & is_inside) << 5;
	}
	if (to - from >= COMMAND) {
		/* an ellipsis: it was cut */
		command[COMMAND - 4] = 0xe2;
		command[COMMAND - 3] = 0x80;
		command[COMMAND - 2] = 0xa6;
	}
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *thread)
{
	__u32 pid = thread->tgid, zero = 0;
	struct running *running, *before;
	struct program *row;

	if (!eb_watched(pid))
		return 0;
	before = bpf_map_lookup_elem(&_running, &pid);
	if (before) {
		/* the program before ended with this */
		row = row_of(pid, before);
		if (row)
			row->duration_ns = bpf_ktime_get_ns() - before->began;
		bpf_map_delete_elem(&_running, &pid);
	}
	running = bpf_map_lookup_elem(&_scratch, &zero);
	if (!running)
		return 0;
	running->began = bpf_ktime_get_ns();
	running->program.parent_pid = BPF_CORE_READ(thread, real_parent, tgid);
	BPF_CORE_READ_STR_INTO(&running->program.name, thread, comm);
	read_command(running->program.command, thread);
	running->program.duration_ns = EB_NONE;
	running->program.exit_code = EB_NONE;
	row_of(pid, running);
	/* its end would be told nowhere */
	if (bpf_map_update_elem(&_running, &pid, running, BPF_ANY))
		execs_lost();
	return 0;
}

/* called for each thread of a process */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *thread)
{
	struct task_struct *leader = thread->group_leader;
	__u32 pid = thread->tgid, flags, code;
	struct running *running;
	struct program *row;

	/* the count was lowered before this */
	if (BPF_CORE_READ(thread, signal, live.counter))
		return 0;
	running = bpf_map_lookup_elem(&_running, &pid);
	if (!running)
		return 0;
	if (eb_watched(pid)) {
		flags = BPF_CORE_READ(thread, signal, flags);
		code = flags & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(thread, signal, group_exit_code) : leader->exit_code;
		row = row_of(pid, running);
		if (row) {
			row->duration_ns = bpf_ktime_get_ns() - running->began;
			/* as a shell has it */
			row->exit_code = code & 0x7f ? 128 + (code & 0x7f) : code >> 8 & 0xff;
		}
	}
	bpf_map_delete_elem(&_running, &pid);
	return 0;
}
