/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's page tables: whatever they say, in any mode, a walk ends, and its
 * result is a place that the processor could address, in one page. The pages
 * that it has read are all in RAM, or the sanitizer says so.
 *
 * Input: 1 byte: bit 0, paging; bit 1, PAE; bit 2, long mode; bit 3, five
 * levels; bit 4, large pages. 8 bytes of address, 8 bytes of cr3; the first
 * pages of memory.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pv/x86.h"
#include "vm/walk.h"

#define HEAD  17
#define RAM   (UINT64_C(64) << 20)
#define BYTES 0x8000 /* of RAM that the input fills */

#define PAGE_MAX (UINT64_C(1) << 30)
#define GPA_MAX	 (UINT64_C(1) << 52)

static struct guest_mem gm;

static struct paging mode_of(uint8_t bits, uint64_t cr3)
{
	return (struct paging){
		.cr0 = CR0_PE | (bits & 1 ? CR0_PG : 0),
		.cr3 = cr3,
		.cr4 = (bits & 2 ? CR4_PAE : 0) | (bits & 8 ? CR4_LA57 : 0) |
		       (bits & 16 ? CR4_PSE : 0),
		.efer = bits & 4 ? EFER_LMA | EFER_LME : 0,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t addr, cr3, gpa, run;
	struct paging paging;
	size_t len;

	if (size < HEAD || size - HEAD > BYTES)
		return -1;
	if (!gm.base) {
		struct err e;

		if (guest_mem_init(&gm, RAM, &e))
			abort();
	}
	len = size - HEAD;
	memcpy(guest_mem_ptr(&gm, 0, BYTES), data + HEAD, len);
	memset(guest_mem_ptr(&gm, len, BYTES - len), 0, BYTES - len);
	memcpy(&addr, data + 1, sizeof(addr));
	memcpy(&cr3, data + 9, sizeof(cr3));
	paging = mode_of(data[0], cr3);
	if (!walk_linear(&gm, &paging, addr, &gpa, &run))
		return 0;
	if (!run || run > PAGE_MAX || gpa >= GPA_MAX ||
	    (gpa ^ (gpa + run - 1)) & ~(PAGE_MAX - 1) ||
	    (gpa ^ addr) & (PAGE_4K - 1))
		abort();
	return 0;
}

/* Tables at 0, 0x1000, ...; the entries for the address lead through all. */
static void seed(const char *name, uint8_t bits, uint64_t addr, unsigned levels,
		 unsigned width)
{
	uint8_t memory[BYTES] = { 0 };
	const uint64_t cr3 = 0;
	struct buf out = { 0 };

	for (unsigned i = 0; i < levels; i++) {
		unsigned entry_bits = width == 8 ? 9 : 10;
		unsigned shift = 12 + entry_bits * (levels - 1 - i);
		uint64_t n = addr >> shift & ((1u << entry_bits) - 1);
		uint64_t entry = (i + 1) * 0x1000 | PTE_P | PTE_RW;

		memcpy(memory + i * 0x1000 + n * width, &entry, width);
	}
	buf_add(&out, &bits, 1);
	buf_add(&out, &addr, sizeof(addr));
	buf_add(&out, &cr3, sizeof(cr3));
	buf_add(&out, memory, sizeof(memory));
	fuzz_seed(name, out.data, out.len);
	buf_release(&out);
}

void fuzz_seeds(void)
{
	seed("off", 0, 0x12345, 0, 4);
	seed("levels2", 1 | 16, 0xc1001004, 2, 4);
	seed("pae", 1 | 2, 0xc1001004, 3, 8);
	seed("levels4", 1 | 2 | 4, UINT64_C(0xffffffff81000010), 4, 8);
	seed("levels5", 1 | 2 | 4 | 8, UINT64_C(0xff11000000000010), 5, 8);
}
