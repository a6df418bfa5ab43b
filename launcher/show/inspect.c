/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/cmdline.h"
#include "boot/place.h"

/*
 * The ELF, or the reason why there is none. Damage is an error, unless the run
 * does not use the payload.
 */
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
	if (rc && rc != -ENOMEM && boot_skips_payload(in->boot)) {
		in->no_elf = *e;
		e->msg[0] = '\0';
		return 0;
	}
	if (rc)
		return err_prefix(e, rc, "%s", in->path);
	in->has_elf = true;
	if (!relocs_find(&in->relocs, &in->elf, &in->no_relocs))
		in->no_relocs.msg[0] = '\0';
	return 0;
}

/* The place and the entry, as run chooses them. */
static int choose(struct inspection *in, struct err *e)
{
	struct reloc_lists lists = { 0 };
	struct err no_place = ERR_EMPTY;
	struct e820 map;
	const struct boot_request req = {
		.img = &in->img,
		.gm = &in->memory,
		.map = &map,
		.protocol = in->boot,
		.cmdline = in->cmdline,
		.kaslr = in->wish,
	};
	int bad_place, rc;

	e820_build(&map, &in->memory);
	bad_place = boot_choose_place(&req, &in->kaslr, &no_place);
	rc = boot_choose_entry(&req, &in->facts, &in->plan, &in->kaslr, &lists,
			       e);
	reloc_lists_release(&lists);
	if (!bad_place)
		return rc;
	*e = no_place;
	return bad_place;
}

/* What run would do with it, as far as that is known beforehand. */
static void make_plan(struct inspection *in)
{
	struct err *e = &in->no_plan, no_room;
	struct boot_range initrd;
	int rc;

	boot_facts_read(&in->facts, &in->img, in->has_elf ? &in->elf : NULL,
			&in->no_elf, &in->memory);
	rc = choose(in, e);
	/* A run decodes the payload before it has a plan. */
	if (in->has_elf && !boot_skips_payload(in->boot) &&
	    load_check_room(&in->img, &in->memory, in->decoded.bytes.len,
			    &no_room)) {
		*e = no_room;
		return;
	}
	if (!rc)
		rc = place_cmdline_check(&in->img, in->cmdline, e);
	if (!rc)
		rc = place_embedded_plan(
			&in->memory, &in->img,
			&in->plan.fits[in->plan.chosen].spot.kernel, &initrd,
			e);
	if (!rc)
		e->msg[0] = '\0';
}

/* All steps after the image is open. */
static int gather(struct inspection *in, const struct inspect_want *want,
		  struct err *e)
{
	int rc = read_elf(in, e);

	if (!rc && in->img.is_uki)
		rc = uki_cmdline(&in->img.uki, &in->embedded_cmdline, e);
	if (!rc)
		rc = place_choose_cmdline(&in->cmdline, &in->img, want->cmdline,
					  CMDLINE_CONSOLE, e);
	if (rc) {
		inspection_close(in);
		return rc;
	}
	make_plan(in);
	return 0;
}

static void begin(struct inspection *in, const char *path,
		  const struct inspect_want *want)
{
	memset(in, 0, sizeof(*in));
	in->path = path;
	in->boot = want->boot ? want->boot : "auto";
	in->memory = guest_mem_sizes(want->mem);
	in->wish = want->kaslr;
}

int inspection_open(struct inspection *in, const char *path, struct input *file,
		    const struct inspect_want *want, struct err *e)
{
	int rc;

	begin(in, path, want);
	rc = image_read(&in->img, file, e);
	return rc ? rc : gather(in, want, e);
}

int inspection_from_bytes(struct inspection *in, const char *path,
			  struct bytes b, const struct inspect_want *want,
			  struct err *e)
{
	int rc;

	begin(in, path, want);
	rc = image_from_bytes(&in->img, b, e);
	return rc ? err_prefix(e, rc, "%s", path) : gather(in, want, e);
}

void inspection_close(struct inspection *in)
{
	free(in->cmdline);
	free(in->embedded_cmdline);
	kernel_elf_release(&in->elf);
	scratch_release(&in->decoded);
	image_close(&in->img);
}
