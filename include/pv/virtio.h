/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI and over MMIO with split virtqueues: registers, bits and
 * ring layouts, for the devices and for the small kernel that tries them.
 *
 *   over MMIO, a page and a GSI for each device, found through the DSDT:
 *   0xd0000000  virtio-rng   GSI 5
 *   0xd0001000  ...          GSI 6
 *
 *   over PCI, a function for each device, whose BAR 0 has
 *   0x0000  common configuration      0x3000  doorbells, one a queue
 *   0x1000  ISR status                0x4000  MSI-X table
 *   0x2000  device configuration      0x5000  MSI-X pending bits
 *
 * Spec: virtio 1.2, 2.7 (split virtqueues), 4.1 (PCI), 4.2 (MMIO),
 * 5.4 (entropy).
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

/* Over PCI: identity (4.1.2) and capabilities (4.1.4) */
#define VIRTIO_PCI_VENDOR_ID 0x1af4
#define VIRTIO_PCI_DEVICE_ID 0x1040 /* plus the device's type */

#define VIRTIO_PCI_CAP_COMMON 1
#define VIRTIO_PCI_CAP_NOTIFY 2
#define VIRTIO_PCI_CAP_ISR    3
#define VIRTIO_PCI_CAP_DEVICE 4
#define VIRTIO_PCI_CAP_PCI    5

#define VIRTIO_PCI_CAP_LEN    2 /* offsets in a capability */
#define VIRTIO_PCI_CAP_TYPE   3
#define VIRTIO_PCI_CAP_BAR    4
#define VIRTIO_PCI_CAP_OFFSET 8
#define VIRTIO_PCI_CAP_LENGTH 12
#define VIRTIO_PCI_CAP_SIZE   16
#define VIRTIO_PCI_CAP_MORE   16 /* the doorbells' distance, or data */

/* What lies in BAR 0, and where. Guests find it through the capabilities. */
#define VIRTIO_PCI_BAR_SIZE   0x8000
#define VIRTIO_PCI_COMMON     0x0000
#define VIRTIO_PCI_ISR	      0x1000
#define VIRTIO_PCI_DEVICE     0x2000
#define VIRTIO_PCI_NOTIFY     0x3000
#define VIRTIO_PCI_MSIX_TABLE 0x4000
#define VIRTIO_PCI_MSIX_PBA   0x5000
#define VIRTIO_PCI_AREA_SIZE  0x1000 /* of each, at most */

#define VIRTIO_PCI_NOTIFY_DISTANCE 4
#define VIRTIO_PCI_NO_VECTOR	   0xffff

/* Common configuration (4.1.4.3); a high half follows each 64-bit field. */
#define VIRTIO_PCI_DEVICE_FEATURE_SELECT 0x00
#define VIRTIO_PCI_DEVICE_FEATURE	 0x04
#define VIRTIO_PCI_DRIVER_FEATURE_SELECT 0x08
#define VIRTIO_PCI_DRIVER_FEATURE	 0x0c
#define VIRTIO_PCI_CONFIG_VECTOR	 0x10 /* 16 bits from here on */
#define VIRTIO_PCI_NUM_QUEUES		 0x12
#define VIRTIO_PCI_STATUS		 0x14 /* 8 bits */
#define VIRTIO_PCI_CONFIG_GENERATION	 0x15 /* 8 bits */
#define VIRTIO_PCI_QUEUE_SELECT		 0x16
#define VIRTIO_PCI_QUEUE_SIZE		 0x18
#define VIRTIO_PCI_QUEUE_VECTOR		 0x1a
#define VIRTIO_PCI_QUEUE_ENABLE		 0x1c
#define VIRTIO_PCI_QUEUE_NOTIFY_OFF	 0x1e
#define VIRTIO_PCI_QUEUE_DESC		 0x20 /* 64 bits from here on */
#define VIRTIO_PCI_QUEUE_DRIVER		 0x28
#define VIRTIO_PCI_QUEUE_DEVICE		 0x30
#define VIRTIO_PCI_QUEUE_NOTIFY_DATA	 0x38 /* 16 bits; not offered */
#define VIRTIO_PCI_QUEUE_RESET		 0x3a /* 16 bits; not offered */
#define VIRTIO_PCI_COMMON_SIZE		 0x3c

/* Device status (2.1) */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01
#define VIRTIO_STATUS_DRIVER	  0x02
#define VIRTIO_STATUS_DRIVER_OK	  0x04
#define VIRTIO_STATUS_FEATURES_OK 0x08
#define VIRTIO_STATUS_NEEDS_RESET 0x40
#define VIRTIO_STATUS_FAILED	  0x80

/* InterruptStatus, and ISR status over PCI */
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
