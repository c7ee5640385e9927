/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit calls of a 64-bit program. Only x86_64 has an entry for them that any program can take, and not every kernel.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf before;

static inline void refused(int signal)
{
	(void)signal;
	siglongjmp(before, 1);
}

static inline long compat_call(long call)
{
#ifdef __x86_64__
	long result;

	/* whatever the program is */
	asm volatile("int $0x80" : "=a"(result) : "a"(call) : "memory", "r8", "r9", "r10", "r11");
	return result;
#else
	return -38;
#endif
}

static inline int has_compat_calls(void)
{
#ifdef __x86_64__
	int has = 0;

	signal(SIGSEGV, refused);
	if (!sigsetjmp(before, 1)) {
		compat_call(20);
		has = 1;
	}
	signal(SIGSEGV, SIG_DFL);
	return has;
#else
	return 0;
#endif
}

#endif
