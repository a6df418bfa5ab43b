/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of a guest's network card, for --net stream=PATH:
 *
 *   net_peer PATH   listens there and serves one connection: first frames that
 *                   no guest could use, then an answer to each question for
 *                   10.0.2.2. SIGTERM ends it in the middle of a frame.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/send_all.h"

#define FRAME_MAX 65553
#define ARP_SIZE  42

static volatile sig_atomic_t ends;

static void on_term(int sig)
{
	(void)sig;
	ends = 1;
}

static void say(int fd, const void *data, size_t n)
{
	if (!send_all(fd, data, n))
		errx(0, "the launcher has ended");
}

/* @len is what the header says. */
static void send_frame(int fd, uint32_t len, const void *data, size_t n)
{
	const uint8_t head[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
				 (uint8_t)(len >> 8), (uint8_t)len };

	say(fd, head, sizeof(head));
	say(fd, data, n);
}

/* False at the end. */
static bool read_all(int fd, void *data, size_t n)
{
	char *p = data;

	while (n) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static void answer(int fd, const uint8_t *question)
{
	static const uint8_t mac[] = { 0x52, 0x55, 10, 0, 2, 2 };
	uint8_t frame[ARP_SIZE];

	memcpy(frame, question + 6, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(frame + 12, question + 12, 8);
	frame[20] = 0;
	frame[21] = 2;
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 28, question + 38, 4);
	memcpy(frame + 32, question + 22, 10);
	send_frame(fd, sizeof(frame), frame, sizeof(frame));
}

static void serve(int fd)
{
	static const uint8_t about[] = { 10, 0, 2, 2 };
	static uint8_t frame[FRAME_MAX + 1];
	uint8_t head[4];

	send_frame(fd, 0, "", 0);
	send_frame(fd, 13, frame, 13);
	send_frame(fd, sizeof(frame) + 1, frame, sizeof(frame));
	say(fd, frame, 1);
	while (!ends && read_all(fd, head, sizeof(head))) {
		size_t len = (size_t)head[2] << 8 | head[3];

		if (!read_all(fd, frame, len))
			break;
		if (len == ARP_SIZE && frame[12] == 8 && frame[13] == 6 &&
		    !memcmp(frame + 38, about, sizeof(about)))
			answer(fd, frame);
	}
	send_frame(fd, 1000, frame, 10);
}

int main(int argc, char **argv)
{
	const struct sigaction term = { .sa_handler = on_term };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	if (argc != 2 || strlen(argv[1]) >= sizeof(at.sun_path))
		errx(2, "usage: net_peer PATH");
	strcpy(at.sun_path, argv[1]);
	sigaction(SIGTERM, &term, NULL);
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) || listen(s, 1))
		err(1, "%s", argv[1]);
	fd = accept(s, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	serve(fd);
	return 0;
}
