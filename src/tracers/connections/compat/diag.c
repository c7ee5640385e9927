/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks netlink for somebody who must not be held up: inet_diag takes the lock of each TCP socket that it tells of, which a
 * process may hold for minutes. Takes from stdin until its end, one behind the other:
 *
 *	struct question, then so many bytes: a request with its header
 *
 * and writes to stdout, for each in that order, the datagrams of the answer, each behind its size (four bytes), and
 * struct end. Sizes are never 0. Without a C library: it starts in a millisecond, and takes some 100 kB of memory.
 */
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long word;

struct question {
	u32 namespace;		/* descriptor of the network namespace to ask in; NO_NAMESPACE: that it is in */
	u32 protocol;		/* of netlink */
	u32 bytes;
};

struct end {
	u32 zero;
	u32 error;		/* errno; 0: the answer is whole */
};

/* <linux/netlink.h> */
struct header {
	u32 bytes;
	u16 type;
	u16 flags;
	u32 sequence;
	u32 port;
};

#define NO_NAMESPACE (~0U)

enum { AF_NETLINK = 16, SOCK_RAW = 3, CLONE_NEWNET = 0x40000000 };
enum { NLMSG_ERROR = 2, NLMSG_DONE = 3, NLM_F_MULTI = 2 };
enum { EINTR = 4, EINVAL = 22 };

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, CLOSE = 3, SOCKET = 41, SENDTO = 44, RECVFROM = 45, EXIT = 231, SETNS = 308 };

static long call(long number, word a, word b, word c, word d, word e, word f)
{
	register word fourth asm("r10") = d, fifth asm("r8") = e, sixth asm("r9") = f;
	long result;

	asm volatile("syscall" : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
		     : "rcx", "r11", "memory");
	return result;
}

asm(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call serve\n hlt\n");
#elif defined(__aarch64__)
enum { CLOSE = 57, READ = 63, WRITE = 64, EXIT = 94, SOCKET = 198, SENDTO = 206, RECVFROM = 207, SETNS = 268 };

static long call(long number, word a, word b, word c, word d, word e, word f)
{
	register word x8 asm("x8") = number, x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c, x3 asm("x3") = d,
		      x4 asm("x4") = e, x5 asm("x5") = f;

	asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

asm(".globl _start\n_start: bl serve\n");
#else
#error "the system calls of this architecture are not known"
#endif

static char request[4096];
/* the size of a datagram, and the datagram */
static struct {
	u32 bytes;
	char datagram[1 << 16];
} answer;

static int read_all(void *to, word bytes)
{
	word done = 0;
	long got;

	while (done < bytes) {
		got = call(READ, 0, (word)to + done, bytes - done, 0, 0, 0);
		if (got <= 0)
			return 0;
		done += got;
	}
	return 1;
}

static int write_all(const void *from, word bytes)
{
	word done = 0;
	long got;

	while (done < bytes) {
		got = call(WRITE, 1, (word)from + done, bytes - done, 0, 0, 0);
		if (got <= 0)
			return 0;
		done += got;
	}
	return 1;
}

/* whether a datagram is the last one of an answer */
static int is_last(long bytes)
{
	long at = 0;

	while (at + (long)sizeof(struct header) <= bytes) {
		const struct header *header = (const void *)(answer.datagram + at);

		if (header->type == NLMSG_DONE || header->type == NLMSG_ERROR || !(header->flags & NLM_F_MULTI))
			return 1;
		if (header->bytes < sizeof(*header))
			return 1;
		at += (header->bytes + 3) & ~3U;
	}
	return 0;
}

/* the errno with which it ended; -1: nobody reads the answer any more */
static long ask(const struct question *question)
{
	long error = 0, got, fd;

	if (question->namespace != NO_NAMESPACE) {
		got = call(SETNS, question->namespace, CLONE_NEWNET, 0, 0, 0, 0);
		if (got < 0)
			return -got;
	}
	fd = call(SOCKET, AF_NETLINK, SOCK_RAW, question->protocol, 0, 0, 0);
	if (fd < 0)
		return -fd;
	got = call(SENDTO, fd, (word)request, question->bytes, 0, 0, 0);
	if (got < 0)
		error = -got;
	while (!error) {
		got = call(RECVFROM, fd, (word)answer.datagram, sizeof(answer.datagram), 0, 0, 0);
		if (got == -EINTR)
			continue;
		if (got <= 0) {
			error = got ? -got : EINVAL;
			break;
		}
		answer.bytes = got;
		if (!write_all(&answer, sizeof(answer.bytes) + got)) {
			error = -1;
			break;
		}
		if (is_last(got))
			break;
	}
	call(CLOSE, fd, 0, 0, 0, 0, 0);
	return error;
}

__attribute__((used)) void serve(void)
{
	struct question question;
	struct end end = { 0, 0 };
	long error;

	while (read_all(&question, sizeof(question)) && question.bytes <= sizeof(request) &&
	       read_all(request, question.bytes)) {
		error = ask(&question);
		end.error = error;
		if (error < 0 || !write_all(&end, sizeof(end)))
			break;
	}
	call(EXIT, 0, 0, 0, 0, 0, 0);
	for (;;)
		;
}
