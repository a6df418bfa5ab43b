/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init/init.h"

#include "init/sys.h"

/* A module may be there already, because another one needed it, or because it
 * is built in. That is not an error. */
static void load(const char *file)
{
	int fd = sys_open(file, O_RDONLY | O_CLOEXEC);
	long rc = fd;

	if (fd >= 0)
		rc = sys_3(__NR_finit_module, fd, "", 0);
	if (rc < 0 && rc != -EEXIST)
		fail((int)rc, "the kernel does not load the module %s", file);
	sys_close(fd);
}

void modules_load(const struct words *w)
{
	for (unsigned i = 0; i < w->modules_count; i++)
		load(w->modules[i]);
}
