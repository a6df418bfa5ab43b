/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Features, configuration and frame headers of virtio-net.
 *
 * Spec: virtio 1.2, 5.1.
 */
#ifndef PV_VIRTIO_NET_H
#define PV_VIRTIO_NET_H

#define VIRTIO_ID_NET 1

/* Feature bits, by number (5.1.3) */
#define VIRTIO_NET_F_CSUM	0
#define VIRTIO_NET_F_GUEST_CSUM 1
#define VIRTIO_NET_F_MTU	3
#define VIRTIO_NET_F_MAC	5
#define VIRTIO_NET_F_GUEST_TSO4 7
#define VIRTIO_NET_F_GUEST_TSO6 8
#define VIRTIO_NET_F_HOST_TSO4	11
#define VIRTIO_NET_F_HOST_TSO6	12
#define VIRTIO_NET_F_MRG_RXBUF	15
#define VIRTIO_NET_F_STATUS	16

/* Queues (5.1.2) */
#define VIRTIO_NET_RECEIVE  0
#define VIRTIO_NET_TRANSMIT 1

/* The configuration space (5.1.4), little-endian */
#define VIRTIO_NET_MAC	       0  /* 6 bytes */
#define VIRTIO_NET_STATUS      6  /* 16 bits */
#define VIRTIO_NET_PAIRS       8  /* 16 */
#define VIRTIO_NET_MTU	       10 /* 16 */
#define VIRTIO_NET_CONFIG_SIZE 12
#define VIRTIO_NET_S_LINK_UP   1
#define VIRTIO_NET_MAC_SIZE    6
#define VIRTIO_NET_MTU_MIN     68 /* 5.1.4.1 */
#define VIRTIO_NET_MTU_MAX     65535

/* The header of a frame (5.1.6) */
#define VIRTIO_NET_HEADER_SIZE	  12
#define VIRTIO_NET_HDR_NEEDS_CSUM 1
#define VIRTIO_NET_GSO_NONE	  0
#define VIRTIO_NET_GSO_TCPV4	  1
#define VIRTIO_NET_GSO_TCPV6	  4

#ifndef __ASSEMBLER__
#include <stdint.h>

struct virtio_net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers;
};
_Static_assert(sizeof(struct virtio_net_header) == VIRTIO_NET_HEADER_SIZE,
	       "virtio_net_header");
#endif
#endif
