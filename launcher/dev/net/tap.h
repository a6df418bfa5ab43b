/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TAP device of the host, whose frames carry a virtio header: checksums and
 * segments are left to the other side, which often needs none.
 *
 * The launcher does not create the interface: that is for its administrator,
 * who may give it to a user (`ip tuntap add tap0 mode tap user NAME`).
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
