/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network for anyone: a process of its own that is the guest's network, with
 * the rights of the user who started the launcher.
 *
 *   launcher                          helper process (libslirp)
 *   guest's memory, no network   <--> no guest memory, the host's sockets
 *                   a socket pair with frames (net/stream.h)
 *
 * The guest gets its address by DHCP (10.0.2.15) and by router advertisements
 * (fec0::/64). 10.0.2.2 and fec0::2 are the host, whose loopback it reaches by
 * them; 10.0.2.3 and fec0::3 pass names on to the host's DNS servers. A guest's
 * second such network is 10.0.3.0/24 and fec0:0:0:1::/64, and so on.
 *
 * The helper is made before there are threads and before anything foreign is
 * read. It keeps two descriptors: its end of the socket pair, and
 * /etc/resolv.conf. It ends when the other end is closed or the launcher dies,
 * whatever the reason. If it dies first, the guest's link goes down.
 *
 * Must never trust, as the launcher: the helper, which parses the guest's
 * packets and those of the whole world. As the helper: the guest's frames.
 */
#ifndef DEV_NET_USER_H
#define DEV_NET_USER_H

#include <sys/types.h>

#include "dev/net/backend.h"
#include "dev/net/forward.h"

/* Of the machine's network @n, from 0: "10.0.2.15" is node 15 of the first. */
#define NET_USER_PREFIX	     24
#define NET_USER_V4(n, node) (0x0a000200u + ((n) << 8) + (node))

/* The last parts of the addresses. */
enum net_user_node {
	NET_USER_HOST = 2,
	NET_USER_DNS = 3,
	NET_USER_GUEST = 15,
};

/*
 * The longest packet unless the user says otherwise. Fewer, larger frames cost
 * less, but a TCP segment must fit into half of libslirp's window, which is
 * 64 KiB. Otherwise connections stall: Linux in the guest announces a larger
 * window only if that is twice as large, and libslirp waits five seconds before
 * it fills one that is smaller than a segment and than half of the largest.
 * A quarter leaves room for guests whose buffers are smaller.
 */
#define NET_USER_MTU 16384

/* What libslirp can have at most. */
#define NET_USER_MTU_MAX 65520

struct net_user_config {
	bool restrict_;	  /* only the forwards lead in or out */
	unsigned mtu;	  /* 0: NET_USER_MTU */
	unsigned network; /* which one of the machine's, from 0 */
	uint8_t mac[VIRTIO_NET_MAC_SIZE];
	struct net_forward forwards[NET_FORWARDS_MAX];
	unsigned forwards_count;
};

/*
 * Start the helper. Ports that were 0 in @c->forwards are those that the system
 * chose afterwards. -EOPNOTSUPP if this launcher was built without libslirp;
 * the system's error if a port cannot be had.
 */
int net_user_new(struct net_backend **b, struct net_user_config *c,
		 struct err *e);

/* The helper's process. */
pid_t net_user_pid(const struct net_backend *b);

/* --- between user.c and slirp.c */

/* The helper's first message, before any frame. */
struct net_user_hello {
	int rc;
	uint16_t ports[NET_FORWARDS_MAX];
	struct err e;
};

/* Be the network at the other end of @fd, the only descriptor of this process
 * beyond stderr. Confines itself once the ports are bound. Ends the process. */
void net_slirp_run(int fd, const struct net_user_config *c)
	__attribute__((noreturn));

#endif
