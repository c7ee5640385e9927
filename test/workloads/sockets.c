/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets: does with sockets what it is told, line by line, and answers each
 * line with one of its own: "ok NUMBERS...", or "failed ERRNO COMMAND". Sockets
 * have slots, numbered from 0. Bytes are what the calls returned.
 *
 *   listen SLOT ADDRESS PORT BACKLOG [OPTION...]
 *                                        ok PORT; v6only, reuseport, freebind, transparent, mptcp, fastopen, defer,
 *                                        or dev=NAME
 *   bind SLOT ADDRESS PORT               ok PORT
 *   connect SLOT ADDRESS PORT [nonblock|uring|mptcp|fastopen|deferred|edge|short|old|long|family|fault]
 *                                        ok ERRNO LOCAL_PORT; on the socket that the slot has, or a new one. fastopen:
 *                                        with 100 bytes; deferred: the SYN goes with the first bytes that are sent.
 *                                        With the address at the end of a page, or cut, or as RFC 2133 had it, or longer
 *                                        than any, or of another family, or where there is no memory
 *   accept SLOT LISTENER [uring]         ok REMOTE_PORT
 *   drain LISTENER                       ok COUNT; accepts all that wait, and closes them
 *   send SLOT BYTES HOW                  ok BYTES; write, sendmsg, sendfile, splice, uring, zerocopy
 *   fill SLOT                            ok BYTES; until it would block
 *   receive SLOT BYTES HOW               ok BYTES; read, recvmsg, splice, uring, peek, mmap
 *   end SLOT                             ok; the peer closed
 *   shutdown SLOT, close SLOT, reset SLOT
 *   error SLOT                           ok ERRNO; what SO_ERROR says
 *   udp SLOT ADDRESS                     ok PORT
 *   to SLOT ADDRESS PORT BYTES           ok BYTES; one datagram
 *   name TEXT                            changes the name of the process
 *   fork                                 ok CHILD PID; the child has all sockets and takes lines "@CHILD ..."
 *   give SLOT CHILD, @CHILD take SLOT    a socket goes over a Unix socket
 *   fd SLOT                              ok FD
 *   cover SLOT, close_range SLOT         lets go of it by dup2, or by close_range, as others close it
 *   get SLOT PID FD                      takes it from another process (pidfd_getfd)
 *   exec SLOT                            becomes another program, which does not have it
 *   serve SLOT                           ok PID; another program has it as its input, and nobody else here
 *   wait CHILD                           ok; the child has ended, after "@CHILD exit"
 *   exit                                 nothing; as if killed, nothing is closed first
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/mman.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "workload.h"

#define SLOTS 1024
#define CHILDREN 16
#define CHUNK (1L << 16)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static char buffer[CHUNK];
static int sockets[SLOTS];
static struct child {
	pid_t pid;
	int lines;	/* its commands and answers */
	int descriptors;
} children[CHILDREN];
static int child_count;
static int parent_descriptors = -1;

static long least(long a, long b)
{
	return a < b ? a : b;
}

/* an address of a link has the name of that behind a % */
static socklen_t parse_address(union address *address, char *text, const char *port)
{
	char *link = strchr(text, '%');

	if (link)
		*link++ = '\0';
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(atoi(port));
		return sizeof(address->v4);
	}
	if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) != 1)
		fail(text);
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(atoi(port));
	address->v6.sin6_scope_id = link ? if_nametoindex(link) : 0;
	return sizeof(address->v6);
}

static int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	union address address = { 0 };
	socklen_t length = sizeof(address);

	if (name(fd, &address.any, &length))
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static void set_option(int fd, const char *option)
{
	int yes = 1, waiting = 16, seconds = 30;

	if (!strcmp(option, "v6only"))
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	else if (!strcmp(option, "reuseport"))
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	else if (!strcmp(option, "freebind"))
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes));
	else if (!strcmp(option, "transparent"))
		setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof(yes));
	else if (!strcmp(option, "fastopen"))
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &waiting, sizeof(waiting));
	else if (!strcmp(option, "defer"))
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	else if (!strncmp(option, "dev=", 4))
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, option + 4, strlen(option + 4));
	else if (strcmp(option, "mptcp"))
		fail(option);
}

