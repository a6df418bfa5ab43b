/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher extract: write an image's ELF to a file, byte for byte or with an
 * added symbol table.
 */
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

#include "base/output.h"
#include "cli/confined.h"
#include "image/add_symtab.h"
#include "image/image.h"
#include "image/scratch.h"

/* The same ELF, followed by the symbols from the kernel's own table. */
static int write_with_symbols(const struct options *o,
			      const struct kernel_elf *elf, struct output *out,
			      struct err *e)
{
	struct elf_with_symtab with = { .tail = { 0 } };
	struct kallsyms k = { 0 };
	int rc = kallsyms_read_elf(&k, elf, e);

	if (!rc)
		rc = add_symtab(&with, elf, &k, e);
	if (rc)
		err_prefix(e, rc, "--symbols: %s", o->image);
	else
		rc = output_finish(out, with.parts, 3, NULL, e);
	elf_with_symtab_release(&with);
	kallsyms_release(&k);
	return rc;
}

static int write_elf(const struct options *o, const struct scratch *s,
		     struct output *out, struct err *e)
{
	struct kernel_elf elf;
	struct bytes part;
	int rc;

	rc = kernel_elf_parse(&elf, s->bytes, e);
	if (rc)
		return err_prefix(e, rc, "%s", o->image);
	part = s->bytes;
	if (!o->keep_relocs)
		part.len = elf.elf_end;
	rc = o->with_symbols ? write_with_symbols(o, &elf, out, e)
			     : output_finish(out, &part, 1, NULL, e);
	kernel_elf_release(&elf);
	return rc;
}

/* Write to @out, then commit or discard it. */
static int extract(const struct options *o, struct input *in,
		   struct output *out, struct err *e)
{
	struct scratch s = { 0 };
	struct image img;
	int rc;

	rc = confine_command(o, SANDBOX_READ, out, e)
		     ?: image_read(&img, in, e);
	if (rc)
		return rc;
	rc = scratch_decode(&s, &img, e);
	if (rc)
		err_prefix(e, rc, "%s", o->image);
	else
		rc = write_elf(o, &s, out, e);
	scratch_release(&s);
	image_close(&img);
	return rc;
}

int cmd_extract(const struct options *o, struct err *e)
{
	struct output out = OUTPUT_EMPTY;
	struct input in = INPUT_EMPTY;
	int rc;

	if (!o->output && isatty(STDOUT_FILENO)) {
		err_set(e, EINVAL,
			"stdout is a terminal: give -o FILE, or "
			"-o - to write to it all the same");
		return STATUS_USAGE;
	}
	rc = output_open(&out, o->output ?: "-", 0644, e)
		     ?: input_open(&in, o->image, e)
		     ?: extract(o, &in, &out, e);
	input_close(&in);
	output_discard(&out);
	return rc ? STATUS_FAILED : STATUS_OK;
}
