/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/hello.h"

#include <stdio.h>
#include <string.h>

#include "debug/gdb/packet.h"

#define BREAK_IN 0x03

static bool is_feature(const uint8_t *at, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(at, name, len);
}

void gdb_caps_read(struct gdb_caps *c, const uint8_t *features, size_t len)
{
	const uint8_t *end = features + len, *stop;

	for (; features < end; features = stop + (stop < end)) {
		stop = memchr(features, ';', (size_t)(end - features)) ?: end;
		len = (size_t)(stop - features);
		if (is_feature(features, len, "swbreak+"))
			c->knows_soft = true;
		else if (is_feature(features, len, "hwbreak+"))
			c->knows_hard = true;
	}
}

void gdb_caps_say(struct buf *out)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;swbreak+;"
		 "hwbreak+;vContSupported+",
		 GDB_PACKET_MAX);
	buf_add(out, text, strlen(text));
}

/* Answer the packet in @r if a debugger may begin with it. */
static bool greet(struct gdb_hello *h, const struct gdb_reader *r,
		  struct buf *out)
{
	static const char supported[] = "qSupported",
			  no_ack[] = "QStartNoAckMode";
	const size_t name = sizeof(supported) - 1;
	bool ack = !h->caps.no_ack;
	struct buf answer = { 0 };

	if (r->len >= name && !memcmp(r->data, supported, name) &&
	    (r->len == name || r->data[name] == ':')) {
		gdb_caps_read(&h->caps, r->data + name + 1,
			      r->len > name ? r->len - name - 1 : 0);
		gdb_caps_say(&answer);
	} else if (is_feature(r->data, r->len, no_ack)) {
		h->caps.no_ack = true;
		buf_add(&answer, "OK", 2);
	} else {
		return false;
	}
	if (ack)
		buf_add(out, "+", 1);
	gdb_packet_add(out, answer.data, answer.len);
	buf_release(&answer);
	return true;
}

static void drop_front(struct gdb_hello *h, size_t n)
{
	h->len -= n;
	memmove(h->in, h->in + n, h->len);
	h->blind = h->blind > n ? h->blind - n : 0;
}

/* Between packets. - requests the last answer again; a stream cannot damage
 * it. */
static bool may_stand_alone(const struct gdb_hello *h, uint8_t byte)
{
	return byte == '+' || byte == BREAK_IN || byte == '$' ||
	       (byte == '-' && h->answered);
}

/* A whole packet in @r, which began at @start and ended before @end. */
static enum gdb_hello_state on_packet(struct gdb_hello *h,
				      const struct gdb_reader *r, size_t start,
				      size_t end, struct buf *out)
{
	if (greet(h, r, out)) {
		h->answered = true;
		h->blind = h->len;
		drop_front(h, end);
		return GDB_HELLO_WAITING;
	}
	if (!h->answered || start < h->blind)
		return GDB_HELLO_STRANGER;
	drop_front(h, start);
	return GDB_HELLO_DEBUGGER;
}

/* Read up to the next whole packet. Returns whether there was one; there may be
 * more. */
static bool step(struct gdb_hello *h, struct buf *out)
{
	struct gdb_reader r = { 0 };
	size_t start = 0;

	for (size_t i = 0; i < h->len; i++) {
		if (r.state == GDB_OUTSIDE && !may_stand_alone(h, h->in[i])) {
			h->state = GDB_HELLO_STRANGER;
			return false;
		}
		if (h->in[i] == '$')
			start = i;
		switch (gdb_reader_feed(&r, h->in[i])) {
		case GDB_PACKET:
			h->state = on_packet(h, &r, start, i + 1, out);
			return h->state == GDB_HELLO_WAITING;
		case GDB_BAD_SUM:
		case GDB_TOO_LONG:
			h->state = GDB_HELLO_STRANGER;
			return false;
		default:
			break;
		}
	}
	if (h->len == sizeof(h->in))
		h->state = GDB_HELLO_STRANGER;
	return false;
}

void gdb_hello_input(struct gdb_hello *h, const uint8_t *data, size_t len,
		     struct buf *out)
{
	size_t room = sizeof(h->in) - h->len;

	if (h->state != GDB_HELLO_WAITING)
		return;
	/* No debugger sends more than fits here. */
	if (len > room)
		len = room;
	memcpy(h->in + h->len, data, len);
	h->len += len;
	while (step(h, out))
		;
}