/* IPPROTO_MPTCP where that is one of the options */
static int protocol_in(char **options, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(options[i], "mptcp"))
			return 262;
	return 0;
}

static int bound(int type, char *text, const char *port, char **options, int count)
{
	union address address;
	socklen_t length = parse_address(&address, text, port);
	int fd = socket(address.any.sa_family, type, protocol_in(options, count)), no = 0, yes = 1;

	if (address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	for (int i = 0; i < count; i++)
		set_option(fd, options[i]);
	return bind(fd, &address.any, length) ? -1 : fd;
}

/* --- one io_uring operation at a time, without a library --- */

static long ring_operation(const struct io_uring_sqe *operation)
{
	static struct io_uring_params params;
	static struct io_uring_sqe *entries;
	static char *submissions, *completions;
	static int ring = -1;
	static pid_t owner;
	struct io_uring_cqe *done;
	unsigned *head, *tail, mask;
	long result;

	if (owner != getpid()) {
		owner = getpid();
		memset(&params, 0, sizeof(params));
		ring = syscall(SYS_io_uring_setup, 4, &params);
		if (ring < 0)
			fail("io_uring_setup");
		submissions = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned),
				   PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
		completions = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(*done),
				   PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
		entries = mmap(NULL, params.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
			       IORING_OFF_SQES);
		if (submissions == MAP_FAILED || completions == MAP_FAILED || entries == MAP_FAILED)
			fail("mmap");
	}
	tail = (unsigned *)(submissions + params.sq_off.tail);
	mask = *(unsigned *)(submissions + params.sq_off.ring_mask);
	entries[*tail & mask] = *operation;
	((unsigned *)(submissions + params.sq_off.array))[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		fail("io_uring_enter");
	head = (unsigned *)(completions + params.cq_off.head);
	mask = *(unsigned *)(completions + params.cq_off.ring_mask);
	done = (struct io_uring_cqe *)(completions + params.cq_off.cqes) + (*head & mask);
	result = done->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

static long ring_transfer(int opcode, int fd, const void *data, long length)
{
	struct io_uring_sqe operation = { .opcode = opcode, .fd = fd, .addr = (uintptr_t)data, .len = length };

	return ring_operation(&operation);
}

/* --- sending and receiving --- */

static void reap_zerocopy(int fd)
{
	char control[256];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct pollfd waiting = { .fd = fd };

	poll(&waiting, 1, 100);
	while (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		message.msg_controllen = sizeof(control);
}

static long send_some(int fd, long bytes, const char *how)
{
	struct iovec parts[2] = { { buffer, bytes / 2 }, { buffer, bytes - bytes / 2 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int ends[2], one = 1, file;
	off_t start = 0;
	long sent;

	if (!strcmp(how, "write"))
		return write(fd, buffer, bytes);
	if (!strcmp(how, "sendmsg"))
		return sendmsg(fd, &message, 0);
	if (!strcmp(how, "uring"))
		return ring_transfer(IORING_OP_SEND, fd, buffer, bytes);
	if (!strcmp(how, "zerocopy")) {
		setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
		sent = send(fd, buffer, bytes, MSG_ZEROCOPY);
		reap_zerocopy(fd);
		return sent;
	}
	if (!strcmp(how, "sendfile")) {
		file = memfd_create("file", 0);
		if (write(file, buffer, bytes) != bytes)
			fail("memfd");
		sent = sendfile(fd, file, &start, bytes);
		close(file);
		return sent;
	}
	if (strcmp(how, "splice") || pipe(ends))
		fail(how);
	if (write(ends[1], buffer, least(bytes, 4096)) < 0)
		fail("pipe");
	sent = splice(ends[0], NULL, fd, NULL, least(bytes, 4096), 0);
	close(ends[0]);
	close(ends[1]);
	return sent;
}

static long receive_some(int fd, long bytes, const char *how)
{
	struct iovec part = { buffer, bytes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int ends[2];
	long received;

	if (!strcmp(how, "read"))
		return read(fd, buffer, bytes);
	if (!strcmp(how, "recvmsg"))
		return recvmsg(fd, &message, 0);
	if (!strcmp(how, "uring"))
		return ring_transfer(IORING_OP_RECV, fd, buffer, bytes);
	if (!strcmp(how, "peek"))
		return recv(fd, buffer, bytes, MSG_PEEK);
	if (strcmp(how, "splice") || pipe(ends))
		fail(how);
	received = splice(fd, NULL, ends[1], NULL, bytes, 0);
	close(ends[0]);
	close(ends[1]);
	return received;
}

static long move_all(int fd, long bytes, const char *how, long (*some)(int, long, const char *))
{
	long moved = 0, now;

	do {
		now = some(fd, least(bytes - moved, CHUNK), how);
		if (now <= 0)
			return -1;
		moved += now;
	} while (moved < bytes);
	return moved;
}

static long fill(int fd)
{
	long sent = 0, now;

	while ((now = send(fd, buffer, CHUNK, MSG_DONTWAIT)) > 0)
		sent += now;
	return errno == EAGAIN ? sent : -1;
}

/* --- descriptors on their way to another process --- */

static int give(int over, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	return sendmsg(over, &message, 0) == 1 ? 0 : -1;
}

static int take(int over)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(over, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* --- commands --- */

static void answer(int to, const char *line)
{
	if (write(to, line, strlen(line)) < 0)
		exit(90);
}

static size_t read_line(int from, char *line, size_t room)
{
	size_t length = 0;

	while (length < room - 1 && read(from, line + length, 1) == 1)
		if (line[length++] == '\n')
			break;
	line[length] = '\0';
	return length;
}

/* what the kernel may be told that is no whole address in the middle of memory */
static int connect_oddly(int fd, const union address *address, socklen_t length, const char *how)
{
	char *pages = mmap(NULL, 1 << 17, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = pages + (1 << 16);

	munmap(end, 1 << 16);
	if (!strcmp(how, "short"))
		length -= 8;
	if (!strcmp(how, "old"))
		length = 24;
	if (!strcmp(how, "fault"))
		return connect(fd, (struct sockaddr *)(end - length / 2), length) ? errno : 0;
	if (!strcmp(how, "long")) {
		memcpy(end - 200, address, length);
		return connect(fd, (struct sockaddr *)(end - 200), 200) ? errno : 0;
	}
	memcpy(end - length, address, length);
	if (!strcmp(how, "family"))
		((struct sockaddr *)(end - length))->sa_family = address->any.sa_family == AF_INET ? AF_INET6 : AF_INET;
	return connect(fd, (struct sockaddr *)(end - length), length) ? errno : 0;
}

static int connect_slot(int *fd, char **words, int count)
{
	const char *how = count > 4 ? words[4] : "";
	union address address;
	socklen_t length = parse_address(&address, words[2], words[3]);
	int yes = 1;

	if (*fd < 0)
		*fd = socket(address.any.sa_family, SOCK_STREAM, protocol_in(words + 4, count - 4));
	if (!strcmp(how, "nonblock"))
		fcntl(*fd, F_SETFL, O_NONBLOCK);
	if (!strcmp(how, "uring")) {
		struct io_uring_sqe operation = { .opcode = IORING_OP_CONNECT, .fd = *fd,
						  .addr = (uintptr_t)&address, .off = length };
		return ring_operation(&operation) < 0 ? errno : 0;
	}
	if (!strcmp(how, "fastopen"))
		return sendto(*fd, buffer, 100, MSG_FASTOPEN, &address.any, length) < 0 ? errno : 0;
	if (!strcmp(how, "deferred"))
		setsockopt(*fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &yes, sizeof(yes));
	else if (*how && !strstr("nonblock mptcp", how))
		return connect_oddly(*fd, &address, length, how);
	return connect(*fd, &address.any, length) ? errno : 0;
}

static int accept_slot(int listener, const char *how)
{
	struct io_uring_sqe operation = { .opcode = IORING_OP_ACCEPT, .fd = listener };

	return strcmp(how, "uring") ? accept(listener, NULL, NULL) : (int)ring_operation(&operation);
}

static long drain(int listener)
{
	struct pollfd waiting = { .fd = listener, .events = POLLIN };
	long count;

	for (count = 0; poll(&waiting, 1, 0) == 1; count++)
		if (close(accept(listener, NULL, NULL)))
			return -1;
	return count;
}

/* another program with the socket as its input, which ends with this process */
static pid_t spawn(int fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, STDIN_FILENO);
	for (int i = 0; i < SLOTS; i++)
		if (sockets[i] >= 0)
			close(sockets[i]);
	execlp("sleep", "sleep", "60", NULL);
	_exit(1);
}

static void serve(int from, int to);

static int fork_child(void)
{
	int lines[2], descriptors[2], index = child_count;
	struct child *child = &children[index];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, lines) || socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors))
		fail("socketpair");
	child->pid = fork();
	if (child->pid == 0) {
		close(lines[0]);
		close(descriptors[0]);
		for (int i = 0; i < child_count; i++) {
			close(children[i].lines);
			close(children[i].descriptors);
		}
		child_count = 0;
		parent_descriptors = descriptors[1];
		serve(lines[1], lines[1]);
		_exit(0);
	}
	close(lines[1]);
	close(descriptors[1]);
	child->lines = lines[0];
	child->descriptors = descriptors[0];
	child_count++;
	return index;
}

/* the numbers of the answer; -1: it failed, errno says why */
static int obey(char **words, int count, long numbers[2])
{
	const char *what = words[0], *how = count > 3 ? words[3] : "";
	int slot = count > 1 ? atoi(words[1]) : 0, yes = 1, status, *fd = &sockets[slot];
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	union address address;
	socklen_t length;

	if (!strcmp(what, "listen")) {
		*fd = bound(SOCK_STREAM, words[2], words[3], words + 5, count - 5);
		if (*fd < 0 || listen(*fd, atoi(words[4])))
			return -1;
		numbers[0] = port_of(*fd, getsockname);
		return 1;
	}
	if (!strcmp(what, "bind") || !strcmp(what, "udp")) {
		*fd = bound(strcmp(what, "udp") ? SOCK_STREAM : SOCK_DGRAM, words[2], count > 3 ? words[3] : "0", NULL, 0);
		numbers[0] = port_of(*fd, getsockname);
		return *fd < 0 ? -1 : 1;
	}
	if (!strcmp(what, "connect")) {
		numbers[0] = connect_slot(fd, words, count);
		numbers[1] = port_of(*fd, getsockname);
		return 2;
	}
	if (!strcmp(what, "accept")) {
		*fd = accept_slot(sockets[atoi(words[2])], how);
		numbers[0] = port_of(*fd, getpeername);
		return *fd < 0 ? -1 : 1;
	}
	if (!strcmp(what, "drain")) {
		numbers[0] = drain(*fd);
		return numbers[0] < 0 ? -1 : 1;
	}
	if (!strcmp(what, "send")) {
		numbers[0] = move_all(*fd, atol(words[2]), how, send_some);
		return numbers[0] < 0 ? -1 : 1;
	}
	if (!strcmp(what, "receive")) {
		numbers[0] = move_all(*fd, atol(words[2]), how, receive_some);
		return numbers[0] < 0 ? -1 : 1;
	}
	if (!strcmp(what, "fill")) {
		numbers[0] = fill(*fd);
		return numbers[0] < 0 ? -1 : 1;
	}
	if (!strcmp(what, "end"))
		return read(*fd, buffer, 1) == 0 ? 0 : -1;
	if (!strcmp(what, "shutdown"))
		return shutdown(*fd, SHUT_WR);
	if (!strcmp(what, "close") || !strcmp(what, "reset")) {
		if (!strcmp(what, "reset"))
			setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		status = close(*fd);
		*fd = -1;
		return status;
	}
	if (!strcmp(what, "error")) {
		length = sizeof(status);
		getsockopt(*fd, SOL_SOCKET, SO_ERROR, &status, &length);
		numbers[0] = status;
		return 1;
	}
	if (!strcmp(what, "to")) {
		length = parse_address(&address, words[2], words[3]);
		setsockopt(*fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes));
		numbers[0] = sendto(*fd, buffer, atol(words[4]), 0, &address.any, length);
		return numbers[0] < 0 ? -1 : 1;
	}
	if (!strcmp(what, "name"))
		return prctl(PR_SET_NAME, words[1]);
	if (!strcmp(what, "fork")) {
		numbers[0] = fork_child();
		numbers[1] = children[numbers[0]].pid;
		return 2;
	}
	if (!strcmp(what, "give"))
		return give(children[atoi(words[2])].descriptors, *fd);
	if (!strcmp(what, "take")) {
		*fd = take(parent_descriptors);
		return *fd < 0 ? -1 : 0;
	}
	if (!strcmp(what, "wait"))
		return waitpid(children[slot].pid, NULL, 0) < 0 ? -1 : 0;
	if (!strcmp(what, "fd")) {
		numbers[0] = *fd;
		return 1;
	}
	if (!strcmp(what, "cover"))
		return dup2(STDERR_FILENO, *fd) < 0 ? -1 : 0;
	if (!strcmp(what, "close_range"))
		return syscall(SYS_close_range, *fd, *fd, 0);
	if (!strcmp(what, "get")) {
		*fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, atoi(words[2]), 0), atoi(words[3]), 0);
		return *fd < 0 ? -1 : 0;
	}
	if (!strcmp(what, "exec")) {
		fcntl(*fd, F_SETFD, FD_CLOEXEC);
		execlp("sleep", "sleep", "60", NULL);
		return -1;
	}
	if (!strcmp(what, "serve")) {
		numbers[0] = spawn(*fd);
		close(*fd);
		return 1;
	}
	if (!strcmp(what, "exit"))
		_exit(0);
	errno = EINVAL;
	return -1;
}

static void serve(int from, int to)
{
	char line[256], reply[256], *words[10], *text;
	long numbers[2];
	int count, result, child;

	while (read_line(from, line, sizeof(line)) > 0) {
		if (line[0] == '@') {
			child = strtol(line + 1, &text, 10);
			answer(children[child].lines, text + 1);
			if (!strncmp(text + 1, "exit", 4))
				answer(to, "ok\n");
			else if (read_line(children[child].lines, reply, sizeof(reply)) > 0)
				answer(to, reply);
			else
				answer(to, "failed 0 a child ended\n");
			continue;
		}
		count = 0;
		for (text = strtok(line, " \n"); text && count < 10; text = strtok(NULL, " \n"))
			words[count++] = text;
		if (count == 0)
			break;
		result = obey(words, count, numbers);
		if (result < 0)
			snprintf(reply, sizeof(reply), "failed %d %s\n", errno, words[0]);
		else if (result == 0)
			strcpy(reply, "ok\n");
		else if (result == 1)
			snprintf(reply, sizeof(reply), "ok %ld\n", numbers[0]);
		else
			snprintf(reply, sizeof(reply), "ok %ld %ld\n", numbers[0], numbers[1]);
		answer(to, reply);
	}
}

int main(void)
{
	for (int i = 0; i < SLOTS; i++)
		sockets[i] = -1;
	say("ready\n");
	serve(STDIN_FILENO, STDOUT_FILENO);
	return 0;
}
