/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net: a network card, between a driver and a backend (net/backend.h).
 *
 *   driver                      device, on its worker          backend
 *   transmit queue, doorbell -> serve(): check the header --> send()
 *   receive queue <------------ deliver(): copy a frame <---- receive()
 *
 * Nothing waits and nothing polls. A backend that accepts no more frames stalls
 * the transmit queue until its descriptor is writable. A driver without free
 * buffers stalls the backend, whose descriptor is then not read; the next
 * buffer rings the doorbell. A frame that fits into no buffer is dropped.
 *
 * When the backend ends, the link goes down and the guest goes on; frames that
 * it sends after that are dropped.
 *
 * Must never trust: what the driver writes into headers, and how it cuts its
 * buffers; the frames of the backend, which are copied and not looked at.
 *
 * Spec: virtio 1.2, 5.1.
 */
#ifndef DEV_VIRTIO_NET_H
#define DEV_VIRTIO_NET_H

#include <stdatomic.h>

#include "dev/device.h"
#include "dev/net/backend.h"
#include "dev/net/forward.h"
#include "dev/virtio/core.h"

/* The longest queue that a device here offers. */
#define NET_QUEUE_SIZE VIRTQ_SIZE_MAX

/* --net; the slot's config. */
struct virtio_net_config {
	bool user;
	bool restrict_;
	const char *forward[NET_FORWARDS_MAX]; /* "tcp:8080:80" */
	size_t forward_count;
	const char *stream; /* the path of a socket, or NULL */
	const char *tap;    /* the name of an interface, or NULL */
	unsigned long fd;   /* 0: not given */
	const char *mac;    /* NULL: one is made */
	unsigned long mtu;  /* 0: the guest chooses */
	const char *pcap;   /* a file for all frames, or NULL */
	unsigned network;   /* of user: which one of this machine, from 0 */
	/* Once it is opened. */
	struct net_backend *backend;
	struct net_forward forwards[NET_FORWARDS_MAX]; /* of user */
	unsigned forwards_count;
	int pcap_fd; /* 0: none */
	uint8_t address[VIRTIO_NET_MAC_SIZE];
};

extern const struct device_type virtio_net_type;

/* Counts for the report. */
enum net_count {
	NET_RX_FRAMES,
	NET_RX_BYTES,
	NET_RX_DROPS, /* no buffer was long enough */
	NET_TX_FRAMES,
	NET_TX_BYTES,
	NET_TX_DROPS, /* a wrong header or length, or the link is down */
	NET_LINK_LOSSES,
	NET_COUNTS,
};

struct virtio_net {
	struct virtio core;
	struct net_backend *backend;
	int pcap_fd; /* 0: frames are not captured; of the config */
	_Atomic uint64_t counts[NET_COUNTS];
	/* Of the worker. */
	bool is_up;
	bool is_driven;	   /* from start() to stop() */
	bool has_unsent;   /* the backend cannot accept a frame now */
	bool has_frame;	   /* `frame` is to be delivered */
	bool waits;	   /* for a buffer of the driver */
	unsigned offloads; /* enum net_offload, of frames that it sends */
	struct net_frame frame;
	struct loop_watch watch;
	struct loop_call go_on; /* receiving */
	/* The buffers that the frame is being copied to. */
	struct virtio_request first, next;
	struct virtio_given given[NET_QUEUE_SIZE];
};

/*
 * @backend is open and outlives the device. @mtu: 0 if the guest may choose.
 * @worker does not run yet. On failure the caller releases nothing.
 */
int virtio_net_init(struct virtio_net *n, struct net_backend *backend,
		    const uint8_t mac[VIRTIO_NET_MAC_SIZE], unsigned mtu,
		    const struct guest_mem *gm, struct worker *worker,
		    struct err *e);
void virtio_net_release(struct virtio_net *n);

#endif
