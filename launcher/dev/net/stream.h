/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames over a stream socket, as QEMU's `-netdev stream`, passt and gvproxy
 * speak: the length of a frame as 32 bits, big-endian, then the frame.
 *
 *   00 00 00 2a | 42 bytes | 00 00 05 dc | 1500 bytes | ...
 *
 * Must never trust: the lengths. A frame that is too long is skipped as it
 * arrives, whatever its length, so it costs time of the peer but no memory.
 */
#ifndef DEV_NET_STREAM_H
#define DEV_NET_STREAM_H

#include "dev/net/backend.h"

#define NET_LENGTH_SIZE 4

/* Bytes that are read at a time. */
#define NET_STREAM_IN (4 * 65536)

/* What has been received and not yet been used. */
struct net_stream_in {
	uint8_t data[NET_STREAM_IN];
	size_t from, to;
	uint32_t skip; /* bytes of an oversized frame that are still to come */
};

/* What is left of a frame that was sent in part. */
struct net_stream_out {
	uint8_t data[NET_LENGTH_SIZE + NET_FRAME_MAX];
	size_t from, to;
};

/*
 * Take the next whole frame out of @in: 1 and *@f, or 0 if there is none yet.
 * @drops counts those that are skipped.
 */
int net_stream_next(struct net_stream_in *in, struct net_frame *f,
		    uint64_t drops[NET_DROPS]);

/* Where the next bytes go, and how many fit: at least one frame. Call it after
 * net_stream_next() has returned 0. */
uint8_t *net_stream_room(struct net_stream_in *in, size_t *room);

/*
 * A backend on @fd, a connected stream socket, which it owns from now on, also
 * on failure. @name, for messages, must outlive it.
 */
int net_stream_new(struct net_backend **b, int fd, const char *name,
		   struct err *e);

/* Connect to the UNIX socket @path. Never waits. */
int net_stream_connect(struct net_backend **b, const char *path, struct err *e);

#endif
