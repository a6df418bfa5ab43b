/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect as text: one section for each part of an image, in the order in which
 * a launcher reads them.
 *
 * Must never trust: strings and sizes from the image; text.h keeps the lines
 * intact.
 */
#include "show/inspect.h"

#include <inttypes.h>

#include "show/header_fields.h"
#include "show/notes_text.h"
#include "show/segments_text.h"
#include "show/text.h"

#define VERSION_MAX 1024

static void show_image(struct text *t, const struct inspection *in)
{
	text_title(t, "Image");
	text_key(t, "file");
	text_words(t, in->path);
	text_pair(t, "kind", "%s%s",
		  in->img.is_uki ? "unified kernel image of " : "",
		  image_kind_name(in->img.kind));
	text_key(t, "size");
	text_size(t, in->img.whole.len);
}

/* How run uses a section, or "". */
static const char *section_use(const struct uki *u, const struct pe_section *s)
{
	if (s->data.data == u->kernel.data)
		return "the kernel that is run";
	if (u->initrd.len && s->data.data == u->initrd.data)
		return "its initrd, unless --initrd is given";
	if (u->cmdline.len && s->data.data == u->cmdline.data)
		return "its command line, unless --cmdline is given";
	return "";
}

#define SECTION_OFFSETS 12
#define SECTION_SIZES	24
#define SECTION_USES	36

static void show_uki(struct text *t, const struct inspection *in)
{
	const struct uki *u = &in->img.uki;
	const char *machine = pe_machine_name(u->pe.machine);

	text_title(t, "Unified kernel image (%u sections)", u->pe.count);
	text_pair(t, "machine", "%s", machine ? machine : "unknown");
	if (u->cmdline.len) {
		text_key(t, "cmdline");
		text_words(t, in->embedded_cmdline);
	}
	for (unsigned i = 0; i < u->pe.count; i++) {
		const struct pe_section *s = &u->pe.sections[i];

		text_cell(t, TEXT_INDENT);
		text_words(t, s->name);
		text_cell(t, SECTION_OFFSETS);
		text_say(t, "0x%x", s->off);
		text_cell(t, SECTION_SIZES);
		text_say(t, "0x%zx", s->data.len);
		if (section_use(u, s)[0])
			text_cell(t, SECTION_USES);
		text_say(t, "%s", section_use(u, s));
		text_end(t);
	}
}

static void show_subarch(struct text *t, uint32_t subarch)
{
	const char *name = hardware_subarch_name(subarch);

	text_say(t, "%u", subarch);
	if (name)
		text_say(t, " (%s)", name);
}

static void show_field(struct text *t, const struct header_field *f,
		       const struct setup_header *h)
{
	unsigned long long v = header_field_value(f, h);
	struct bits bits;

	text_key(t, f->name);
	switch (f->form) {
	case FIELD_WHERE:
		text_say(t, "0x%llx", v);
		break;
	case FIELD_BYTES:
		text_size(t, v);
		break;
	case FIELD_PARAGRAPHS:
		text_say(t, "%llu * 16 = ", v);
		text_size(t, v * 16);
		break;
	case FIELD_LOG2:
		text_say(t, "2^%llu bytes", v);
		break;
	case FIELD_BOOL:
		text_say(t, v ? "yes" : "no");
		break;
	case FIELD_BITS:
		bits = header_field_bits(f, h);
		notes_text_bits(t, &bits);
		break;
	case FIELD_SUBARCH:
		show_subarch(t, (uint32_t)v);
		break;
	}
}

/* The fields that the header is too old or too short for. */
static void show_absent(struct text *t, const struct setup_header *h)
{
	const char *sep = "";

	for (size_t i = 0; i < header_fields_count; i++) {
		if (header_field_present(&header_fields[i], h))
			continue;
		if (!*sep)
			text_key(t, "not in this header");
		text_say(t, "%s%s", sep, header_fields[i].name);
		sep = ", ";
	}
}

static void show_header(struct text *t, const struct image *img)
{
	const struct setup_header *h = &img->hdr;
	char version[VERSION_MAX];

	text_title(t, "Setup header");
	text_pair(t, "protocol", "%u.%02u", h->version >> 8, h->version & 0xff);
	setup_header_kernel_version(h, img->bytes, version, sizeof(version));
	text_pair(t, "kernel_version", "%s", version[0] ? version : "none");
	text_pair(t, "setup_sects",
		  "%u (the protected-mode code begins at 0x%llx)",
		  h->setup_sects, (unsigned long long)h->code_off);
	for (size_t i = 0; i < header_fields_count; i++)
		if (header_field_present(&header_fields[i], h))
			show_field(t, &header_fields[i], h);
	show_absent(t, h);
}

