/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lengths: sends and receives for which the length asked for is not the length
 * moved. Says "done SENT RECEIVED TRIES", the sums of what the calls returned
 * over TCP and UDP, and the number of sends that moved nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "workload.h"

static char buffer[1 << 20];

static int bound_socket(int type, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, type, 0);

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, length) ||
	    getsockname(fd, (struct sockaddr *)address, &length))
		fail("bind");
	return fd;
}

int main(void)
{
	struct sockaddr_in address;
	long sent = 0, received = 0, tries = 0;
	int listener, client, server, udp, pair[2];
	char line[128];
	ssize_t moved;

	say("ready\n");
	wait_for_line();

	listener = bound_socket(SOCK_STREAM, &address);
	if (listen(listener, 1))
		fail("listen");
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		fail("accept");

	/* fill the pipe: short sends, then sends that move nothing */
	fcntl(client, F_SETFL, O_NONBLOCK);
	while (tries < 10) {
		moved = send(client, buffer, sizeof(buffer), 0);
		if (moved >= 0)
			sent += moved;
		else if (errno == EAGAIN)
			tries++;
		else
			fail("send");
	}
	/* peeked bytes are not yet received */
	if (recv(server, buffer, 1000, MSG_PEEK) != 1000)
		fail("peek");
	/* all of it, by calls that ask for more than there is */
	while (received < sent) {
		moved = recv(server, buffer, sizeof(buffer), 0);
		if (moved <= 0)
			fail("recv");
		received += moved;
	}

	udp = bound_socket(SOCK_DGRAM, &address);
	moved = sendto(udp, buffer, 1234, 0, (struct sockaddr *)&address, sizeof(address));
	if (moved != 1234)
		fail("sendto");
	sent += moved;
	moved = recv(udp, buffer, sizeof(buffer), 0);
	if (moved != 1234)
		fail("recv of a datagram");
	received += moved;

	/* not the network */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || write(pair[0], buffer, 500) != 500 ||
	    read(pair[1], buffer, 500) != 500)
		fail("socketpair");

	snprintf(line, sizeof(line), "done %ld %ld %ld\n", sent, received, tries);
	say(line);
	wait_for_line();
	return 0;
}
