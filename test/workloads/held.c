/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: connections over loopback, one of which is locked for as long as it is told: its send waits in the middle for a
 * page that does not come, as one on a disk that hangs (userfaultfd). It is told by lines and answers each with "ok":
 *
 *   open            opens a connection and sends 10 bytes over it; "ok CLIENT SERVER": its ports
 *   hold            over the last one, begins to send a page that is not there
 *   send BYTES      over the first one, which nobody holds
 *   release         the page comes, and is sent
 *   close           closes all of them
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "workload.h"

#define MOST 64
#define PAGE 4096

static int clients[MOST], servers[MOST], count, faults, listener;
static char *page;
static pthread_t sender;

static void *hold(void *unused)
{
	if (send(clients[count - 1], page, PAGE, 0) != PAGE)
		fail("send");
	return NULL;
}

static void prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)page;
	range.range.len = PAGE;
	if (faults < 0 || page == MAP_FAILED || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range))
		fail("userfaultfd");
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, MOST))
		fail("listen");
}

static void open_one(void)
{
	struct sockaddr_in near, far;
	socklen_t length = sizeof(near);
	char answer[32], bytes[10] = "";

	clients[count] = socket(AF_INET, SOCK_STREAM, 0);
	getsockname(listener, (struct sockaddr *)&far, &length);
	if (connect(clients[count], (struct sockaddr *)&far, sizeof(far)))
		fail("connect");
	servers[count] = accept(listener, NULL, NULL);
	getsockname(clients[count], (struct sockaddr *)&near, &length);
	if (write(clients[count], bytes, sizeof(bytes)) != sizeof(bytes))
		fail("write");
	count++;
	snprintf(answer, sizeof(answer), "ok %d %d\n", ntohs(near.sin_port), ntohs(far.sin_port));
	say(answer);
}

static void release(void)
{
	struct uffdio_zeropage zero = { .range = { (unsigned long)page, PAGE } };

	if (ioctl(faults, UFFDIO_ZEROPAGE, &zero))
		fail("page");
	pthread_join(sender, NULL);
}

static void send_bytes(int bytes)
{
	char *zeros = calloc(1, bytes);

	if (send(clients[0], zeros, bytes, 0) != bytes)
		fail("send");
	free(zeros);
}

int main(void)
{
	char line[64];
	int bytes;

	prepare();
	say("ready\n");
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "open\n") && count < MOST) {
			open_one();
			continue;
		}
		if (!strcmp(line, "hold\n"))
			pthread_create(&sender, NULL, hold, NULL), usleep(200 * 1000);
		else if (!strcmp(line, "release\n"))
			release();
		else if (sscanf(line, "send %d", &bytes) == 1)
			send_bytes(bytes);
		else if (!strcmp(line, "close\n"))
			while (count)
				count--, close(clients[count]), close(servers[count]);
		else
			fail(line);
		say("ok\n");
	}
	return 0;
}
