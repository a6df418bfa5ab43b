/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "pv/x86.h"

#define ZIMAGE_GPA  0x10000
#define ZIMAGE_ROOM 0x80000 /* up to its setup code */

/*
 * What a kernel without init_size (before 2.10, Linux 2.6.31) is taken to
 * need, in lengths of its code. Those kernels are packed with gzip to a third
 * or, the last of them, with lzma to a fifth; bss, the page tables behind it
 * and the decompressor's own needs are the rest.
 */
#define ASSUMED_GROWTH 8

/* How each protocol is entered. The ELF ones start at the ELF's own entry,
 * the others at an offset of the bzImage's protected-mode code. */
static const struct {
	uint32_t code_entry;
	int (*enter)(const struct boot_handover *h, struct cpu_entry *cpu,
		     struct err *e);
} entries[BOOT_PROTOCOLS] = {
	[BOOT_PVH] = { 0, entry_pvh },
	[BOOT_ELF64] = { 0, entry_linux64 },
	[BOOT_ELF32] = { 0, entry_linux32 },
	[BOOT_LINUX64] = { LINUX_ENTRY64_OFFSET, entry_linux64 },
	[BOOT_LINUX32] = { LINUX_ENTRY32_OFFSET, entry_linux32 },
	[BOOT_LINUX16] = { 0, entry_linux16 },
};

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Whether the user asked for a protocol that never looks at the payload. */
static bool skips_payload(const struct boot_request *req)
{
	for (unsigned i = 0; req->protocol && i < BOOT_PROTOCOLS; i++)
		if (!strcmp(req->protocol, boot_protocols[i].name))
			return !boot_protocols[i].loads_elf;
	return false;
}

/*
 * Decode the payload and read the ELF where it now lies. An image without a
 * usable payload is no failure: *@elf becomes NULL, the reason goes to
 * @no_elf and the plan has the bzImage alone to go by. A payload that is
 * there and damaged is one.
 */
static int read_elf(const struct boot_request *req, struct load_run *run,
		    struct kernel_elf *parsed, const struct kernel_elf **elf,
		    struct err *no_elf, struct err *e)
{
	int rc;

	*elf = NULL;
	if (!req->img->has_payload && req->img->payload_damaged) {
		*e = req->img->no_payload;
		return -EILSEQ;
	}
	if (!req->img->has_payload) {
		*no_elf = req->img->no_payload;
		return 0;
	}
	if (skips_payload(req)) {
		err_set(no_elf, EINVAL, "--boot %s leaves the payload alone",
			req->protocol);
		return 0;
	}
	rc = load_decode(req->img, req->gm, run, e);
	if (!rc)
		rc = kernel_elf_parse(parsed, load_run_bytes(run, req->gm), e);
	if (rc)
		return rc;
	*elf = parsed;
	log_step("decoded %zu bytes (%s) at 0x%" PRIx64, run->len,
		 req->img->payload.format->name, run->gpa);
	return 0;
}

static int load_elf(const struct boot_request *req,
		    const struct boot_facts *facts, const struct load_run *run,
		    struct boot_result *r, struct boot_handover *h,
		    struct err *e)
{
	enum boot_id id = r->plan.chosen;
	struct load_reloc reloc = boot_plan_reloc(facts, id);
	uint64_t entry = id == BOOT_PVH ? facts->notes.phys32_entry
					: facts->elf->entry;
	unsigned first = memory_map_count(req->places);
	struct load_result loaded = { 0 };
	int rc;

	/* Their names are gone once they are loaded. */
	memory_map_add_segments(req->places, facts->elf);
	rc = load_segments(facts->elf, run, req->gm, &reloc, &loaded, e);
	if (rc) {
		memory_map_cut(req->places, first);
		return rc;
	}
	memory_map_move(req->places, first, loaded.delta);
	h->entry = entry + loaded.delta;
	r->delta = loaded.delta;
	r->kernel = (struct boot_range){
		loaded.low,
		max64(loaded.high - loaded.low, req->img->hdr.init_size),
	};
	memory_map_add(req->places, RANGE_ROOM, loaded.high,
		       loaded.low + r->kernel.size - loaded.high,
		       "room to start");
	log_step("loaded %" PRIu64 " bytes of segments at 0x%" PRIx64
		 " to 0x%" PRIx64 "%s",
		 loaded.bytes, loaded.low, loaded.high,
		 loaded.delta ? ", moved from where they were linked" : "");
	return 0;
}

