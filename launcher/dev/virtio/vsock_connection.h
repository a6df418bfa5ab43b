/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of virtio-vsock: a socket here, a port in the guest, and what
 * each owes the other. It knows nothing of packets: vsock.c reads them and
 * makes them, and vsock_client.c begins those that a program here asks for.
 *
 *   GREETED  --line is complete-->  ASKED  --guest accepts-->  OPEN
 *      |                              |                         |
 *      +-- destroy                    +--------- reset, end ----+--> OVER
 *
 * Everything here runs on the worker's thread.
 */
#ifndef DEV_VIRTIO_VSOCK_CONNECTION_H
#define DEV_VIRTIO_VSOCK_CONNECTION_H

#include "dev/virtio/vsock.h"

#define VSOCK_BOTH (VIRTIO_VSOCK_NO_RECEIVE | VIRTIO_VSOCK_NO_SEND)

/* A client's "CONNECT 4294967295\n" has 19 bytes. */
#define VSOCK_LINE_MAX 31

enum vsock_state {
	GREETED, /* the client has not said which port it wants */
	ASKED,	 /* the guest has been asked, or will be */
	OPEN,
	OVER, /* only a reset is still to be sent */
};

/* Packets that are to be sent. */
enum vsock_due {
	DUE_REQUEST = 1,
	DUE_RESPONSE = 2,
	DUE_SHUTDOWN = 4,
	DUE_RESET = 8,
	DUE_CREDIT = 16,
};

struct vsock_connection {
	struct virtio_vsock *s;
	struct vsock_connection *next; /* in its bucket, or of the others */
	struct vsock_connection *next_ready;
	bool is_ready;	/* in that list */
	bool is_listed; /* in a bucket: the guest may name it */
	struct vsock_ports ports;
	enum vsock_state state;
	unsigned due;
	int fd; /* -1: closed */
	struct loop_watch watch;
	bool is_readable; /* for all that we know */
	bool is_gone;	  /* the other end of the socket has been closed */
	/* What each side does not do any more: flags of SHUTDOWN. */
	unsigned guest_ended, host_ended;
	/* From the guest: bytes in all; of these written; of these announced.
	 * What is between the first two is in the buffer, a ring. */
	uint32_t received, forwarded, announced;
	uint8_t *buffer;
	uint32_t buffer_first, buffer_len;
	/* To the guest: bytes in all; of these read there; its room. */
	uint32_t sent, peer_forwarded, peer_room;
	char line[VSOCK_LINE_MAX + 1];
	unsigned line_len;
	/* It has no socket: the guest says whether it is ready. How many
	 * bytes of the line are those of ready_line so far, or -1. */
	bool is_notice;
	int matched;
};

/* Add @n to a count of the report. */
void vsock_count(struct virtio_vsock *s, enum vsock_count what, uint64_t n);

/* The loop of the device's worker. */
static inline struct loop *vsock_loop(const struct virtio_vsock *s)
{
	return &s->core.is.worker->loop;
}

/* There is something for the guest: its receive queue goes on. */
void vsock_wake_rx(struct virtio_vsock *s);

/* The connection that the guest knows by @p, or NULL. */
struct vsock_connection *vsock_find(struct virtio_vsock *s,
				    const struct vsock_ports *p);

/* Take the next of those that have something for the guest; NULL: there is
 * none. */
struct vsock_connection *vsock_take_ready(struct virtio_vsock *s);

/*
 * A new connection over @fd, or -1 without a socket; it is in no list yet.
 * Returns NULL if there are too many, or no memory; then the caller closes
 * @fd.
 */
struct vsock_connection *vsock_begin(struct virtio_vsock *s, int fd,
				     enum vsock_state state);

/* Put @c into the list of those whose ports the guest knows, or of the others;
 * and take it out again. */
void vsock_enlist(struct vsock_connection *c, bool is_listed);
void vsock_delist(struct vsock_connection *c);

/* Close the socket and free @c, which is in a list. */
void vsock_destroy(struct vsock_connection *c);

/* The guest has forgotten @c: free it, now or once what the guest sent before
 * it said that this is all has been written. */
void vsock_forget(struct vsock_connection *c);

/* Nothing more is read or written, and the guest gets a reset, because of an
 * error that is counted. */
void vsock_reset(struct vsock_connection *c);

/* Say what @c waits for. Call it after each change of @c. */
void vsock_arrange(struct vsock_connection *c);

/* Whether there are bytes of the socket that the guest has room for. */
bool vsock_has_data(const struct vsock_connection *c);

/* Read from the socket into @out what the guest has room for. Returns how many
 * bytes; 0 also at the end of the stream or after an error, which @c then
 * owes the guest. */
uint32_t vsock_read(struct vsock_connection *c, struct virtq_cursor *out);

/* Data of the guest, to the socket as far as it takes them. */
void vsock_take_data(struct vsock_connection *c, struct virtq_cursor *in);

/* Write @len bytes that are the launcher's own to the socket; reset @c if it
 * does not take them at once. */
void vsock_say(struct vsock_connection *c, const char *text, size_t len);

/* Write what waits for the socket, as far as it takes it. */
void vsock_flush(struct vsock_connection *c);

/* The guest has ended one direction or both: flags of SHUTDOWN. */
void vsock_guest_ends(struct vsock_connection *c, uint32_t flags);

/* A GREETED client may have said which port it wants. May destroy @c. */
void vsock_client_hear(struct vsock_connection *c);

/* Programs here may connect: called when the listening socket is readable, and
 * when it is time to try again. */
void vsock_client_accept(void *vsock, unsigned events);
void vsock_client_retry(void *vsock);

#endif
