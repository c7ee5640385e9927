/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile: what an ordinary user can do to a tool that looks at all processes. It becomes nobody, does one of these, says
 * "ready", and goes on with it until it is killed or its stdin ends:
 *
 *   descriptors N   N open files, and then both ends of a connection; told a line, says "done PORT PORT": its ends
 *   command N       a command line of N MB, in memory that was never touched
 *   arguments N     a command line of N empty arguments, and one that is not
 *   names N         N processes with names and arguments that move the cursor, end lines and turn text round
 *   renames N       N processes that change their names and arguments all the time
 *   namespaces N    N network namespaces, with a listening socket in each; told a line, makes CONNECTS connections over loopback
 *                   in each, both ends of which send and receive 10 bytes in all, closes them, and says "done"
 *   threads N       N threads that make calls
 *   processes N     N processes a second, each of which makes a call and ends
 *   calls N         N processes that change their names and make all calls there are, and those that there are not
 *   connects N      N connects a second that fail
 *   sockets N       N listening sockets, in as many processes as it takes
 *   execs N         N processes that start programs without a file, of such names, with 100 kB of environment, all the time
 *   stops N         N processes that a tracer has stopped, N that wait for a child of vfork, and N that are zombies
 *   labels N        N threads that change their names to such all the time
 *   unix N          N Unix sockets with abstract names of such, in as many processes as it takes
 *   mptcp N         N connections a second by MPTCP, where there is that, else by TCP, and sockets of SCTP and others
 */
#define _GNU_SOURCE
#include <linux/prctl.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "workload.h"

#define NOBODY 65534
#define PAUSE 50000
#define FILES 900
#define CONNECTS 10

static const char *const texts[] = {
	"\033]0;title\007\033[2J", "\r\n\n\033[31mred", "\342\200\256drow\342\200\254", "\b\b\b\x7f\x9b" "2J", "\313\206\314\200\314\201\314\202\314\203",
};

static void become_nobody(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		fail("nobody");
	prctl(PR_SET_DUMPABLE, 1);
}

/* a process that ends with this one, and goes on in the caller */
static int child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 1;
}

static void ready(void)
{
	say("ready\n");
}

/* until stdin ends */
static void work_on(void)
{
	struct timeval pause = { 0, PAUSE };
	fd_set in;

	for (;;) {
		FD_ZERO(&in);
		FD_SET(0, &in);
		pause.tv_usec = PAUSE;
		getppid();
		if (select(1, &in, NULL, NULL, &pause) > 0)
			wait_for_line();
	}
}

static int listen_on(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (fd < 0 || bind(fd, (struct sockaddr *)address, length) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)address, &length))
		fail("listen");
	return fd;
}

static void descriptors(long count)
{
	int null = open("/dev/null", O_RDONLY), listener, near;
	struct sockaddr_in server, client;
	socklen_t length = sizeof(client);
	char line[64];

	while (count--)
		if (dup(null) < 0)
			fail("dup");
	ready();
	wait_for_line();
	listener = listen_on(&server);
	near = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(near, (struct sockaddr *)&server, sizeof(server)) || accept(listener, NULL, NULL) < 0)
		fail("connect");
	getsockname(near, (struct sockaddr *)&client, &length);
	snprintf(line, sizeof(line), "done %d %d\n", ntohs(client.sin_port), ntohs(server.sin_port));
	say(line);
}

static unsigned long stat_field(int wanted)
{
	char text[4096], *at;
	FILE *file = fopen("/proc/self/stat", "r");
	int field = 4;

	if (!file)
		fail("stat");
	text[fread(text, 1, sizeof(text) - 1, file)] = 0;
	fclose(file);
	for (at = strtok(strrchr(text, ')') + 4, " "); at && field < wanted; at = strtok(NULL, " "))
		field++;
	return at ? strtoul(at, NULL, 10) : 0;
}

/* the command line is what lies at these addresses */
static void set_arguments(char *begin, char *end)
{
	struct prctl_mm_map map = {
		.start_code = stat_field(26), .end_code = stat_field(27), .start_stack = stat_field(28),
		.start_data = stat_field(45), .end_data = stat_field(46), .start_brk = stat_field(47),
		.arg_start = (unsigned long)begin, .arg_end = (unsigned long)end,
		.env_start = stat_field(50), .env_end = stat_field(51),
		.brk = (unsigned long)sbrk(0), .exe_fd = -1,
	};

	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0))
		fail("PR_SET_MM_MAP");
}

static char *unused_memory(unsigned long bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		fail("mmap");
	return memory;
}

static void command(long megabytes)
{
	char *memory = unused_memory(megabytes << 20);

	memory[0] = 'A';
	set_arguments(memory, memory + (megabytes << 20));
}

static void arguments(long count, char **argv)
{
	char **all = calloc(count + 6, sizeof(*all));
	long i;

	all[0] = argv[0];
	all[1] = "already";
	all[2] = "0";
	for (i = 0; i < count; i++)
		all[3 + i] = "";
	all[3 + count] = "x";
	execv("/proc/self/exe", all);
	fail("exec");
}

