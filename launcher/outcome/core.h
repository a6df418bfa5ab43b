/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a stopped guest as a vmcore (autopsy/vmcore.h): --core.
 *
 * Must never trust: guest memory, which is only copied.
 */
#ifndef OUTCOME_CORE_H
#define OUTCOME_CORE_H

#include "base/output.h"
#include "outcome/autopsy.h"

/*
 * Write it to @o and commit that, or discard it on failure. Pages of zeros are
 * holes where the file can have some. Returns 0; -ENOENT if there is no guest;
 * as output_write() and output_commit(); -ENOMEM.
 */
int core_write(struct output *o, struct autopsy *a, struct patience *p,
	       struct err *e);

#endif
