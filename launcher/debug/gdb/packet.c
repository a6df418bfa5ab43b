/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/packet.h"

#include <string.h>

#define BREAK_IN 0x03
#define ESCAPE	 '}'
#define FLIP	 0x20
#define RUN	 '*'

/* The count of a run is a printable character, 29 above it. */
#define RUN_BASE 29
#define RUN_MIN	 3  /* what "x*" and a character stand for, at least */
#define RUN_MAX	 97 /* '~' */

static const char digits[] = "0123456789abcdef";

int gdb_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void begin(struct gdb_reader *r)
{
	r->state = GDB_PAYLOAD;
	r->too_long = false;
	r->sum = 0;
	r->len = 0;
}

static void keep(struct gdb_reader *r, uint8_t byte)
{
	if (r->len == GDB_PACKET_MAX)
		r->too_long = true;
	else
		r->data[r->len++] = byte;
}

static enum gdb_event outside(struct gdb_reader *r, uint8_t byte)
{
	switch (byte) {
	case '$':
		begin(r);
		return GDB_NOTHING;
	case '+':
		return GDB_ACK;
	case '-':
		return GDB_NAK;
	case BREAK_IN:
		return GDB_BREAK_IN;
	default: /* noise */
		return GDB_NOTHING;
	}
}

/* Whether a payload may have any byte except # and $: so far, that of X. */
static bool is_binary(const struct gdb_reader *r)
{
	return r->len && r->data[0] == 'X';
}

static enum gdb_event payload(struct gdb_reader *r, uint8_t byte)
{
	if (byte == '$') {
		/* The debugger has aborted the packet. */
		begin(r);
		return GDB_NOTHING;
	}
	if (byte == BREAK_IN && !is_binary(r)) {
		r->state = GDB_OUTSIDE;
		return GDB_BREAK_IN;
	}
	if (byte == '#') {
		r->state = GDB_SUM1;
		return GDB_NOTHING;
	}
	r->sum += byte;
	if (byte == ESCAPE)
		r->state = GDB_ESCAPED;
	else
		keep(r, byte);
	return GDB_NOTHING;
}

static enum gdb_event end(struct gdb_reader *r, int low)
{
	r->state = GDB_OUTSIDE;
	if (r->said_sum < 0 || low < 0 || (r->said_sum << 4 | low) != r->sum)
		return GDB_BAD_SUM;
	if (r->too_long)
		return GDB_TOO_LONG;
	r->data[r->len] = '\0';
	return GDB_PACKET;
}

enum gdb_event gdb_reader_feed(struct gdb_reader *r, uint8_t byte)
{
	switch (r->state) {
	case GDB_OUTSIDE:
		return outside(r, byte);
	case GDB_PAYLOAD:
		return payload(r, byte);
	case GDB_ESCAPED:
		r->sum += byte;
		keep(r, byte ^ FLIP);
		r->state = GDB_PAYLOAD;
		return GDB_NOTHING;
	case GDB_SUM1:
		r->said_sum = gdb_hex_digit(byte);
		r->state = GDB_SUM2;
		return GDB_NOTHING;
	case GDB_SUM2:
		break;
	}
	return end(r, gdb_hex_digit(byte));
}

/* Append to a packet, with its checksum. */
static void put(struct buf *out, uint8_t *sum, uint8_t byte)
{
	*sum += byte;
	buf_add(out, &byte, 1);
}

static bool needs_escape(uint8_t byte)
{
	return byte == '#' || byte == '$' || byte == ESCAPE || byte == RUN;
}

/* How many bytes like the first follow it, up to the limit of a run. */
static size_t count_more(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < RUN_MAX && n + 1 < len && p[n + 1] == *p)
		n++;
	/* These counts would be special characters. */
	while (n >= RUN_MIN && strchr("#$+-", (int)(n + RUN_BASE)))
		n--;
	return n < RUN_MIN ? 0 : n;
}

/* Put the first of @len bytes and equal ones after it; returns how many. */
static size_t put_some(struct buf *out, uint8_t *sum, const uint8_t *p,
		       size_t len)
{
	size_t more;

	if (needs_escape(*p)) {
		/* A run would repeat the byte after the escape. */
		put(out, sum, ESCAPE);
		put(out, sum, *p ^ FLIP);
		return 1;
	}
	put(out, sum, *p);
	more = count_more(p, len);
	if (more) {
		put(out, sum, RUN);
		put(out, sum, (uint8_t)(more + RUN_BASE));
	}
	return 1 + more;
}

void gdb_packet_add(struct buf *out, const void *payload, size_t len)
{
	const uint8_t *p = payload;
	uint8_t sum = 0, tail[3] = { '#' };

	buf_add(out, "$", 1);
	for (size_t i = 0; i < len;)
		i += put_some(out, &sum, p + i, len - i);
	tail[1] = (uint8_t)digits[sum >> 4];
	tail[2] = (uint8_t)digits[sum & 0xf];
	buf_add(out, tail, sizeof(tail));
}

void gdb_hex_add(struct buf *out, const void *data, size_t len)
{
	const uint8_t *from = data;
	uint8_t *to = len ? buf_extend(out, 2 * len) : NULL;

	for (size_t i = 0; to && i < len; i++) {
		to[2 * i] = (uint8_t)digits[from[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[from[i] & 0xf];
	}
}

bool gdb_hex_read(const uint8_t *hex, size_t hex_len, void *data, size_t len)
{
	uint8_t *to = data;

	if (hex_len / 2 < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = gdb_hex_digit(hex[2 * i]);
		int low = gdb_hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool gdb_number_read(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	const uint8_t *p = *at;

	for (*value = 0; p < end && gdb_hex_digit(*p) >= 0; p++) {
		if (*value >> 60)
			return false;
		*value = *value << 4 | (unsigned)gdb_hex_digit(*p);
	}
	if (p == *at)
		return false;
	*at = p;
	return true;
}
