/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/net/mac.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MULTICAST 0x01
#define LOCAL	  0x02

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse(uint8_t mac[VIRTIO_NET_MAC_SIZE], const char *text)
{
	if (strlen(text) != 3 * VIRTIO_NET_MAC_SIZE - 1)
		return false;
	for (unsigned i = 0; i < VIRTIO_NET_MAC_SIZE; i++, text += 3) {
		int high = digit(text[0]), low = digit(text[1]);

		if (high < 0 || low < 0 || (text[2] && text[2] != ':'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int net_mac_parse(uint8_t mac[VIRTIO_NET_MAC_SIZE], const char *text,
		  struct err *e)
{
	static const uint8_t zero[VIRTIO_NET_MAC_SIZE];
	uint8_t parsed[VIRTIO_NET_MAC_SIZE];

	if (!parse(parsed, text))
		return err_set(e, EINVAL,
			       "'%s' is not a MAC address (expected six pairs "
			       "of digits: 52:54:00:12:34:56)",
			       text);
	if (parsed[0] & MULTICAST)
		return err_set(e, EINVAL,
			       "'%s' is a group's address, not a card's (the "
			       "first pair must be even)",
			       text);
	if (!memcmp(parsed, zero, sizeof(zero)))
		return err_set(e, EINVAL, "'%s' is not the address of a card",
			       text);
	memcpy(mac, parsed, sizeof(parsed));
	return 0;
}

/* FNV-1a, whose low bits alone would differ for similar names, and a mix of all
 * bits. */
static uint64_t hash(const char *guest, unsigned instance)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *c = guest; *c; c++)
		h = (h ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
	h = (h ^ (0x100 + instance)) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

void net_mac_make(uint8_t mac[VIRTIO_NET_MAC_SIZE], const char *guest,
		  unsigned instance)
{
	uint64_t h = hash(guest, instance);

	for (unsigned i = 0; i < VIRTIO_NET_MAC_SIZE; i++)
		mac[i] = (uint8_t)(h >> (8 * i));
	mac[0] = (uint8_t)((mac[0] & ~MULTICAST) | LOCAL);
}
