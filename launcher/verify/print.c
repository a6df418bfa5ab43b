/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verification for a person and as JSON.
 */
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "image/symbols.h"
#include "report/clean.h"
#include "report/json_parts.h"

#define SYMBOL_SIZE 80

/* Where names come from, and how many have been looked up. */
struct naming {
	struct bytes elf;
	unsigned used;
};

/* Where a difference is, as far as the ELF has a name for it; "" if not. */
static const char *symbol_of(struct naming *n, const struct compare_segment *s,
			     const struct compare_diff *d, char *buf)
{
	buf[0] = '\0';
	if (n->used < VERIFY_NAMES_MAX) {
		n->used++;
		symbol_name(n->elf, s->vaddr + d->off, buf, SYMBOL_SIZE);
		clean_text(buf);
	}
	return buf;
}

static void print_segment(struct naming *n, const struct compare_segment *s)
{
	char symbol[SYMBOL_SIZE];

	printf("segment %u  paddr 0x%" PRIx64 "  filesz 0x%" PRIx64
	       "  bss 0x%" PRIx64 "  ",
	       s->index, s->paddr, s->filesz, s->memsz - s->filesz);
	if (!s->different) {
		printf("equal\n");
		return;
	}
	printf("%" PRIu64 " byte%s\n", s->different,
	       s->different == 1 ? " differs" : "s differ");
	for (unsigned i = 0; i < s->kept; i++) {
		const struct compare_diff *d = &s->diffs[i];

		printf("    0x%" PRIx64 " (+0x%" PRIx64
		       "%s): image 0x%02x, launcher 0x%02x%s%s\n",
		       s->paddr + d->off, d->off,
		       d->off >= s->filesz ? ", bss" : "", d->image, d->own,
		       *symbol_of(n, s, d, symbol) ? "  " : "", symbol);
	}
	if (s->different > s->kept)
		printf("    and %" PRIu64 " more\n", s->different - s->kept);
}

int verification_print_text(const struct verification *v, struct err *e)
{
	struct naming n = { .elf = v->decoded.bytes };

	(void)e;
	printf("%s entry, stopped at the kernel's entry 0x%" PRIx64
	       " after %" PRIu64 " ms\n",
	       v->protocol, v->entry, v->guest_ns / 1000000);
	for (unsigned i = 0; i < v->result.count; i++)
		print_segment(&n, &v->result.segments[i]);
	if (v->result.different)
		printf("different: %" PRIu64 " of %" PRIu64 " bytes\n",
		       v->result.different, v->result.bytes);
	else
		printf("equal: the image's own decompressor and the launcher "
		       "give the same %" PRIu64 " bytes\n",
		       v->result.bytes);
	return 0;
}

static json_t *diff_json(struct naming *n, const struct compare_segment *s,
			 const struct compare_diff *d)
{
	char symbol[SYMBOL_SIZE];

	symbol_of(n, s, d, symbol);
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o}", "address",
			 json_hex(s->paddr + d->off), "offset",
			 json_hex(d->off), "bss", d->off >= s->filesz, "image",
			 json_hex(d->image), "launcher", json_hex(d->own),
			 "symbol", json_text(symbol[0] ? symbol : NULL));
}

static json_t *segment_json(struct naming *n, const struct compare_segment *s)
{
	json_t *diffs = json_array();

	for (unsigned i = 0; i < s->kept; i++)
		if (json_add(diffs, diff_json(n, s, &s->diffs[i])))
			break;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "index",
			 json_amount(s->index), "paddr", json_hex(s->paddr),
			 "filesz", json_amount(s->filesz), "memsz",
			 json_amount(s->memsz), "different_bytes",
			 json_amount(s->different), "differences", diffs);
}

int verification_print_json(const struct verification *v, struct err *e)
{
	struct naming n = { .elf = v->decoded.bytes };
	json_t *segments = json_array();
	json_t *root;
	int rc;

	for (unsigned i = 0; i < v->result.count; i++)
		if (json_add(segments,
			     segment_json(&n, &v->result.segments[i])))
			break;
	root = json_pack("{s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "equal",
			 !v->result.different, "protocol", v->protocol, "entry",
			 json_hex(v->entry), "guest_ns",
			 json_amount(v->guest_ns), "entry_page_exits",
			 json_amount(v->trap_exits), "compared_bytes",
			 json_amount(v->result.bytes), "different_bytes",
			 json_amount(v->result.different), "segments",
			 segments);
	if (!root)
		return err_set(e, ENOMEM, "no memory for the JSON object");
	rc = json_dumpf(root, stdout, JSON_INDENT(2));
	json_decref(root);
	if (rc || putchar('\n') == EOF)
		return err_set(e, EIO, "cannot write to stdout");
	return 0;
}
