/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/boot.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "boot/code.h"
#include "boot/map_segments.h"

typedef int enter_fn(const struct boot_handover *h, struct cpu_entry *cpu,
		     struct err *e);

/* How each protocol is entered. */
static enter_fn *const entries[BOOT_PROTOCOLS] = {
	[BOOT_PVH] = entry_pvh,		[BOOT_ELF64] = entry_linux64,
	[BOOT_ELF32] = entry_linux32,	[BOOT_LINUX64] = entry_linux64,
	[BOOT_LINUX32] = entry_linux32, [BOOT_LINUX16] = entry_linux16,
};

/* Missing names for places are not an error. */
static void copy_symbols(struct symtab *symbols, const struct kernel_elf *elf)
{
	struct err why = ERR_EMPTY;
	int rc;

	if (!symbols || !elf->sections_count)
		return;
	rc = symtab_read(symbols, elf->bytes, &why);
	if (rc && rc != -ENOENT)
		log_step("the kernel's symbols are not used: %s", why.msg);
}

/*
 * Decode the payload and read the ELF where it is now. An image without a
 * usable payload is not a failure: *@elf becomes NULL, the reason goes to
 * @no_elf, and the plan only uses the bzImage. A damaged payload is a failure.
 */
static int read_elf(const struct boot_request *req, struct load_run *run,
		    struct kernel_elf *parsed, const struct kernel_elf **elf,
		    struct err *no_elf, struct err *e)
{
	int rc;

	*elf = NULL;
	if (!req->img->has_payload) {
		*no_elf = req->img->no_payload;
		return 0;
	}
	if (boot_skips_payload(req->protocol)) {
		err_set(no_elf, EINVAL, "--boot %s does not use the payload",
			req->protocol);
		return 0;
	}
	rc = load_decode(req->img, req->gm, run, e);
	if (!rc)
		rc = load_parse(parsed, run, e);
	if (rc)
		return rc;
	*elf = parsed;
	copy_symbols(req->symbols, parsed);
	if (run->len)
		log_step("decoded %zu bytes (%s) at 0x%" PRIx64 "%s",
			 run->bytes.len, req->img->payload.format->name,
			 run->gpa,
			 run->whole ? ""
				    : "; the rest, far behind the last "
				      "segment, is not needed");
	else
		log_step("the payload is not compressed: segments are copied "
			 "from the file");
	return 0;
}

static int load_elf(const struct boot_request *req,
		    const struct boot_facts *facts, const struct load_run *run,
		    struct boot_result *r, struct err *e)
{
	enum boot_id id = r->plan.chosen;
	const struct boot_spot *spot = &r->plan.fits[id].spot;
	struct load_reloc reloc = boot_plan_reloc(facts, id);
	unsigned first = memory_map_count(req->places);
	struct load_result loaded = { 0 };
	int rc;

	/* Their names are lost when they are loaded. */
	map_segments(req->places, facts->elf);
	rc = load_segments(facts->elf, run, req->gm, &reloc, &loaded, e);
	if (rc) {
		memory_map_cut(req->places, first);
		return rc;
	}
	assert(loaded.delta == spot->delta && loaded.low == spot->kernel.gpa);
	memory_map_move(req->places, first, loaded.delta);
	memory_map_add(req->places, RANGE_ROOM, loaded.high,
		       spot->kernel.gpa + spot->kernel.size - loaded.high,
		       "room to start");
	log_step("loaded %" PRIu64 " bytes of segments at 0x%" PRIx64
		 " to 0x%" PRIx64 "%s",
		 loaded.bytes, loaded.low, loaded.high,
		 loaded.delta ? ", moved from where they were linked" : "");
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
	else if (!rc)
		rc = place_embedded_initrd(req->gm, req->img, &r->kernel,
					   &r->initrd, e);
	if (rc)
		return rc;
	memory_map_add(req->places, RANGE_TABLE, r->cmdline.gpa,
		       r->cmdline.size, "command line");
	memory_map_add(req->places, RANGE_INITRD, r->initrd.gpa, r->initrd.size,
		       "initrd");
	h->cmdline = r->cmdline;
	h->initrd = r->initrd;
	rc = entries[r->plan.chosen](h, &r->cpu, e);
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
	const struct boot_spot *spot = &r->plan.fits[id].spot;

	log_step("boot plan: %s (%s)", boot_protocols[id].name,
		 r->plan.fits[id].reason);
	r->kernel = spot->kernel;
	r->delta = spot->delta;
	h->entry = spot->entry;
	h->code_gpa = spot->code_gpa;
	if (boot_protocols[id].loads_elf)
		return load_elf(req, facts, run, r, e);
	load_discard(run, req->gm);
	r->decoded = 0;
	return code_load(spot, req->img, req->gm, req->places, e);
}

/* Notes that cannot be read may have named another entry. */
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
	milestone_reach(req->times, MILESTONE_PREPARING);
	step_begin(req->step, "decoding the kernel");
	rc = read_elf(req, &run, &parsed, &elf, &no_elf, e);
	if (rc)
		return rc;
	r->decoded = run.bytes.len;
	milestone_reach(req->times, MILESTONE_DECODED);
	boot_facts_read(&facts, req->img, elf, &no_elf, req->gm);
	facts.code_gpa = req->code_gpa;
	rc = boot_plan_make(&r->plan, &facts, req->protocol, e);
	if (!rc)
		doubt_notes(r, &facts);
	step_begin(req->step, "loading the kernel");
	if (!rc)
		rc = load_kernel(req, &facts, &run, r, &h, e);
	if (!rc)
		milestone_reach(req->times, MILESTONE_LOADED);
	step_begin(req->step, req->initrds_count || req->img->is_uki
				      ? "loading the initrd"
				      : "preparing the first instruction");
	if (!rc)
		rc = hand_over(req, r, &h, e);
	if (!rc)
		milestone_reach(req->times, MILESTONE_READY);
	kernel_elf_release(&parsed);
	return rc;
}
