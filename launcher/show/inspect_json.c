/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect as one JSON object.
 *
 * Every key is always present; a value that an image does not have is null. The
 * forms of values are in json_parts.h, the keys' meanings in launcher-json.5:
 * change both together.
 */
#include "show/inspect_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "show/header_fields.h"
#include "base/json.h"
#include "show/names_json.h"
#include "show/notes_json.h"
#include "show/plan_json.h"

#define VERSION_MAX 1024

static json_t *field_json(const struct header_field *f,
			  const struct setup_header *h)
{
	uint64_t v = header_field_value(f, h);
	struct bits bits;

	if (!header_field_present(f, h))
		return json_null();
	switch (f->form) {
	case FIELD_WHERE:
		return json_hex(v);
	case FIELD_BYTES:
	case FIELD_PARAGRAPHS:
	case FIELD_LOG2:
		return json_amount(v);
	case FIELD_BOOL:
		return json_boolean(v);
	case FIELD_BITS:
		bits = header_field_bits(f, h);
		return json_bits(&bits);
	case FIELD_SUBARCH:
		return json_pack("{s:o, s:s?}", "value", json_amount(v), "name",
				 hardware_subarch_name((uint32_t)v));
	}
	return NULL;
}

static json_t *header_json(const struct image *img)
{
	const struct setup_header *h = &img->hdr;
	char version[VERSION_MAX];
	json_t *all;

	if (img->kind != IMAGE_BZIMAGE)
		return json_null();
	setup_header_kernel_version(h, img->bytes, version, sizeof(version));
	all = json_pack(
		"{s:o, s:o, s:i, s:o}", "version",
		json_sprintf("%u.%02u", h->version >> 8, h->version & 0xff),
		"kernel_version", json_reason(version), "setup_sects",
		(int)h->setup_sects, "protected_mode_offset",
		json_hex(h->code_off));
	for (size_t i = 0; i < header_fields_count; i++) {
		const struct header_field *f = &header_fields[i];

		if (json_object_set_new(all, f->name, field_json(f, h))) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *sections_json(const struct pe *pe)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < pe->count; i++) {
		const struct pe_section *s = &pe->sections[i];
		json_t *one = json_pack(
			"{s:o, s:o, s:o, s:o, s:o}", "name", json_text(s->name),
			"file_offset", json_hex(s->off), "size",
			json_amount(s->data.len), "virtual_size",
			json_amount(s->virtual_size), "virtual_address",
			json_hex(s->address));

		all = json_push(all, one);
	}
	return all;
}

static json_t *uki_json(const struct inspection *in)
{
	const struct uki *u = &in->img.uki;

	if (!in->img.is_uki)
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o}", "machine",
		json_text(pe_machine_name(u->pe.machine)), "kernel_offset",
		json_hex((uint64_t)(u->kernel.data - in->img.whole.data)),
		"cmdline", json_text(in->embedded_cmdline), "initrd_size",
		u->initrd.len ? json_amount(u->initrd.len) : json_null(),
		"sections", sections_json(&u->pe));
}

static json_t *payload_json(const struct inspection *in)
{
	const struct payload *p = &in->img.payload;

	if (!in->img.has_payload)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "format", p->format->name,
			 "file_offset", json_hex(p->file_off),
			 "compressed_size", json_amount(p->stream.len),
			 "stated_size",
			 p->has_size ? json_amount(p->size) : json_null(),
			 "decoded_size", json_amount(in->decoded.bytes.len));
}

static json_t *segment_json(const struct elf_segment *s)
{
	struct name_buf type, flags;

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "type",
			 segment_type_name(s->type, &type), "flags",
			 segment_flags_name(s->flags, &flags), "offset",
			 json_hex(s->off), "vaddr", json_hex(s->vaddr), "paddr",
			 json_hex(s->paddr), "filesz", json_amount(s->filesz),
			 "memsz", json_amount(s->memsz), "align",
			 json_amount(s->align));
}

static json_t *segments_json(const struct kernel_elf *k)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < k->segments_count; i++)
		all = json_push(all, segment_json(&k->segments[i]));
	return all;
}

static json_t *elf_json(const struct inspection *in)
{
	const struct kernel_elf *k = &in->elf;
	struct name_buf type, machine;

	if (!in->has_elf)
		return json_null();
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:i, s:o, s:s?, s:o, s:o, "
			 "s:o, s:o}",
			 "class", k->is64 ? 64 : 32, "type",
			 elf_type_name(k->type, &type), "machine",
			 elf_machine_name(k->machine, &machine), "entry",
			 json_hex(k->entry), "size", json_amount(k->elf_end),
			 "sections_count", (int)k->sections_count, "segments",
			 segments_json(k), "notes_source", k->notes.source,
			 "notes", notes_json(in), "notes_padding",
			 json_reason(k->notes_padding.msg), "notes_incomplete",
			 json_reason(k->notes_bad.msg), "notes_unusable",
			 json_reason(in->facts.bad_notes.msg));
}

static json_t *relocs_json(const struct inspection *in)
{
	const struct relocs *r = &in->relocs;

	if (!r->present)
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o}", "offset", json_hex(r->off), "size",
		json_amount(in->decoded.bytes.len - r->off), "count64",
		json_amount(r->n64), "count32_inverse",
		r->has_inverse ? json_amount(r->ninverse) : json_null(),
		"count32", json_amount(r->n32));
}

json_t *inspection_tree(const struct inspection *in)
{
	return json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"file", json_text(in->path), "kind",
		image_kind_name(in->img.kind), "size",
		json_amount(in->img.whole.len), "uki", uki_json(in),
		"setup_header", header_json(&in->img), "payload",
		payload_json(in), "no_payload", json_reason(in->no_elf.msg),
		"elf", elf_json(in), "relocations", relocs_json(in),
		"no_relocations", json_reason(in->no_relocs.msg), "boot",
		plan_json(&in->plan, in->boot, guest_mem_size(&in->memory),
			  in->no_plan.msg),
		"kaslr", placement_json(&in->kaslr, !in->kaslr.random_seed));
}

int inspection_json(const struct inspection *in, char **out, struct err *e)
{
	json_t *all = inspection_tree(in);
	char *text = NULL;

	if (all)
		text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		return err_set(e, ENOMEM, "no memory for the report");
	*out = text;
	return 0;
}
