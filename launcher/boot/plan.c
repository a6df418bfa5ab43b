/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/plan.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/code.h"
#include "boot/entry.h"
#include "boot/kaslr.h"
#include "image/kind.h"
#include "image/loadable.h"
#include "pv/bootparam.h"
#include "pv/x86.h"

/*
 * boot.rst's 32-bit protocol was written down in the time of Linux 2.6.24,
 * whose headers say 2.07. The code of older ones also has the entry, but relies
 * on what their own setup code left in the zero page.
 */
#define LINUX32_SINCE 0x0207

#define FOUR_GIB (UINT64_C(1) << 32)

/* XENFEAT bits that a machine without Xen also offers: they are about page
 * tables and addresses, which a PVH guest owns itself. */
#define OFFERED_FEATURES 0x1fu

uint64_t boot_default_align(const struct kernel_elf *elf)
{
	uint64_t align = 0;

	for (unsigned i = 0; i < elf->segments_count; i++)
		if (elf->segments[i].type == PT_LOAD &&
		    elf->segments[i].align > align)
			align = elf->segments[i].align;
	return align >= PAGE_4K ? align : PAGE_2M;
}

void boot_facts_read(struct boot_facts *f, const struct image *img,
		     const struct kernel_elf *elf, const struct err *no_elf,
		     const struct guest_mem *gm)
{
	*f = (struct boot_facts){ .img = img, .elf = elf, .gm = gm };
	if (!elf) {
		f->no_elf = *no_elf;
		return;
	}
	if (!kind_refuse_elf(elf, &f->not_kernel))
		f->not_kernel.msg[0] = '\0';
	if (!xen_notes_read(&f->notes, &elf->notes, boot_default_align(elf),
			    &f->bad_notes))
		f->bad_notes.msg[0] = '\0';
}

