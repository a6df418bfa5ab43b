/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/orc_builder.h"

#include <string.h>

static uint16_t bits_of(const struct orc_entry *e, int form)
{
	uint16_t bits = (uint16_t)(e->sp_reg | e->bp_reg << 4);
	bool end = e->type == ORC_END_OF_STACK;
	uint16_t type = e->type < ORC_CALL ? 0 : (uint16_t)(e->type - ORC_CALL);

	if (form == ORC_FROM_6_4)
		return (uint16_t)(bits | e->type << 8 | e->signal << 11);
	if (form == ORC_6_3)
		return (uint16_t)(bits | type << 8 | e->signal << 10 |
				  end << 11);
	return (uint16_t)(bits | type << 8 | end << 10);
}

struct orc_names test_orc_build(const struct test_orc_row *rows, size_t count,
				int form, uint8_t *at, uint64_t addr)
{
	const struct orc_names names = {
		.start_ip = addr,
		.stop_ip = addr + 4 * count,
		.start = addr + 4 * count,
		.stop = addr + 10 * count,
		.header = form == ORC_FROM_6_4 ? addr : 0,
	};

	for (size_t i = 0; i < count; i++) {
		int32_t distance = (int32_t)(rows[i].addr - (addr + 4 * i));
		uint16_t bits = bits_of(&rows[i].entry, form);
		uint8_t *entry = at + 4 * count + 6 * i;

		memcpy(at + 4 * i, &distance, 4);
		memcpy(entry, &rows[i].entry.sp_offset, 2);
		memcpy(entry + 2, &rows[i].entry.bp_offset, 2);
		memcpy(entry + 4, &bits, 2);
	}
	return names;
}
