/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's modules: whatever its types, its list and its symbols say, reading
 * them ends, no two modules share code, and a name is printable and whole.
 *
 * Input: 1 byte: bit 0, 32 bits; memory, which has the type information from
 * TEST_LOADED_BTF to its end.
 */
#include "fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>

#include "support/flat_memory.h"
#include "support/loaded_builder.h"
#include "support/tight.h"

static void check_module(struct loaded_module *mod, const struct memory *m)
{
	const struct orc kernel = { .form = ORC_FROM_6_4 };
	struct orc_entry entry;
	const struct orc *orc;
	char place[64];

	for (const char *p = mod->name; *p; p++)
		if (!isprint((unsigned char)*p))
			abort();
	loaded_place(mod, m, mod->text[0].start + 0x50, false, place,
		     sizeof(place));
	if (!place[0] || strnlen(place, sizeof(place)) == sizeof(place))
		abort();
	orc = loaded_orc(mod, m, &kernel);
	if (orc)
		(void)orc_find(orc, m, mod->text[0].start, &entry);
}

static void check(struct loaded *mods, const struct memory *m)
{
	if (mods->count + mods->left_out > LOADED_MAX)
		abort();
	for (unsigned i = 0; i < mods->count; i++) {
		struct loaded_module *mod = &mods->all[i];

		check_module(mod, m);
		if (mod->text[0].size &&
		    loaded_find(mods, mod->text[0].start) != mod)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flat_memory flat = { 0 };
	struct err e = ERR_EMPTY;
	struct loaded_names names;
	struct loaded mods;
	struct memory m;

	if (size <= 1 + TEST_LOADED_BTF)
		return -1;
	m = flat_memory(&flat, !(data[0] & 1));
	flat.base = data[0] & 1 ? TEST_LOADED_BASE32 : TEST_LOADED_BASE64;
	flat.bytes = tight(data + 1, size - 1);
	names = (struct loaded_names){ .modules = flat.base,
				       .start_btf = flat.base + TEST_LOADED_BTF,
				       .stop_btf = flat.base + flat.bytes.len };
	if (!loaded_read(&mods, &m, &names, &e)) {
		check(&mods, &m);
		loaded_release(&mods);
	} else if (!e.msg[0]) {
		abort();
	}
	tight_free(flat.bytes);
	return 0;
}

static void seed(const char *name, struct test_loaded t)
{
	uint8_t input[1 + TEST_LOADED_SIZE] = { t.is32 };

	test_loaded_build(&t, input + 1);
	fuzz_seed(name, input, sizeof(input));
}

void fuzz_seeds(void)
{
	seed("parts", (struct test_loaded){ .old = true });
	seed("array", (struct test_loaded){ 0 });
	seed("array32", (struct test_loaded){ .is32 = true });
	seed("no_orc", (struct test_loaded){ .no_orc = true });
}