static void answer(struct boot_fit *fit, bool fits, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void answer(struct boot_fit *fit, bool fits, const char *fmt, ...)
{
	va_list ap;

	fit->fits = fits;
	va_start(ap, fmt);
	vsnprintf(fit->reason, sizeof(fit->reason), fmt, ap);
	va_end(ap);
}

static bool has_elf(const struct boot_facts *f, struct boot_fit *fit)
{
	if (!f->elf)
		answer(fit, false, "%s", f->no_elf.msg);
	return f->elf;
}

/* Name the first feature that the kernel requires and this machine lacks. */
static bool features_offered(const struct boot_facts *f, struct boot_fit *fit)
{
	uint32_t missing = f->notes.features_required & ~OFFERED_FEATURES;

	if (missing)
		answer(fit, false,
		       "the kernel requires the Xen feature %s, which this "
		       "machine does not have",
		       xen_feature_name((unsigned)__builtin_ctz(missing)));
	return !missing;
}

/*
 * For an image with an entry at @entry of its ELF: whether there is a place for
 * its segments. The caller has written the reason for a fit.
 */
static void place_elf(const struct boot_facts *f, enum boot_id id,
		      uint64_t entry, struct boot_fit *fit)
{
	struct load_reloc reloc = boot_plan_reloc(f, id);
	struct load_result at;
	struct err why;
	uint64_t room;

	fit->offered = true;
	if (load_plan(f->elf, f->gm, &reloc, &at, &why)) {
		answer(fit, false, "%s", why.msg);
		return;
	}
	fit->spot = (struct boot_spot){
		.kernel = { at.low, at.high - at.low },
		.entry = entry + at.delta,
		.delta = at.delta,
	};
	/* Only the segments are required. The rest of init_size is kept free as
	 * far as RAM reaches. */
	room = place_room(f->gm, at.low, f->img->hdr.init_size);
	if (fit->spot.kernel.size < room)
		fit->spot.kernel.size = room;
}

static void probe_pvh(const struct boot_facts *f, struct boot_fit *fit)
{
	uint64_t entry = f->notes.phys32_entry;

	if (!has_elf(f, fit))
		return;
	if (f->bad_notes.msg[0]) {
		answer(fit, false, "%s", f->bad_notes.msg);
		return;
	}
	if (!f->notes.has_phys32_entry) {
		answer(fit, false, "the ELF has no PHYS32_ENTRY note");
		return;
	}
	if (entry >= FOUR_GIB || !loadable_has_byte(f->elf, entry)) {
		answer(fit, false,
		       "PHYS32_ENTRY 0x%" PRIx64
		       " is not a loaded physical address below 4 GiB",
		       entry);
		return;
	}
	if (!features_offered(f, fit))
		return;
	answer(fit, true,
	       "PHYS32_ENTRY 0x%" PRIx64 ": 32-bit entry with hvm_start_info",
	       entry);
	place_elf(f, BOOT_PVH, entry, fit);
}

/* The kernel's own ELF entry, for one word size. */
static void probe_elf(const struct boot_facts *f, bool want64,
		      struct boot_fit *fit)
{
	if (!has_elf(f, fit))
		return;
	if (f->elf->is64 != want64) {
		answer(fit, false, "the kernel is an ELF%d",
		       f->elf->is64 ? 64 : 32);
	} else if (f->elf->machine != (want64 ? EM_X86_64 : EM_386)) {
		answer(fit, false, "the ELF's machine is %u", f->elf->machine);
	} else if (f->not_kernel.msg[0]) {
		answer(fit, false, "%s", f->not_kernel.msg);
		fit->offered = true;
	} else if (!loadable_has_byte(f->elf, f->elf->entry)) {
		answer(fit, false,
		       "e_entry 0x%" PRIx64
		       " is not the physical address of a loaded byte",
		       f->elf->entry);
	} else {
		answer(fit, true,
		       "e_entry 0x%" PRIx64 ": %d-bit entry with boot_params",
		       f->elf->entry, want64 ? 64 : 32);
		place_elf(f, want64 ? BOOT_ELF64 : BOOT_ELF32, f->elf->entry,
			  fit);
	}
}

static void probe_elf64(const struct boot_facts *f, struct boot_fit *fit)
{
	probe_elf(f, true, fit);
}

static void probe_elf32(const struct boot_facts *f, struct boot_fit *fit)
{
	probe_elf(f, false, fit);
}

/* The first version whose syssize counts the whole protected-mode code. */
#define SYSSIZE_VERSION 0x0204
#define SYSSIZE_UNIT	16

/* An image whose code or payload is incomplete cannot be run. In old kernels,
 * the file may end within the last unit. */
static bool is_whole(const struct boot_facts *f, struct boot_fit *fit)
{
	const struct setup_header *h = &f->img->hdr;
	uint64_t want = (uint64_t)h->syssize * SYSSIZE_UNIT;
	uint64_t have = f->img->bytes.len - h->code_off;

	if (f->img->payload_damaged) {
		answer(fit, false, "the payload is damaged: %s",
		       f->img->no_payload.msg);
		return false;
	}
	if (h->version >= SYSSIZE_VERSION && want >= have + SYSSIZE_UNIT) {
		answer(fit, false,
		       "syssize 0x%x: 0x%" PRIx64
		       " bytes of protected-mode code, and the file has "
		       "0x%" PRIx64,
		       h->syssize, want, have);
		return false;
	}
	return true;
}

static bool has_setup_header(const struct boot_facts *f, struct boot_fit *fit)
{
	if (f->img->kind != IMAGE_BZIMAGE)
		answer(fit, false, "not a bzImage: there is no setup header");
	return f->img->kind == IMAGE_BZIMAGE;
}

/*
 * What both entries into protected-mode code need. A zImage is loaded at
 * 0x10000, where none of our structures may be. Code that cannot be moved and
 * has no code32_start has no known entry: only its own setup code can start it.
 */
static bool has_code_entry(const struct boot_facts *f, struct boot_fit *fit)
{
	const struct setup_header *h = &f->img->hdr;

	if (!(h->loadflags & LOADED_HIGH)) {
		answer(fit, false,
		       "LOADED_HIGH is clear: a zImage, entered through its "
		       "16-bit code");
		return false;
	}
	if (!h->relocatable && !h->code32_start) {
		answer(fit, false,
		       "code32_start is 0: the image is entered through its "
		       "16-bit code only");
		return false;
	}
	return true;
}

/*
 * For an image with an entry of this kind: whether it is complete and there is
 * a place for its code. The caller has written the reason for a fit.
 */
static void place_code(const struct boot_facts *f, struct boot_fit *fit)
{
	struct err why;

	fit->offered = true;
	if (is_whole(f, fit) &&
	    code_plan(&fit->spot, f->img, f->gm, f->code_gpa, &why))
		answer(fit, false, "%s", why.msg);
}

/* The same for an entry @off into the code. */
static void enter_code(const struct boot_facts *f, uint32_t off,
		       struct boot_fit *fit)
{
	uint64_t len = f->img->bytes.len - f->img->hdr.code_off;

	place_code(f, fit);
	if (fit->fits && len <= off)
		answer(fit, false,
		       "the protected-mode code has 0x%" PRIx64
		       " bytes, and its entry is at 0x%x",
		       len, off);
	fit->spot.entry += off;
}

static void probe_linux64(const struct boot_facts *f, struct boot_fit *fit)
{
	const struct setup_header *h = &f->img->hdr;

	if (!has_setup_header(f, fit) || !has_code_entry(f, fit))
		return;
	if (!(h->xloadflags & XLF_KERNEL_64)) {
		answer(fit, false,
		       "protocol %u.%02u, xloadflags 0x%x: no 64-bit entry",
		       h->version >> 8, h->version & 0xff, h->xloadflags);
		return;
	}
	answer(fit, true,
	       "XLF_KERNEL_64: the image decompresses itself, from its 64-bit "
	       "entry");
	enter_code(f, LINUX_ENTRY64_OFFSET, fit);
}

static void probe_linux32(const struct boot_facts *f, struct boot_fit *fit)
{
	const struct setup_header *h = &f->img->hdr;

	if (!has_setup_header(f, fit) || !has_code_entry(f, fit))
		return;
	if (h->version < LINUX32_SINCE) {
		answer(fit, false,
		       "protocol %u.%02u: the 32-bit entry with boot_params "
		       "came with 2.07",
		       h->version >> 8, h->version & 0xff);
		return;
	}
	answer(fit, true,
	       "the image decompresses itself, from its 32-bit entry");
	enter_code(f, LINUX_ENTRY32_OFFSET, fit);
}

static void probe_linux16(const struct boot_facts *f, struct boot_fit *fit)
{
	struct err why;

	if (!has_setup_header(f, fit))
		return;
	answer(fit, true,
	       "the image's 16-bit setup code, with the BIOS calls it makes");
	place_code(f, fit);
	if (fit->fits && entry_linux16_check(&f->img->hdr, &why))
		answer(fit, false, "%s", why.msg);
}

const struct boot_protocol boot_protocols[BOOT_PROTOCOLS] = {
	[BOOT_PVH] = { "pvh", true, probe_pvh },
	[BOOT_ELF64] = { "elf64", true, probe_elf64 },
	[BOOT_ELF32] = { "elf32", true, probe_elf32 },
	[BOOT_LINUX64] = { "linux64", false, probe_linux64 },
	[BOOT_LINUX32] = { "linux32", false, probe_linux32 },
	[BOOT_LINUX16] = { "linux16", false, probe_linux16 },
};

/* The names of those with the same reason as @first: "pvh, elf64". */
static void names_of(const struct boot_plan *plan, unsigned first, char *names,
		     size_t size)
{
	const struct boot_fit *fit = &plan->fits[first];
	size_t used = 0;

	names[0] = '\0';
	for (unsigned i = first; i < BOOT_PROTOCOLS && used < size; i++)
		if (plan->fits[i].offered == fit->offered &&
		    !strcmp(plan->fits[i].reason, fit->reason))
			used += (size_t)snprintf(names + used, size - used,
						 "%s%s", used ? ", " : "",
						 boot_protocols[i].name);
}

/* Whether a protocol before @id has the same reason. */
static bool is_told(const struct boot_plan *plan, unsigned id)
{
	for (unsigned i = 0; i < id; i++)
		if (plan->fits[i].offered == plan->fits[id].offered &&
		    !strcmp(plan->fits[i].reason, plan->fits[id].reason))
			return true;
	return false;
}

/* Append "pvh, elf64: REASON" for each reason, once. */
static void list_reasons(const struct boot_plan *plan, bool offered,
			 struct err *e)
{
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++) {
		struct err one = ERR_EMPTY;
		char names[64];

		if (plan->fits[i].offered != offered || is_told(plan, i))
			continue;
		names_of(plan, i, names, sizeof(names));
		err_set(&one, EINVAL, "%s: %s", names, plan->fits[i].reason);
		err_also(e, &one);
	}
}

