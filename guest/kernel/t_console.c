/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims about the virtio console, which the launcher's standard input and
 * output are: what is transmitted is written there, in order, even by
 * an emergency write without a driver; what is typed arrives.
 *
 * Claims about the other console, which has ports: its only port is announced
 * with its name, opened, and takes bytes.
 *
 * Without a console there is nothing to claim. `typed=WORD` on the command line
 * is what arrives first; without it, that claim is skipped.
 *
 * Spec: virtio 1.2, 5.3.
 */
#include "claims.h"
#include "lib/say.h"
#include "pv/virtio_console.h"
#include "rng.h"
#include "vdev.h"

#define QUEUES 2
#define RX     VIRTIO_CONSOLE_RX
#define TX     VIRTIO_CONSOLE_TX

/* The first console. If there are two, it is the terminal. */
static bool is_there(bool has_ports)
{
	return vdev_find(VIRTIO_ID_CONSOLE) &&
	       has_ports == (vdev_offered() >> VIRTIO_CONSOLE_F_MULTIPORT & 1);
}

/* Transmit @text as chain number @nth of this life, from 1 on, in pieces of two
 * buffers. */
static bool transmit(const char *text, uint16_t nth)
{
	volatile uint8_t *first = vdev_rings[TX].buffer[0],
			 *second = vdev_rings[TX].buffer[1];
	uint32_t n = 0;

	for (; text[n]; n++)
		second[n] = (uint8_t)text[n];
	first[0] = second[0];
	for (uint32_t i = 1; i < n; i++)
		second[i - 1] = second[i];
	vdev_describe(TX, 0, 1, VIRTQ_DESC_NEXT, 1);
	vdev_describe(TX, 1, n - 1, 0, 0);
	vdev_offer(TX, 0);
	return vdev_wait(TX, nth);
}

static enum verdict transmits(const struct boot *b)
{
	bool ok;

	(void)b;
	if (!is_there(false))
		return SKIP;
	ok = vdev_start(0, QUEUES);
	for (uint16_t n = 1; ok && n <= 2 * VDEV_ENTRIES; n++)
		ok = transmit("transmitted ", n);
	ok = ok && transmit("to the end\r\n", 2 * VDEV_ENTRIES + 1);
	return vdev_stop() && ok;
}

/* Before a driver has come, and beside one. */
static enum verdict writes_in_an_emergency(const struct boot *b)
{
	static const char text[] = "an emergency\r\n";

	(void)b;
	if (!is_there(false))
		return SKIP;
	if (!vdev_stop())
		return FAIL;
	for (unsigned i = 0; text[i]; i++)
		vdev_set_config(VIRTIO_CONSOLE_EMERG_WR, 4, (uint8_t)text[i]);
	return expect_equal("EMERG_WRITE",
			    vdev_offered() >> VIRTIO_CONSOLE_F_EMERG_WRITE & 1,
			    1);
}

static enum verdict receives(const struct boot *b)
{
	volatile const uint8_t *typed = vdev_rings[RX].buffer[0];
	struct word w;
	bool ok;

	if (!cmdline_value(b, "typed", &w) || !is_there(false))
		return SKIP;
	ok = vdev_start(0, QUEUES);
	/* Longer than what is typed: a part is enough to be given back. */
	for (uint32_t i = 0; ok && i < w.len; i++) {
		vdev_describe(RX, 0, 1, VIRTQ_DESC_WRITE, 0);
		vdev_offer(RX, 0);
		ok = vdev_wait(RX, (uint16_t)(i + 1)) &&
		     expect_equal("a byte that was typed", typed[0],
				  (uint8_t)w.text[i]);
	}
	return vdev_stop() && ok;
}

/* A receive buffer to read, and a transmit buffer to write. */
static enum verdict refuses_wrong_buffers(const struct boot *b)
{
	bool ok = true;

