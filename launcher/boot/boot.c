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
static int read_elf(const struct boot_request *req,
		    const struct placement *kaslr, struct load_run *run,
		    struct kernel_elf *parsed, const struct kernel_elf **elf,
		    struct err *no_elf, struct err *e)
{
	const struct load_aim aim = { kaslr->delta, kaslr_moves(kaslr) };
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
	rc = load_decode_for(req->img, req->gm, &aim, run, e);
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

/*
 * Choose a random place before the payload is decoded. The initrd lies as high
 * as it may, whatever the kernel does, so the kernel keeps away from there.
 */
int boot_choose_place(const struct boot_request *req, struct placement *p,
		      struct err *e)
{
	struct kaslr_facts f = {
		.img = req->img,
		.map = req->map,
		.cmdline = req->cmdline,
		.protocol = req->protocol,
	};
	int rc = 0;

	if (kaslr_is_wanted(&req->kaslr, &f)) {
		step_begin(req->step, "loading the initrd");
		rc = place_initrd_guess(req->gm, req->img, req->initrds,
					req->initrds_count, &f.initrd, e);
	}
	return rc ? rc : kaslr_choose(p, &req->kaslr, &f, e);
}

/* What the whole ELF says about that place. */
static int confirm_place(const struct boot_request *req,
			 const struct boot_facts *facts, struct placement *p,
			 struct reloc_lists *lists, struct err *e)
{
	const struct xen_notes *notes = facts->bad_notes.msg[0] ? NULL
								: &facts->notes;

	if (!kaslr_moves(p))
		return 0;
	if (!facts->elf)
		return kaslr_give_up(p, &req->kaslr, e, "%s",
				     facts->no_elf.msg);
	return kaslr_confirm(p, &req->kaslr, facts->elf, notes, lists, e);
}

/* The plan may choose an entry that cannot be randomised. */
static int check_place(const struct boot_request *req, enum boot_id id,
		       struct placement *p, struct err *e)
{
	if (!kaslr_moves(p) || id == (p->by_pvh ? BOOT_PVH : BOOT_ELF64))
		return 0;
	return kaslr_give_up(p, &req->kaslr, e,
			     "%s was chosen, and cannot be randomised",
			     boot_protocols[id].name);
}

static void log_place(const struct kaslr_wish *wish, const struct placement *p)
{
	if (wish->mode == KASLR_OFF)
		return;
	if (p->virt_moved)
		log_step("kaslr: seed 0x%" PRIx64 ": 0x%" PRIx64
			 " at physical 0x%" PRIx64 " (%" PRIu64 " and %" PRIu64
			 " places)",
			 p->seed, p->virt, p->phys, p->virt_slots,
			 p->phys_slots);
	else if (p->phys_moved)
		log_step("kaslr: seed 0x%" PRIx64 ": physical 0x%" PRIx64
			 " (%" PRIu64 " places)",
			 p->seed, p->phys, p->phys_slots);
	if (p->reason[0])
		log_step("kaslr: %s", p->reason);
}

/* The kernel lies where it was loaded; move it in virtual memory. */
static int relocate(const struct boot_request *req, const struct placement *p,
		    const struct reloc_lists *lists,
		    const struct load_result *loaded, struct err *e)
{
	uint64_t len = loaded->high - loaded->low;
	uint8_t *memory = guest_mem_ptr(req->gm, loaded->low, len);

	assert(memory);
	return relocs_apply(lists, memory, loaded->low - loaded->delta, len,
			    p->slide, e);
}

static int load_elf(const struct boot_request *req,
		    const struct boot_facts *facts, const struct load_run *run,
		    const struct reloc_lists *lists, struct boot_result *r,
		    struct err *e)
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
	r->kaslr.phys = loaded.low;
	if (r->kaslr.virt_moved) {
		rc = relocate(req, &r->kaslr, lists, &loaded, e);
		if (rc)
			return rc;
	}
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
		       const struct load_run *run,
		       const struct reloc_lists *lists, struct boot_result *r,
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
	h->kaslr = r->kaslr.virt_moved;
	if (boot_protocols[id].loads_elf)
		return load_elf(req, facts, run, lists, r, e);
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

int boot_choose_entry(const struct boot_request *req, struct boot_facts *facts,
		      struct boot_plan *plan, struct placement *p,
		      struct reloc_lists *lists, struct err *e)
{
	struct err no_place = ERR_EMPTY;
	int bad_place = confirm_place(req, facts, p, lists, &no_place);
	int rc;

	if (kaslr_moves(p))
		facts->kaslr = p;
	rc = boot_plan_make(plan, facts, req->protocol, e);
	if (bad_place) {
		*e = no_place;
		return bad_place;
	}
	return rc ? rc : check_place(req, plan->chosen, p, e);
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
	struct reloc_lists lists = { 0 };
	struct boot_facts facts;
	struct err no_elf = ERR_EMPTY;
	const struct kernel_elf *elf;
	int rc;

	memset(r, 0, sizeof(*r));
	milestone_reach(req->times, MILESTONE_PREPARING);
	rc = boot_choose_place(req, &r->kaslr, e);
	if (rc)
		return rc;
	step_begin(req->step, "decoding the kernel");
	rc = read_elf(req, &r->kaslr, &run, &parsed, &elf, &no_elf, e);
	if (rc)
		return rc;
	r->decoded = run.bytes.len;
	milestone_reach(req->times, MILESTONE_DECODED);
	boot_facts_read(&facts, req->img, elf, &no_elf, req->gm);
	facts.code_gpa = req->code_gpa;
	rc = boot_choose_entry(req, &facts, &r->plan, &r->kaslr, &lists, e);
	if (!rc)
		doubt_notes(r, &facts);
	log_place(&req->kaslr, &r->kaslr);
	step_begin(req->step, "loading the kernel");
	if (!rc)
		rc = load_kernel(req, &facts, &run, &lists, r, &h, e);
	if (!rc && h.kaslr)
		rc = kaslr_rng_seed(&req->kaslr, h.rng_seed, sizeof(h.rng_seed),
				    e);
	if (!rc)
		milestone_reach(req->times, MILESTONE_LOADED);
	step_begin(req->step, req->initrds_count || req->img->is_uki
				      ? "loading the initrd"
				      : "preparing the first instruction");
	if (!rc)
		rc = hand_over(req, r, &h, e);
	if (!rc)
		milestone_reach(req->times, MILESTONE_READY);
	reloc_lists_release(&lists);
	kernel_elf_release(&parsed);
	return rc;
}
