/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The peer of a connection, according to the kernel.
 *
 * A debugger reads and writes the guest's memory, so a program on this machine
 * must run as the launcher's user or as root. A UNIX socket knows its peer; for
 * TCP the peer's socket is looked up in /proc/net/tcp. A peer on another
 * machine is not known: it is accepted, but can only connect to an address that
 * other machines can reach.
 *
 * Must never trust: the peer, which may close its socket during the lookup. A
 * closed socket is listed with uid 0, so only an open one counts.
 *
 * Spec: unix(7), SO_PEERCRED; Documentation/networking/proc_net_tcp.rst.
 */
#ifndef DEBUG_GDB_PEER_H
#define DEBUG_GDB_PEER_H

#include "base/err.h"

struct gdb_peer {
	char name[128]; /* "pid 12, uid 0"; "127.0.0.1:5, uid 0" */
};

/*
 * The kernel's lists of TCP sockets, open: a connection may come when the
 * process can open nothing any more. -1: the list is not there, as tcp6 on a
 * host without IPv6.
 */
struct gdb_peer_lists {
	int tcp, tcp6;
};

#define GDB_PEER_LISTS_EMPTY \
	{                    \
		-1, -1       \
	}

/* Before the first gdb_peer_check() of a TCP socket. */
void gdb_peer_lists_open(struct gdb_peer_lists *l);
void gdb_peer_lists_close(struct gdb_peer_lists *l);

/*
 * Find the peer of the socket @fd; @l is for TCP. 0 if it may debug; -EPERM if
 * it may not, -ENOTCONN if it has disconnected, another negative errno if the
 * kernel does not say. @p->name is set in any case.
 */
int gdb_peer_check(int fd, const struct gdb_peer_lists *l, struct gdb_peer *p,
		   struct err *e);

#endif