/*
 * Where the protected-mode code goes (boot.rst, "relocatable_kernel",
 * "pref_address"): a relocatable kernel at its preferred address, or as low
 * as it may; any other where its header says.
 */
static uint64_t code_address(const struct setup_header *h,
			     const struct guest_mem *gm, uint64_t room)
{
	uint64_t align = h->kernel_alignment ? h->kernel_alignment : 1;

	if (!h->relocatable)
		return h->code32_start;
	if (h->pref_address >= HIMEM_START &&
	    guest_mem_is_low(gm, h->pref_address, room))
		return h->pref_address;
	return (HIMEM_START + align - 1) / align * align;
}

/* A zImage's code lies below its setup code (boot.rst, "LOADING THE REST OF
 * THE KERNEL"). */
static int load_zimage(const struct boot_request *req, struct boot_result *r,
		       struct boot_handover *h, struct err *e)
{
	const struct setup_header *hdr = &req->img->hdr;
	uint64_t len = req->img->bytes.len - hdr->code_off;
	int rc;

	if (len > ZIMAGE_ROOM)
		return err_set(e, EFBIG,
			       "a zImage of %" PRIu64
			       " bytes of code, there is room for %d",
			       len, ZIMAGE_ROOM);
	rc = guest_mem_write(req->gm, ZIMAGE_GPA,
			     req->img->bytes.data + hdr->code_off, len,
			     "protected-mode code", e);
	/* It decompresses itself to 1 MiB, who knows how far. */
	r->kernel = (struct boot_range){ HIMEM_START,
					 ZIMAGE_ROOM * ASSUMED_GROWTH };
	h->code_gpa = ZIMAGE_GPA;
	if (rc)
		return rc;
	memory_map_add(req->places, RANGE_IMAGE, ZIMAGE_GPA, len,
		       "bzImage code");
	memory_map_add(req->places, RANGE_ROOM, r->kernel.gpa, r->kernel.size,
		       "room to unpack");
	return 0;
}

/*
 * Where the room ends that the kernel has to itself while it starts, its
 * @len bytes of code at @gpa and the kernel running at @run. An assumed size
 * keeps the initrd away and refuses nothing: RAM may end before it.
 */
static uint64_t kernel_end(const struct setup_header *h, uint64_t gpa,
			   uint64_t run, uint64_t len)
{
	uint64_t need = h->init_size ? h->init_size : len * ASSUMED_GROWTH;

	return max64(gpa + len, run + need);
}

static int load_code(const struct boot_request *req, struct boot_result *r,
		     struct boot_handover *h, struct err *e)
{
	const struct setup_header *hdr = &req->img->hdr;
	const uint8_t *code = req->img->bytes.data + hdr->code_off;
	uint64_t len = req->img->bytes.len - hdr->code_off;
	uint64_t room = max64(len, hdr->init_size);
	uint64_t gpa = req->code_gpa ? req->code_gpa
				     : code_address(hdr, req->gm, room);
	uint64_t run = max64(gpa, hdr->pref_address);
	int rc;

	if (!(hdr->loadflags & LOADED_HIGH))
		return load_zimage(req, r, h, e);
	if (gpa < HIMEM_START)
		return err_set(e, EINVAL,
			       "code32_start 0x%" PRIx64 " is below 1 MiB",
			       gpa);
	if (!guest_mem_is_low(req->gm, gpa, len) ||
	    !guest_mem_is_low(req->gm, run, hdr->init_size))
		return err_set(e, ENOSPC,
			       "the image needs 0x%" PRIx64
			       " bytes at 0x%" PRIx64
			       " (init_size), RAM below 4 GiB ends at "
			       "0x%" PRIx64 "%s",
			       room, run, req->gm->low_size,
			       guest_mem_may_grow(run, room));
	rc = guest_mem_write(req->gm, gpa, code, len, "protected-mode code", e);
	if (rc)
		return rc;
	h->code_gpa = gpa;
	h->entry = gpa + entries[r->plan.chosen].code_entry;
	r->kernel = (struct boot_range){ gpa,
					 kernel_end(hdr, gpa, run, len) - gpa };
	memory_map_add(req->places, RANGE_IMAGE, gpa, len, "bzImage code");
	memory_map_add(req->places, RANGE_ROOM, gpa + len, r->kernel.size - len,
		       "room to unpack");
	log_step("loaded %" PRIu64
		 " bytes of protected-mode code at 0x%" PRIx64,
		 len, gpa);
	return 0;
}

