/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over MMIO with split virtqueues: registers, bits and ring layouts,
 * for the devices and for the small kernel that tries them.
 *
 *   0xd0000000  virtio-rng   GSI 5        a page and a GSI for each device,
 *   0xd0001000  ...          GSI 6        found by guests through the DSDT
 *
 * Spec: virtio 1.2, 2.7 (split virtqueues), 4.2 (MMIO), 5.4 (entropy).
 */
#ifndef PV_VIRTIO_H
#define PV_VIRTIO_H

/* Where the devices are. */
#define VIRTIO_MMIO_GPA	 0xd0000000
#define VIRTIO_MMIO_SIZE 0x1000
#define VIRTIO_MMIO_GSI	 5

/* Registers (4.2.2); all but the configuration space are 32 bits wide. */
#define VIRTIO_REG_MAGIC	       0x000
#define VIRTIO_REG_VERSION	       0x004
#define VIRTIO_REG_DEVICE_ID	       0x008
#define VIRTIO_REG_VENDOR_ID	       0x00c
#define VIRTIO_REG_DEVICE_FEATURES     0x010
#define VIRTIO_REG_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_REG_DRIVER_FEATURES     0x020
#define VIRTIO_REG_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_REG_QUEUE_SEL	       0x030
#define VIRTIO_REG_QUEUE_NUM_MAX       0x034
#define VIRTIO_REG_QUEUE_NUM	       0x038
#define VIRTIO_REG_QUEUE_READY	       0x044
#define VIRTIO_REG_QUEUE_NOTIFY	       0x050
#define VIRTIO_REG_INTERRUPT_STATUS    0x060
#define VIRTIO_REG_INTERRUPT_ACK       0x064
#define VIRTIO_REG_STATUS	       0x070
#define VIRTIO_REG_QUEUE_DESC	       0x080 /* the high half follows each */
#define VIRTIO_REG_QUEUE_DRIVER	       0x090
#define VIRTIO_REG_QUEUE_DEVICE	       0x0a0
#define VIRTIO_REG_SHM_SEL	       0x0ac
#define VIRTIO_REG_SHM_LEN	       0x0b0
#define VIRTIO_REG_SHM_BASE	       0x0b8
#define VIRTIO_REG_QUEUE_RESET	       0x0c0
#define VIRTIO_REG_CONFIG_GENERATION   0x0fc
#define VIRTIO_REG_CONFIG	       0x100

#define VIRTIO_MAGIC   0x74726976 /* "virt" */
#define VIRTIO_VERSION 2

/* Device status (2.1) */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01
#define VIRTIO_STATUS_DRIVER	  0x02
#define VIRTIO_STATUS_DRIVER_OK	  0x04
#define VIRTIO_STATUS_FEATURES_OK 0x08
#define VIRTIO_STATUS_NEEDS_RESET 0x40
#define VIRTIO_STATUS_FAILED	  0x80

/* InterruptStatus */
#define VIRTIO_INT_USED	  0x1
#define VIRTIO_INT_CONFIG 0x2

/* Feature bits, by number (6) */
#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_EVENT_IDX     29
#define VIRTIO_F_VERSION_1     32

/* Devices (5) */
#define VIRTIO_ID_ENTROPY 4

/* Descriptors (2.7.5) */
#define VIRTQ_DESC_NEXT	    1
#define VIRTQ_DESC_WRITE    2
#define VIRTQ_DESC_INDIRECT 4
#define VIRTQ_DESC_SIZE	    16

/*
 * The rings, as 16-bit words (2.7.6, 2.7.8). A word of events follows each:
 *
 *   available   flags, idx, ring[size], used_event
 *   used        flags, idx, { 32-bit id, 32-bit len }[size], avail_event
 */
#define VIRTQ_FLAGS	       0
#define VIRTQ_IDX	       1
#define VIRTQ_RING	       2
#define VIRTQ_NO_INTERRUPT     1 /* in the available ring's flags */
#define VIRTQ_AVAIL_BYTES(num) (6 + 2 * (num))
#define VIRTQ_USED_BYTES(num)  (6 + 8 * (num))
#define VIRTQ_AVAIL_ALIGN      2
#define VIRTQ_USED_ALIGN       4

#ifndef __ASSEMBLER__
#include <stdint.h>

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};
_Static_assert(sizeof(struct virtq_desc) == VIRTQ_DESC_SIZE, "virtq_desc");
#endif
#endif
