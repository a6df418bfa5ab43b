/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "boot/boot.h"
#include "image/loadable.h"
#include "image/relocs.h"
#include "image/scratch.h"
#include "pv/x86.h"
#include "run/guest.h"

/* earlyprintk sends the decompressor's messages to the serial port. */
#define RANDOM_CMDLINE "earlyprintk=ttyS0 console=ttyS0"
#define VERIFY_CMDLINE "nokaslr " RANDOM_CMDLINE

/* Slides beyond this are not KASLR's. */
#define SLIDE_MAX (UINT64_C(1) << 30)

/* The launcher's own load of the kernel. */
struct reference {
	struct guest_mem gm;
	struct kernel_elf elf;
	uint64_t low;		  /* the kernel's lowest byte */
	uint64_t len;		  /* up to its highest one */
	struct reloc_lists lists; /* with --kaslr only */
};

static void reference_release(struct reference *ref)
{
	reloc_lists_release(&ref->lists);
	kernel_elf_release(&ref->elf);
	guest_mem_release(&ref->gm);
}

/* The lists, before loading destroys them. */
static int copy_lists(struct reference *ref, struct err *e)
{
	struct relocs found;
	int rc = relocs_find(&found, &ref->elf, e);

	if (!rc && !found.present)
		rc = err_set(e, EINVAL, "no relocation lists follow the ELF");
	if (!rc)
		rc = relocs_copy(&ref->lists, &found, &ref->elf, e);
	return rc ? err_prefix(e, rc, "--kaslr") : 0;
}

static int reference_load(struct reference *ref, const struct image *img,
			  const struct verify_request *req, struct err *e)
{
	const struct load_aim aim = { .lists = req->kaslr };
	const struct load_reloc stay = { 0 };
	struct load_result loaded = { 0 };
	struct load_run run;
	int rc;

	if (img->kind != IMAGE_BZIMAGE)
		return err_set(e, EINVAL,
			       "not a bzImage: it has no decompressor to "
			       "compare with");
	if (!img->has_payload) {
		*e = img->no_payload;
		return -EINVAL;
	}
	rc = guest_mem_init(&ref->gm, req->mem, e);
	if (!rc)
		rc = load_decode_for(img, &ref->gm, &aim, &run, e);
	if (!rc)
		rc = load_parse(&ref->elf, &run, e);
	if (!rc && req->kaslr)
		rc = copy_lists(ref, e);
	if (!rc)
		rc = load_segments(&ref->elf, &run, &ref->gm, &stay, &loaded,
				   e);
	if (!rc && !loadable_has_byte(&ref->elf, ref->elf.entry))
		rc = err_set(e, EINVAL,
			     "e_entry 0x%" PRIx64
			     " is not the physical address of a loaded byte",
			     ref->elf.entry);
	ref->low = loaded.low;
	ref->len = loaded.high - loaded.low;
	return rc;
}

/*
 * With KASLR, the decompressor chooses the virtual and the physical address.
 * The guest can only be stopped at an entry whose page is known before, so its
 * memory map leaves one place that is large enough:
 *
 *   | RAM: the image's code, and room to unpack | reserved | RAM | reserved |
 *   1 MiB                       pref_address + init_size     ^ gpa
 *
 * It would also fit where it prefers to be, but there, the decompressor itself
 * is in the way.
 */
static int one_place(const struct image *img, const struct reference *ref,
		     uint64_t *gpa, struct e820 *map, struct err *e)
{
	const uint64_t mask = PAGE_2M - UINT64_C(1);
	uint64_t align = img->hdr.kernel_alignment > PAGE_2M
				 ? img->hdr.kernel_alignment
				 : PAGE_2M;
	uint64_t need = ref->len > img->payload.size ? ref->len
						     : img->payload.size;
	uint64_t work = img->hdr.pref_address + img->hdr.init_size + mask;
	uint64_t end;

	need = (need + mask) & ~mask;
	work &= ~mask;
	*gpa = (work + align) / align * align;
	end = *gpa + need;
	if (end > ref->gm.low_size)
		return err_set(e, ENOSPC,
			       "--kaslr: the decompressor needs memory up to "
			       "0x%" PRIx64 ", RAM below 4 GiB ends at "
			       "0x%" PRIx64 "; give it more with --mem",
			       end, ref->gm.low_size);
	*map = (struct e820){
		.entries = {
			{ 0, LOWMEM_END, E820_RAM },
			{ LOWMEM_END, LEGACY_START - LOWMEM_END,
			  E820_RESERVED },
			{ FIRMWARE_START, HIMEM_START - FIRMWARE_START,
			  E820_RESERVED },
			{ HIMEM_START, work - HIMEM_START, E820_RAM },
			{ work, *gpa - work, E820_RESERVED },
			{ *gpa, need, E820_RAM },
		},
		.count = 6,
	};
	return 0;
}

