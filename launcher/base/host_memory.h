/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory this process can get from the host: what the kernel could
 * free for it, and what the control groups that it is in leave.
 *
 * Spec: proc_meminfo(5), MemAvailable; Documentation/admin-guide/cgroup-v2.rst,
 * memory.max, memory.current, memory.stat.
 */
#ifndef BASE_HOST_MEMORY_H
#define BASE_HOST_MEMORY_H

#include <stdint.h>

#include "base/err.h"

/*
 * In bytes. @proc and @cgroup are where /proc and /sys/fs/cgroup are: tests
 * have others. A host without cgroups of version 2 limits nothing by them.
 *
 * Returns 0, or a negative errno if the kernel does not say what is available.
 */
int host_memory_available(const char *proc, const char *cgroup, uint64_t *bytes,
			  struct err *e);

/*
 * Refuse a guest of @size bytes that would leave less than @keep of what is
 * available here. -ENOMEM, with what was found and what is allowed.
 */
int host_memory_check(uint64_t size, uint64_t keep, struct err *e);

#endif
