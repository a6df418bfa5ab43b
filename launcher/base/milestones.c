/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/milestones.h"

#include "base/clock.h"

const char *const milestone_names[MILESTONES] = {
	[MILESTONE_OPENED] = "opened",
	[MILESTONE_PREPARING] = "preparing",
	[MILESTONE_DECODED] = "decoded",
	[MILESTONE_LOADED] = "loaded",
	[MILESTONE_READY] = "ready",
	[MILESTONE_CONNECTING] = "connecting",
	[MILESTONE_CONNECTED] = "connected",
	[MILESTONE_FIRST_INSTRUCTION] = "first_instruction",
	[MILESTONE_FIRST_CONSOLE_BYTE] = "first_console_byte",
	[MILESTONE_INIT] = "init",
	[MILESTONE_EXPECTED] = "expected",
	[MILESTONE_END] = "end",
};

bool milestone_reach(struct milestones *m, enum milestone which)
{
	uint64_t not_yet = 0;

	return m && !milestone_ns(m, which) &&
	       atomic_compare_exchange_strong(&m->at_ns[which], &not_yet,
					      clock_ns());
}

uint64_t milestone_ns(const struct milestones *m, enum milestone which)
{
	return atomic_load(&m->at_ns[which]);
}

void milestones_copy(struct milestones *to, const struct milestones *from)
{
	for (unsigned i = 0; i < MILESTONES; i++)
		atomic_store(&to->at_ns[i], milestone_ns(from, i));
}
