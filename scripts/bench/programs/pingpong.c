/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pingpong: both ends of one TCP connection on loopback, as often as it is told
 * to (see bench.h) a send and a receive of 1 byte.
 *
 * pingpong bulk: instead obeys lines "COUNT", COUNT sends and receives of 256 KiB
 * each, and answers with the segments that went over the connection for that.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include "bench.h"

#define BULK (256 << 10)

static int near, far;
static char buffer[BULK];

static void ping(long count)
{
	for (long i = 0; i < count; i++)
		if (send(near, buffer, 1, 0) != 1 || recv(far, buffer, 1, 0) != 1)
			fail("ping");
}

static void connect_ends(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), room = 8 * BULK, on = 1;

	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length))
		fail("listen");
	near = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(near, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(near, (struct sockaddr *)&address, length))
		fail("connect");
	far = accept(listener, NULL, NULL);
	if (far < 0)
		fail("accept");
}

/* segments that both ends sent */
static long segments(void)
{
	struct tcp_info info[2];
	socklen_t length = sizeof(info[0]);

	if (getsockopt(near, IPPROTO_TCP, TCP_INFO, &info[0], &length) ||
	    getsockopt(far, IPPROTO_TCP, TCP_INFO, &info[1], &length))
		fail("TCP_INFO");
	return info[0].tcpi_segs_out + info[1].tcpi_segs_out;
}

static int bulk(void)
{
	long count;

	while (scanf("%ld", &count) == 1) {
		long before = segments();

		for (long i = 0; i < count; i++)
			if (send(near, buffer, BULK, 0) != BULK || recv(far, buffer, BULK, MSG_WAITALL) != BULK)
				fail("bulk");
		printf("%ld\n", segments() - before);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	connect_ends();
	return argc > 1 ? bulk() : obey(ping);
}
