/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs here that connect to the guest: they say "CONNECT PORT" on a line of
 * its own, and read "OK PORT" once the guest has accepted.
 *
 * Must never trust: the line, which may be of any length and content, and may
 * come byte by byte or not at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dev/virtio/vsock_connection.h"

#define GREETING "CONNECT "

/* Ports that connections from here have; programs choose smaller ones. */
#define FIRST_PORT UINT32_C(0x40000000)

#define ACCEPT_MAX 8 /* in one call of the loop */

/* How long to wait if the host has no descriptor for a client. */
#define RETRY_NS 100000000

static uint32_t choose_port(struct virtio_vsock *s, uint32_t guest)
{
	struct vsock_ports p = { 0, guest };

	/* There are fewer connections than ports. */
	do {
		p.host = FIRST_PORT + s->next_port;
		s->next_port = (s->next_port + 1) % FIRST_PORT;
	} while (vsock_find(s, &p));
	return p.host;
}

/* "CONNECT 1234" */
static bool parse_line(const char *line, uint32_t *port)
{
	const char *digits = line + strlen(GREETING);
	uint64_t n;

	if (strncmp(line, GREETING, strlen(GREETING)) || !*digits ||
	    strlen(digits) > 10 || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	n = strtoull(digits, NULL, 10);
	*port = (uint32_t)n;
	return n <= UINT32_MAX;
}

/*
 * Read the rest of the client's line, and nothing behind it. Returns 1 once it
 * is complete, 0 if more of it must come, -1 if it is not valid.
 */
static int read_line(struct vsock_connection *c)
{
	char *at = c->line + c->line_len, *newline;
	size_t room = VSOCK_LINE_MAX - c->line_len;
	ssize_t n = recv(c->fd, at, room, MSG_PEEK);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	newline = memchr(at, '\n', (size_t)n);
	if (newline)
		n = newline + 1 - at;
	n = recv(c->fd, at, (size_t)n, 0);
	if (n <= 0)
		return -1;
	if (newline) {
		*newline = '\0';
		return 1;
	}
	c->line_len += (unsigned)n;
	return c->line_len < VSOCK_LINE_MAX ? 0 : -1;
}

void vsock_client_hear(struct vsock_connection *c)
{
	int rc = read_line(c);
	uint32_t port;

	if (!rc)
		return;
	if (rc < 0 || !parse_line(c->line, &port)) {
		vsock_count(c->s, VSOCK_REFUSED, 1);
		vsock_destroy(c);
		return;
	}
	vsock_delist(c);
	c->ports = (struct vsock_ports){ choose_port(c->s, port), port };
	vsock_enlist(c, true);
	c->state = ASKED;
	c->due = DUE_REQUEST;
	vsock_arrange(c);
}

static void welcome(struct virtio_vsock *s, int fd)
{
	struct vsock_connection *c = s->is_live ? vsock_begin(s, fd, GREETED)
						: NULL;

	if (!c) {
		vsock_count(s, VSOCK_REFUSED, 1);
		close(fd);
		return;
	}
	vsock_enlist(c, false);
	vsock_arrange(c);
}

void vsock_client_accept(void *ctx, unsigned events)
{
	struct virtio_vsock *s = ctx;
	struct err e;

	(void)events;
	for (unsigned n = 0; n < ACCEPT_MAX; n++) {
		int fd = unix_listener_accept(s->socket);

		if (fd >= 0) {
			welcome(s, fd);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		err_sys(&e, "%s: accept", s->socket->path);
		virtio_host_error(&s->core, VIRTIO_NO_QUEUE, &e);
		loop_change(&s->clients, 0);
		loop_timer_set(vsock_loop(s), &s->retry, clock_ns() + RETRY_NS);
		return;
	}
}

void vsock_client_retry(void *ctx)
{
	struct virtio_vsock *s = ctx;

	loop_change(&s->clients, LOOP_IN);
}
