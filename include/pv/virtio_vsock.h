/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets and configuration of virtio-vsock.
 *
 * Spec: virtio 1.2, 5.10.
 */
#ifndef PV_VIRTIO_VSOCK_H
#define PV_VIRTIO_VSOCK_H

#define VIRTIO_ID_VSOCK 19

/* Context identifiers (5.10.4): 0, 1 and 0xffffffff are reserved, too. */
#define VSOCK_CID_HOST	    2
#define VSOCK_CID_GUEST_MIN 3
#define VSOCK_CID_GUEST_MAX 0xfffffffe

/* The port of the host to which the guest says that it has booted: just below
 * those that the launcher's own connections have. */
#define VSOCK_READY_PORT 0x3fffffff

/* Ports below this one are only for privileged programs of the guest. */
#define VSOCK_UNPRIVILEGED_PORT 1024

/* Feature bits, by number (5.10.3) */
#define VIRTIO_VSOCK_F_STREAM 0

/* The configuration space (5.10.4) */
#define VIRTIO_VSOCK_GUEST_CID	 0 /* 64 bits */
#define VIRTIO_VSOCK_CONFIG_SIZE 8

/* Queues (5.10.2) */
#define VIRTIO_VSOCK_RX	    0
#define VIRTIO_VSOCK_TX	    1
#define VIRTIO_VSOCK_EVENT  2
#define VIRTIO_VSOCK_QUEUES 3

#define VIRTIO_VSOCK_TYPE_STREAM 1

/* Operations (5.10.6) */
#define VIRTIO_VSOCK_OP_REQUEST	       1
#define VIRTIO_VSOCK_OP_RESPONSE       2
#define VIRTIO_VSOCK_OP_RST	       3
#define VIRTIO_VSOCK_OP_SHUTDOWN       4
#define VIRTIO_VSOCK_OP_RW	       5
#define VIRTIO_VSOCK_OP_CREDIT_UPDATE  6
#define VIRTIO_VSOCK_OP_CREDIT_REQUEST 7

/* Flags of SHUTDOWN: what its sender will not do any more (5.10.6.6) */
#define VIRTIO_VSOCK_NO_RECEIVE 1
#define VIRTIO_VSOCK_NO_SEND	2

#define VIRTIO_VSOCK_HEADER_SIZE 44

#ifndef __ASSEMBLER__
#include <stdint.h>

struct virtio_vsock_header {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port;
	uint32_t len;
	uint16_t type, op;
	uint32_t flags;
	uint32_t buf_alloc, fwd_cnt;
} __attribute__((packed));
_Static_assert(sizeof(struct virtio_vsock_header) == VIRTIO_VSOCK_HEADER_SIZE,
	       "virtio_vsock_header");
#endif
#endif
