/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first network card, whose network is the launcher's own: it
 * has an address and a link, and a question about the network's router is
 * answered.
 *
 * Without such a card there is nothing to claim.
 *
 * Spec: virtio 1.2, 5.1; RFC 826 (ARP).
 */
#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/say.h"
#include "net.h"
#include "pv/virtio_net.h"
#include "vdev.h"

#define QUEUES	    2
#define WAIT_CYCLES 20000000000
#define WAIT_TURNS  200000000

#define ETHERTYPE_ARP 0x0806
#define FRAME_SIZE    42
#define REPLY	      2

static bool start(void)
{
	bool ok = vdev_start(1u << VIRTIO_NET_F_MAC | 1u << VIRTIO_NET_F_STATUS,
			     QUEUES);

	for (uint16_t i = 0; ok && i < VDEV_ENTRIES; i++) {
		vdev_describe(VIRTIO_NET_RECEIVE, i, VDEV_BUFFER_SIZE,
			      VIRTQ_DESC_WRITE, 0);
		vdev_offer(VIRTIO_NET_RECEIVE, i);
	}
	return ok;
}

/* Who has 10.0.2.2? 10.0.2.15 wants to know. */
static void ask(void)
{
	static const uint8_t fixed[] = {
		0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1
	};
	static const uint8_t from[] = { 10, 0, 2, 15 },
			     about[] = { 10, 0, 2, 2 };
	volatile uint8_t *frame = vdev_rings[VIRTIO_NET_TRANSMIT].buffer[0] +
				  VIRTIO_NET_HEADER_SIZE;

	for (unsigned i = 0; i < 6; i++) {
		frame[i] = 0xff;
		frame[6 + i] = frame[22 + i] =
			(uint8_t)vdev_config(VIRTIO_NET_MAC + i, 1);
	}
	for (unsigned i = 0; i < sizeof(fixed); i++)
		frame[12 + i] = fixed[i];
	for (unsigned i = 0; i < 4; i++) {
		frame[28 + i] = from[i];
		frame[38 + i] = about[i];
	}
	vdev_describe(VIRTIO_NET_TRANSMIT, 0,
		      VIRTIO_NET_HEADER_SIZE + FRAME_SIZE, 0, 0);
	vdev_offer(VIRTIO_NET_TRANSMIT, 0);
}

/* Whether the frame in buffer @n is the answer. */
static bool is_answer(unsigned n)
{
	volatile const uint8_t *b = vdev_rings[VIRTIO_NET_RECEIVE].buffer[n];
	volatile const uint8_t *frame = b + VIRTIO_NET_HEADER_SIZE;

	return (frame[12] << 8 | frame[13]) == ETHERTYPE_ARP &&
	       frame[21] == REPLY && frame[28] == 10 && frame[31] == 2;
}

static bool await_answer(void)
{
	volatile const uint16_t *used = vdev_rings[VIRTIO_NET_RECEIVE].used;
	uint64_t begin = read_tsc();
	unsigned n = 0;

	for (unsigned turns = 0;
	     turns < WAIT_TURNS && read_tsc() - begin < WAIT_CYCLES &&
	     n < VDEV_ENTRIES;
	     turns++) {
		if (used[VIRTQ_IDX] == n)
			cpu_pause();
		else if (is_answer(used[VIRTQ_RING + 4 * n++]))
			return true;
	}
	say("     no answer in %u frames\n", n);
	return false;
}

static enum verdict has_a_link(const struct boot *b)
{
	(void)b;
	if (!vdev_find(VIRTIO_ID_NET))
		return SKIP;
	return expect_equal("the MAC address's kind",
			    vdev_config(VIRTIO_NET_MAC, 1) & 3, 2) &&
	       expect_equal("the link", vdev_config(VIRTIO_NET_STATUS, 1),
			    VIRTIO_NET_S_LINK_UP);
}

static enum verdict is_answered(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!vdev_find(VIRTIO_ID_NET))
		return SKIP;
	ok = start();
	if (ok) {
		ask();
		ok = await_answer();
	}
	return vdev_stop() && ok;
}

static bool is_up(void)
{
	return vdev_config(VIRTIO_NET_STATUS, 2) & VIRTIO_NET_S_LINK_UP;
}

/* Give back the buffers of frames that have come; whether one is an answer. */
static bool take_frames(uint16_t *seen)
{
	volatile const uint16_t *used = vdev_rings[VIRTIO_NET_RECEIVE].used;
	bool answered = false;

	while (*seen != used[VIRTQ_IDX]) {
		uint16_t n = used[VIRTQ_RING + 4 * (*seen % VDEV_ENTRIES)];

		answered |= is_answer(n);
		++*seen;
		vdev_offer(VIRTIO_NET_RECEIVE, n);
	}
	return answered;
}

bool net_exchange(void)
{
	unsigned answers = 0;
	uint16_t seen = 0;

	if (!vdev_find(VIRTIO_ID_NET) || !start())
		return false;
	ask();
	while (is_up()) {
		if (!take_frames(&seen))
			continue;
		if (!answers++)
			say("net: the router answers\n");
		ask();
	}
	say("net: the link is down after %u answers\n", answers);
	return true;
}

static const struct claim claims[] = {
	{ "it has an address of its own and a link", has_a_link },
	{ "its router answers", is_answered },
	{ 0 },
};

const struct group net_group = { "net", claims };
