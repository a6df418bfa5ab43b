/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setup header: every range that the parser returns is in the file.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "image/setup_header.h"
#include "support/bzimage_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	struct setup_header h;
	struct err e = ERR_EMPTY;
	char text[64];

	if (setup_header_parse(&h, b, &e))
		return 0;
	if (h.header_end > size || h.code_off > size || !h.setup_sects)
		abort();
	setup_header_kernel_version(&h, b, text, sizeof(text));
	return 0;
}

void fuzz_seeds(void)
{
	for (uint16_t version = 0x200; version <= 0x20f; version++) {
		struct buf file = { 0 };
		char name[16];

		snprintf(name, sizeof(name), "v%x", version);
		bzimage_build(&(struct test_bzimage){ .version = version,
						      .setup_sects = 1,
						      .kernel_version = "6.1" },
			      &file);
		fuzz_seed(name, file.data, file.len);
		buf_release(&file);
	}
}
