/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confine.h"

#include <sys/prctl.h>

void (*confine_hook)(enum thread_role role, const char *name);

void confine_thread(enum thread_role role, const char *name)
{
	/* The main thread's name is the program's: tools look for it. */
	if (role != THREAD_MAIN)
		prctl(PR_SET_NAME, name, 0, 0, 0);
	if (confine_hook)
		confine_hook(role, name);
}
