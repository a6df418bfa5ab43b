/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is at the other end of a connection, as the kernel knows it.
 *
 * Whoever debugs a guest reads and writes its memory, so a program on this
 * machine has to run as the launcher's user or as root. A UNIX socket says who
 * connected; for TCP the peer's socket is looked up in /proc/net/tcp. Nothing
 * is known of a peer on another machine: it is let in, and only an address
 * that other machines can reach brings one.
 *
 * Must never trust: the peer, which may close its socket while it is looked
 * up. A closed socket is listed with uid 0, so only an open one counts.
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
 * Find out who is connected to the socket @fd. 0 if they may debug; -EPERM if
 * they may not, -ENOTCONN if they have gone, another negative errno if the
 * kernel does not tell. @p->name is set in any case.
 */
int gdb_peer_check(int fd, struct gdb_peer *p, struct err *e);

#endif
