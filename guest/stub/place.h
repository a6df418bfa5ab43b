/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything goes: decided before anything is moved.
 */
#ifndef GUEST_STUB_PLACE_H
#define GUEST_STUB_PLACE_H

#include "fault.h"

/* From the stub's own blanks; see pv/stub.h. */
struct place {
	uint64_t here; /* where the image was loaded */
	uint64_t image_len;
	uint64_t dest_start;
	uint64_t dest_end;
};

/*
 * Choose the address from which the stub works, which may be the current one.
 *
 * Both that place and dest are RAM by the loader's e820 map, and clear of
 * boot_params, the command line and the initrd. Returns false after filling
 * *@f.
 */
bool place_choose(const struct place *p, const uint8_t *boot_params,
		  uint64_t *work_from, struct fault *f);

#endif
