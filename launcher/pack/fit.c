/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pack/fit.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>

#include "image/elf_tables.h"
#include "image/loadable.h"
#include "pv/stub.h"

#define PAGE	 0x1000
#define FOUR_GIB (UINT64_C(1) << 32)

/* A kernel on a 2 MiB boundary is mapped with large pages; a larger alignment
 * gains nothing. */
#define ALIGN_LOG_MAX 21
#define ALIGN_LOG_MIN 12

static uint64_t page_up(uint64_t v)
{
	return (v + PAGE - 1) & -(uint64_t)PAGE;
}

/* The stub derives the machine from the ELF class. */
static int check_machine(const struct kernel_elf *k, struct err *e)
{
	unsigned want = k->is64 ? EM_X86_64 : EM_386;

	if (k->machine == want)
		return 0;
	return err_set(e, EINVAL, "e_machine is %u, an ELF%d needs %u",
		       k->machine, k->is64 ? 64 : 32, want);
}

/* The stub reads the program headers from the first window that it inflates. */
static int check_phdrs(const struct kernel_elf *k, struct err *e)
{
	struct elf_tables t = { 0 };
	int rc = elf_tables_read(&t, k->bytes, e);
	uint64_t size = (uint64_t)t.phnum * t.phentsize;

	if (rc)
		return rc;
	if (t.phoff <= STUB_ELF_HEAD_MAX && size <= STUB_ELF_HEAD_MAX - t.phoff)
		return 0;
	return err_set(e, EINVAL,
		       "e_phoff 0x%" PRIx64 " + %u program headers end past "
		       "the first 0x%x bytes, where the stub looks for them",
		       t.phoff, t.phnum, STUB_ELF_HEAD_MAX);
}

static int check_range(const struct elf_segment *s, unsigned i, struct err *e)
{
	if (s->paddr < STUB_DEST_MIN)
		return err_set(e, EINVAL,
			       "segment %u: p_paddr 0x%" PRIx64 " is below "
			       "0x%x, where the firmware's memory ends",
			       i, s->paddr, STUB_DEST_MIN);
	if (s->paddr > STUB_DEST_MAX || s->memsz > STUB_DEST_MAX - s->paddr)
		return err_set(e, EINVAL,
			       "segment %u: p_paddr 0x%" PRIx64
			       " + p_memsz 0x%" PRIx64 " is above 0x%x, out of "
			       "the stub's reach",
			       i, s->paddr, s->memsz, STUB_DEST_MAX);
	return 0;
}

static int check_overlap(const struct kernel_elf *k, struct err *e)
{
	const struct elf_segment *s = k->segments;
	unsigned i, j;

	if (!loadable_overlap(k, &i, &j))
		return 0;
	return err_set(e, EINVAL,
		       "segments %u and %u overlap: p_paddr 0x%" PRIx64
		       " + p_memsz 0x%" PRIx64 ", p_paddr 0x%" PRIx64,
		       i, j, s[i].paddr, s[i].memsz, s[j].paddr);
}

static int check_loads(const struct kernel_elf *k, struct err *e)
{
	unsigned loads = 0;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];
		int rc;

		if (!loadable_segment(s))
			continue;
		rc = check_range(s, i, e);
		if (rc)
			return rc;
		loads++;
	}
	if (!loads)
		return err_set(e, EINVAL,
			       "every PT_LOAD has p_memsz 0: "
			       "nothing to load");
	if (loads > STUB_ELF_LOADS_MAX)
		return err_set(e, EINVAL,
			       "%u loadable segments are more than the stub's "
			       "%d",
			       loads, STUB_ELF_LOADS_MAX);
	return check_overlap(k, e);
}

/* The entry must be a loaded byte, not bss: it has to hold an instruction. */
static int check_entry(const struct kernel_elf *k, struct err *e)
{
	if (loadable_has_byte(k, k->entry))
		return 0;
	return err_set(e, EINVAL,
		       "e_entry 0x%" PRIx64 " lies in no segment's "
		       "p_paddr + p_filesz",
		       k->entry);
}

/* check_loads() has checked that it lies below 4 GiB. */
static void set_dest(struct fit *f, const struct kernel_elf *k)
{
	struct loadable_span span = loadable_span(k);

	f->dest_start = (uint32_t)span.low;
	f->dest_end = (uint32_t)(span.last + 1);
}

/*
 * The alignment of dest_start, so that pref_address can be dest_start itself:
 * rounding 1 MiB down to a multiple of 2 MiB would give page zero.
 */
static void set_pref_address(struct fit *f)
{
	f->align_log = ALIGN_LOG_MIN;
	while (f->align_log < ALIGN_LOG_MAX &&
	       !(f->dest_start & (1u << f->align_log)))
		f->align_log++;
	f->pref_address = f->dest_start & -(1u << f->align_log);
}

int fit_kernel(struct fit *f, const struct kernel_elf *k, struct err *e)
{
	int rc = check_machine(k, e) ?:
		 check_phdrs(k, e)   ?:
		 check_loads(k, e)   ?:
		 check_entry(k, e);

	if (rc)
		return rc;
	set_dest(f, k);
	set_pref_address(f);
	return 0;
}

int fit_image(uint32_t *init_size, const struct fit *f, uint64_t image_len,
	      struct err *e)
{
	uint64_t image = page_up(image_len);
	uint64_t kernel = page_up(f->dest_end - f->pref_address);
	uint64_t size = (kernel > image ? kernel : image) + image +
			STUB_WORK_SIZE + PAGE;

	if (size > FOUR_GIB - f->pref_address)
		return err_set(e, EINVAL,
			       "p_paddr + p_memsz reaches 0x%x: with the image "
			       "and the stub's working space, init_size "
			       "0x%" PRIx64 " from pref_address 0x%x on ends "
			       "above 4 GiB",
			       f->dest_end, size, f->pref_address);
	*init_size = (uint32_t)size;
	return 0;
}
