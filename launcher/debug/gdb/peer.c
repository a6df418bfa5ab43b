/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It takes about 0.1 s to read a table with this many sockets. */
#define LINES_MAX 65536

#define LINE_SIZE	  512
#define STATE_ESTABLISHED 1

/* Both ends of a connection; an IPv4 one as ::ffff:a.b.c.d. */
struct ends {
	struct sockaddr_in6 local, remote;
};

/* A socket as the kernel lists it. */
struct entry {
	unsigned state;
	unsigned uid;
	unsigned long inode; /* 0: closed */
};

static int judge_uid(uid_t uid, struct gdb_peer *p, struct err *e)
{
	size_t len = strlen(p->name);

	snprintf(p->name + len, sizeof(p->name) - len, ", uid %u", uid);
	if (!uid || uid == geteuid())
		return 0;
	return err_set(e, EPERM, "it runs as uid %u (expected %u or root)", uid,
		       geteuid());
}

static int check_unix(int fd, struct gdb_peer *p, struct err *e)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	strcpy(p->name, "a program");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return err_sys(e, "SO_PEERCRED");
	snprintf(p->name, sizeof(p->name), "pid %d", cred.pid);
	return judge_uid(cred.uid, p, e);
}

static struct sockaddr_in6 as_ip6(const struct sockaddr_storage *a)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	const struct sockaddr_in *four = (const void *)a;

	if (a->ss_family != AF_INET)
		return *(const struct sockaddr_in6 *)(const void *)a;
	six.sin6_port = four->sin_port;
	six.sin6_addr.s6_addr32[2] = htonl(0xffff);
	six.sin6_addr.s6_addr32[3] = four->sin_addr.s_addr;
	return six;
}

static bool find_ends(int fd, struct ends *ends)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		return false;
	ends->local = as_ip6(&a);
	len = sizeof(a);
	if (getpeername(fd, (struct sockaddr *)&a, &len))
		return false;
	ends->remote = as_ip6(&a);
	return true;
}

static bool is_four(const struct sockaddr_in6 *a)
{
	return IN6_IS_ADDR_V4MAPPED(&a->sin6_addr);
}

/* An address as /proc/net/tcp6 has it, or as /proc/net/tcp if @four. */
static void list_name(const struct sockaddr_in6 *a, bool four, char *text,
		      size_t size)
{
	const uint32_t *word = a->sin6_addr.s6_addr32;

	if (four)
		snprintf(text, size, "%08X:%04X", word[3], ntohs(a->sin6_port));
	else
		snprintf(text, size, "%08X%08X%08X%08X:%04X", word[0], word[1],
			 word[2], word[3], ntohs(a->sin6_port));
}

void gdb_peer_lists_open(struct gdb_peer_lists *l)
{
	gdb_peer_lists_close(l);
	l->tcp = open("/proc/net/tcp", O_RDONLY | O_CLOEXEC);
	l->tcp6 = open("/proc/net/tcp6", O_RDONLY | O_CLOEXEC);
}

void gdb_peer_lists_close(struct gdb_peer_lists *l)
{
	if (l->tcp >= 0)
		close(l->tcp);
	if (l->tcp6 >= 0)
		close(l->tcp6);
	*l = (struct gdb_peer_lists)GDB_PEER_LISTS_EMPTY;
}

/* A stream of its own over an open list, which the kernel makes anew when it is
 * read from the start. */
static FILE *read_again(int list)
{
	int fd = fcntl(list, F_DUPFD_CLOEXEC, 3);
	FILE *f = fd >= 0 && !lseek(fd, 0, SEEK_SET) ? fdopen(fd, "r") : NULL;

	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* Find the socket with the ends @ends in one of the kernel's lists: 1 if it is
 * there, 0 if not. */
static int look_up(int list, const struct ends *ends, bool four,
		   struct entry *entry, struct err *e)
{
	char local[48], remote[48], line[LINE_SIZE], at[48], to[48];
	FILE *f = read_again(list);
	int found = 0;

	if (!f)
		return err_sys(e,
			       "cannot tell whose connection it is: "
			       "/proc/net/%s",
			       four ? "tcp" : "tcp6");
	list_name(&ends->local, four, local, sizeof(local));
	list_name(&ends->remote, four, remote, sizeof(remote));
	for (int n = 0; !found && n < LINES_MAX; n++) {
		if (!fgets(line, sizeof(line), f))
			break;
		found = sscanf(line,
			       " %*d: %47s %47s %x %*s %*s %*s %u %*d %lu", at,
			       to, &entry->state, &entry->uid,
			       &entry->inode) == 5 &&
			!strcmp(at, local) && !strcmp(to, remote);
	}
	fclose(f);
	return found;
}

/* The peer's socket, if it is on this machine: its ends are ours, exchanged. */
static int find_socket(const struct ends *ours, const struct gdb_peer_lists *l,
		       struct entry *entry, struct err *e)
{
	const struct ends theirs = { ours->remote, ours->local };
	int found = 0;

	if (is_four(&theirs.local))
		found = look_up(l->tcp, &theirs, true, entry, e);
	/* A socket for IPv6 can have IPv4 ends. Without IPv6 there is no
	 * such list. */
	if (!found && (!is_four(&theirs.local) || l->tcp6 >= 0))
		found = look_up(l->tcp6, &theirs, false, entry, e);
	return found;
}

static bool is_loopback(const struct sockaddr_in6 *a)
{
	if (is_four(a))
		return a->sin6_addr.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->sin6_addr);
}

static void name_peer(const struct sockaddr_in6 *a, struct gdb_peer *p)
{
	char host[INET6_ADDRSTRLEN] = "?";
	bool four = is_four(a);

	if (four)
		inet_ntop(AF_INET, a->sin6_addr.s6_addr + 12, host,
			  sizeof(host));
	else
		inet_ntop(AF_INET6, &a->sin6_addr, host, sizeof(host));
	snprintf(p->name, sizeof(p->name), four ? "%s:%u" : "[%s]:%u", host,
		 ntohs(a->sin6_port));
}

/* A machine's own address is as local as the loopback. */
static bool is_this_machine(const struct ends *ends)
{
	return is_loopback(&ends->remote) ||
	       IN6_ARE_ADDR_EQUAL(&ends->remote.sin6_addr,
				  &ends->local.sin6_addr);
}

static int check_tcp(int fd, const struct gdb_peer_lists *l, struct gdb_peer *p,
		     struct err *e)
{
	struct entry entry;
	struct ends ends;
	int found;

	strcpy(p->name, "a program");
	if (!find_ends(fd, &ends))
		return err_set(e, ENOTCONN, "it has disconnected");
	name_peer(&ends.remote, p);
	found = find_socket(&ends, l, &entry, e);
	if (!found && !is_this_machine(&ends))
		return 0;
	if (found < 0)
		return found;
	if (!found || entry.state != STATE_ESTABLISHED || !entry.inode)
		return err_set(e, ENOTCONN, "it has disconnected");
	return judge_uid(entry.uid, p, e);
}

int gdb_peer_check(int fd, const struct gdb_peer_lists *l, struct gdb_peer *p,
		   struct err *e)
{
	socklen_t len = sizeof(int);
	int domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len))
		domain = AF_UNSPEC;
	return domain == AF_UNIX ? check_unix(fd, p, e)
				 : check_tcp(fd, l, p, e);
}
