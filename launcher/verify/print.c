/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the result of a verification for a person.
 */
#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "verify/naming.h"

static void print_segment(struct naming *n, const struct compare_segment *s)
{
	char symbol[NAMING_SIZE];

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
		       *naming_symbol(n, s, d, symbol) ? "  " : "", symbol);
	}
	if (s->different > s->kept)
		printf("    and %" PRIu64 " more\n", s->different - s->kept);
}

int verification_print_text(const struct verification *v, struct err *e)
{
	struct naming n = { .table = &v->symbols, .own = &v->own };

	(void)e;
	printf("%s entry, stopped at the kernel's entry 0x%" PRIx64
	       " after %" PRIu64 " ms\n",
	       v->protocol, v->entry, v->guest_ns / 1000000);
	if (v->kaslr)
		printf("kaslr: moved by 0x%" PRIx64 ", at physical 0x%" PRIx64
		       "\n",
		       v->slide, v->kernel_gpa);
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