static void names(long count)
{
	char memory[64];
	long i;

	for (i = 0; i < count; i++) {
		const char *text = texts[i % (sizeof(texts) / sizeof(*texts))];

		if (!child())
			continue;
		prctl(PR_SET_NAME, text);
		strcpy(memory, text);
		set_arguments(memory, memory + strlen(text) + 1);
		work_on();
	}
}

static void renames(long count)
{
	char name[16], *memory = unused_memory(1 << 20);
	unsigned int round;

	while (count--) {
		if (!child())
			continue;
		set_arguments(memory, memory + 4096);
		for (round = 0;; round++) {
			snprintf(name, sizeof(name), "r%u", round);
			prctl(PR_SET_NAME, name);
			memset(memory, 'a' + round % 26, 4096);
			getppid();
		}
	}
}

static void connect_and_close(int listener, const struct sockaddr_in *address)
{
	char bytes[10] = "";
	int near, far;

	near = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(near, (const struct sockaddr *)address, sizeof(*address)))
		fail("connect");
	far = accept(listener, NULL, NULL);
	if (write(near, bytes, sizeof(bytes)) != sizeof(bytes) || read(far, bytes, sizeof(bytes)) != sizeof(bytes))
		fail("bytes");
	close(near);
	/* the end of what it sent */
	if (read(far, bytes, sizeof(bytes)))
		fail("end");
	close(far);
}

static void in_namespace(int told, int done)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	struct sockaddr_in address;
	int listener, i;
	char ok = 1;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		fail("unshare");
	listener = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(listener, SIOCSIFFLAGS, &loopback))
		fail("loopback");
	close(listener);
	listener = listen_on(&address);
	if (write(done, &ok, 1) != 1 || read(told, &ok, 1) != 1)
		fail("pipe");
	for (i = 0; i < CONNECTS; i++)
		connect_and_close(listener, &address);
	if (write(done, &ok, 1) != 1)
		fail("pipe");
	pause();
}

static void wait_for_all(int done, long count)
{
	char ok;

	while (count--)
		if (read(done, &ok, 1) != 1)
			fail("read");
}

static void namespaces(long count)
{
	int told[2], done[2];
	char ok = 1;
	long i;

	if (pipe(told) || pipe(done))
		fail("pipe");
	for (i = 0; i < count; i++)
		if (child())
			in_namespace(told[0], done[1]);
	wait_for_all(done[0], count);
	ready();
	wait_for_line();
	for (i = 0; i < count; i++)
		if (write(told[1], &ok, 1) != 1)
			fail("write");
	wait_for_all(done[0], count);
	say("done\n");
}

static void *call_often(void *unused)
{
	for (;;) {
		getppid();
		usleep(100 * 1000);
	}
	return unused;
}

static void threads(long count)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	while (count--)
		if (pthread_create(&thread, &small, call_often, NULL))
			fail("thread");
}

static void processes(long a_second)
{
	long i;

	if (!child())
		return;
	signal(SIGCHLD, SIG_IGN);
	for (i = 0;; i++) {
		pid_t pid = fork();

		if (!pid) {
			char name[32];

			snprintf(name, sizeof(name), "p%ld", i);
			prctl(PR_SET_NAME, name);
			_exit(0);
		}
		if (i % 100 == 99)
			usleep(100 * 1000000L / a_second);
	}
}

/* of x86_64: those that end, stop, delay or change the process, make files or change limits */
static const short left_out[] = {
	0, 3, 10, 11, 12, 13, 14, 15, 22, 25, 32, 33, 34, 37, 38, 56, 57, 58, 59, 60, 61, 62, 72, 73, 82, 83, 84, 85, 86, 87, 88,
	89, 90, 91, 92, 94, 95, 97, 105, 106, 109, 112, 113, 117, 128, 130, 131, 133, 141, 142, 144, 153, 157, 160, 162, 200, 202,
	203, 213, 219, 221, 231, 234, 247, 253, 292, 293, 302, 306, 314, 317, 322, 335, 336, 435, 436, 439, 453,
};

static int is_left_out(long call)
{
	for (unsigned int i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (left_out[i] == call)
			return 1;
	return 0;
}

static void calls(long count)
{
	while (count--) {
		if (!child())
			continue;
		for (unsigned int round = 0;; round++) {
			char name[48];

			snprintf(name, sizeof(name), "c%ld-%u", count, round);
			prctl(PR_SET_NAME, name);
			for (long call = 0; call < 512; call++)
				if (!is_left_out(call))
					syscall(call, -1L, -1L, -1L, -1L, -1L, -1L);
			usleep(400 * 1000);
		}
	}
}

static void connects(long a_second)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(1), .sin_addr = { htonl(INADDR_LOOPBACK) } };

	if (!child())
		return;
	for (long i = 0;; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		connect(fd, (struct sockaddr *)&nobody, sizeof(nobody));
		close(fd);
		if (i % 100 == 99)
			usleep(100 * 1000000L / a_second);
	}
}

