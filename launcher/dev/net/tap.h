/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TAP device of the host, whose frames carry a virtio header: checksums and
 * segments are left to the other side, which often needs none.
 *
 * The launcher does not create the interface: that is for its administrator,
 * who may give it to a user (`ip tuntap add tap0 mode tap user NAME`).
 *
 * A card has one pair of queues, also on an interface with several. More would
 * need a control queue, a descriptor for each pair and a thread for each, and
 * would only help if the worker's thread were the bottleneck. It is not: a
 * thread that moves 1 GB/s between two TAP devices, with a copy as the worker
 * does, is busy for half of the time, and both ends of the TCP connection have
 * more to do. Segments keep its work small: the frames have 13 to 44 KB on
 * average, and 0.2 to 0.4 exits each.
 *
 * Must never trust: the frames. The host's kernel checks the headers that are
 * written.
 */
#ifndef DEV_NET_TAP_H
#define DEV_NET_TAP_H

#include "dev/net/backend.h"

/* Attach to the interface called @name, which must exist. */
int net_tap_open(struct net_backend **b, const char *name, struct err *e);

/*
 * A backend on @fd, a TAP device that is attached with IFF_VNET_HDR and
 * IFF_NO_PI. It owns @fd from now on, also on failure.
 */
int net_tap_new(struct net_backend **b, int fd, struct err *e);

/* Whether @fd is a TUN or TAP device. */
bool net_tap_is(int fd);

#endif
