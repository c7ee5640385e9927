/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link NAMESPACE DEVICE NAMESPACE DEVICE: a wire between two network namespaces
 * (files), a TUN device at each end. It is told by lines what it does to
 * packets from then on, and says "ok":
 *
 *   delay MILLISECONDS   each packet leaves that much later than it came, in order
 *   drop NTH             of the packets that carry at least 100 bytes, each NTH is lost
 *   twice 1|0            each TCP segment over IPv4 without SYN arrives twice, on two processors at a time
 *   cut                  every packet is lost
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#include "workload.h"

#define PACKETS 4096
#define LONGEST 2048
#define LITTLE 100

struct packet {
	int64_t due_ns;
	int to;
	int length;
	char bytes[LONGEST];
};

static struct packet queue[PACKETS];
static unsigned first, behind;
static int64_t delay_ns;
static long drop_nth, seen;
static int cut;
static _Atomic int twice;
/* what the second thread is to deliver as well; it is spun on, so that both do it at once */
static const struct packet *_Atomic second;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int open_end(const char *namespace, const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int file = open(namespace, O_RDONLY), fd;

	if (file < 0 || setns(file, CLONE_NEWNET))
		fail(namespace);
	close(file);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	strncpy(request.ifr_name, device, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		fail(device);
	return fd;
}

static void take_packets(int from, int to)
{
	struct packet *packet;

	while (behind - first < PACKETS) {
		packet = &queue[behind % PACKETS];
		packet->length = read(from, packet->bytes, LONGEST);
		if (packet->length <= 0)
			return;
		if (cut || (drop_nth && packet->length >= LITTLE && ++seen % drop_nth == 0))
			continue;
		packet->due_ns = now() + delay_ns;
		packet->to = to;
		behind++;
	}
}

static void deliver(const struct packet *packet)
{
	if (write(packet->to, packet->bytes, packet->length) != packet->length && errno != EIO)
		fail("write to a device");
}

/* on the nth, from 0, of the processors that it may run on */
static void run_on(int nth)
{
	static cpu_set_t allowed;
	cpu_set_t only;
	int processor = 0;

	if (!CPU_COUNT(&allowed) && sched_getaffinity(0, sizeof(allowed), &allowed))
		fail("sched_getaffinity");
	while (processor < CPU_SETSIZE && (!CPU_ISSET(processor, &allowed) || nth--))
		processor++;
	CPU_ZERO(&only);
	if (processor < CPU_SETSIZE)
		CPU_SET(processor, &only);
	if (sched_setaffinity(0, sizeof(only), &only))
		fail("sched_setaffinity");
}

static void *deliver_again(void *unused)
{
	const struct packet *packet;

	(void)unused;
	run_on(1);
	while (twice) {
		packet = second;
		if (!packet)
			continue;
		deliver(packet);
		second = NULL;
	}
	return NULL;
}

/* connections whose SYN arrived twice at a time failed on 5.10, whoever watched */
static int repeatable(const struct packet *packet)
{
	const struct iphdr *ip = (const void *)packet->bytes;
	const struct tcphdr *tcp = (const void *)(packet->bytes + ip->ihl * 4);

	return ip->version == 4 && ip->protocol == IPPROTO_TCP && !tcp->syn;
}

static void deliver_twice(const struct packet *packet)
{
	second = packet;
	deliver(packet);
	while (second)
		;
}

static void set_twice(int on)
{
	static pthread_t thread;

	if (on == twice)
		return;
	twice = on;
	if (!on) {
		pthread_join(thread, NULL);
		return;
	}
	run_on(0);
	if (pthread_create(&thread, NULL, deliver_again, NULL))
		fail("pthread_create");
}

static void obey(char *line)
{
	cut = !strncmp(line, "cut", 3);
	if (!strncmp(line, "delay ", 6))
		delay_ns = atol(line + 6) * 1000000;
	if (!strncmp(line, "drop ", 5))
		drop_nth = atol(line + 5);
	if (!strncmp(line, "twice ", 6))
		set_twice(atoi(line + 6));
	say("ok\n");
}

int main(int argc, char **argv)
{
	struct pollfd files[3] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	struct timespec wait;
	char line[64];
	int64_t left;
	ssize_t length;

	if (argc != 5)
		return 93;
	for (int end = 0; end < 2; end++) {
		files[1 + end].fd = open_end(argv[1 + 2 * end], argv[2 + 2 * end]);
		files[1 + end].events = POLLIN;
	}
	say("ready\n");
	for (;;) {
		left = first == behind ? 1000000000 : queue[first % PACKETS].due_ns - now();
		if (left > 0) {
			wait = (struct timespec){ .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };
			ppoll(files, 3, &wait, NULL);
		}
		while (first != behind && queue[first % PACKETS].due_ns <= now()) {
			struct packet *packet = &queue[first++ % PACKETS];

			if (twice && repeatable(packet))
				deliver_twice(packet);
			else
				deliver(packet);
		}
		take_packets(files[1].fd, files[2].fd);
		take_packets(files[2].fd, files[1].fd);
		if (left <= 0 || !(files[0].revents & (POLLIN | POLLHUP)))
			continue;
		length = read(STDIN_FILENO, line, sizeof(line) - 1);
		if (length <= 0)
			return 0;
		line[length] = '\0';
		obey(line);
	}
}
