/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-vsock: streams between programs in the guest and UNIX sockets here.
 *
 *   a program here                the launcher                   the guest
 *   connects to PATH, writes
 *   "CONNECT 1234\n"         -->  REQUEST to port 1234      -->  listens
 *   reads "OK 1073741824\n"  <--  RESPONSE                  <--  accepts
 *
 *   listens on PATH_1234     <--  connects                  <--  connects to
 *   accepts                  -->  RESPONSE                  -->  CID 2, 1234
 *
 * Each connection is one socket. Data goes from guest buffers to the socket and
 * back without a copy, as far as both sides keep up:
 *
 *   guest to socket   What the socket does not take waits in a buffer of
 *                     VSOCK_BUFFER bytes. The driver knows its size and how
 *                     much of it was emptied, and does not send more.
 *   socket to guest   Nothing is read from the socket before the guest has
 *                     both a buffer in the queue and room in its own socket.
 *
 * Connections that have something for the guest wait in a list and get one
 * packet at a time in turn, so that no stream delays the others. The end of one
 * direction is passed on in both ways and leaves the other open. A socket that
 * fails, or a packet that does not fit its connection, resets that connection
 * only.
 *
 * A program of the guest that says "READY=1" on a line of its own, from a
 * privileged port to VSOCK_READY_PORT, says that the guest has booted. systemd
 * does so if its credential vmm.notify_socket names this port.
 *
 * When a driver's life ends, its connections end, except for bytes of streams
 * that it has closed: these are still written.
 *
 * Must never trust: addresses, ports, lengths, operations and credit of
 * packets; what a client sends before it is connected.
 *
 * Spec: virtio 1.2, 5.10.
 */
#ifndef DEV_VIRTIO_VSOCK_H
#define DEV_VIRTIO_VSOCK_H

#include <stdatomic.h>

#include "base/unix_socket.h"
#include "dev/device.h"
#include "dev/virtio/core.h"
#include "pv/virtio_vsock.h"

#define VSOCK_BUFFER	      (128u << 10)
#define VSOCK_CONNECTIONS_MAX 1023
#define VSOCK_BUCKETS	      64
#define VSOCK_RESETS_MAX      64

/* A program that the guest reaches listens at "PATH_PORT". */
#define VSOCK_PATH_MAX (UNIX_PATH_LONGEST - (sizeof("_4294967295") - 1))

/* --vsock cid=N[,socket=PATH][,expect-ready]; the slot's config. */
struct virtio_vsock_config {
	unsigned long cid;
	bool expect_ready;
	const char *path; /* NULL: no sockets */
	struct unix_listener socket;
};

extern const struct device_type virtio_vsock_type;

/* Counts for the report. */
enum vsock_count {
	VSOCK_CONNECTIONS, /* that were established */
	VSOCK_REFUSED,	   /* that were not */
	VSOCK_TO_GUEST,	   /* bytes */
	VSOCK_FROM_GUEST,
	VSOCK_RESETS,  /* of established connections, by an error */
	VSOCK_DROPPED, /* packets that belong to no address of ours */
	VSOCK_COUNTS,
};

struct vsock_connection;

/* The two ports of a connection. */
struct vsock_ports {
	uint32_t host, guest;
};

struct virtio_vsock {
	struct virtio core;
	uint32_t cid;
	const struct unix_listener *socket;
	const struct device_ready *ready; /* NULL: nothing waits for that */
	struct loop_watch clients;	  /* that connect to the socket */
	struct loop_timer retry;	  /* to accept them */
	bool is_live;			  /* between start() and stop() */
	struct vsock_connection *buckets[VSOCK_BUCKETS];
	/* Those that the guest does not know: clients that have not named a
	 * port, and streams of which only the rest is to be written. */
	struct vsock_connection *others;
	unsigned connections; /* in all */
	uint32_t next_port;
	/* Those that have something to send to the guest, in turn. */
	struct vsock_connection *waiting;
	struct vsock_connection **waiting_end;
	/* Answers to packets that belong to no connection. */
	struct vsock_reset {
		struct vsock_ports ports;
		uint16_t type; /* the packet's */
	} resets[VSOCK_RESETS_MAX];
	unsigned resets_first, resets_count;
	/* A queue that waits for the device, not for the driver. */
	bool rx_waits, tx_waits;
	_Atomic uint64_t counts[VSOCK_COUNTS];
};

/*
 * @socket is open, or empty; it and @ready, which may be NULL, outlive the
 * device. @worker does not run yet.
 * On failure the caller releases nothing.
 */
int virtio_vsock_init(struct virtio_vsock *s, uint32_t cid,
		      const struct unix_listener *socket,
		      const struct device_ready *ready,
		      const struct guest_mem *gm, struct worker *worker,
		      struct err *e);
void virtio_vsock_release(struct virtio_vsock *s);

#endif
