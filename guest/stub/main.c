/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decompressor stub: from a loaded bzImage to a running kernel.
 *
 *   head.S       the entries, to 32-bit protected mode; moves the image
 *   stub_place   where to (place.c)
 *   stub_main    inflate (lib/), segments (load.c), page tables, enter.S
 *
 * Everything is 32-bit code with paging off, whichever entry was used: one
 * inflate and one ELF loader serve both kinds of kernel, and an ELF32 is
 * entered without ever being in long mode. Neither the loader's boot_params nor
 * the payload is trusted. Only errors are printed: the reason goes to the
 * serial port and the screen, and to the test port if it exists.
 *
 * Spec: Linux boot.rst.
 */
#include "fault.h"
#include "lib/cpuid.h"
#include "lib/inflate.h"
#include "lib/io.h"
#include "lib/load.h"
#include "lib/say.h"
#include "lib/serial.h"
#include "lib/string.h"
#include "load.h"
#include "place.h"
#include "pv/stub.h"
#include "pv/testport.h"
#include "pv/x86.h"
#include "screen.h"
#include "stub.h"

#define TABLE_ENTRIES 512
#define STACK_MIN     0x2000 /* of the work area, for stub_main() */

/* The work area behind the image. */
struct work {
	uint64_t pml4[TABLE_ENTRIES];
	uint64_t pdpt[TABLE_ENTRIES];
	uint64_t pd[4 * TABLE_ENTRIES]; /* 4 GiB in 2 MiB pages */
	struct inflate inflate;
	struct load load;
};
_Static_assert(sizeof(struct work) + STACK_MIN <= STUB_WORK_SIZE,
	       "the work area is too small");

static __attribute__((noreturn)) void give_up(const struct fault *f)
{
	serial_init();
	say("\nstub: %s", f->what);
	if (f->found || f->limit)
		say(" 0x%llx, limit 0x%llx", (unsigned long long)f->found,
		    (unsigned long long)f->limit);
	say("\nstub: the kernel cannot be started\n");
	outl(TESTPORT_EXIT, TESTPORT_FAIL_STUB);
	cpu_stop();
}

/* The setup code has already said 16. */
static void leave_mark(uint8_t *bp, uint32_t bits)
{
	if (load32(bp, BP_STUB_MARK) == STUB_MARK_MAGIC &&
	    load32(bp, BP_STUB_MARK_BITS) == 16)
		return;
	store32(bp, BP_STUB_MARK, STUB_MARK_MAGIC);
	store32(bp, BP_STUB_MARK_BITS, bits);
}

uint32_t stub_place(uint32_t here, uint8_t *boot_params, uint32_t bits)
{
	const uint8_t *stub = (const uint8_t *)here;
	struct place p = {
		.here = here,
		.image_len = load32(stub, STUB_INFO_IMAGE_LEN),
		.dest_start = load32(stub, STUB_INFO_DEST_START),
		.dest_end = load32(stub, STUB_INFO_DEST_END),
	};
	struct fault f;
	uint64_t to;

	screen_init(boot_params);
	leave_mark(boot_params, bits);
	if (!place_choose(&p, boot_params, &to, &f))
		give_up(&f);
	return (uint32_t)to;
}

static void load_kernel(const uint8_t *stub, struct work *w)
{
	struct inflate *in = &w->inflate;
	struct fault f = { 0 };

	w->load.limits = (struct elf_limits){
		.elf_len = load32(stub, STUB_INFO_ELF_LEN),
		.dest_start = load32(stub, STUB_INFO_DEST_START),
		.dest_end = load32(stub, STUB_INFO_DEST_END),
	};
	w->load.pos = 0;
	w->load.fault = f;

	in->in = stub + load32(stub, STUB_INFO_PAYLOAD_OFFSET);
	in->in_len = load32(stub, STUB_INFO_PAYLOAD_LEN);
	in->out_max = load32(stub, STUB_INFO_ELF_LEN);
	in->sink = load_take;
	in->sink_ctx = &w->load;
	f.what = inflate_gzip(in);
	if (w->load.fault.what)
		give_up(&w->load.fault);
	if (f.what)
		give_up(&f);
	if (!load_finish(&w->load))
		give_up(&w->load.fault);
}

/* boot.rst, 64-bit entry: an identity map, of all that is below 4 GiB. */
static void build_page_tables(struct work *w)
{
	uint32_t pdpt = (uint32_t)w->pdpt, pd = (uint32_t)w->pd;

	memset(w->pml4, 0, sizeof(w->pml4));
	memset(w->pdpt, 0, sizeof(w->pdpt));
	w->pml4[0] = pdpt | PTE_P | PTE_RW;
	for (unsigned i = 0; i < 4; i++)
		w->pdpt[i] = (pd + i * PAGE_4K) | PTE_P | PTE_RW;
	for (unsigned i = 0; i < 4 * TABLE_ENTRIES; i++)
		w->pd[i] = (uint64_t)i * PAGE_2M | PTE_P | PTE_RW | PTE_PS;
}

void stub_main(uint32_t here, uint8_t *boot_params, void *work)
{
	struct work *w = work;
	struct fault f;

	load_kernel((const uint8_t *)here, w);
	if (!w->load.elf.is_64)
		enter_elf32((uint32_t)w->load.elf.entry, boot_params);
	if (!cpu_has_long_mode()) {
		fault_set(&f, "the processor cannot run a 64-bit kernel", 0, 0);
		give_up(&f);
	}
	build_page_tables(w);
	enter_elf64((uint32_t)w->load.elf.entry, boot_params, w->pml4);
}
