/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the first network card over MMIO, whose network is the
 * launcher's own: it has an address and a link, and a question about the
 * network's router is answered.
 *
 * Without such a card there is nothing to claim.
 *
 * Spec: virtio 1.2, 2.7, 4.2, 5.1; RFC 826 (ARP).
 */
#include "claims.h"
#include "cpu.h"
#include "lib/io.h"
#include "lib/say.h"
#include "pv/virtio.h"
#include "pv/virtio_net.h"
#include "rng.h"

#define CARDS	    8 /* devices that are looked at */
#define ENTRIES	    4
#define BUFFER_SIZE 2048
#define WAIT_CYCLES 20000000000
#define WAIT_TURNS  200000000

#define ETHERTYPE_ARP 0x0806
#define FRAME_SIZE    42
#define REPLY	      2

struct ring {
	struct virtq_desc desc[ENTRIES];
	uint16_t avail[VIRTQ_AVAIL_BYTES(ENTRIES) / 2];
	uint16_t used[VIRTQ_USED_BYTES(ENTRIES) / 2]
		__attribute__((aligned(VIRTQ_USED_ALIGN)));
	uint8_t buffer[ENTRIES][BUFFER_SIZE];
} __attribute__((aligned(VIRTQ_DESC_SIZE)));

static volatile struct ring rings[2];
static uint64_t card; /* where its registers are */

static uint32_t get(unsigned off)
{
	return *(volatile uint32_t *)(uintptr_t)(card + off);
}

static void set(unsigned off, uint32_t v)
{
	*(volatile uint32_t *)(uintptr_t)(card + off) = v;
}

static uint8_t config(unsigned off)
{
	return *(volatile uint8_t *)(uintptr_t)(card + VIRTIO_REG_CONFIG + off);
}

static bool is_there(void)
{
	for (unsigned i = 0; i < CARDS; i++) {
		card = VIRTIO_MMIO_GPA + i * VIRTIO_MMIO_SIZE;
		if (get(VIRTIO_REG_MAGIC) != VIRTIO_MAGIC)
			return false;
		if (get(VIRTIO_REG_DEVICE_ID) == VIRTIO_ID_NET)
			return true;
	}
	return false;
}

static void place(unsigned queue)
{
	volatile struct ring *r = &rings[queue];
	volatile uint8_t *p = (volatile uint8_t *)r;

	for (unsigned i = 0; i < sizeof(*r); i++)
		p[i] = 0;
	for (unsigned i = 0; i < ENTRIES; i++) {
		r->desc[i].addr = rng_phys(r->buffer[i]);
		r->desc[i].len = BUFFER_SIZE;
		r->desc[i].flags = queue == VIRTIO_NET_RECEIVE
					   ? VIRTQ_DESC_WRITE
					   : 0;
		r->avail[VIRTQ_RING + i] = (uint16_t)i;
	}
	set(VIRTIO_REG_QUEUE_SEL, queue);
	set(VIRTIO_REG_QUEUE_NUM, ENTRIES);
	set(VIRTIO_REG_QUEUE_DESC, rng_phys(r->desc));
	set(VIRTIO_REG_QUEUE_DRIVER, rng_phys(r->avail));
	set(VIRTIO_REG_QUEUE_DEVICE, rng_phys(r->used));
	set(VIRTIO_REG_QUEUE_READY, 1);
}

static bool start(void)
{
	uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

	set(VIRTIO_REG_STATUS, 0);
	while (get(VIRTIO_REG_STATUS))
		cpu_pause();
	set(VIRTIO_REG_STATUS, status);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 0);
	set(VIRTIO_REG_DRIVER_FEATURES,
	    1u << VIRTIO_NET_F_MAC | 1u << VIRTIO_NET_F_STATUS);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_REG_DRIVER_FEATURES, 1u << (VIRTIO_F_VERSION_1 - 32));
	status |= VIRTIO_STATUS_FEATURES_OK;
	set(VIRTIO_REG_STATUS, status);
	place(VIRTIO_NET_RECEIVE);
	place(VIRTIO_NET_TRANSMIT);
	set(VIRTIO_REG_STATUS, status | VIRTIO_STATUS_DRIVER_OK);
	rings[VIRTIO_NET_RECEIVE].avail[VIRTQ_IDX] = ENTRIES;
	set(VIRTIO_REG_QUEUE_NOTIFY, VIRTIO_NET_RECEIVE);
	return expect_equal("Status", get(VIRTIO_REG_STATUS),
			    status | VIRTIO_STATUS_DRIVER_OK);
}

/* Who has 10.0.2.2? 10.0.2.15 wants to know. */
static void ask(void)
{
	static const uint8_t fixed[] = {
		0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1
	};
	static const uint8_t from[] = { 10, 0, 2, 15 },
			     about[] = { 10, 0, 2, 2 };
	volatile struct ring *r = &rings[VIRTIO_NET_TRANSMIT];
	volatile uint8_t *frame = r->buffer[0] + VIRTIO_NET_HEADER_SIZE;

	for (unsigned i = 0; i < 6; i++) {
		frame[i] = 0xff;
		frame[6 + i] = frame[22 + i] = config(VIRTIO_NET_MAC + i);
	}
	for (unsigned i = 0; i < sizeof(fixed); i++)
		frame[12 + i] = fixed[i];
	for (unsigned i = 0; i < 4; i++) {
		frame[28 + i] = from[i];
		frame[38 + i] = about[i];
	}
	r->desc[0].len = VIRTIO_NET_HEADER_SIZE + FRAME_SIZE;
	r->avail[VIRTQ_IDX] = 1;
	set(VIRTIO_REG_QUEUE_NOTIFY, VIRTIO_NET_TRANSMIT);
}

/* Whether the frame in buffer @n is the answer. */
static bool is_answer(unsigned n)
{
	volatile const uint8_t *b = rings[VIRTIO_NET_RECEIVE].buffer[n];
	volatile const uint8_t *frame = b + VIRTIO_NET_HEADER_SIZE;

	return (frame[12] << 8 | frame[13]) == ETHERTYPE_ARP &&
	       frame[21] == REPLY && frame[28] == 10 && frame[31] == 2;
}

static bool await_answer(void)
{
	volatile const uint16_t *used = rings[VIRTIO_NET_RECEIVE].used;
	uint64_t begin = read_tsc();
	unsigned n = 0;

	for (unsigned turns = 0;
	     turns < WAIT_TURNS && read_tsc() - begin < WAIT_CYCLES &&
	     n < ENTRIES;
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
	if (!is_there())
		return SKIP;
	return expect_equal("the MAC address's kind",
			    config(VIRTIO_NET_MAC) & 3, 2) &&
	       expect_equal("the link", config(VIRTIO_NET_STATUS),
			    VIRTIO_NET_S_LINK_UP);
}

static enum verdict is_answered(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!is_there())
		return SKIP;
	ok = start();
	if (ok) {
		ask();
		ok = await_answer();
	}
	set(VIRTIO_REG_STATUS, 0);
	return ok;
}

static const struct claim claims[] = {
	{ "it has an address of its own and a link", has_a_link },
	{ "its router answers", is_answered },
	{ 0 },
};

const struct group net_group = { "net", claims };
