/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX	    "unix:"
#define LOOPBACK    "127.0.0.1"
#define OWN_FILE    "launcher-%d.gdb"
#define HOST_MAX    64
#define PORT_MAX    6
#define WAITING_MAX 8 /* connections that are not accepted yet */

union any_addr {
	struct sockaddr any;
	struct sockaddr_storage room;
};

struct address {
	char path[UNIX_PATH_LONGEST + 1]; /* "": a port */
	union any_addr addr;
	socklen_t len;
};

static int parse_unix(const char *path, struct address *a, struct err *e)
{
	int rc = unix_path_check(path, UNIX_PATH_LONGEST, e);

	if (!rc)
		strcpy(a->path, path);
	return rc;
}

static int bad_address(const char *text, struct err *e)
{
	return err_set(e, EINVAL,
		       "unknown address '%s' (expected unix:PATH, :PORT, or "
		       "HOST:PORT with HOST localhost or a number; PORT is 0 "
		       "to 65535)",
		       text);
}

/* "HOST:PORT" apart; an empty HOST is this machine's own. */
static bool split(const char *text, char *host, char *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : HOST_MAX;

	if (len >= HOST_MAX || strlen(colon + 1) >= PORT_MAX || !colon[1] ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	strcpy(port, colon + 1);
	if (!len || !strcmp(host, "localhost"))
		strcpy(host, LOOPBACK);
	return true;
}

static int parse_inet(const char *text, struct address *a, struct err *e)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
						    AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	char host[HOST_MAX], port[PORT_MAX];
	struct addrinfo *found;
	unsigned long number;

	if (!split(text, host, port) ||
	    (number = strtoul(port, NULL, 10)) > UINT16_MAX ||
	    getaddrinfo(host, port, &hints, &found))
		return bad_address(text, e);
	memcpy(&a->addr, found->ai_addr, found->ai_addrlen);
	a->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* A folder that only this user can use, as XDG_RUNTIME_DIR should be. gdb takes
 * a path with a colon for a port. */
static bool is_private(const char *dir)
{
	struct stat st;

	return dir && dir[0] == '/' && !strchr(dir, ':') && !stat(dir, &st) &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 077);
}

static int default_path(struct address *a, struct err *e)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char path[UNIX_PATH_LONGEST + 1];
	int n = sizeof(path);

	if (is_private(dir))
		n = snprintf(path, sizeof(path), "%s/" OWN_FILE, dir, getpid());
	if (n >= (int)sizeof(path))
		snprintf(path, sizeof(path), OWN_FILE, getpid());
	return parse_unix(path, a, e);
}

static int parse(const char *text, struct address *a, struct err *e)
{
	size_t prefix = strlen(UNIX);

	*a = (struct address){ 0 };
	if (!strcmp(text, GDB_LINE_DEFAULT))
		return default_path(a, e);
	return strncmp(text, UNIX, prefix) ? parse_inet(text, a, e)
					   : parse_unix(text + prefix, a, e);
}

bool gdb_line_is_meant(const char *text)
{
	return !strncmp(text, UNIX, strlen(UNIX)) ||
	       (*text != '-' && strchr(text, ':') && !strchr(text, '/'));
}

int gdb_line_check(const char *address, struct err *e)
{
	struct address a;

	return parse(address, &a, e);
}

static enum gdb_reach reach_of(const union any_addr *a)
{
	const struct sockaddr_in *four = (const void *)a;
	const struct sockaddr_in6 *six = (const void *)a;
	bool own = a->any.sa_family == AF_INET6
			   ? IN6_IS_ADDR_LOOPBACK(&six->sin6_addr)
			   : ntohl(four->sin_addr.s_addr) >> 24 == 127;

	return own ? GDB_REACH_MACHINE : GDB_REACH_NETWORK;
}

static int name_line(struct gdb_line *l, struct err *e)
{
	char host[HOST_MAX], port[PORT_MAX];
	union any_addr addr;
	socklen_t len = sizeof(addr);

	if (getsockname(l->listen_fd, &addr.any, &len) ||
	    getnameinfo(&addr.any, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return err_sys(e, "getsockname");
	l->reach = reach_of(&addr);
	snprintf(l->name, sizeof(l->name),
		 addr.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		 port);
	return 0;
}

static int listen_at_file(struct gdb_line *l, const char *path, struct err *e)
{
	int rc = unix_listener_open(&l->file, path, WAITING_MAX, e);

	if (rc)
		return rc;
	l->listen_fd = l->file.fd;
	strcpy(l->name, path);
	return 0;
}

static int listen_at_port(struct gdb_line *l, const struct address *a,
			  const char *text, struct err *e)
{
	int one = 1;

	l->listen_fd = socket(a->addr.any.sa_family,
			      SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->listen_fd < 0)
		return err_sys(e, "socket");
	/* The port of a run that has just ended can be used again. */
	(void)setsockopt(l->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one,
			 sizeof(one));
	if (bind(l->listen_fd, &a->addr.any, a->len) ||
	    listen(l->listen_fd, WAITING_MAX))
		return err_sys(e, "cannot listen at %s", text);
	gdb_peer_lists_open(&l->lists);
	return name_line(l, e);
}

int gdb_line_open(struct gdb_line *l, const char *address, struct err *e)
{
	struct address a;
	int rc;

	*l = (struct gdb_line)GDB_LINE_EMPTY;
	rc = parse(address, &a, e);
	if (!rc)
		rc = a.path[0] ? listen_at_file(l, a.path, e)
			       : listen_at_port(l, &a, address, e);
	if (rc)
		gdb_line_close(l);
	return rc;
}

void gdb_line_abandon(const struct gdb_line *l)
{
	unix_listener_abandon(&l->file);
}

void gdb_line_stop_listening(struct gdb_line *l)
{
	if (l->file.path[0])
		unix_listener_close(&l->file);
	else if (l->listen_fd >= 0)
		close(l->listen_fd);
	l->listen_fd = -1;
	gdb_peer_lists_close(&l->lists);
}

void gdb_line_close(struct gdb_line *l)
{
	gdb_line_hang_up(l);
	gdb_line_stop_listening(l);
	*l = (struct gdb_line)GDB_LINE_EMPTY;
}

int gdb_line_accept(const struct gdb_line *l)
{
	int one = 1, fd;

	fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	/* Packets are small, and each waits for an answer. Keepalive notices a
	 * debugger whose machine is gone. Not for UNIX sockets. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	return fd;
}

void gdb_line_hang_up(struct gdb_line *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* The result of a system call, for callers. */
static ssize_t moved(ssize_t n)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n;
}

ssize_t gdb_line_read(int fd, void *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, 0);

	return n ? moved(n) : -1;
}

ssize_t gdb_line_write(int fd, const void *buf, size_t len)
{
	return moved(send(fd, buf, len, MSG_NOSIGNAL));
}