static void sockets(long count)
{
	struct sockaddr_in address;
	int made[2], i;
	char ok = 1;

	if (pipe(made))
		fail("pipe");
	for (long begun = 0; begun < count; begun += FILES) {
		if (!child())
			continue;
		for (i = 0; i < FILES && begun + i < count; i++)
			listen_on(&address);
		if (write(made[1], &ok, 1) != 1)
			fail("write");
		pause();
	}
	for (long begun = 0; begun < count; begun += FILES)
		if (read(made[0], &ok, 1) != 1)
			fail("read");
}

#define ENVIRONMENT 100000
#define TEXTS (sizeof(texts) / sizeof(*texts))

static void start_without_file(int image, const char *name)
{
	static char environment[ENVIRONMENT];
	char *arguments[] = { (char *)name, "again", "0", (char *)name, NULL };
	char *variables[] = { environment, NULL };
	int file = memfd_create(name, MFD_CLOEXEC);
	off_t from = 0;

	memset(environment, 'e', sizeof(environment) - 1);
	sendfile(file, image, &from, 1 << 24);
	fexecve(file, arguments, variables);
	_exit(1);
}

static void execs(long count)
{
	int image = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	while (count--) {
		if (!child())
			continue;
		for (unsigned int round = 0;; round++) {
			pid_t pid = fork();

			if (!pid)
				start_without_file(image, texts[round % TEXTS]);
			waitpid(pid, NULL, 0);
		}
	}
}

static void stops(long count)
{
	while (count--) {
		pid_t stopped = fork();

		if (!stopped) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			raise(SIGSTOP);
			_exit(0);
		}
		if (child()) {
			if (!vfork()) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				pause();
				_exit(0);
			}
			pause();
		}
		if (!fork())
			_exit(0);
	}
}

static void *rename_often(void *unused)
{
	for (unsigned int round = 0;; round++) {
		prctl(PR_SET_NAME, texts[round % TEXTS]);
		usleep(1000);
	}
	return unused;
}

static void labels(long count)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	while (count--)
		if (pthread_create(&thread, &small, rename_often, NULL))
			fail("thread");
}

static void unix_sockets(long count)
{
	for (long begun = 0; begun < count; begun += FILES) {
		if (!child())
			continue;
		for (int i = 0; i < FILES && begun + i < count; i++) {
			struct sockaddr_un address = { .sun_family = AF_UNIX };
			int fd = socket(AF_UNIX, SOCK_STREAM, 0);

			snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s%d-%d", texts[i % TEXTS], getpid(), i);
			if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
				fail("unix");
		}
		work_on();
	}
}

static void mptcp(long a_second)
{
	static const int others[] = { 132 /* SCTP */, 33 /* DCCP */, 136 /* UDPLITE */, 115 /* L2TP */ };
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener;

	if (!child())
		return;
	listener = socket(AF_INET, SOCK_STREAM, 262);
	if (listener < 0)
		listener = socket(AF_INET, SOCK_STREAM, 0);
	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		fail("listen");
	for (long i = 0;; i++) {
		int near = socket(AF_INET, SOCK_STREAM, 262), far;

		if (near < 0)
			near = socket(AF_INET, SOCK_STREAM, 0);
		if (!connect(near, (struct sockaddr *)&address, length)) {
			far = accept(listener, NULL, NULL);
			if (write(near, "x", 1) < 0)
				fail("write");
			close(far);
		}
		close(near);
		for (unsigned int k = 0; k < sizeof(others) / sizeof(*others); k++)
			close(socket(AF_INET, k == 2 || k == 3 ? SOCK_DGRAM : SOCK_STREAM, others[k]));
		if (i % 100 == 99)
			usleep(100 * 1000000L / a_second);
	}
}

int main(int argc, char **argv)
{
	const char *attack = argc > 2 ? argv[1] : "";
	long count = argc > 2 ? number(argv[2]) : 0;

	if (!strcmp(attack, "again"))
		return 0;
	if (strcmp(attack, "already"))
		become_nobody();
	if (!strcmp(attack, "descriptors"))
		return descriptors(count), work_on(), 0;
	if (!strcmp(attack, "namespaces"))
		return namespaces(count), work_on(), 0;
	if (!strcmp(attack, "arguments"))
		arguments(count, argv);
	else if (!strcmp(attack, "command"))
		command(count);
	else if (!strcmp(attack, "names"))
		names(count);
	else if (!strcmp(attack, "renames"))
		renames(count);
	else if (!strcmp(attack, "threads"))
		threads(count);
	else if (!strcmp(attack, "processes"))
		processes(count);
	else if (!strcmp(attack, "calls"))
		calls(count);
	else if (!strcmp(attack, "connects"))
		connects(count);
	else if (!strcmp(attack, "sockets"))
		sockets(count);
	else if (!strcmp(attack, "execs"))
		execs(count);
	else if (!strcmp(attack, "stops"))
		stops(count);
	else if (!strcmp(attack, "labels"))
		labels(count);
	else if (!strcmp(attack, "unix"))
		unix_sockets(count);
	else if (!strcmp(attack, "mptcp"))
		mptcp(count);
	else if (strcmp(attack, "already"))
		fail(attack);
	ready();
	work_on();
	return 0;
}
