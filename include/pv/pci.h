/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI as a guest finds it: configuration mechanism 1, one bus, and a window
 * of guest-physical addresses that the host bridge forwards to the bus.
 *
 *   0xcf8        which function, which doubleword of its configuration space
 *   0xcfc-0xcff  that doubleword
 *   0xe0000000   the window, 256 MiB; memory BARs answer only inside it
 *
 * Spec: PCI Local Bus 3.0, 3.2.2.3.2 (mechanism 1), 6.1 and 6.2 (header),
 * 6.7 (capabilities), 6.8.2 (MSI-X).
 */
#ifndef PV_PCI_H
#define PV_PCI_H

#define PCI_CONFIG_PORT 0xcf8
#define PCI_CONFIG_LEN	8 /* both registers */

/* From there on: the address register, reset control in the middle of it, and
 * the data register. */
#define PCI_PORT_ADDRESS   0
#define PCI_PORT_RESET	   1
#define PCI_PORT_DATA	   4
#define PCI_DATA_PORT	   0xcfc
#define PCI_ADDRESS_ENABLE 0x80000000u
#define PCI_ADDRESS_BITS   0x80fffffcu /* those that can be written */
#define PCI_ADDRESS(device, off) \
	(PCI_ADDRESS_ENABLE | (uint32_t)(device) << 11 | ((off)&0xfcu))

#define PCI_WINDOW_GPA	0xe0000000u
#define PCI_WINDOW_SIZE 0x10000000u

#define PCI_CONFIG_SIZE 256
#define PCI_DEVICES_MAX 32 /* of one bus; the bridge is number 0 */

/* The type 0 header */
#define PCI_VENDOR_ID	   0x00
#define PCI_DEVICE_ID	   0x02
#define PCI_COMMAND	   0x04
#define PCI_STATUS	   0x06
#define PCI_REVISION	   0x08
#define PCI_CLASS	   0x09 /* three bytes */
#define PCI_CACHE_LINE	   0x0c
#define PCI_LATENCY	   0x0d
#define PCI_HEADER_TYPE	   0x0e
#define PCI_BAR0	   0x10
#define PCI_BAR1	   0x14
#define PCI_BARS_END	   0x28
#define PCI_SUBVENDOR_ID   0x2c
#define PCI_SUBSYSTEM_ID   0x2e
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d
#define PCI_HEADER_END	   0x40

#define PCI_COMMAND_MEMORY	 0x0002
#define PCI_COMMAND_MASTER	 0x0004
#define PCI_COMMAND_PARITY	 0x0040
#define PCI_COMMAND_SERR	 0x0100
#define PCI_COMMAND_INTX_DISABLE 0x0400

#define PCI_STATUS_INTERRUPT	0x0008
#define PCI_STATUS_CAPABILITIES 0x0010

#define PCI_BAR_MEMORY_64 0x4 /* the low four bits of a memory BAR */

#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

/* The MSI-X capability, and an entry of its table */
#define MSIX_CONTROL	   2
#define MSIX_TABLE	   4 /* offset and BAR */
#define MSIX_PBA	   8
#define MSIX_CAP_SIZE	   12
#define MSIX_ENABLE	   0x8000
#define MSIX_MASK_ALL	   0x4000
#define MSIX_ENTRY_SIZE	   16
#define MSIX_ENTRY_LOW	   0
#define MSIX_ENTRY_HIGH	   4
#define MSIX_ENTRY_DATA	   8
#define MSIX_ENTRY_CONTROL 12
#define MSIX_ENTRY_MASKED  1
#define MSIX_VECTORS_MAX   2048

#endif
