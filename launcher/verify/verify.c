/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "boot/boot.h"
#include "pv/x86.h"
#include "run/session.h"
#include "run/verdict.h"

/* earlyprintk lets the decompressor's complaints reach the serial port. */
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
			       "not a bzImage: there is no decompressor in it "
			       "to be proved");
	if (!img->has_payload) {
		*e = img->no_payload;
		return -EINVAL;
	}
	rc = guest_mem_init(&ref->gm, mem, e);
	if (!rc)
		rc = load_decode(img, &ref->gm, &run, e);
	if (!rc)
		rc = kernel_elf_parse(&ref->elf, load_run_bytes(&run, &ref->gm),
				      e);
	if (!rc)
		rc = load_segments(&ref->elf, &run, &ref->gm, &stay, &loaded,
				   e);
	if (!rc && !boot_entry_loaded(&ref->elf, ref->elf.entry))
		rc = err_set(e, EINVAL,
			     "e_entry 0x%" PRIx64
			     " is not the physical address of a loaded byte",
			     ref->elf.entry);
	return rc;
}

/* The guest that runs the image's own decompressor. */
struct proof {
	struct image *img;
	struct outcome_latch latch;
	struct machine m;
	struct console console;
	struct watch watch;
	struct session session;
	struct boot_result boot;
};

static int boot_image(struct proof *p, const char *protocol, struct err *e)
{
	const struct boot_request req = {
		.img = p->img,
		.gm = &p->m.gm,
		.map = &p->m.map,
		.protocol = protocol,
		.cmdline = VERIFY_CMDLINE,
		.rsdp = p->m.rsdp,
		.code_gpa = p->img->hdr.relocatable ? HIMEM_START : 0,
	};

	return boot_prepare(&req, &p->boot, e);
}

static int start_guest(struct proof *p, const struct verify_request *req,
		       const char *protocol, uint64_t entry, struct err *e)
{
	const struct serial_host line = {
		.ctx = &p->console,
		.output = session_output,
		.room = session_room,
	};
	int rc;

	rc = outcome_latch_init(&p->latch, e);
	if (!rc)
		rc = console_init(&p->console, e);
	if (!rc)
		rc = machine_init(&p->m, req->mem, 1, &p->latch, e);
	if (rc)
		return rc;
	p->m.trap_gpa = entry & ~(PAGE_4K - UINT64_C(1));
	rc = machine_connect(&p->m, &line, e);
	if (!rc)
		rc = boot_image(p, protocol, e);
	if (!rc)
		rc = session_init(&p->session, &p->m, &p->console, &p->watch,
				  &p->latch, req->timeout_ns, e);
	if (rc)
		return rc;
	/* Nobody talks to this guest, and stdout is for the result. */
	p->session.in_fd = -1;
	p->session.out_fd = -1;
	return machine_start(&p->m, &p->boot.cpu, e);
}

/* Whether the guest stands where it was to be stopped; the reason if not. */
static int check_stop(struct proof *p, const struct verify_request *req,
		      uint64_t entry, struct err *e)
{
	const struct vcpu_result *r = &p->m.results[0];
	struct outcome outcome;
	struct verdict verdict;

	if (r->end == VCPU_INTERNAL_ERROR && r->where.known &&
	    r->where.rip == entry)
		return 0;
	outcome_get(&p->latch, &outcome);
	verdict_make(&verdict, &(struct verdict_facts){
				       .outcome = &outcome,
				       .watch = &p->watch,
				       .results = p->m.results,
				       .cpus = 1,
				       .host = p->m.kvm.host,
				       .timeout_ns = req->timeout_ns,
			       });
	return err_set(e, ENODATA,
		       "the image's own decompressor did not reach its "
		       "kernel's entry 0x%" PRIx64 ": %s",
		       entry, verdict.line);
}

static int run_guest(struct proof *p, const struct verify_request *req,
		     uint64_t entry, struct verification *v, struct err *e)
{
	uint64_t start = clock_ns();
	int rc;

	rc = start_guest(p, req, v->protocol, entry, e);
	if (rc)
		return rc;
	session_run(&p->session);
	v->guest_ns = clock_ns() - start;
	v->trap_exits = p->m.trap_exits;
	log_step("guest stopped after %" PRIu64 " ms and %" PRIu64
		 " accesses to its entry's page",
		 v->guest_ns / 1000000, v->trap_exits);
	return check_stop(p, req, entry, e);
}

static void proof_release(struct proof *p)
{
	session_release(&p->session);
	machine_release(&p->m);
	console_release(&p->console);
	outcome_latch_release(&p->latch);
	watch_release(&p->watch);
}

/* The entry the image's decompressor is run from. */
static const char *choose_entry(const struct image *img)
{
	struct boot_facts facts;
	struct boot_plan plan;
	struct err e;

	boot_facts_read(&facts, img, NULL, &img->no_payload);
	return boot_plan_make(&plan, &facts, "linux64", &e) ? "linux32"
							    : "linux64";
}

static int flip(const struct guest_mem *gm, uint64_t gpa, struct err *e)
{
	uint8_t *p = guest_mem_ptr(gm, gpa, 1);

	if (!p)
		return err_set(e, EFAULT, "--flip 0x%" PRIx64 " is not RAM",
			       gpa);
	*p = (uint8_t) ~*p;
	return 0;
}

static int prove(struct verification *v, const struct verify_request *req,
		 struct image *img, struct err *e)
{
	struct reference ref = { 0 };
	struct proof p = {
		.img = img,
		.latch.wake_fd = -1,
		.console.wake_fd = -1,
		.m = MACHINE_EMPTY,
		.session = SESSION_EMPTY,
	};
	int rc;

	watch_init(&p.watch);
	rc = reference_load(&ref, img, req->mem, e);
	if (rc)
		goto out;
	v->protocol = choose_entry(img);
	v->entry = ref.elf.entry;
	rc = run_guest(&p, req, v->entry, v, e);
	if (!rc && req->flip_gpa != VERIFY_NO_FLIP)
		rc = flip(&p.m.gm, req->flip_gpa, e);
	if (!rc)
		rc = compare_memories(&v->result, &ref.elf, &p.m.gm, &ref.gm,
				      e);
	if (!rc && v->result.different)
		rc = scratch_decode(&v->decoded, img, e);
out:
	proof_release(&p);
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
	scratch_release(&v->decoded);
}
