/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what takes a right that the screen needs now and then, and that the program itself must not hold. Started while it
 * still may give CAP_SYS_ADMIN and CAP_KILL away. Takes one byte for each wish from stdin until its end, and answers each
 * with one byte on stdout: 1 it is done, 0 it is not.
 *
 *	1	the kernel measures what BPF programs cost, for as long as this runs
 *	0	it does no more
 *	z	the job of the parent stops, as by Ctrl-Z
 *
 * Without a C library: it starts in a millisecond, and takes some 50 kB of memory.
 */
typedef unsigned int u32;
typedef unsigned long word;

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, KILL = 62, GETPPID = 110, GETPGID = 121, EXIT = 231, BPF = 321 };

static long call(long number, word a, word b, word c)
{
	long result;

	asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

asm(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call serve\n hlt\n");
#elif defined(__aarch64__)
enum { CLOSE = 57, READ = 63, WRITE = 64, EXIT = 94, KILL = 129, GETPGID = 155, GETPPID = 173, BPF = 280 };

static long call(long number, word a, word b, word c)
{
	register word x8 asm("x8") = number, x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c;

	asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

asm(".globl _start\n_start: bl serve\n");
#else
#error "the system calls of this architecture are not known"
#endif

#define BPF_ENABLE_STATS 32
#define SIGTSTP 20

/* for as long as it is open the kernel measures */
static long statistics = -1;

static int measure(void)
{
	/* BPF_STATS_RUN_TIME, the first member of union bpf_attr */
	u32 type = 0;

	if (statistics < 0)
		statistics = call(BPF, BPF_ENABLE_STATS, (word)&type, sizeof(type));
	return statistics >= 0;
}

static int measure_no_more(void)
{
	if (statistics >= 0)
		call(CLOSE, statistics, 0, 0);
	statistics = -1;
	return 1;
}

static int stop_job(void)
{
	long group = call(GETPGID, call(GETPPID, 0, 0, 0), 0, 0);

	return group > 1 && call(KILL, -group, SIGTSTP, 0) == 0;
}

__attribute__((used)) void serve(void)
{
	char wish, done;

	while (call(READ, 0, (word)&wish, 1) == 1) {
		done = '0' + (wish == '1' ? measure() : wish == '0' ? measure_no_more() : wish == 'z' ? stop_job() : 0);
		if (call(WRITE, 1, (word)&done, 1) != 1)
			break;
	}
	call(EXIT, 0, 0, 0);
	for (;;)
		;
}
