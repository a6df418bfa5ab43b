/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole boot up to the first instruction, without KVM: decode, plan, load,
 * relocate, hand over.
 *
 * Beyond not crashing: `inspect` predicts what the run does (see
 * support/plan_run.h); and after a success, all that was put into guest memory
 * lies in RAM, no two things in the same place, and the first instruction is in
 * something that was loaded.
 *
 * Input: 1 byte, the protocol; 1 byte, 0 or the seed for KASLR; the image.
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/plan_run.h"
#include "support/tight.h"
#include "support/uki_builder.h"

#define HEAD 2
#define RAM  (UINT64_C(64) << 20)

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void check_entry(const struct memory_map *map,
			const struct cpu_entry *cpu)
{
	uint64_t at = cpu_entry_address(cpu);
	bool is_loaded = false;

	for (unsigned i = 0; i < map->count; i++) {
		const struct map_range *r = &map->list[i];

		is_loaded |= r->kind >= RANGE_TEXT && r->kind <= RANGE_IMAGE &&
			     at - r->gpa < r->size;
	}
	claim(is_loaded);
}

static const char *protocol_of(uint8_t n)
{
	n %= BOOT_PROTOCOLS + 1;
	return n == BOOT_PROTOCOLS ? "auto" : boot_protocols[n].name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan_run_result r;
	struct guest_mem gm;
	struct plan_run t = { .gm = &gm };
	struct err e;

	if (size < HEAD)
		return -1;
	/* Small pages, of which a boot touches few. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	claim(!guest_mem_init(&gm, RAM, &e));
	t.protocol = protocol_of(data[0]);
	t.wish.mode = data[1] ? KASLR_SEED : KASLR_OFF;
	t.wish.seed = data[1];
	t.file = tight(data + HEAD, size - HEAD);
	if (plan_run(&t, &r)) {
		if (r.differs)
			puts(r.text);
		claim(!r.differs);
		claim(!r.rc || r.e.msg[0]);
		if (!r.rc) {
			claim(!misplaced(&r.places, &gm));
			check_entry(&r.places, &r.boot.cpu);
		}
	}
	tight_free(t.file);
	guest_mem_release(&gm);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	if (fuzz_is_plain(seed) || size <= HEAD)
		return LLVMFuzzerMutate(data, size, max);
	if (!fuzz_random(8)) {
		data[fuzz_random(HEAD)] = (uint8_t)fuzz_random(256);
		return size;
	}
	return HEAD + fuzz_mutate_image(data + HEAD, size - HEAD, max - HEAD);
}

/* One for each protocol, at its own place and at a random one. */
static void seed(const char *name, const struct buf *image)
{
	for (uint8_t protocol = 0; protocol <= BOOT_PROTOCOLS; protocol++)
		for (uint8_t random = 0; random <= 1; random++) {
			const uint8_t head[HEAD] = { protocol, random };
			struct buf b = { 0 };
			char path[64];

			buf_add(&b, head, HEAD);
			buf_add(&b, image->data, image->len);
			snprintf(path, sizeof(path), "%s-%u-%u", name, protocol,
				 random);
			fuzz_seed(path, b.data, b.len);
			buf_release(&b);
		}
}

/* The builder's PHYS32_ENTRY is behind its text, of which there is more now. */
static void contain_pvh_entry(struct buf *elf, bool is32)
{
	const size_t phdr = is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
	const size_t filesz = phdr + (is32 ? offsetof(Elf32_Phdr, p_filesz)
					   : offsetof(Elf64_Phdr, p_filesz));
	const size_t memsz = phdr + (is32 ? offsetof(Elf32_Phdr, p_memsz)
					  : offsetof(Elf64_Phdr, p_memsz));
	const size_t width = is32 ? 4 : 8;

	elf_patch(elf, filesz, width, 0x100);
	elf_patch(elf, memsz, width, 0x100);
}

void fuzz_seeds(void)
{
	/* The words that are moved are at the beginning of the text. */
	static const uint32_t lists[] = { 0,	      0x81000008, 0,
					  0x81000020, 0,	  0x81000030 };
	static const char *const names[] = { "elf64", "elf32" };

	for (int is32 = 0; is32 <= 1; is32++) {
		struct buf elf = { 0 }, bz = { 0 }, uki = { 0 };
		char name[32];

		elf_small_kernel(&elf, is32);
		contain_pvh_entry(&elf, is32);
		seed(names[is32], &elf);
		if (!is32)
			buf_add(&elf, lists, sizeof(lists));
		bzimage_of_elf(&elf, "lz4", &bz);
		snprintf(name, sizeof(name), "bz-%s", names[is32]);
		seed(name, &bz);
		uki_build(&bz, &elf, "console=ttyS0", &uki);
		snprintf(name, sizeof(name), "uki-%s", names[is32]);
		seed(name, &uki);
		buf_release(&elf);
		buf_release(&bz);
		buf_release(&uki);
	}
}
