/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file with all frames of a network card, as tcpdump and Wireshark read.
 *
 * Frames are written when they pass, so that a capture is complete however the
 * run ends. A file that cannot be written any more ends the capture, not the
 * run.
 *
 * Spec: draft-ietf-opsawg-pcap, with times in nanoseconds.
 */
#ifndef DEV_NET_PCAP_H
#define DEV_NET_PCAP_H

#include <stddef.h>
#include <sys/uio.h>

#include "base/err.h"

/* Create or empty the file @path. Returns a descriptor, or a negative errno
 * with a message that begins with the path. */
int net_pcap_open(const char *path, struct err *e);

/* A frame of @len bytes in @n pieces, at most NET_PIECES_MAX. */
int net_pcap_write(int fd, const struct iovec *iov, unsigned n, size_t len,
		   struct err *e);

#endif
