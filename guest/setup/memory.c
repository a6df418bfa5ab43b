/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory there is, asked in three ways, newest first.
 *
 * INT 15h E820 gives a map. Where it does not exist, E801 or 88 give one size
 * each; with INT 12h, a map of two entries is made from them, so that later
 * code always has a map.
 *
 * Spec: ACPI, "INT 15H, E820H"; Ralf Brown's interrupt list.
 */
#include "bios.h"
#include "lib/load.h"
#include "lib/string.h"
#include "setup.h"

#define SMAP	     0x534d4150
#define INT_MEMORY   0x15
#define INT_LOW_SIZE 0x12
#define ONE_MIB	     0x100000
#define LOW_MAX_KIB  640
#define KIB_15_MIB   (15 * 1024)

static void add_entry(const uint8_t *entry)
{
	uint8_t *count = &boot_params[BP_E820_ENTRIES];

	memcpy(boot_params + BP_E820_TABLE + *count * E820_ENTRY_SIZE, entry,
	       E820_ENTRY_SIZE);
	(*count)++;
}

/*
 * If the signature is missing in one call, the whole map is ignored. A list
 * that never ends is cut off.
 */
static void detect_e820(void)
{
	static uint8_t entry[E820_ENTRY_SIZE];
	struct bios_regs r;
	uint32_t next = 0;

	do {
		r = (struct bios_regs){ .ax = 0xe820,
					.bx = next,
					.cx = sizeof(entry),
					.dx = SMAP,
					.di = (uintptr_t)entry,
					.es = own_segment() };
		bios_call(INT_MEMORY, &r);
		if (bios_carry(&r))
			break;
		if (r.ax != SMAP) {
			boot_params[BP_E820_ENTRIES] = 0;
			break;
		}
		add_entry(entry);
		next = r.bx;
	} while (next && boot_params[BP_E820_ENTRIES] < E820_MAX_ENTRIES_ZP);
}

/* KiB above 1 MiB; 0: not known. Some answer in CX and DX, some in AX, BX. */
static uint32_t size_e801(void)
{
	struct bios_regs r = { .ax = 0xe801 };
	uint32_t to_16_mib, above;

	bios_call(INT_MEMORY, &r);
	if (bios_carry(&r))
		return 0;
	to_16_mib = r.ax & 0xffff;
	above = r.bx & 0xffff;
	if ((r.cx | r.dx) & 0xffff) {
		to_16_mib = r.cx & 0xffff;
		above = r.dx & 0xffff;
	}
	if (to_16_mib > KIB_15_MIB)
		return 0;
	/* A hole below 16 MiB: what is above it cannot be described. */
	return to_16_mib == KIB_15_MIB ? to_16_mib + above * 64 : to_16_mib;
}

static uint32_t size_88(void)
{
	struct bios_regs r = { .ax = 0x8800 };

	bios_call(INT_MEMORY, &r);
	return bios_carry(&r) ? 0 : r.ax & 0xffff;
}

static uint32_t size_low(void)
{
	struct bios_regs r = { 0 };
	uint32_t kib;

	bios_call(INT_LOW_SIZE, &r);
	kib = r.ax & 0xffff;
	return kib && kib < LOW_MAX_KIB ? kib : LOW_MAX_KIB;
}

static void add_ram(uint32_t start, uint32_t kib)
{
	uint8_t entry[E820_ENTRY_SIZE] = { 0 };

	store32(entry, 0, start);
	store32(entry, 8, kib << 10);
	store32(entry, 12, kib >> 22);
	store32(entry, 16, E820_RAM);
	add_entry(entry);
}

void memory_detect(void)
{
	uint32_t kib_e801 = size_e801(), kib_88 = size_88();

	store32(boot_params, BP_ALT_MEM_K, kib_e801);
	boot_params[BP_EXT_MEM_K] = (uint8_t)kib_88;
	boot_params[BP_EXT_MEM_K + 1] = (uint8_t)(kib_88 >> 8);

	detect_e820();
	if (boot_params[BP_E820_ENTRIES])
		return;
	add_ram(0, size_low());
	if (kib_e801 || kib_88)
		add_ram(ONE_MIB, kib_e801 ? kib_e801 : kib_88);
}
