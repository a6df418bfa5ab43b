/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of the host that lead to ports of the guest:
 *
 *   tcp:8080:80             127.0.0.1, port 8080, to the guest's port 80
 *   udp:0.0.0.0:5353:53     every address of the host
 *   tcp:[::1]:0:22          over IPv6, to a port that the system chooses
 *
 * Must never trust: the text, which may come from a foreign suite.
 */
#ifndef DEV_NET_FORWARD_H
#define DEV_NET_FORWARD_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/err.h"

/* Of one card. */
#define NET_FORWARDS_MAX 16

struct net_forward {
	bool is_udp;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} host; /* with the port, which may be 0 */
	uint16_t guest_port;
};

#define NET_FORWARD_TEXT 64

int net_forward_parse(struct net_forward *f, const char *text, struct err *e);

const char *net_forward_protocol(const struct net_forward *f);

/* The host's address, without the port. */
void net_forward_address(const struct net_forward *f,
			 char address[INET6_ADDRSTRLEN]);

/* "tcp port 8080 of 127.0.0.1" */
void net_forward_text(const struct net_forward *f, char text[NET_FORWARD_TEXT]);

uint16_t net_forward_port(const struct net_forward *f);
void net_forward_set_port(struct net_forward *f, uint16_t port);

/* Of the host's address. */
static inline socklen_t net_forward_len(const struct net_forward *f)
{
	return f->host.any.sa_family == AF_INET ? sizeof(f->host.v4)
						: sizeof(f->host.v6);
}

#endif
