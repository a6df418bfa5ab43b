/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ORC tables in memory, in each form that kernels have had.
 */
#ifndef TESTS_SUPPORT_ORC_BUILDER_H
#define TESTS_SUPPORT_ORC_BUILDER_H

#include "autopsy/orc.h"

struct test_orc_row {
	uint64_t addr; /* of the first instruction */
	struct orc_entry entry;
};

/*
 * Write the tables of @rows at @at, which is address @addr: first that of the
 * addresses, then that of the entries. Returns their names; nothing is to be
 * known of the entries but what the form can express.
 */
struct orc_names test_orc_build(const struct test_orc_row *rows, size_t count,
				int form, uint8_t *at, uint64_t addr);

#endif
