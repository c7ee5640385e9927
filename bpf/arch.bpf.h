/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * All that differs between architectures: registers, numbers of system calls,
 * and how a 32-bit call on a 64-bit kernel shows.
 */
#ifndef EBPF_TOP_ARCH_BPF_H
#define EBPF_TOP_ARCH_BPF_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)

/* registers at the entry of a system call */
struct pt_regs {
	unsigned long bx;
	unsigned long ax;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
};

#elif defined(__TARGET_ARCH_arm64)

struct user_pt_regs {
	unsigned long regs[31];
};

struct pt_regs {
	unsigned long regs[31];
	unsigned long pc;
	unsigned long orig_x0;
	int syscallno;
};

#else
#error "the registers of this architecture are not known"
#endif

#pragma clang attribute pop

/* the names that the kernel gives registers, not those of user space */
#define __VMLINUX_H__
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "old_libbpf.h"

/*
 * What a program may read at an address that it was told: whatever lies there, or zeros. Weak: where the kernel does not
 * have it (6.2), objects load without the programs that need it.
 */
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

/*
 * Without relocation, for compatible mode: registers as a kprobe has them, and
 * in task_struct, which begins with thread_info, the word that tells 32-bit calls.
 */
#if defined(__TARGET_ARCH_x86)

#define CALL_READ 0
#define CALL_CLOSE 3
#define CALL_DUP2 33
#define CALL_DUP3 292
#define CALL_CLOSE_RANGE 436
#define CALL_CONNECT 42
#define CALL_ACCEPT 43
#define CALL_ACCEPT4 288
#define CALL_SPLICE 275
#define CALL_RT_SIGRETURN 15
#define CALL_RESTART 219

/* bit of thread_info.status: in a 32-bit call */
#define COMPAT_STATUS 0x0002
/* set in numbers of the x32 ABI, which are those of the native table */
#define FOREIGN_ABI_BIT 0x40000000

/*
 * status stands behind flags, since 5.11 behind syscall_work. In that place
 * syscall_work has the bit of system call tracepoints, the same 0x2, whenever
 * such a tracepoint runs. A 64-bit process that shows it there tells which of the
 * two kernels this is.
 */
#define STATUS_OFFSET 8
#define NEWER_STATUS_OFFSET 16

struct call_registers {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

#define CALL_NUMBER(registers) ((registers)->orig_ax)

#define RETURN_VALUE(ctx) ((long)(ctx)->ax)
#define FIRST_ARGUMENT(ctx) ((ctx)->di)
#define FOURTH_ARGUMENT(ctx) ((ctx)->cx)

static __always_inline bool in_compat_call(struct task_struct *task)
{
	return task->thread_info.status & COMPAT_STATUS;
}

#elif defined(__TARGET_ARCH_arm64)

#define CALL_READ 63
#define CALL_CLOSE 57
#define CALL_DUP3 24
#define CALL_CLOSE_RANGE 436
#define CALL_ACCEPT 202
#define CALL_CONNECT 203
#define CALL_ACCEPT4 242
#define CALL_SPLICE 76
#define CALL_RT_SIGRETURN 139
#define CALL_RESTART 128

/* TIF_32BIT of thread_info.flags */
#define COMPAT_STATUS (1U << 22)
#define FOREIGN_ABI_BIT 0
#define STATUS_OFFSET 0
#define NEWER_STATUS_OFFSET 0

struct call_registers {
	unsigned long regs[31], sp, pc, pstate, orig_x0;
	int syscallno;
};

#define CALL_NUMBER(registers) ((registers)->syscallno)

#define RETURN_VALUE(ctx) ((long)(ctx)->regs[0])
#define FIRST_ARGUMENT(ctx) ((ctx)->regs[0])
#define FOURTH_ARGUMENT(ctx) ((ctx)->regs[3])

static __always_inline bool in_compat_call(struct task_struct *task)
{
	return task->thread_info.flags & COMPAT_STATUS;
}

#endif

#if defined(__TARGET_ARCH_x86)

/* number of the system call that has these registers, in it and at its end */
static __always_inline long number_in(struct pt_regs *regs)
{
	return regs->orig_ax;
}

#elif defined(__TARGET_ARCH_arm64)

static __always_inline long number_in(struct pt_regs *regs)
{
	return regs->syscallno;
}

#endif

/* what the registers of a thread tell, which it had in user mode when it entered the kernel last */
struct entry {
	long number;		/* of the call by which it did; negative: by none */
	long result;		/* what that returned, once it did */
	bool pending;		/* it has not returned yet, as far as registers tell */
	unsigned long argument;	/* its first */
	unsigned long ip;	/* 0: the thread was never in user mode, and never will be */
};

#if defined(__TARGET_ARCH_x86)

/* also of a thread that runs: in user mode the result stands there until it enters the kernel again */
#define PENDING_WHILE_IT_RUNS true
/* the kernel's answer until there is another one */
#define NO_RESULT (-38L)

/* `read`: how a member is read */
#define READ_ENTRY(entry, regs, compat, read) do {				\
	(entry)->number = read(regs, orig_ax);					\
	(entry)->result = read(regs, ax);					\
	(entry)->pending = (entry)->number >= 0 && (entry)->result == NO_RESULT;\
	(entry)->argument = (compat) ? read(regs, bx) : read(regs, di);		\
	(entry)->ip = read(regs, ip);						\
} while (0)

#elif defined(__TARGET_ARCH_arm64)

/* the result takes the place of the first argument, and may be the same number */
#define PENDING_WHILE_IT_RUNS false

#define READ_ENTRY(entry, regs, compat, read) do {				\
	(void)(compat);								\
	(entry)->number = read(regs, syscallno);				\
	(entry)->result = read(regs, regs[0]);					\
	(entry)->argument = read(regs, orig_x0);				\
	(entry)->pending = (entry)->number >= 0 && (entry)->result == (long)(entry)->argument; \
	(entry)->ip = read(regs, pc);						\
} while (0)

#endif

/* the number of a call in the native table */
static __always_inline __u32 plain_number(long number)
{
	return (__u32)number & ~FOREIGN_ABI_BIT;
}

#endif
