/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-console with MULTIPORT: named byte streams between programs in the
 * guest and the host. Linux shows them as /dev/vport0p1, ..., and udev as
 * /dev/virtio-ports/NAME.
 *
 *   guest program --> transmit queue --> write() to the stream (stream.h)
 *                 <-- receive queue  <-- read()
 *
 * No byte is stored here: a chain stays in its queue until the stream takes it,
 * and nothing is read from a stream that the guest has no buffer for. So flow
 * control works in both directions, and a reader that stops stalls its port
 * only.
 *
 * Control messages say who is there:
 *
 *   driver                        device
 *   DEVICE_READY             -->
 *                            <--  DEVICE_ADD, for each port
 *   PORT_READY, for each     -->
 *                            <--  PORT_OPEN, PORT_NAME
 *   PORT_OPEN 1, 0           -->  a program has opened, or closed, the port
 *                            <--  PORT_OPEN 0: the stream has ended
 *
 * Until a program has opened the port, nothing is read from the stream, because
 * the driver would drop it. When the stream has no more to read, the program
 * reads to the end of what was sent and then meets the end of the file. When
 * the program closes the port, the stream stays open for the next program,
 * unless `eof` was asked for.
 *
 * Messages to the driver are bits of a port, not a list: a driver cannot make
 * us store more of them.
 *
 * Port 0 is not used, because a driver without MULTIPORT takes it as a console.
 *
 * Must never trust: control messages, in any order and number; lengths and
 * numbers of buffers; the other end of a stream.
 *
 * Spec: virtio 1.2, 5.3.
 */
#ifndef DEV_VIRTIO_PORTS_H
#define DEV_VIRTIO_PORTS_H

#include <stdatomic.h>

#include "dev/device.h"
#include "dev/virtio/core.h"
#include "dev/virtio/stream.h"
#include "pv/virtio_console.h"

#define PORTS_MAX     31
#define PORT_NAME_MAX 63 /* bytes */

/* --port NAME=FILE|fd=N|unix:PATH[,append][,eof]; a port of the slot's
 * config. */
struct port_config {
	const char *name;
	const char *where; /* NULL: the stream was given */
	bool append;
	bool eof; /* the stream ends when the guest closes the port */
	struct stream stream;
	bool is_opened; /* the stream */
	/*
	 * Called on the worker when no more is written to the stream: it ended
	 * with the port (@eof), or writing failed. May be NULL.
	 */
	void (*ended)(void *ctx);
	void *ctx;
	struct port_config *next; /* the machine's other ports */
};

extern const struct device_type virtio_ports_type;

/*
 * Add a port to the @count devices of @list, which has room for @max, for
 * callers without an option. All ports of a list are one device.
 *
 * @in, @out: descriptors that the guest reads from and writes to; -1: none.
 * They belong to the port, and to the request of the list, even if this fails.
 * @name must outlive the request.
 *
 * On success *@port is the port, whose eof, ended and ctx the caller may set.
 */
int virtio_ports_add(struct device_request *list, size_t *count, size_t max,
		     const char *name, int in, int out,
		     struct port_config **port, struct err *e);

struct virtio_port {
	struct virtio_ports *p;
	struct port_config *c;
	unsigned id;
	struct loop_watch in, out;
	struct loop_call again; /* serve the transmit queue again */
	/* Of the driver's life. */
	unsigned pending; /* bits of enum port_message */
	bool is_ready;	  /* the driver knows the port */
	bool is_open;	  /* by a program in the guest */
	bool is_closing;  /* the stream ends after what was sent */
	uint64_t sent;	  /* bytes of the first chain that were written */
	bool was_read;	  /* of all lives: the stream had an input */
};

/* Counts for the report. */
enum ports_count {
	PORTS_READ_BYTES,    /* from streams, to the guest */
	PORTS_WRITTEN_BYTES, /* from the guest, to streams */
	PORTS_DROPPED_BYTES, /* from the guest, to streams that have ended */
	PORTS_IGNORED,	     /* control messages that mean nothing */
	PORTS_COUNTS,
};

struct virtio_ports {
	struct virtio core;
	/* For drain(): give up after this time without progress. */
	uint64_t patience_ns;
	atomic_bool is_draining;
	struct loop_call drain_check; /* are the transmit queues empty? */
	pthread_mutex_t lock; /* covers the results of drain_check; a leaf */
	pthread_cond_t checked;
	bool is_checked;
	const struct virtio_port *unsent_port; /* NULL: all are empty */
	struct virtio_port ports[PORTS_MAX];
	unsigned count;
	_Atomic uint64_t counts[PORTS_COUNTS];
};

/*
 * The open ports @first and those after it, at most PORTS_MAX, outlive the
 * device. @worker does not run yet. On failure the caller releases nothing.
 */
int virtio_ports_init(struct virtio_ports *p, struct port_config *first,
		      const struct guest_mem *gm, struct worker *worker,
		      struct err *e);
void virtio_ports_release(struct virtio_ports *p);

#endif