	(void)b;
	if (!is_there(false))
		return SKIP;
	for (unsigned queue = 0; ok && queue < QUEUES; queue++) {
		ok = vdev_start(0, QUEUES);
		vdev_describe(queue, 0, 8, queue == RX ? 0 : VIRTQ_DESC_WRITE,
			      0);
		if (ok)
			vdev_offer(queue, 0);
		ok = ok && vdev_wait_refusal();
	}
	ok = vdev_stop() && ok && vdev_start(0, QUEUES) &&
	     transmit("after a refusal\r\n", 1);
	return vdev_stop() && ok;
}

/* ---- ports */

#define PORTS_QUEUES 6 /* of port 0, of control messages, of port 1 */
#define PORT	     1
#define NAME	     "port"

/* The control messages so far, of either direction. */
struct talk {
	uint16_t sent, received;
};

static bool tell(struct talk *t, uint32_t port, uint16_t event)
{
	volatile struct virtio_console_control *m =
		(void *)vdev_rings[VIRTIO_CONSOLE_CONTROL_TX].buffer[0];

	m->id = port;
	m->event = event;
	m->value = 1;
	vdev_describe(VIRTIO_CONSOLE_CONTROL_TX, 0, sizeof(*m), 0, 0);
	vdev_offer(VIRTIO_CONSOLE_CONTROL_TX, 0);
	return vdev_wait(VIRTIO_CONSOLE_CONTROL_TX, ++t->sent);
}

/* The next message is @event about the port, and has @extra bytes more. */
static bool hear(struct talk *t, uint16_t event, uint32_t extra)
{
	volatile const struct virtio_console_control *m =
		(void *)vdev_rings[VIRTIO_CONSOLE_CONTROL_RX].buffer[0];

	vdev_describe(VIRTIO_CONSOLE_CONTROL_RX, 0, VDEV_BUFFER_SIZE,
		      VIRTQ_DESC_WRITE, 0);
	vdev_offer(VIRTIO_CONSOLE_CONTROL_RX, 0);
	return vdev_wait(VIRTIO_CONSOLE_CONTROL_RX, ++t->received) &&
	       expect_equal("an event", m->event, event) &&
	       expect_equal("its port", m->id, PORT) &&
	       expect_equal("its length",
			    vdev_used_len(VIRTIO_CONSOLE_CONTROL_RX,
					  (uint16_t)(t->received - 1)),
			    sizeof(*m) + extra);
}

static enum verdict opens_a_port(const struct boot *b)
{
	static const char text[] = "through a port\n";
	const unsigned queue = VIRTIO_CONSOLE_PORT_TX(PORT);
	struct talk t = { 0 };
	bool ok;

	(void)b;
	if (!is_there(true))
		return SKIP;
	ok = vdev_start(1u << VIRTIO_CONSOLE_F_MULTIPORT, PORTS_QUEUES) &&
	     tell(&t, 0, VIRTIO_CONSOLE_DEVICE_READY) &&
	     hear(&t, VIRTIO_CONSOLE_DEVICE_ADD, 0) &&
	     tell(&t, PORT, VIRTIO_CONSOLE_PORT_READY) &&
	     hear(&t, VIRTIO_CONSOLE_PORT_OPEN, 0) &&
	     hear(&t, VIRTIO_CONSOLE_PORT_NAME, sizeof(NAME) - 1) &&
	     tell(&t, PORT, VIRTIO_CONSOLE_PORT_OPEN);
	for (unsigned i = 0; i < sizeof(text) - 1; i++)
		vdev_rings[queue].buffer[0][i] = (uint8_t)text[i];
	if (ok) {
		vdev_describe(queue, 0, sizeof(text) - 1, 0, 0);
		vdev_offer(queue, 0);
		ok = vdev_wait(queue, 1);
	}
	return vdev_stop() && ok;
}

static const struct claim claims[] = {
	{ "what is transmitted is taken", transmits },
	{ "it can be written to in an emergency", writes_in_an_emergency },
	{ "what is typed arrives", receives },
	{ "a driver that mixes up its queues is asked to reset",
	  refuses_wrong_buffers },
	{ "a port is announced, opened and takes bytes", opens_a_port },
	{ 0 },
};

const struct group console_group = { "console", claims };
