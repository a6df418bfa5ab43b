/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration and control messages of virtio-console.
 *
 * Spec: virtio 1.2, 5.3.
 */
#ifndef PV_VIRTIO_CONSOLE_H
#define PV_VIRTIO_CONSOLE_H

#define VIRTIO_ID_CONSOLE 3

/* Feature bits, by number (5.3.3) */
#define VIRTIO_CONSOLE_F_SIZE	     0
#define VIRTIO_CONSOLE_F_MULTIPORT   1
#define VIRTIO_CONSOLE_F_EMERG_WRITE 2

/* The configuration space (5.3.4), little-endian */
#define VIRTIO_CONSOLE_COLS	   0 /* 16 bits */
#define VIRTIO_CONSOLE_ROWS	   2 /* 16 */
#define VIRTIO_CONSOLE_MAX_PORTS   4 /* 32 */
#define VIRTIO_CONSOLE_EMERG_WR	   8 /* 32: write only */
#define VIRTIO_CONSOLE_CONFIG_SIZE 12

/* Queues (5.3.2). Each port has one to receive from the device and, after it,
 * one to transmit; so have the control messages. */
#define VIRTIO_CONSOLE_RX	  0 /* of port 0 */
#define VIRTIO_CONSOLE_TX	  1
#define VIRTIO_CONSOLE_CONTROL_RX 2
#define VIRTIO_CONSOLE_CONTROL_TX 3
#define VIRTIO_CONSOLE_PORT_RX(n) ((n) ? 2 + 2 * (n) : 0)
#define VIRTIO_CONSOLE_PORT_TX(n) (VIRTIO_CONSOLE_PORT_RX(n) + 1)

/* Events of control messages (5.3.6.2) */
#define VIRTIO_CONSOLE_DEVICE_READY  0
#define VIRTIO_CONSOLE_DEVICE_ADD    1
#define VIRTIO_CONSOLE_DEVICE_REMOVE 2
#define VIRTIO_CONSOLE_PORT_READY    3
#define VIRTIO_CONSOLE_CONSOLE_PORT  4
#define VIRTIO_CONSOLE_RESIZE	     5
#define VIRTIO_CONSOLE_PORT_OPEN     6
#define VIRTIO_CONSOLE_PORT_NAME     7

#define VIRTIO_CONSOLE_CONTROL_SIZE 8

#ifndef __ASSEMBLER__
#include <stdint.h>

struct virtio_console_control {
	uint32_t id; /* of the port */
	uint16_t event;
	uint16_t value;
};
_Static_assert(sizeof(struct virtio_console_control) ==
		       VIRTIO_CONSOLE_CONTROL_SIZE,
	       "virtio_console_control");
#endif
#endif