static void show_payload(struct text *t, const struct inspection *in)
{
	const struct payload *p = &in->img.payload;
	bool is_packed;

	text_title(t, "Payload");
	if (!in->img.has_payload) {
		text_pair(t, "unusable", "%s", in->no_elf.msg);
		return;
	}
	is_packed = strcmp(p->format->name, "none");
	text_pair(t, "format", "%s", p->format->name);
	text_pair(t, "file offset", "0x%llx", (unsigned long long)p->file_off);
	text_key(t, is_packed ? "compressed size" : "size");
	text_size(t, p->stream.len);
	if (!is_packed)
		return;
	text_key(t, "decoded size");
	text_size(t, in->decoded.bytes.len);
	if (!p->has_size)
		text_say(t, ", which the image does not state");
}

static void show_elf(struct text *t, const struct kernel_elf *k)
{
	struct name_buf buf;

	text_title(t, "ELF");
	text_pair(t, "class", "ELF%d", k->is64 ? 64 : 32);
	text_pair(t, "type", "%s", elf_type_name(k->type, &buf));
	text_pair(t, "machine", "%s", elf_machine_name(k->machine, &buf));
	text_pair(t, "entry", "0x%llx", (unsigned long long)k->entry);
	text_pair(t, "sections", "%u", k->sections_count);
	text_key(t, "size");
	text_size(t, k->elf_end);
}

static void show_relocs(struct text *t, const struct inspection *in)
{
	const struct relocs *r = &in->relocs;

	text_title(t, "Relocations behind the ELF");
	if (!r->present) {
		text_pair(t, "none", "%s",
			  in->no_relocs.msg[0] ? in->no_relocs.msg
					       : "nothing follows the ELF");
		return;
	}
	text_pair(t, "offset", "0x%zx", r->off);
	text_key(t, "size");
	text_size(t, in->decoded.bytes.len - r->off);
	if (in->elf.is64)
		text_pair(t, "64-bit entries", "%zu", r->n64);
	if (r->has_inverse)
		text_pair(t, "inverse entries", "%zu", r->ninverse);
	text_pair(t, "32-bit entries", "%zu", r->n32);
}

#define PLAN_NAMES   10
#define PLAN_REASONS 20

/* Where the kernel goes: one of many places, or that of a seed. */
static void show_place(struct text *t, const struct placement *p)
{
	text_key(t, "kaslr");
	if (!kaslr_moves(p)) {
		text_say(t, "not random: %s", p->reason);
		return;
	}
	if (p->random_seed) {
		text_say(t, "random in each run: one of ");
	} else {
		text_say(t, "seed 0x%" PRIx64 ": ", p->seed);
		if (p->virt_moved)
			text_say(t, "0x%" PRIx64 " at ", p->virt);
		text_say(t, "physical 0x%" PRIx64 ", one of ", p->phys);
	}
	if (p->virt_moved)
		text_say(t, "%" PRIu64 " virtual%s ", p->virt_slots,
			 p->phys_moved ? " and" : "");
	if (p->phys_moved)
		text_say(t, "%" PRIu64 " physical ", p->phys_slots);
	text_say(t, "places%s%s", p->reason[0] ? "; " : "", p->reason);
}

static void show_plan(struct text *t, const struct inspection *in)
{
	const struct boot_plan *plan = &in->plan;

	text_title(t, "Boot plan (--boot %s, --mem %" PRIu64 "M)", in->boot,
		   guest_mem_size(&in->memory) >> 20);
	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++) {
		bool chosen = plan->possible && plan->chosen == i;

		text_cell(t, TEXT_INDENT);
		text_say(t, chosen		 ? "chosen"
			    : plan->fits[i].fits ? "fits"
						 : "no");
		text_cell(t, PLAN_NAMES);
		text_say(t, "%s", boot_protocols[i].name);
		text_cell(t, PLAN_REASONS);
		text_say(t, "%s", plan->fits[i].reason);
		text_end(t);
	}
	if (!plan->possible)
		text_pair(t, "nothing chosen", "%s",
			  strcmp(in->boot, "auto") ? in->no_plan.msg
						   : "no protocol fits");
	else if (in->no_plan.msg[0])
		text_pair(t, "refused", "%s", in->no_plan.msg);
	show_place(t, &in->kaslr);
}

static bool show_all(struct text *t, const void *about)
{
	const struct inspection *in = about;

	show_image(t, in);
	if (in->img.is_uki)
		show_uki(t, in);
	if (in->img.kind == IMAGE_BZIMAGE)
		show_header(t, &in->img);
	show_payload(t, in);
	if (in->has_elf) {
		show_elf(t, &in->elf);
		segments_text(t, &in->elf);
		notes_text(t, in);
		show_relocs(t, in);
	}
	show_plan(t, in);
	text_end(t);
	return true;
}

int inspection_text(const struct inspection *in, char **out, struct err *e)
{
	return text_make(show_all, in, out, e);
}
