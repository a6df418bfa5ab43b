/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/needs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/libraries.h"
#include "base/thread.h"

#define MIB (UINT64_C(1) << 20)

static bool kvm_met(const struct suite_needs *n, find_kvm_fn *find_kvm,
		    struct err *e)
{
	return n->kvm == KVM_NOT_ASKED || !find_kvm(n->kvm == KVM_HARDWARE, e);
}

/* The kernel's estimate of memory that is available without swapping; 0:
 * unknown. */
static uint64_t available_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	uint64_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

static bool mem_met(const struct suite_needs *n, struct err *e)
{
	uint64_t there = n->mem ? available_memory() : 0;

	if (!n->mem || !there || n->mem <= there)
		return true;
	err_set(e, ENOMEM,
		"needs %" PRIu64 " MiB of memory; %" PRIu64
		" MiB are available",
		n->mem / MIB, there / MIB);
	return false;
}

static bool cpus_met(const struct suite_needs *n, struct err *e)
{
	unsigned there = thread_cpus();

	if (n->cpus <= there)
		return true;
	err_set(e, ENODEV, "needs %lu CPUs; there are %u", n->cpus, there);
	return false;
}

static bool files_met(const struct suite_needs *n, struct err *e)
{
	for (size_t i = 0; i < n->files.count; i++)
		if (access(n->files.at[i], R_OK)) {
			err_sys(e, "needs %s", n->files.at[i]);
			return false;
		}
	return true;
}

static bool libraries_met(const struct suite_needs *n, struct err *e)
{
	for (size_t i = 0; i < n->libraries.count; i++)
		if (libraries_need(n->libraries.at[i], e))
			return false;
	return true;
}

bool needs_met(const struct suite_needs *n, find_kvm_fn *find_kvm,
	       struct err *e)
{
	return kvm_met(n, find_kvm, e) && mem_met(n, e) && cpus_met(n, e) &&
	       files_met(n, e) && libraries_met(n, e);
}
