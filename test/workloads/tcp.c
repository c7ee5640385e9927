/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp ipv4|ipv6|mapped UP DOWN COUNT: a server process and a client process on
 * loopback. COUNT connections, one after the other, on each of which the client
 * sends UP bytes and the server then DOWN bytes. Both ends check what arrived.
 * "mapped": the client speaks IPv4 to a server that listens on IPv6.
 *
 * The last connection stays open: after "ready" and a line come the connections,
 * then "done SERVER_PID CLIENT_PID SERVER_PORT CLIENT_PORT", and after another
 * line the close, which the client begins.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "workload.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static char buffer[1 << 16];

static void send_bytes(int fd, long bytes)
{
	while (bytes > 0) {
		ssize_t sent = write(fd, buffer, bytes < (long)sizeof(buffer) ? (size_t)bytes : sizeof(buffer));

		if (sent <= 0)
			fail("write");
		bytes -= sent;
	}
}

static void receive_bytes(int fd, long bytes)
{
	while (bytes > 0) {
		ssize_t received = read(fd, buffer, bytes < (long)sizeof(buffer) ? (size_t)bytes : sizeof(buffer));

		if (received <= 0)
			fail("read");
		bytes -= received;
	}
}

static void expect_end(int fd)
{
	if (read(fd, buffer, 1) != 0)
		fail("expected the end");
	close(fd);
}

static void serve(int listener, long up, long down, long count)
{
	for (long i = 0; i < count; i++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			fail("accept");
		receive_bytes(fd, up);
		send_bytes(fd, down);
		expect_end(fd);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	union address address = { 0 };
	socklen_t length;
	long up, down, count;
	int listener, fd = -1, family, no = 0;
	unsigned short server_port, client_port = 0;
	char line[128];
	pid_t server;

	if (argc != 5)
		return 93;
	up = number(argv[2]);
	down = number(argv[3]);
	count = number(argv[4]);
	family = strcmp(argv[1], "ipv4") ? AF_INET6 : AF_INET;

	listener = socket(family, SOCK_STREAM, 0);
	if (family == AF_INET6) {
		setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_addr = strcmp(argv[1], "mapped") ? in6addr_loopback : in6addr_any;
		length = sizeof(address.v6);
	} else {
		address.v4.sin_family = AF_INET;
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		length = sizeof(address.v4);
	}
	if (bind(listener, &address.any, length) || listen(listener, 128))
		fail("listen");
	length = sizeof(address);
	if (getsockname(listener, &address.any, &length))
		fail("getsockname");
	server_port = ntohs(family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	if (!strcmp(argv[1], "mapped")) {
		memset(&address, 0, sizeof(address));
		family = address.v4.sin_family = AF_INET;
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.v4.sin_port = htons(server_port);
	}

	server = fork();
	if (server < 0)
		fail("fork");
	if (server == 0)
		serve(listener, up, down, count);
	close(listener);

	say("ready\n");
	wait_for_line();
	for (long i = 0; i < count; i++) {
		if (fd >= 0)
			close(fd);
		fd = socket(family, SOCK_STREAM, 0);
		length = family == AF_INET6 ? sizeof(address.v6) : sizeof(address.v4);
		if (connect(fd, &address.any, length))
			fail("connect");
		send_bytes(fd, up);
		receive_bytes(fd, down);
	}
	if (fd >= 0) {
		union address local;

		length = sizeof(local);
		if (getsockname(fd, &local.any, &length))
			fail("getsockname");
		client_port = ntohs(family == AF_INET6 ? local.v6.sin6_port : local.v4.sin_port);
	}
	snprintf(line, sizeof(line), "done %d %d %d %d\n", server, getpid(), server_port, client_port);
	say(line);
	wait_for_line();
	close(fd);
	if (waitpid(server, NULL, 0) != server)
		fail("waitpid");
	say("closed\n");
	wait_for_line();
	return 0;
}