/* The reason of all protocols that the image offers, or NULL if the reasons
 * differ. */
static const char *common_reason(const struct boot_plan *plan)
{
	const char *reason = NULL;

	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++) {
		const struct boot_fit *fit = &plan->fits[i];

		if (!fit->offered)
			continue;
		if (reason && strcmp(reason, fit->reason))
			return NULL;
		reason = fit->reason;
	}
	return reason;
}

/* Only the reasons of offered protocols help the user. */
static int nothing_fits(const struct boot_plan *plan, struct err *e)
{
	const char *common = common_reason(plan);
	bool offered = false;

	if (common)
		return err_set(e, EINVAL, "%s", common);
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++)
		offered |= plan->fits[i].offered;
	err_set(e, EINVAL, "no boot protocol fits");
	list_reasons(plan, offered, e);
	return -EINVAL;
}

/* Why elf64 is chosen, although others that fit come before it. */
static void say_why_first(struct boot_fit *fit)
{
	size_t used = strlen(fit->reason);

	snprintf(fit->reason + used, sizeof(fit->reason) - used,
		 ", which tell the kernel that its place is random");
}

int boot_plan_make(struct boot_plan *plan, const struct boot_facts *f,
		   const char *forced, struct err *e)
{
	bool automatic = !forced || !strcmp(forced, "auto");
	bool known = automatic;

	memset(plan, 0, sizeof(*plan));
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++)
		known |= !automatic && !strcmp(forced, boot_protocols[i].name);
	if (!known)
		return err_set(e, EINVAL, "unknown boot protocol '%s'", forced);
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++)
		boot_protocols[i].probe(f, &plan->fits[i]);
	if (automatic && f->kaslr && plan->fits[BOOT_ELF64].fits) {
		plan->possible = true;
		plan->chosen = BOOT_ELF64;
		say_why_first(&plan->fits[BOOT_ELF64]);
	}
	for (unsigned i = 0; i < BOOT_PROTOCOLS && !plan->possible; i++) {
		if (!automatic && strcmp(forced, boot_protocols[i].name))
			continue;
		if (!plan->fits[i].fits && !automatic)
			return err_set(e, EINVAL,
				       "--boot %s does not fit this image: %s",
				       forced, plan->fits[i].reason);
		plan->possible = plan->fits[i].fits;
		plan->chosen = i;
	}
	return plan->possible ? 0 : nothing_fits(plan, e);
}