/* Command line, initrd, and the structures of the protocol. */
static int hand_over(const struct boot_request *req, struct boot_result *r,
		     struct boot_handover *h, struct err *e)
{
	int rc;

	rc = place_cmdline(req->gm, req->img, req->cmdline, &r->cmdline, e);
	if (!rc && req->initrds_count)
		rc = place_initrd(req->gm, req->img, req->initrds,
				  req->initrds_count, &r->kernel, &r->initrd,
				  e);
	if (rc)
		return rc;
	memory_map_add(req->places, RANGE_TABLE, r->cmdline.gpa,
		       r->cmdline.size, "command line");
	memory_map_add(req->places, RANGE_INITRD, r->initrd.gpa, r->initrd.size,
		       "initrd");
	h->cmdline = r->cmdline;
	h->initrd = r->initrd;
	rc = entries[r->plan.chosen].enter(h, &r->cpu, e);
	if (!rc)
		memory_map_add(req->places, RANGE_ENTRY,
			       cpu_entry_address(&r->cpu), 0, "entry: %s",
			       boot_protocols[r->plan.chosen].name);
	return rc;
}

static int load_kernel(const struct boot_request *req,
		       const struct boot_facts *facts,
		       const struct load_run *run, struct boot_result *r,
		       struct boot_handover *h, struct err *e)
{
	enum boot_id id = r->plan.chosen;

	log_step("boot plan: %s (%s)", boot_protocols[id].name,
		 r->plan.fits[id].reason);
	if (boot_protocols[id].loads_elf)
		return load_elf(req, facts, run, r, h, e);
	load_discard(run, req->gm);
	r->decoded = 0;
	return load_code(req, r, h, e);
}

/* Notes that cannot be read may be those that name the right entry. */
static void doubt_notes(struct boot_result *r, const struct boot_facts *f)
{
	const struct err *why = f->elf && f->elf->notes_bad.msg[0]
					? &f->elf->notes_bad
					: &f->bad_notes;

	if (f->elf && why->msg[0])
		err_set(&r->warning, EINVAL,
			"%s was chosen without some of the kernel's notes, "
			"which cannot be read: %s",
			boot_protocols[r->plan.chosen].name, why->msg);
}

int boot_prepare(const struct boot_request *req, struct boot_result *r,
		 struct err *e)
{
	struct boot_handover h = {
		.gm = req->gm,
		.img = req->img,
		.map = req->map,
		.rsdp = req->rsdp,
		.places = req->places,
	};
	struct kernel_elf parsed = { 0 };
	struct load_run run = { 0 };
	struct boot_facts facts;
	struct err no_elf = ERR_EMPTY;
	const struct kernel_elf *elf;
	int rc;

	memset(r, 0, sizeof(*r));
	r->began_ns = clock_ns();
	step_begin(req->step, "decoding the kernel");
	rc = read_elf(req, &run, &parsed, &elf, &no_elf, e);
	if (rc)
		return rc;
	r->decoded = run.len;
	r->decoded_ns = clock_ns();
	boot_facts_read(&facts, req->img, elf, &no_elf);
	rc = boot_plan_make(&r->plan, &facts, req->protocol, e);
	if (!rc)
		doubt_notes(r, &facts);
	step_begin(req->step, "loading the kernel");
	if (!rc)
		rc = load_kernel(req, &facts, &run, r, &h, e);
	if (!rc)
		r->loaded_ns = clock_ns();
	step_begin(req->step, req->initrds_count
				      ? "loading the initrd"
				      : "preparing the first instruction");
	if (!rc)
		rc = hand_over(req, r, &h, e);
	if (!rc)
		r->ready_ns = clock_ns();
	kernel_elf_release(&parsed);
	return rc;
}
