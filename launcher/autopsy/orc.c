/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/orc.h"

#include <string.h>

/* How many entries are read at once. */
#define CHUNK 512

/* Bits of an entry's last 16. */
#define END_TO_6_2 0x400
#define END_6_3	   0x800
#define SIGNAL_6_3 0x400
#define SIGNAL	   0x800

/* Call @see with each chunk of the table at @table. */
static bool for_each(const struct orc *o, const struct memory *m,
		     uint64_t table, size_t size,
		     bool (*see)(void *ctx, uint64_t first, size_t n,
				 const uint8_t *chunk),
		     void *ctx)
{
	uint8_t chunk[CHUNK * ORC_ENTRY_SIZE];
	size_t n;

	for (uint64_t i = 0; i < o->count; i += n) {
		n = o->count - i < CHUNK ? o->count - i : CHUNK;
		if (!memory_get(m, table + i * size, chunk, n * size) ||
		    !see(ctx, i, n, chunk))
			return false;
	}
	return true;
}

struct order {
	uint64_t table;
	int64_t last; /* relative to the table */
};

static bool is_sorted(void *ctx, uint64_t first, size_t n, const uint8_t *chunk)
{
	struct order *order = ctx;
	int32_t distance;

	for (size_t i = 0; i < n; i++) {
		int64_t at;

		memcpy(&distance, chunk + i * sizeof(distance),
		       sizeof(distance));
		at = (int64_t)(first + i) * (int64_t)sizeof(distance) +
		     distance;
		if (at < order->last)
			return false;
		order->last = at;
	}
	return true;
}

static bool has_no_bit_11(void *ctx, uint64_t first, size_t n,
			  const uint8_t *chunk)
{
	uint16_t bits;

	(void)ctx, (void)first;
	for (size_t i = 0; i < n; i++) {
		memcpy(&bits, chunk + i * ORC_ENTRY_SIZE + 4, sizeof(bits));
		if (bits & END_6_3)
			return false;
	}
	return true;
}

bool orc_open(struct orc *o, const struct memory *m,
	      const struct orc_names *names)
{
	struct order order = { .last = INT64_MIN };
	uint64_t ips, entries;

	*o = (struct orc){ .ip = names->start_ip, .entries = names->start };
	if (!m->is64 || !names->start_ip || !names->start ||
	    names->stop_ip < names->start_ip || names->stop < names->start)
		return false;
	ips = (names->stop_ip - names->start_ip) / sizeof(int32_t);
	entries = (names->stop - names->start) / ORC_ENTRY_SIZE;
	if (ips != entries || !ips || ips > ORC_COUNT_MAX)
		return false;
	o->count = ips;
	if (!for_each(o, m, o->ip, sizeof(int32_t), is_sorted, &order)) {
		o->count = 0;
		return false;
	}
	if (names->header)
		o->form = ORC_FROM_6_4;
	else if (for_each(o, m, o->entries, ORC_ENTRY_SIZE, has_no_bit_11,
			  NULL))
		o->form = ORC_TO_6_2;
	else
		o->form = ORC_6_3;
	return true;
}

static bool address_of(const struct orc *o, const struct memory *m, uint64_t i,
		       uint64_t *addr)
{
	uint64_t at = o->ip + i * sizeof(int32_t);
	uint32_t distance;

	if (!memory_u32(m, at, &distance))
		return false;
	*addr = at + (uint64_t)(int64_t)(int32_t)distance;
	return true;
}

/* Up to 6.3, what the kernel does not know has no sp_reg. */
static void decode_old(struct orc_entry *e, enum orc_type type, bool end,
		       bool signal)
{
	e->signal = signal;
	if (e->sp_reg == ORC_REG_UNDEFINED)
		e->type = end ? ORC_END_OF_STACK : ORC_UNDEFINED;
	else
		e->type = type;
}

static void decode(const struct orc *o, uint16_t bits, struct orc_entry *e)
{
	e->sp_reg = bits & 0xf;
	e->bp_reg = bits >> 4 & 0xf;
	switch (o->form) {
	case ORC_TO_6_2:
		decode_old(e, ORC_CALL + (bits >> 8 & 3), bits & END_TO_6_2,
			   bits >> 8 & 3);
		break;
	case ORC_6_3:
		decode_old(e, ORC_CALL + (bits >> 8 & 3), bits & END_6_3,
			   bits & SIGNAL_6_3);
		break;
	case ORC_FROM_6_4:
		e->type = bits >> 8 & 7;
		e->signal = bits & SIGNAL;
		break;
	}
}

bool orc_find(const struct orc *o, const struct memory *m, uint64_t addr,
	      struct orc_entry *entry)
{
	uint64_t low = 0, high = o->count, ip;
	uint8_t raw[ORC_ENTRY_SIZE];
	uint16_t bits;

	/* The last one at or below; [0, low) are. */
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (!address_of(o, m, mid, &ip))
			return false;
		if (ip <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* Only the addresses between the first and the last are code. */
	if (!low || low == o->count ||
	    !memory_get(m, o->entries + (low - 1) * ORC_ENTRY_SIZE, raw,
			sizeof(raw)))
		return false;
	memcpy(&entry->sp_offset, raw, 2);
	memcpy(&entry->bp_offset, raw + 2, 2);
	memcpy(&bits, raw + 4, 2);
	decode(o, bits, entry);
	return true;
}
