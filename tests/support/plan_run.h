/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that is both inspected and prepared to run, and whether what
 * `inspect` says of it is what the run does.
 *
 * inspect names a protocol without an obstacle if and only if the run is
 * prepared, with the same protocol at the same address. Otherwise both give a
 * reason: the same one, unless the image has several faults.
 */
#ifndef TESTS_SUPPORT_PLAN_RUN_H
#define TESTS_SUPPORT_PLAN_RUN_H

#include "boot/boot.h"

struct plan_run {
	struct bytes file;    /* the image */
	const char *protocol; /* as --boot has it */
	const struct guest_mem *gm;
	struct kaslr_wish wish; /* not KASLR_AUTO, which chooses twice */
};

struct plan_run_result {
	int rc; /* of boot_prepare() */
	struct err e;
	struct boot_result boot; /* valid if rc is 0 */
	struct memory_map places;
	bool differs;
	bool other_reason; /* both name an obstacle, but not the same */
	char text[2 * ERR_MSG_SIZE + 80]; /* how, if one of these is set */
};

/* A range of what was put into memory that is not in RAM, or where something
 * else is, too; NULL: there is none. */
const struct map_range *misplaced(const struct memory_map *map,
				  const struct guest_mem *gm);

/* False if @t->file is not an image: there is nothing to compare. */
bool plan_run(const struct plan_run *t, struct plan_run_result *r);

#endif
