/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Who a process is, taken while it runs: its arguments, and the control groups that
 * it is in. Both may be gone before user space can ask for them, and reading
 * /proc/PID/cmdline may wait for as long as the process likes.
 */
#ifndef EBPF_TOP_IDENTITY_BPF_H
#define EBPF_TOP_IDENTITY_BPF_H

#include "control.bpf.h"

/* bytes of the arguments of one process, and of all in an interval; powers of 2 */
#define COMMAND_BYTES 4096
#define COMMANDS_BYTES (1 << 20)

struct commands {
	__u32 used[2];		/* bytes handed out in each half, also beyond its end */
	char text[2][COMMANDS_BYTES + COMMAND_BYTES];
};

/* arguments of processes, one behind the other */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct commands);
} commands SEC(".maps");

struct command {
	__u32 at;		/* in its half of `commands` */
	__u32 size;		/* bytes there; 0: there was no room, or they could not be read */
	__u32 whole;		/* bytes that there are in all; 0: it has none, as kernel threads */
};

/* as /proc/PID/cmdline: who writes over the end of its arguments goes on, up to the first NUL, into its environment */
static __always_inline bool is_rewritten(unsigned long end)
{
	char last = 0;

	return !bpf_probe_read_user(&last, sizeof(last), (void *)(end - 1)) && last;
}

/*
 * The arguments of the process that runs, as they are now. Pages that are not in memory are not waited for. It is called
 * once for each process in an interval, and at exec. Not static, as others below: the verifier goes through it by itself
 * then, once for each program, and not for each way that leads to it.
 */
__noinline int read_command(struct command *command, __u32 half)
{
	struct mm_struct *mm = BPF_CORE_READ(bpf_get_current_task_btf(), mm);
	unsigned long start, end;
	struct commands *all;
	__u32 zero = 0, at, size;
	bool rewritten;
	char *text;
	long read;

	if (!command)
		return 0;
	command->size = 0;
	command->whole = 0;
	all = bpf_map_lookup_elem(&commands, &zero);
	if (!mm || !all)
		return 0;
	start = BPF_CORE_READ(mm, arg_start);
	end = BPF_CORE_READ(mm, arg_end);
	if (!start || end <= start)
		return 0;
	command->whole = end - start > ~0U ? ~0U : end - start;
	rewritten = is_rewritten(end);
	size = command->whole < COMMAND_BYTES && !rewritten ? command->whole : COMMAND_BYTES;
	/* as next_row */
	if (*(volatile __u32 *)&all->used[half & 1] >= COMMANDS_BYTES)
		return 0;
	at = __sync_fetch_and_add(&all->used[half & 1], (size + 7) & ~7);
	if (at >= COMMANDS_BYTES)
		return 0;
	text = all->text[half & 1] + (at & (COMMANDS_BYTES - 1));
	if (rewritten) {
		read = bpf_probe_read_user_str(text, COMMAND_BYTES, (void *)start);
		if (read <= 0)
			return 0;
		command->whole = read;
		size = read;
	} else {
		/* the verifier has to see its bounds */
		asm volatile("" : "+r"(size));
		if (size > COMMAND_BYTES || bpf_probe_read_user(text, size, (void *)start))
			return 0;
	}
	command->at = at;
	command->size = size;
	return 0;
}

/* bytes of the paths of all hierarchies that a process is in, and of one name in them */
#define GROUP_BYTES 1024
#define NAME_BYTES 256
#define MOST_HIERARCHIES 16
#define MOST_LEVELS 16

/*
 * The control groups of some processes, one in each hierarchy: the names up to the root, each with a NUL behind it, and
 * another NUL at the end of the path. Where there is no room for all, what is outside is missing.
 */
struct group {
	__u32 size;		/* bytes of all paths; 0: they are not all there yet */
	char paths[GROUP_BYTES + NAME_BYTES];
};

/* by the number that group_of makes */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct group);
} groups SEC(".maps");

static const struct group no_group;

/* its member was renamed in 6.15 */
static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___before_6_15 *before = (void *)node;

	if (bpf_core_field_exists(before->parent))
		return BPF_CORE_READ(before, parent);
	return BPF_CORE_READ(node, __parent);
}

/*
 * Adds the names of a directory and of all above it, but for the root, which has none, to a group; tells where the next
 * path begins. `directory`: address of its struct kernfs_node.
 */
__noinline __u32 add_path(__u64 key, __u32 at, __u64 directory)
{
	struct kernfs_node *node = (void *)directory, *parent;
	struct group *group = bpf_map_lookup_elem(&groups, &key);
	__u32 begun = at;
	long length;
	int i;

	if (!group)
		return at;
	for (i = 0; i < MOST_LEVELS; i++) {
		parent = parent_of(node);
		if (!parent || at >= GROUP_BYTES)
			break;
		length = bpf_probe_read_kernel_str(group->paths + at, NAME_BYTES, BPF_CORE_READ(node, name));
		if (length < 0)
			break;
		at += length;
		node = parent;
	}
	if (at > begun && at < GROUP_BYTES)
		group->paths[at++] = 0;
	return at;
}

static __always_inline struct cgrp_cset_link *link_with(struct list_head *entry)
{
	return (void *)entry - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
}

/* `groups_of`: address of the struct css_set */
__noinline int tell_group(__u64 key, __u64 groups_of)
{
	struct list_head *head = (void *)groups_of + bpf_core_field_offset(struct css_set, cgrp_links);
	struct list_head *entry = BPF_CORE_READ(head, next);
	struct group *group;
	__u32 at = 0;
	int i;

	bpf_map_update_elem(&groups, &key, &no_group, BPF_NOEXIST);
	for (i = 0; i < MOST_HIERARCHIES && entry != head; i++) {
		at = add_path(key, at, (__u64)BPF_CORE_READ(link_with(entry), cgrp, kn));
		entry = BPF_CORE_READ(entry, next);
	}
	group = bpf_map_lookup_elem(&groups, &key);
	/* whole before user space finds it (full barrier); who tells the same at once writes the same */
	if (group)
		__sync_val_compare_and_swap(&group->size, 0, at + 1);
	return 0;
}

/*
 * A number for the control groups of the process that runs, made of those of all hierarchies, which are never used again.
 * 53 bits, which user space can hold.
 */
__noinline __u64 current_group(void)
{
	struct css_set *set = BPF_CORE_READ(bpf_get_current_task_btf(), group_leader, cgroups);
	struct list_head *head, *entry;
	__u64 key = 0;
	int i;

	if (!set)
		return 0;
	head = (void *)set + bpf_core_field_offset(struct css_set, cgrp_links);
	entry = BPF_CORE_READ(head, next);
	for (i = 0; i < MOST_HIERARCHIES && entry != head; i++) {
		key = (key ^ BPF_CORE_READ(link_with(entry), cgrp, kn, id)) * 0x9e3779b97f4a7c15ULL;
		key ^= key >> 29;
		entry = BPF_CORE_READ(entry, next);
	}
	key = key >> 11 | 1;
	if (!bpf_map_lookup_elem(&groups, &key))
		tell_group(key, (__u64)set);
	return key;
}

#endif
