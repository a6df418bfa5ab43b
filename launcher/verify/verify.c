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
#include "image/scratch.h"
#include "pv/x86.h"
#include "run/guest.h"

/* earlyprintk sends the decompressor's messages to the serial port. */
#define VERIFY_CMDLINE "nokaslr earlyprintk=ttyS0 console=ttyS0"

/* The launcher's own load of the kernel. */
struct reference {
	struct guest_mem gm;
	struct kernel_elf elf;
};

static void reference_release(struct reference *ref)
{
	kernel_elf_release(&ref->elf);
	guest_mem_release(&ref->gm);
}

static int reference_load(struct reference *ref, const struct image *img,
			  uint64_t mem, struct err *e)
{
	const struct load_reloc stay = { 0 };
	struct load_result loaded;
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
	rc = guest_mem_init(&ref->gm, mem, e);
	if (!rc)
		rc = load_decode(img, &ref->gm, &run, e);
	if (!rc)
		rc = load_parse(&ref->elf, &run, e);
	if (!rc)
		rc = load_segments(&ref->elf, &run, &ref->gm, &stay, &loaded,
				   e);
	if (!rc && !loadable_has_byte(&ref->elf, ref->elf.entry))
		rc = err_set(e, EINVAL,
			     "e_entry 0x%" PRIx64
			     " is not the physical address of a loaded byte",
			     ref->elf.entry);
	return rc;
}

/* A relocatable kernel is loaded below its preferred address. From there it
 * decompresses itself to that address, where our own load has put it. */
static uint64_t code_address(const struct image *img)
{
	return img->hdr.relocatable ? HIMEM_START : 0;
}

static int boot_image(struct guest *g, const struct image *img,
		      const char *protocol, struct boot_result *boot,
		      struct err *e)
{
	const struct boot_request req = {
		.img = img,
		.gm = &g->m.gm,
		.map = &g->m.map,
		.protocol = protocol,
		.cmdline = VERIFY_CMDLINE,
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
	return guest_connect(g, NULL, e);
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

static int run_decompressor(struct guest *g, const struct verify_request *req,
			    const struct image *img, struct verification *v,
			    struct err *e)
{
	struct boot_result boot;
	uint64_t start;
	int rc;

	rc = open_guest(g, req, v->entry, e);
	if (!rc)
		rc = boot_image(g, img, v->protocol, &boot, e);
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

static int prove(struct verification *v, const struct verify_request *req,
		 const struct image *img, struct err *e)
{
	struct reference ref = { 0 };
	struct guest guest;
	int rc;

	guest_init(&guest);
	rc = reference_load(&ref, img, req->mem, e)
		     ?: check_flip(req, &ref.elf, e);
	if (rc)
		goto out;
	v->protocol = choose_entry(img, &ref.gm);
	v->entry = ref.elf.entry;
	rc = run_decompressor(&guest, req, img, v, e);
	if (!rc && req->flip)
		flip(&guest.m.gm, req->flip_gpa);
	if (!rc)
		rc = compare_memories(&v->result, &ref.elf, &guest.m.gm,
				      &ref.gm, e);
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
	rc = image_open(&img, req->path, e);
	if (rc)
		return rc;
	rc = prove(v, req, &img, e);
	if (rc) {
		err_prefix(e, rc, "%s", req->path);
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
