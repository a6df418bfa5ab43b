/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and configuration of virtio-blk.
 *
 * Spec: virtio 1.2, 5.2.
 */
#ifndef PV_VIRTIO_BLK_H
#define PV_VIRTIO_BLK_H

#define VIRTIO_ID_BLOCK 2

#define VIRTIO_BLK_SECTOR 512 /* bytes, whatever blk_size says (5.2.4) */

/* Feature bits, by number (5.2.3) */
#define VIRTIO_BLK_F_SEG_MAX	  2
#define VIRTIO_BLK_F_RO		  5
#define VIRTIO_BLK_F_BLK_SIZE	  6
#define VIRTIO_BLK_F_FLUSH	  9
#define VIRTIO_BLK_F_TOPOLOGY	  10
#define VIRTIO_BLK_F_CONFIG_WCE	  11
#define VIRTIO_BLK_F_DISCARD	  13
#define VIRTIO_BLK_F_WRITE_ZEROES 14

/* The configuration space (5.2.4), little-endian */
#define VIRTIO_BLK_CAPACITY		  0  /* 64 bits: sectors */
#define VIRTIO_BLK_SEG_MAX		  12 /* 32 */
#define VIRTIO_BLK_BLK_SIZE		  20 /* 32: bytes */
#define VIRTIO_BLK_PHYSICAL_EXP		  24 /* 8: log2, in blocks */
#define VIRTIO_BLK_ALIGNMENT		  25 /* 8 */
#define VIRTIO_BLK_MIN_IO		  26 /* 16: blocks */
#define VIRTIO_BLK_OPT_IO		  28 /* 32: blocks */
#define VIRTIO_BLK_WRITEBACK		  32 /* 8: 1 or 0 */
#define VIRTIO_BLK_MAX_DISCARD		  36 /* 32: sectors */
#define VIRTIO_BLK_MAX_DISCARD_SEG	  40 /* 32 */
#define VIRTIO_BLK_DISCARD_ALIGN	  44 /* 32: sectors */
#define VIRTIO_BLK_MAX_WRITE_ZEROES	  48 /* 32: sectors */
#define VIRTIO_BLK_MAX_WRITE_ZEROES_SEG	  52 /* 32 */
#define VIRTIO_BLK_WRITE_ZEROES_MAY_UNMAP 56 /* 8 */
#define VIRTIO_BLK_CONFIG_SIZE		  60

/* Request types (5.2.6) */
#define VIRTIO_BLK_T_IN		  0
#define VIRTIO_BLK_T_OUT	  1
#define VIRTIO_BLK_T_FLUSH	  4
#define VIRTIO_BLK_T_GET_ID	  8
#define VIRTIO_BLK_T_DISCARD	  11
#define VIRTIO_BLK_T_WRITE_ZEROES 13

#define VIRTIO_BLK_ID_SIZE 20

/* The last byte of a request */
#define VIRTIO_BLK_S_OK	    0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_HEADER_SIZE 16
#define VIRTIO_BLK_RANGE_SIZE  16
#define VIRTIO_BLK_RANGE_UNMAP 1

#ifndef __ASSEMBLER__
#include <stdint.h>

struct virtio_blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};
_Static_assert(sizeof(struct virtio_blk_header) == VIRTIO_BLK_HEADER_SIZE,
	       "virtio_blk_header");

/* Of DISCARD and WRITE_ZEROES: as many as a request has room for. */
struct virtio_blk_range {
	uint64_t sector;
	uint32_t sectors;
	uint32_t flags;
};
_Static_assert(sizeof(struct virtio_blk_range) == VIRTIO_BLK_RANGE_SIZE,
	       "virtio_blk_range");
#endif
#endif
