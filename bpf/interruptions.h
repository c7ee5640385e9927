/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * What a program sees of the end of a system call, where that is not what the
 * kernel returned.
 *
 * A call that a signal interrupts returns one of the numbers below, which no
 * program ever sees. What becomes of it is decided afterwards, on the way back to
 * the program: if a handler is to run, and the number or the handler says so, the
 * call ends with EINTR; else it is entered again, behind the handler, as the same
 * call or as restart_syscall. For the program that is one call, which began when
 * it was entered first.
 */
#ifndef EBPF_TOP_INTERRUPTIONS_H
#define EBPF_TOP_INTERRUPTIONS_H

#include "arch.bpf.h"

enum call_bits {
	COMPAT_BIT = 0x10000,	/* of the number of a call through the table of 32-bit calls */
};

/* numbers of 32-bit calls, the same on x86 and arm64 */
#define COMPAT_RESTART (COMPAT_BIT | 0)
#define COMPAT_SIGRETURN (COMPAT_BIT | 119)
#define COMPAT_RT_SIGRETURN (COMPAT_BIT | 173)

enum {
	EINTR = 4,
	ERESTARTSYS = 512,		/* EINTR unless the handler has SA_RESTART */
	ERESTARTNOINTR = 513,		/* always entered again */
	ERESTARTNOHAND = 514,		/* EINTR if there is a handler */
	ERESTART_RESTARTBLOCK = 516,	/* the same; entered again as restart_syscall */
	SA_RESTART = 0x10000000,
};

/* a call that was interrupted, and is not over yet */
struct interrupted {
	__u64 entered_ns;	/* 0: there is none; UNSEEN: not known */
	__u32 call;
	__u16 error;		/* which of these numbers it returned */
	__u16 handlers;		/* that run until it is entered again */
};

/* more than there ever are, one above the other */
#define MANY_HANDLERS 1024

/* when a call began that was answered before it could be seen */
#define UNSEEN 1

static __always_inline bool is_interruption(long result)
{
	return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
	       result == -ERESTART_RESTARTBLOCK;
}

static __always_inline bool is_restart(__u32 call)
{
	return call == CALL_RESTART || call == COMPAT_RESTART;
}

/* the end of a handler: it returns what the program had in that register before */
static __always_inline bool is_sigreturn(__u32 call)
{
	return call == CALL_RT_SIGRETURN || call == COMPAT_RT_SIGRETURN || call == COMPAT_SIGRETURN;
}

/* a call ended so; it may go on */
static __always_inline void interrupt(struct interrupted *interrupted, __u64 entered, __u32 call, long result)
{
	interrupted->call = call;
	interrupted->error = -result;
	interrupted->handlers = 0;
	interrupted->entered_ns = entered;
}

/* a handler is about to run: whether this is the end of the interrupted call */
static __always_inline bool ends_interrupted(struct interrupted *interrupted, __u64 handler, __u64 flags)
{
	/* SIG_DFL or SIG_IGN: nothing runs */
	if (!interrupted->entered_ns || handler <= 1)
		return false;
	if (!interrupted->handlers &&
	    (interrupted->error == ERESTARTNOHAND || interrupted->error == ERESTART_RESTARTBLOCK ||
	     (interrupted->error == ERESTARTSYS && !(flags & SA_RESTART))))
		return true;
	/* one that was left by longjmp never returns: the interrupted call is gone as well */
	if (++interrupted->handlers == MANY_HANDLERS)
		interrupted->entered_ns = 0;
	return false;
}

static __always_inline void handler_returned(struct interrupted *interrupted)
{
	if (interrupted->handlers)
		interrupted->handlers--;
}

/* whether a call that is entered is the interrupted one */
static __always_inline bool goes_on(const struct interrupted *interrupted, __u32 call)
{
	return interrupted->entered_ns > UNSEEN && !interrupted->handlers &&
	       (call == interrupted->call || is_restart(call));
}

#endif
