/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kallsyms with hostile tables: every name that is returned can be shown, every
 * address is in the kernel, and they are in order. What they say of drivers has
 * a name, too.
 *
 * The first byte describes the kernel that the rest is taken from: bit 0,
 * 32-bit; bit 1, a writable part.
 */
#include "fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>

#include "image/drivers.h"
#include "image/kallsyms.h"
#include "support/kallsyms_builder.h"
#include "support/tight.h"

#define TEXT   0xffffffff81000000
#define TEXT32 0xc1000000
#define MEMSZ  0x40000

static void check_name(const struct kallsyms *k, uint32_t i)
{
	const char *name = kallsyms_name(k, i);
	size_t len = strlen(name);
	uint32_t same;

	if (!isalpha((unsigned char)kallsyms_type(k, i)) || !len ||
	    len >= KALLSYMS_NAME_MAX)
		abort();
	while (*name)
		if (!isgraph((unsigned char)*name++))
			abort();
	if (i < 16 &&
	    (!kallsyms_by_name(k, kallsyms_name(k, i), &same) || same > i))
		abort();
}

static void check(const struct kallsyms *k, uint64_t first)
{
	char buf[32];

	for (uint32_t i = 0; i < k->count; i++) {
		uint64_t address = k->addresses[i];

		check_name(k, i);
		if ((i && address < k->addresses[i - 1]) ||
		    (address > 0x1000 &&
		     (address < first || address > first + MEMSZ)))
			abort();
		kallsyms_place(k, address, i % 2 ? first : 0, buf, sizeof(buf));
		if (!memchr(buf, '\0', sizeof(buf)))
			abort();
	}
}

/* Symbol names alone cannot tell a module from a missing driver. The bytes are
 * also taken for a configuration. */
static void check_drivers(const struct kallsyms *k, struct bytes config)
{
	enum driver_state states[DRIVERS_MAX];

	drivers_find(states, k, (struct bytes){ 0 });
	for (size_t i = 0; i < drivers_count; i++)
		if (states[i] != DRIVER_BUILT_IN &&
		    states[i] != DRIVER_MODULE_OR_ABSENT)
			abort();
	drivers_find(states, k, config);
	for (size_t i = 0; i < drivers_count; i++)
		if (!driver_state_name(states[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_EMPTY;
	struct kallsyms k;
	struct kallsyms_part parts[2];
	bool is32, writable;

	if (!size)
		return -1;
	is32 = data[0] & 1;
	writable = data[0] & 2;
	parts[0] = (struct kallsyms_part){ .bytes = tight(data + 1, size - 1),
					   .vaddr = is32 ? TEXT32 : TEXT,
					   .memsz = MEMSZ,
					   .writable = writable };
	parts[1] = (struct kallsyms_part){ .memsz = 0x1000 };
	if (!kallsyms_read(&k, parts, 2, !is32, &e)) {
		check(&k, parts[0].vaddr);
		check_drivers(&k, parts[0].bytes);
		kallsyms_release(&k);
	} else if (!e.msg[0]) {
		abort();
	}
	tight_free(parts[0].bytes);
	return 0;
}

static void seed(const char *name, struct test_kallsyms t)
{
	struct buf tables = { 0 }, out = { 0 };
	uint8_t kind = t.is32;

	t.count = 600;
	t.vaddr = t.is32 ? TEXT32 : TEXT;
	kallsyms_build(&t, &tables, NULL);
	buf_add(&out, &kind, 1);
	buf_add(&out, tables.data, tables.len);
	fuzz_seed(name, out.data, out.len);
	buf_release(&tables);
	buf_release(&out);
}

void fuzz_seeds(void)
{
	seed("words", (struct test_kallsyms){ .marker_size = 8, .percpu = 20 });
	seed("percpu",
	     (struct test_kallsyms){ .numbers = KALLSYMS_PERCPU_OR_BASE,
				     .marker_size = 4,
				     .sequence_size = 3,
				     .percpu = 20 });
	seed("behind",
	     (struct test_kallsyms){ .behind = true,
				     .numbers = KALLSYMS_PERCPU_OR_BASE,
				     .marker_size = 4,
				     .sequence_size = 3,
				     .percpu = 20 });
	seed("place", (struct test_kallsyms){ .behind = true,
					      .numbers = KALLSYMS_FROM_PLACE,
					      .marker_size = 4,
					      .align = 4 });
	seed("base32", (struct test_kallsyms){ .is32 = true,
					       .numbers = KALLSYMS_FROM_BASE,
					       .marker_size = 4 });
}
