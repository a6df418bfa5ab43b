/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints one line for each thing that was given. Tests match these lines, so
 * their form must not change.
 */
#include "lib/crc32.h"
#include "lib/say.h"
#include "pv/bootparam.h"
#include "report.h"
#include "selfcheck.h"

typedef unsigned long long ull;

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[E820_RAM] = "ram",	      [E820_RESERVED] = "reserved",
		[E820_ACPI] = "acpi",	      [E820_NVS] = "nvs",
		[E820_UNUSABLE] = "unusable",
	};

	return type < sizeof(names) / sizeof(names[0]) && names[type]
		       ? names[type]
		       : "unknown";
}

static void report_ranges(const struct boot *b)
{
	for (unsigned i = 0; i < b->ranges_count; i++) {
		const struct range *r = &b->ranges[i];

		say("map: 0x%llx-0x%llx %s\n", (ull)r->start,
		    (ull)(r->start + r->len - 1), type_name(r->type));
	}
}

static uint32_t crc_of(const void *data, size_t len)
{
	static struct crc32_table table;

	crc32_table_init(&table);
	return crc32_update(&table, 0, data, len);
}

/* The 32-bit kernel can only see modules that lie below 4 GiB whole. */
static void report_module(const char *name, const struct module *m)
{
	uint64_t last = m->gpa + m->len - 1;

	say("%s: 0x%llx, 0x%llx bytes, ", name, (ull)m->gpa, (ull)m->len);
	if (last >> 32)
		say("above 4 GiB\n");
	else
		say("crc32 %08x\n",
		    crc_of((const void *)(uintptr_t)m->gpa, (size_t)m->len));
	if (m->cmdline)
		say("%s cmdline: %s\n", name, m->cmdline);
}

/* What a loader has randomised, if it has. */
static void report_kaslr(const struct boot *b)
{
	const uint8_t *data;

	if (selfcheck_slide())
		say("kaslr: moved by 0x%llx\n", (ull)selfcheck_slide());
	if (!boot_is_linux(b) || !(b->params[HDR_LOADFLAGS] & KASLR_FLAG))
		return;
	say("kaslr: flag\n");
	data = (const uint8_t *)(uintptr_t)load64(b->params, HDR_SETUP_DATA);
	if (data && load32(data, SETUP_DATA_TYPE) == SETUP_RNG_SEED)
		say("kaslr: rng seed crc32 %08x\n",
		    crc_of(data + SETUP_DATA_DATA,
			   load32(data, SETUP_DATA_LEN)));
}

void report_boot(const struct boot *b)
{
	say("entered: %s\n", boot_how_name(b->how));
	say("loaded: 0x%llx\n", (ull)b->entry->loaded);
	report_kaslr(b);
	if (b->is_magic_wrong)
		say("%s: wrong magic number\n",
		    boot_is_linux(b) ? "boot_params" : "start info");
	say("cmdline: %s\n", b->cmdline);
	report_ranges(b);
	if (b->modules_count)
		report_module("initrd", &b->modules[0]);
	else
		say("initrd: none\n");
	for (unsigned i = 1; i < b->modules_count; i++)
		report_module("module", &b->modules[i]);
	say("rsdp: 0x%llx\n", (ull)b->rsdp);
}
