/* SPDX-License-Identifier: Apache-2.0 */
/*
 * in_flight KIND...: for each kind a thread that does it, and never gets on. Says "done" with the thread, and the
 * monotonic time in nanoseconds right before its call, for each kind, once all of them hang.
 * "fault" waits for a page in user mode, "spin" makes no call at all, "notified" waits for another process to say what
 * becomes of its call, and "traced" for a debugger. Files are made in the folder that it is started in.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include "compat.h"
#include "workload.h"

/* arm64 allows no less */
#define STACK (128 << 10)
#define PAGE 4096
#define FOREVER 100000

struct hanging {
	const char *kind;
	volatile pid_t thread;
	volatile long before;
};

static char byte;
static int has_compat;

static __thread struct hanging *self;

static void begins(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	self->before = now.tv_sec * 1000000000L + now.tv_nsec;
}

static int checked(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static void make_pipe(int ends[2])
{
	checked(pipe(ends), "pipe");
}

static int tcp_listener(struct sockaddr_in *address, int backlog)
{
	socklen_t length = sizeof(*address);
	int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	checked(bind(listener, (struct sockaddr *)address, length), "bind");
	checked(listen(listener, backlog), "listen");
	getsockname(listener, (struct sockaddr *)address, &length);
	return listener;
}

static void read_pipe(void)
{
	int ends[2];

	make_pipe(ends);
	begins();
	syscall(SYS_read, ends[0], &byte, 1);
}

static void write_pipe(void)
{
	static char much[1 << 20];
	int ends[2];

	make_pipe(ends);
	begins();
	syscall(SYS_write, ends[1], much, sizeof(much));
}

static void read_tty(void)
{
	int master = checked(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt"), slave;

	grantpt(master);
	unlockpt(master);
	slave = checked(open(ptsname(master), O_RDWR | O_NOCTTY), "slave");
	begins();
	syscall(SYS_read, slave, &byte, 1);
}

static void open_fifo(void)
{
	checked(mkfifo("nobody", 0600), "mkfifo");
	begins();
	syscall(SYS_openat, AT_FDCWD, "nobody", O_RDONLY);
}

static void read_fifo(void)
{
	int fifo;

	checked(mkfifo("fifo", 0600), "mkfifo");
	fifo = checked(open("fifo", O_RDWR), "fifo");
	begins();
	syscall(SYS_read, fifo, &byte, 1);
}

static void read_deleted_fifo(void)
{
	int fifo;

	checked(mkfifo("gone", 0600), "mkfifo");
	fifo = checked(open("gone", O_RDWR), "gone");
	checked(unlink("gone"), "unlink");
	begins();
	syscall(SYS_read, fifo, &byte, 1);
}

static void tcp_receive(void)
{
	struct sockaddr_in address;
	int listener = tcp_listener(&address, 1), client = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");

	checked(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	checked(accept(listener, NULL, NULL), "accept");
	begins();
	syscall(SYS_recvfrom, client, &byte, 1, 0, NULL, NULL);
}

static void tcp_accept(void)
{
	struct sockaddr_in address;
	int listener = tcp_listener(&address, 1);

	begins();
	syscall(SYS_accept, listener, NULL, NULL);
}

/* nobody accepts: once the queue is full, what is sent to it is dropped */
static void tcp_connect(void)
{
	struct sockaddr_in address;
	int client, i;

	tcp_listener(&address, 0);
	for (i = 0; i < 2; i++) {
		client = checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
		connect(client, (struct sockaddr *)&address, sizeof(address));
	}
	usleep(100 * 1000);
	client = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
	begins();
	syscall(SYS_connect, client, &address, sizeof(address));
}

static void udp_receive(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int receiver = checked(socket(AF_INET6, SOCK_DGRAM, 0), "socket");

	checked(bind(receiver, (struct sockaddr *)&address, sizeof(address)), "bind");
	begins();
	syscall(SYS_recvfrom, receiver, &byte, 1, 0, NULL, NULL);
}

static void unix_receive(void)
{
	int ends[2];

	checked(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	begins();
	syscall(SYS_recvmsg, ends[0], &(struct msghdr){ .msg_iov = &(struct iovec){ &byte, 1 }, .msg_iovlen = 1 }, 0);
}

static void flock_file(void)
{
	int first = checked(open("lock", O_RDWR | O_CREAT, 0600), "lock"), second = checked(open("lock", O_RDWR), "lock");

	checked(flock(first, LOCK_EX), "flock");
	begins();
	syscall(SYS_flock, second, LOCK_EX);
}

static void fcntl_lock(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int first = checked(open("record", O_RDWR | O_CREAT, 0600), "record");
	int second = checked(open("record", O_RDWR), "record");

	checked(fcntl(first, F_OFD_SETLK, &lock), "fcntl");
	begins();
	syscall(SYS_fcntl, second, F_OFD_SETLKW, &lock);
}

static void futex_wait(void)
{
	static int word;

	begins();
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void sleep_long(void)
{
	struct timespec long_time = { .tv_sec = FOREVER };

	begins();
	syscall(SYS_nanosleep, &long_time, NULL);
}

static void sleep_on_clock(void)
{
	struct timespec long_time = { .tv_sec = FOREVER };

	begins();
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, NULL);
}

static void poll_nothing(void)
{
	begins();
	syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static void select_nothing(void)
{
	begins();
	syscall(SYS_pselect6, 3, NULL, NULL, NULL, NULL, NULL);
}

static void wait_epoll(void)
{
	struct epoll_event event;
	int set = checked(epoll_create1(0), "epoll_create1");

	begins();
	syscall(SYS_epoll_pwait, set, &event, 1, -1, NULL, 8);
}

/* a child that ends with this process */
static pid_t sleeping_child(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			sleep(FOREVER);
	}
	return child;
}

static void wait_child(void)
{
	pid_t child = sleeping_child();

	begins();
	syscall(SYS_wait4, child, NULL, 0, NULL);
}

static void wait_id(void)
{
	pid_t child = sleeping_child();

	begins();
	syscall(SYS_waitid, P_PID, child, NULL, WEXITED, NULL);
}

static void suspend(void)
{
	unsigned long mask = 0;

	begins();
	syscall(SYS_rt_sigsuspend, &mask, sizeof(mask));
}

static void wait_signal(void)
{
	unsigned long mask = 1UL << (SIGUSR1 - 1);

	begins();
	syscall(SYS_rt_sigtimedwait, &mask, NULL, NULL, sizeof(mask));
}

static void wait_aio(void)
{
	struct io_event event;
	aio_context_t context = 0;

	checked(syscall(SYS_io_setup, 1, &context), "io_setup");
	begins();
	syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

static void receive_message(void)
{
	int queue = checked(msgget(IPC_PRIVATE, 0600), "msgget");
	struct {
		long type;
		char text[8];
	} message;

	begins();
	syscall(SYS_msgrcv, queue, &message, sizeof(message.text), 0, 0);
}

static void wait_semaphore(void)
{
	struct sembuf down = { .sem_op = -1 };
	int set = checked(semget(IPC_PRIVATE, 1, 0600), "semget");

	begins();
#ifdef SYS_semop
	syscall(SYS_semop, set, &down, 1);
#else
	syscall(SYS_semtimedop, set, &down, 1, NULL);
#endif
}

static void splice_pipe(void)
{
	int from[2], to[2];

	make_pipe(from);
	make_pipe(to);
	begins();
	syscall(SYS_splice, from[0], NULL, to[1], NULL, 1, 0);
}

static void read_eventfd(void)
{
	int events = checked(eventfd(0, 0), "eventfd");
	long count;

	begins();
	syscall(SYS_read, events, &count, sizeof(count));
}

static void read_timerfd(void)
{
	int timer = checked(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
	long count;

	begins();
	syscall(SYS_read, timer, &count, sizeof(count));
}

static void read_signalfd(void)
{
	struct signalfd_siginfo info;
	sigset_t mask;
	int signals;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	signals = checked(signalfd(-1, &mask, 0), "signalfd");
	begins();
	syscall(SYS_read, signals, &info, sizeof(info));
}

static void read_inotify(void)
{
	int watch = checked(inotify_init1(0), "inotify");
	char event[PAGE];

	begins();
	syscall(SYS_read, watch, event, sizeof(event));
}

/* a page that never comes */
static char *missing_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int faults = checked(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");

	range.range.start = (unsigned long)page;
	range.range.len = PAGE;
	checked(ioctl(faults, UFFDIO_API, &api), "UFFDIO_API");
	checked(ioctl(faults, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
	return page;
}

/* the page is one of a call: it reads what is there already */
static void fault_in_call(void)
{
	char *page = missing_page();
	int ends[2];

	make_pipe(ends);
	checked(write(ends[1], &byte, 1), "write");
	begins();
	syscall(SYS_read, ends[0], page, 1);
}

static void fault(void)
{
	char *page = missing_page();

	begins();
	*(volatile char *)page = 1;
}

static void spin(void)
{
	volatile int forever = 1;

	begins();
	while (forever)
		;
}

static void notified(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	checked(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	checked(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter), "seccomp");
	begins();
	syscall(SYS_getppid);
}

/* a process that is stopped by its debugger when it enters a call; it is that which hangs */
static void traced(void)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		kill(getpid(), SIGSTOP);
		for (;;)
			syscall(SYS_getppid);
	}
	if (waitpid(child, NULL, 0) != child || ptrace(PTRACE_SYSCALL, child, NULL, NULL) ||
	    waitpid(child, NULL, 0) != child)
		fail("ptrace");
	self->thread = child;
	begins();
	for (;;)
		sleep(FOREVER);
}

static void wait_vfork(void)
{
	begins();
	if (!vfork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
}

/* pause of the 32-bit table; where there are no such calls, its thread is 0 */
static void pause_32(void)
{
	begins();
	if (has_compat)
		compat_call(29);
	self->thread = 0;
	pthread_exit(NULL);
}

static const struct {
	const char *kind;
	void (*hang)(void);
} kinds[] = {
	{ "read-pipe", read_pipe }, { "write-pipe", write_pipe }, { "read-tty", read_tty }, { "open-fifo", open_fifo },
	{ "read-fifo", read_fifo }, { "read-deleted", read_deleted_fifo }, { "tcp-receive", tcp_receive },
	{ "tcp-accept", tcp_accept }, { "tcp-connect", tcp_connect }, { "udp-receive", udp_receive },
	{ "unix-receive", unix_receive }, { "flock", flock_file }, { "fcntl", fcntl_lock }, { "futex", futex_wait },
	{ "nanosleep", sleep_long }, { "clock_nanosleep", sleep_on_clock }, { "poll", poll_nothing },
	{ "select", select_nothing }, { "epoll", wait_epoll }, { "wait4", wait_child }, { "waitid", wait_id },
	{ "sigsuspend", suspend }, { "sigtimedwait", wait_signal }, { "aio", wait_aio }, { "msgrcv", receive_message },
	{ "semop", wait_semaphore }, { "splice", splice_pipe }, { "eventfd", read_eventfd },
	{ "timerfd", read_timerfd }, { "signalfd", read_signalfd }, { "inotify", read_inotify },
	{ "fault-in-call", fault_in_call }, { "fault", fault }, { "spin", spin }, { "notified", notified },
	{ "traced", traced }, { "vfork", wait_vfork }, { "pause-32", pause_32 },
};

static void *hang(void *hanging)
{
	size_t i;

	self = hanging;
	prctl(PR_SET_NAME, self->kind);
	self->thread = syscall(SYS_gettid);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, self->kind))
			kinds[i].hang();
	fprintf(stderr, "%s did not hang: %s\n", self->kind, strerror(errno));
	exit(94);
}

/* whether a thread is where it will stay */
static int hangs(const struct hanging *hanging)
{
	char path[64], text[512] = "", *state;
	FILE *file;

	if (!hanging->before)
		return 0;
	if (!strcmp(hanging->kind, "spin") || !hanging->thread)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/stat", hanging->thread);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		fail(path);
	fclose(file);
	state = strrchr(text, ')');
	return state && strchr("SDt", state[2]);
}

int main(int argc, char **argv)
{
	struct hanging *all = calloc(argc, sizeof(*all));
	pthread_attr_t small;
	pthread_t thread;
	sigset_t blocked;
	int i;

	has_compat = has_compat_calls();
	/* its queues end with it */
	checked(unshare(CLONE_NEWIPC), "unshare");
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (!all || pthread_attr_init(&small) || pthread_attr_setstacksize(&small, STACK))
		fail("threads");
	say("ready\n");
	wait_for_line();
	for (i = 1; i < argc; i++) {
		all[i].kind = argv[i];
		if (pthread_create(&thread, &small, hang, &all[i]))
			fail("pthread_create");
	}
	for (i = 1; i < argc; i++)
		while (!hangs(&all[i]))
			usleep(1000);
	printf("done");
	for (i = 1; i < argc; i++)
		printf(" %d %ld", all[i].thread, all[i].before);
	printf("\n");
	fflush(stdout);
	wait_for_line();
	_exit(0);
}
