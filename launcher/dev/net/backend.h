/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of a guest's network card: something that takes Ethernet frames
 * and has some, behind one descriptor that can be polled.
 *
 *   virtio-net --- send() ------> backend ---> stream socket, TAP device
 *              <-- receive() ---
 *
 * A backend never waits. It belongs to the device's worker; only opening and
 * closing happen elsewhere.
 *
 * Must never trust: the peer. It may send frames of any length, half of one, or
 * without end; a frame that no guest could use is dropped and counted.
 */
#ifndef DEV_NET_BACKEND_H
#define DEV_NET_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "pv/virtio_net.h"

#define NET_ETHERNET_SIZE 14

/* The longest IP packet, an Ethernet header and a VLAN tag. */
#define NET_FRAME_MAX (65535 + NET_ETHERNET_SIZE + 4)

/* More pieces than a frame from the guest has. */
#define NET_PIECES_MAX 256

struct net_frame {
	struct virtio_net_header header; /* all zero, except with has_header */
	const uint8_t *data;
	size_t len; /* NET_ETHERNET_SIZE to NET_FRAME_MAX */
};

enum net_sent {
	NET_SENT,
	NET_UNSENT,  /* accepted, but flush() must finish it */
	NET_BUSY,    /* not accepted: send it again after flush() */
	NET_REFUSED, /* this frame was dropped; others may be accepted */
	NET_GONE,    /* the backend has ended, as @e says */
};

/* Offloads that the guest accepts for the frames that it gets. */
enum net_offload {
	NET_OFFLOAD_CSUM = 1,
	NET_OFFLOAD_TSO4 = 2,
	NET_OFFLOAD_TSO6 = 4,
};

/* Frames that a backend has dropped, by reason. */
enum net_drop {
	NET_OVERSIZED, /* longer than NET_FRAME_MAX */
	NET_RUNTS,     /* shorter than an Ethernet header */
	NET_TRUNCATED, /* the peer ended in the middle of a frame */
	NET_DROPS,
};

struct net_backend;

struct net_backend_ops {
	/* A driver begins: which offloads (enum net_offload) it accepts. NULL:
	 * the backend has none. */
	int (*start)(struct net_backend *b, unsigned offloads, struct err *e);
	/*
	 * 1: *@f is the next frame, valid until the next call of receive();
	 * 0: there is none now; negative: the backend has ended, as @e says.
	 */
	int (*receive)(struct net_backend *b, struct net_frame *f,
		       struct err *e);
	/*
	 * Send a frame of @len bytes in @n pieces, at most NET_PIECES_MAX, in
	 * guest memory. @h is checked by the caller, and all zero without
	 * has_header.
	 */
	enum net_sent (*send)(struct net_backend *b,
			      const struct virtio_net_header *h,
			      const struct iovec *iov, unsigned n, size_t len,
			      struct err *e);
	/* Go on sending, when the descriptor is writable: NET_SENT, NET_UNSENT
	 * or NET_GONE. */
	enum net_sent (*flush)(struct net_backend *b, struct err *e);
	/* Free it, and end what belongs to it. */
	void (*close)(struct net_backend *b);
};

struct net_backend {
	const struct net_backend_ops *ops;
	int fd; /* to poll */
	/* Frames have a virtio header, so that checksums and segments can be
	 * left to the other side. */
	bool has_header;
	uint64_t drops[NET_DROPS];
};

static inline void net_backend_close(struct net_backend *b)
{
	if (b)
		b->ops->close(b);
}

#endif
