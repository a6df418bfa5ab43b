/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A System.map of a stranger, for --symbols.
 *
 * Beyond not crashing: a map is refused with a sentence, or gives a name for
 * its own addresses; and a name fits where it is written, with the distance
 * behind it.
 */
#include "fuzz/fuzz.h"
#include "outcome/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "support/tight.h"

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void ask(struct bytes map, uint64_t segment, uint64_t at)
{
	const struct symbols_addr addr = { .at = at, .segment = segment };
	char name[SYMBOL_NAME_MAX];
	bool found = symbols_in_map(map, &addr, name, sizeof(name));
	size_t len = strnlen(name, sizeof(name));

	claim(len < sizeof(name));
	claim(found ? memmem(name, len, "+0x", 3) != NULL || !len : !len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes map = tight(data, size);
	struct err e = ERR_EMPTY;

	if (symbols_check_map(map, &e)) {
		claim(e.msg[0] != '\0');
	} else {
		ask(map, 0, UINT64_MAX);
		ask(map, 0xffffffff81000000, 0xffffffff81000010);
		ask(map, 0, 0);
	}
	tight_free(map);
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"ffffffff81000000 T _text\nffffffff81000010 t a\t[module]\n",
		"0000 A zero\n                 U other\n\n1000 D b",
		"c1000000 T startup_32\nc1000000 T _stext\n",
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		fuzz_seed((char[]){ (char)('a' + i), '\0' }, seeds[i],
			  strlen(seeds[i]));
}
