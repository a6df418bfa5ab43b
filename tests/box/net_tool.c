/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the box's busybox lacks for tests of networks:
 *
 *   net_tool dns                 answer every question for an address at
 *                                127.0.0.1:53: names that begin with "6" have
 *                                fec0::2, others 10.0.2.2
 *   net_tool as UID COMMAND...   run the command as this user, without groups
 *                                and capabilities
 *   net_tool tap NAME UID ADDRESS  make a TAP interface that belongs to this
 *                                user, up and with this address of a /24
 *   net_tool pattern MIB         print so many MiB that do not repeat
 *   net_tool echo PORT           send back what arrives, to one client after
 *                                the other
 *   net_tool ask ADDRESS PORT N  ask such a server N times, each time for the
 *                                answer; print the microseconds of one
 *   net_tool endless PORT        be a web server on 127.0.0.1 whose only file
 *                                is long and never complete
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER 12
#define TYPE_A 1
#define AAAA   28

/* The length of the question at @q, of at most @len bytes; 0 if it is none. */
static size_t question(const uint8_t *q, size_t len, unsigned *type)
{
	size_t at = 0;

	while (at < len && q[at] && q[at] < 64)
		at += 1u + q[at];
	if (at + 5 > len || q[at])
		return 0;
	*type = (unsigned)q[at + 1] << 8 | q[at + 2];
	return at + 5;
}

/* Turn the question in @m into its answer. Returns its length. */
static size_t answer(uint8_t *m, size_t len)
{
	static const uint8_t record[] = { 0xc0, HEADER, 0, 0,  0, 1,
					  0,	0,	0, 60, 0, 0 };
	size_t q, at;
	unsigned type;

	q = len > HEADER ? question(m + HEADER, len - HEADER, &type) : 0;
	if (!q)
		return 0;
	m[2] = 0x81; /* an answer, without errors */
	m[3] = 0x80;
	memset(m + 6, 0, 6);
	at = HEADER + q;
	/* The first letter follows the length of the first label. */
	if (type != (m[HEADER + 1] == '6' ? AAAA : TYPE_A))
		return at;
	m[7] = 1;
	memcpy(m + at, record, sizeof(record));
	m[at + 3] = (uint8_t)type;
	m[at + 11] = type == TYPE_A ? 4 : 16;
	at += sizeof(record);
	inet_pton(type == TYPE_A ? AF_INET : AF_INET6,
		  type == TYPE_A ? "10.0.2.2" : "fec0::2", m + at);
	return at + m[at - 1];
}

static int serve_names(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(53) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at))) {
		perror("net_tool: port 53");
		return 1;
	}
	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		uint8_t m[1024];
		ssize_t n = recvfrom(s, m, 512, 0, (struct sockaddr *)&from,
				     &from_len);
		size_t len = n > 0 ? answer(m, (size_t)n) : 0;

		if (len)
			sendto(s, m, len, 0, (struct sockaddr *)&from,
			       from_len);
	}
}

static int set_address(int s, struct ifreq *r, unsigned long what,
		       const char *address)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	inet_pton(AF_INET, address, &at.sin_addr);
	memcpy(&r->ifr_addr, &at, sizeof(at));
	return ioctl(s, what, r);
}

static int make_tap(const char *name, const char *user, const char *address)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) ||
	    ioctl(fd, TUNSETOWNER, strtoul(user, NULL, 10)) ||
	    ioctl(fd, TUNSETPERSIST, 1) ||
	    set_address(s, &r, SIOCSIFADDR, address) ||
	    set_address(s, &r, SIOCSIFNETMASK, "255.255.255.0")) {
		perror("net_tool: tap");
		return 1;
	}
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (!ioctl(s, SIOCSIFFLAGS, &r))
		return 0;
	perror("net_tool: tap");
	return 1;
}

static int print_pattern(unsigned long mib)
{
	static uint64_t words[8192];
	uint64_t at = 0;

	for (unsigned long n = mib << 20; n >= sizeof(words);
	     n -= sizeof(words)) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			words[i] = ++at * UINT64_C(0x9e3779b97f4a7c15);
		if (!fwrite(words, sizeof(words), 1, stdout))
			return 1;
	}
	return fflush(stdout) != 0;
}

/* A socket that listens at @port of @address. */
static int listen_at(uint32_t address, unsigned long port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	at.sin_addr.s_addr = htonl(address);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!bind(s, (struct sockaddr *)&at, sizeof(at)) && !listen(s, 4))
		return s;
	perror("net_tool: port");
	return -1;
}

static int serve_echo(unsigned long port)
{
	int s = listen_at(INADDR_ANY, port), client, one = 1;
	char data[4096];
	ssize_t n;

	while (s >= 0 && (client = accept(s, NULL, NULL)) >= 0) {
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		while ((n = recv(client, data, sizeof(data), 0)) > 0)
			send(client, data, (size_t)n, MSG_NOSIGNAL);
		close(client);
	}
	return 1;
}

static int ask(const char *address, unsigned long port, unsigned long times)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct timespec a, b;
	char byte = 0;

	inet_pton(AF_INET, address, &to.sin_addr);
	if (connect(s, (struct sockaddr *)&to, sizeof(to))) {
		perror("net_tool: connect");
		return 1;
	}
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned long i = 0; i < times; i++)
		if (send(s, &byte, 1, 0) != 1 || recv(s, &byte, 1, 0) != 1) {
			perror("net_tool: ask");
			return 1;
		}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.1f\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 +
			  (double)(b.tv_nsec - a.tv_nsec)) /
				 1e3 / (double)times);
	return 0;
}

/* Whatever is asked for. */
static void serve_forever(int s)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n"
				   "Content-Length: 4000000000\r\n\r\n";
	static const char zeroes[65536];
	char request[4096];

	if (recv(s, request, sizeof(request), 0) <= 0 ||
	    send(s, head, sizeof(head) - 1, 0) < 0)
		return;
	while (send(s, zeroes, sizeof(zeroes), 0) > 0)
		;
}

static int serve_endless(unsigned long port)
{
	int s = listen_at(INADDR_LOOPBACK, port), client;

	signal(SIGPIPE, SIG_IGN);
	while (s >= 0 && (client = accept(s, NULL, NULL)) >= 0) {
		serve_forever(client);
		close(client);
	}
	return 1;
}

static int run_as(const char *id, char **command)
{
	uid_t user = (uid_t)strtoul(id, NULL, 10);

	if (setgroups(0, NULL) || setgid(user) || setuid(user)) {
		perror("net_tool: setuid");
		return 1;
	}
	execvp(command[0], command);
	perror(command[0]);
	return 127;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && !strcmp(what, "dns"))
		return serve_names();
	if (argc > 3 && !strcmp(what, "as"))
		return run_as(argv[2], argv + 3);
	if (argc == 5 && !strcmp(what, "tap"))
		return make_tap(argv[2], argv[3], argv[4]);
	if (argc == 3 && !strcmp(what, "pattern"))
		return print_pattern(strtoul(argv[2], NULL, 10));
	if (argc == 3 && !strcmp(what, "echo"))
		return serve_echo(strtoul(argv[2], NULL, 10));
	if (argc == 5 && !strcmp(what, "ask"))
		return ask(argv[2], strtoul(argv[3], NULL, 10),
			   strtoul(argv[4], NULL, 10));
	if (argc == 3 && !strcmp(what, "endless"))
		return serve_endless(strtoul(argv[2], NULL, 10));
	return 2;
}
