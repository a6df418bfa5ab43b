/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MAC addresses: given as text, or made of a guest's name, so that a guest
 * keeps its address from run to run and two guests have different ones.
 *
 * Must never trust: the text, which may come from a foreign suite.
 */
#ifndef DEV_NET_MAC_H
#define DEV_NET_MAC_H

#include <stdint.h>

#include "base/err.h"
#include "pv/virtio_net.h"

/* Six pairs of hexadecimal digits with colons: "52:54:00:12:34:56". -EINVAL for
 * anything else, and for addresses that are not those of one card. */
int net_mac_parse(uint8_t mac[VIRTIO_NET_MAC_SIZE], const char *text,
		  struct err *e);

/* The address of card number @instance of the guest called @guest: locally
 * administered, of one card (IEEE 802, 8.2.2). */
void net_mac_make(uint8_t mac[VIRTIO_NET_MAC_SIZE], const char *guest,
		  unsigned instance);

#endif
