/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of gdb's remote protocol: bytes in, packets out, and back.
 *
 *   $ payload # two hexadecimal digits: the sum of the payload's bytes
 *
 * In a payload, } and the next byte mean that byte XOR 0x20. Payloads to the
 * debugger may have runs: x*N is x and N - 29 more of it. Between packets, +
 * and - acknowledge or refuse a packet, and 0x03 is the debugger's Ctrl-C.
 *
 * Must never trust: any received byte. The length of a packet is limited, and
 * the time for each byte is constant.
 *
 * Spec: "Debugging with GDB", appendix "GDB Remote Serial Protocol".
 */
#ifndef DEBUG_GDB_PACKET_H
#define DEBUG_GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define GDB_PACKET_MAX 16384 /* bytes of a payload, without its escapes */

enum gdb_event {
	GDB_NOTHING,  /* go on */
	GDB_PACKET,   /* reader.data and .len */
	GDB_BREAK_IN, /* 0x03 */
	GDB_ACK,
	GDB_NAK,
	GDB_BAD_SUM,
	GDB_TOO_LONG, /* a whole packet that was */
};

enum gdb_reading { GDB_OUTSIDE, GDB_PAYLOAD, GDB_ESCAPED, GDB_SUM1, GDB_SUM2 };

/* { 0 } is a reader at the start. */
struct gdb_reader {
	enum gdb_reading state;
	bool too_long;
	uint8_t sum;  /* of what came */
	int said_sum; /* the sum in the packet; -1: no digits */
	size_t len;
	uint8_t data[GDB_PACKET_MAX + 1]; /* ends in a NUL */
};

enum gdb_event gdb_reader_feed(struct gdb_reader *r, uint8_t byte);

/* Append the packet of @payload to @out. */
void gdb_packet_add(struct buf *out, const void *payload, size_t len);

/* Bytes as hexadecimal digits, appended. */
void gdb_hex_add(struct buf *out, const void *data, size_t len);

/* The value of a digit; -1: not a digit. */
int gdb_hex_digit(uint8_t c);

/*
 * @len bytes from 2 * @len digits at @hex, which has @hex_len bytes. False if
 * there are fewer or other characters; @data may then be partly overwritten.
 */
bool gdb_hex_read(const uint8_t *hex, size_t hex_len, void *data, size_t len);

/*
 * A hexadecimal number at *@at, before @end, which moves behind it; false if
 * there is none, or one of more than 64 bits.
 */
bool gdb_number_read(const uint8_t **at, const uint8_t *end, uint64_t *value);

#endif