/* Which slide the decompressor chose: what it added to the first 64-bit word.
 * If this is wrong, the comparison finds that. */
static int find_slide(const struct reference *ref, const struct guest_mem *gm,
		      uint64_t delta, uint64_t *slide, struct err *e)
{
	uint64_t at, theirs, ours;
	int rc;

	if (!relocs_first(&ref->lists, &at))
		return err_set(e, ENODATA,
			       "--kaslr: no 64-bit relocation tells the slide");
	rc = guest_mem_read(&ref->gm, at, &ours, sizeof(ours),
			    "the first relocation", e);
	if (!rc)
		rc = guest_mem_read(gm, at + delta, &theirs, sizeof(theirs),
				    "the first relocation", e);
	if (rc)
		return rc;
	*slide = theirs - ours;
	if (*slide >= SLIDE_MAX || *slide % PAGE_2M)
		return err_set(e, ENODATA,
			       "--kaslr: the decompressor has moved the first "
			       "64-bit word, at 0x%" PRIx64 ", by 0x%" PRIx64
			       ", which is not a slide",
			       at, *slide);
	return 0;
}

/* Move our own kernel in the same way. */
static int follow_slide(struct reference *ref, const struct guest_mem *gm,
			struct verification *v, struct err *e)
{
	uint64_t delta = v->kernel_gpa - ref->low;
	uint8_t *memory = guest_mem_ptr(&ref->gm, ref->low, ref->len);
	int rc;

	assert(memory);
	rc = find_slide(ref, gm, delta, &v->slide, e);
	if (rc)
		return rc;
	log_step("the decompressor chose the slide 0x%" PRIx64, v->slide);
	return relocs_apply(&ref->lists, memory, ref->low, ref->len, v->slide,
			    e);
}

/* A relocatable kernel is loaded below its preferred address. From there it
 * decompresses itself to that address, where our own load has put it. */
static uint64_t code_address(const struct image *img)
{
	return img->hdr.relocatable ? HIMEM_START : 0;
}

static int boot_image(struct guest *g, const struct image *img,
		      const char *protocol, const struct e820 *map,
		      struct boot_result *boot, struct err *e)
{
	const struct boot_request req = {
		.img = img,
		.gm = &g->m.gm,
		.map = map ? map : &g->m.map,
		.protocol = protocol,
		.cmdline = map ? RANDOM_CMDLINE : VERIFY_CMDLINE,
		.rsdp = g->m.rsdp,
		.code_gpa = code_address(img),
	};

	return boot_prepare(&req, boot, e);
}

/* A machine in which the page of @entry can be reached, but not executed. */
static int open_guest(struct guest *g, const struct verify_request *req,
		      uint64_t entry, struct err *e)
{
	const struct machine_config config = { .mem_size = req->mem,
					       .cpus = 1 };
	int rc;

	rc = guest_open(g, &config, req->timeout_ns, e);
	if (rc)
		return rc;
	g->m.trap_gpa = entry & ~(PAGE_4K - UINT64_C(1));
	/* This guest has no console: stdout is for the result. */
	g->session.input.fd = -1;
	g->session.output.fd = -1;
	if (req->kvm->fd < 0) {
		*e = req->no_kvm;
		return -EIO;
	}
	return guest_connect(g, req->kvm, e);
}

/* Check that the guest stopped at the expected place; if not, say why. */
static int check_stop(struct guest *g, uint64_t entry, struct err *e)
{
	const struct vcpu_result *r = &g->m.results[0];
	struct verdict verdict;

	if (r->end == VCPU_INTERNAL_ERROR && r->where.known &&
	    r->where.rip == entry)
		return 0;
	guest_verdict(g, &verdict);
	return err_set(e, ENODATA,
		       "the image's own decompressor did not reach its "
		       "kernel's entry 0x%" PRIx64 ": %s",
		       entry, verdict.line);
}

/* @map: the memory map of one_place(), or NULL. */
static int run_decompressor(struct guest *g, const struct verify_request *req,
			    const struct image *img, const struct e820 *map,
			    struct verification *v, struct err *e)
{
	struct boot_result boot;
	uint64_t start;
	int rc;

	rc = open_guest(g, req, v->entry, e);
	if (!rc)
		rc = boot_image(g, img, v->protocol, map, &boot, e);
	start = clock_ns();
	if (!rc)
		rc = guest_run(g, &boot.cpu, e);
	if (rc)
		return rc;
	v->guest_ns = clock_ns() - start;
	v->trap_exits = g->m.trap_exits;
	log_step("guest stopped after %" PRIu64 " ms and %" PRIu64
		 " accesses to its entry's page",
		 v->guest_ns / 1000000, v->trap_exits);
	return check_stop(g, v->entry, e);
}

