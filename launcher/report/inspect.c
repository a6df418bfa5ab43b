/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/inspect.h"

#include <string.h>

/* The ELF, or the reason there is none. Only damage is an error. */
static int read_elf(struct inspection *in, struct err *e)
{
	int rc;

	if (!in->img.has_payload) {
		in->no_elf = in->img.no_payload;
		return 0;
	}
	rc = scratch_decode(&in->decoded, &in->img, e);
	if (!rc)
		rc = kernel_elf_parse(&in->elf, in->decoded.bytes, e);
	if (rc)
		return err_prefix(e, rc, "%s", in->path);
	in->has_elf = true;
	if (!relocs_find(&in->relocs, &in->elf, &in->no_relocs))
		in->no_relocs.msg[0] = '\0';
	return 0;
}

/* All that follows once the image is open. */
static int gather(struct inspection *in, struct err *e)
{
	int rc = read_elf(in, e);

	if (rc) {
		inspection_close(in);
		return rc;
	}
	boot_facts_read(&in->facts, &in->img, in->has_elf ? &in->elf : NULL,
			&in->no_elf);
	if (!boot_plan_make(&in->plan, &in->facts, in->boot, &in->no_plan))
		in->no_plan.msg[0] = '\0';
	return 0;
}

static void begin(struct inspection *in, const char *path, const char *boot)
{
	memset(in, 0, sizeof(*in));
	in->path = path;
	in->boot = boot ? boot : "auto";
}

int inspection_open(struct inspection *in, const char *path, const char *boot,
		    struct err *e)
{
	int rc;

	begin(in, path, boot);
	rc = image_open(&in->img, path, e);
	return rc ? rc : gather(in, e);
}

int inspection_from_bytes(struct inspection *in, const char *path,
			  struct bytes b, const char *boot, struct err *e)
{
	int rc;

	begin(in, path, boot);
	rc = image_from_bytes(&in->img, b, e);
	return rc ? err_prefix(e, rc, "%s", path) : gather(in, e);
}

void inspection_close(struct inspection *in)
{
	kernel_elf_release(&in->elf);
	scratch_release(&in->decoded);
	image_close(&in->img);
}
