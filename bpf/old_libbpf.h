/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What the headers of libbpf before 0.7 lack, as in Debian 11 and Ubuntu
 * 20.04. The programs are the same with old headers and new ones.
 */
#ifndef EBPF_TOP_OLD_LIBBPF_H
#define EBPF_TOP_OLD_LIBBPF_H

/* the header came with 0.6 */
#if __has_include(<bpf/libbpf_version.h>)
#include <bpf/libbpf_version.h>
#endif

/* some of these headers have some of these helpers: under names of our own they are never declared twice */
#if !defined(LIBBPF_MAJOR_VERSION) || (LIBBPF_MAJOR_VERSION == 0 && LIBBPF_MINOR_VERSION < 7)
static long (*helper_task_pt_regs)(struct task_struct *task) = (void *)175;
static long (*helper_loop)(__u32 nr_loops, void *callback_fn, void *callback_ctx, __u64 flags) = (void *)181;
#define bpf_task_pt_regs helper_task_pt_regs
#define bpf_loop helper_loop
#endif

#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

#ifndef PT_REGS_PARM1_CORE_SYSCALL
#ifdef bpf_target_arm64
#define PT_REGS_PARM1_CORE_SYSCALL(x) BPF_CORE_READ((x), orig_x0)
#else
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1_CORE(x)
#endif
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2_CORE(x)
#endif

#endif