/* Where the image's decompressor is entered. */
static const char *choose_entry(const struct image *img,
				const struct guest_mem *gm)
{
	struct boot_facts facts;
	struct boot_plan plan;
	struct err e;

	boot_facts_read(&facts, img, NULL, &img->no_payload, gm);
	facts.code_gpa = code_address(img);
	return boot_plan_make(&plan, &facts, "linux64", &e) ? "linux32"
							    : "linux64";
}

/* An error lists at most this many segments; a kernel has four or five. */
#define LISTED_MAX 16

/* "0x1000000 to 0x1200000, 0x1400000 to ..." */
static void list_segments(char *buf, size_t size, const struct kernel_elf *k)
{
	unsigned listed = 0;
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < k->segments_count && at < size; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (!loadable_segment(s))
			continue;
		if (listed == LISTED_MAX) {
			snprintf(buf + at, size - at, ", ...");
			return;
		}
		at += (size_t)snprintf(
			buf + at, size - at, "%s0x%" PRIx64 " to 0x%" PRIx64,
			listed ? ", " : "", s->paddr, s->paddr + s->memsz);
		listed++;
	}
}

/* Only segments are compared: a difference in any other byte would go
 * unnoticed. */
static int check_flip(const struct verify_request *req,
		      const struct kernel_elf *k, struct err *e)
{
	char list[LISTED_MAX * sizeof("0x0123456789abcdef to "
				      "0x0123456789abcdef, ")];

	if (!req->flip)
		return 0;
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];

		if (loadable_segment(s) && req->flip_gpa >= s->paddr &&
		    req->flip_gpa - s->paddr < s->memsz)
			return 0;
	}
	list_segments(list, sizeof(list), k);
	return err_set(e, EFAULT,
		       "--flip 0x%" PRIx64
		       " is outside the kernel's segments (%s)",
		       req->flip_gpa, list);
}

static void flip(const struct guest_mem *gm, uint64_t gpa)
{
	uint8_t *p = guest_mem_ptr(gm, gpa, 1);

	assert(p);
	*p = (uint8_t) ~*p;
}

/* A kernel without names is not an error. */
static int read_symbols(struct verification *v, const struct image *img,
			const struct kernel_elf *head, struct err *e)
{
	struct scratch decoded = { 0 };
	struct kernel_elf elf = *head;
	struct err ignored;
	int rc = scratch_decode(&decoded, img, e);

	elf.bytes = decoded.bytes;
	if (!rc && symtab_read(&v->symbols, decoded.bytes, &ignored))
		(void)kallsyms_read_elf(&v->own, &elf, &ignored);
	scratch_release(&decoded);
	return rc;
}

/* Run the decompressor, and make the launcher's kernel what it must be. */
static int run_both(struct verification *v, const struct verify_request *req,
		    const struct image *img, struct guest *guest,
		    struct reference *ref, struct err *e)
{
	struct e820 map;
	int rc = 0;

	v->protocol = choose_entry(img, &ref->gm);
	v->kaslr = req->kaslr;
	v->kernel_gpa = ref->low;
	if (req->kaslr)
		rc = one_place(img, ref, &v->kernel_gpa, &map, e);
	v->entry = ref->elf.entry + v->kernel_gpa - ref->low;
	if (!rc)
		rc = run_decompressor(guest, req, img, req->kaslr ? &map : NULL,
				      v, e);
	if (!rc && req->kaslr)
		rc = follow_slide(ref, &guest->m.gm, v, e);
	return rc;
}

static int prove(struct verification *v, const struct verify_request *req,
		 const struct image *img, struct err *e)
{
	struct reference ref = { 0 };
	struct guest guest = { 0 };
	uint64_t delta;
	int rc;

	guest_init(&guest);
	rc = reference_load(&ref, img, req, e) ?: check_flip(req, &ref.elf, e);
	if (!rc)
		rc = run_both(v, req, img, &guest, &ref, e);
	if (rc)
		goto out;
	delta = v->kernel_gpa - ref.low;
	if (req->flip)
		flip(&guest.m.gm, req->flip_gpa + delta);
	rc = compare_memories(&v->result, &ref.elf, &guest.m.gm, delta, &ref.gm,
			      e);
	if (!rc && v->result.different)
		rc = read_symbols(v, img, &ref.elf, e);
out:
	guest_release(&guest);
	reference_release(&ref);
	return rc;
}

int verify_image(struct verification *v, const struct verify_request *req,
		 struct err *e)
{
	struct image img;
	int rc;

	*v = (struct verification){ 0 };
	rc = image_read(&img, req->image, e);
	if (rc)
		return rc;
	rc = prove(v, req, &img, e);
	if (rc) {
		err_prefix(e, rc, "%s", req->image->name);
		verification_release(v);
	}
	image_close(&img);
	return rc;
}

void verification_release(struct verification *v)
{
	comparison_release(&v->result);
	symtab_release(&v->symbols);
	kallsyms_release(&v->own);
}
