/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/confine.h"

#include <stdatomic.h>
#include <sys/prctl.h>

void (*confine_hook)(enum thread_role role, const char *name);
void (*confine_process_hook)(enum process_role role, const char *name,
			     const struct confine_file *file);
bool (*confine_stopped_hook)(int status, char *what, size_t size);
void (*confine_violated_hook)(const char *what);

static atomic_bool violated;

void confine_thread(enum thread_role role, const char *name)
{
	/* The main thread's name is the program's: tools look for it. */
	if (role != THREAD_MAIN)
		prctl(PR_SET_NAME, name, 0, 0, 0);
	if (confine_hook)
		confine_hook(role, name);
}

void confine_process(enum process_role role, const char *name,
		     const struct confine_file *file)
{
	if (confine_process_hook)
		confine_process_hook(role, name, file);
}

bool confine_stopped(int status, char *what, size_t size)
{
	return confine_stopped_hook && confine_stopped_hook(status, what, size);
}

void confine_violated(const char *what)
{
	atomic_store(&violated, true);
	if (confine_violated_hook)
		confine_violated_hook(what);
}

bool confine_is_violated(void)
{
	return atomic_load(&violated);
}