bool boot_skips_payload(const char *forced)
{
	for (unsigned i = 0; forced && i < BOOT_PROTOCOLS; i++)
		if (!strcmp(forced, boot_protocols[i].name))
			return !boot_protocols[i].loads_elf;
	return false;
}

struct load_reloc boot_plan_reloc(const struct boot_facts *f, enum boot_id id)
{
	const struct phys32_reloc *r = &f->notes.phys32_reloc;
	const struct setup_header *h = &f->img->hdr;
	struct load_reloc reloc = { 0 };

	if (f->kaslr && f->kaslr->phys_moved &&
	    id == (f->kaslr->by_pvh ? BOOT_PVH : BOOT_ELF64))
		return (struct load_reloc){ .chosen = true,
					    .delta = f->kaslr->delta };
	if (id == BOOT_PVH && f->notes.has_phys32_reloc) {
		reloc = (struct load_reloc){ .allowed = true,
					     .align = r->align,
					     .min = r->min,
					     .max = r->max };
	} else if (id == BOOT_ELF64 && f->img->kind == IMAGE_BZIMAGE &&
		   h->relocatable) {
		/* 64-bit Linux finds out where it runs; its page tables want
		 * 2 MiB steps. */
		reloc = (struct load_reloc){ .allowed = true,
					     .align = h->kernel_alignment,
					     .min = h->kernel_alignment,
					     .max = GUEST_MEM_HOLE - 1 };
		if (reloc.align < PAGE_2M)
			reloc.align = PAGE_2M;
	}
	/* An alignment that is not a power of two does not allow a move. */
	if (!reloc.align || (reloc.align & (reloc.align - 1)))
		reloc.allowed = false;
	return reloc;
}
