/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the result of a verification as JSON.
 */
#include "verify/verify.h"

#include <errno.h>
#include <stdio.h>

#include "base/json.h"
#include "verify/naming.h"

static json_t *diff_json(struct naming *n, const struct compare_segment *s,
			 const struct compare_diff *d)
{
	char symbol[NAMING_SIZE];

	naming_symbol(n, s, d, symbol);
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o}", "address",
			 json_hex(s->paddr + d->off), "offset",
			 json_hex(d->off), "bss", d->off >= s->filesz, "image",
			 json_hex(d->image), "launcher", json_hex(d->own),
			 "symbol", json_text(symbol[0] ? symbol : NULL));
}

static json_t *kaslr_json(const struct verification *v)
{
	if (!v->kaslr)
		return json_null();
	return json_pack("{s:o, s:o}", "slide", json_hex(v->slide), "physical",
			 json_hex(v->kernel_gpa));
}

static json_t *segment_json(struct naming *n, const struct compare_segment *s)
{
	json_t *diffs = json_array();

	for (unsigned i = 0; i < s->kept; i++)
		diffs = json_push(diffs, diff_json(n, s, &s->diffs[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "index",
			 json_amount(s->index), "paddr", json_hex(s->paddr),
			 "filesz", json_amount(s->filesz), "memsz",
			 json_amount(s->memsz), "different_bytes",
			 json_amount(s->different), "differences", diffs);
}

int verification_print_json(const struct verification *v, struct err *e)
{
	struct naming n = { .table = &v->symbols, .own = &v->own };
	json_t *segments = json_array();
	json_t *root;
	int rc;

	for (unsigned i = 0; i < v->result.count; i++)
		segments = json_push(segments,
				     segment_json(&n, &v->result.segments[i]));
	root = json_pack("{s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "equal", !v->result.different, "protocol", v->protocol,
			 "entry", json_hex(v->entry), "kaslr", kaslr_json(v),
			 "guest_ns", json_amount(v->guest_ns),
			 "entry_page_exits", json_amount(v->trap_exits),
			 "compared_bytes", json_amount(v->result.bytes),
			 "different_bytes", json_amount(v->result.different),
			 "segments", segments);
	if (!root)
		return err_set(e, ENOMEM, "no memory for the JSON object");
	rc = json_dumpf(root, stdout, JSON_INDENT(2));
	json_decref(root);
	if (rc || putchar('\n') == EOF)
		return err_set(e, EIO, "cannot write to stdout");
	return 0;
}
