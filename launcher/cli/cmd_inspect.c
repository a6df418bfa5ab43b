/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher inspect: show what an image contains and how run would boot it; or
 * compare two images; or list the kernel's own symbols or its drivers.
 *
 * For --map the same code as in run loads the image, into a machine that is
 * never connected to KVM.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/output.h"
#include "boot/boot.h"
#include "cli/confined.h"
#include "image/symtab.h"
#include "show/drivers_list.h"
#include "show/inspect.h"
#include "show/inspect_diff.h"
#include "show/map_svg.h"
#include "show/symbols_list.h"
#include "machine/machine.h"

/* All that is opened, before the image is read. */
struct files {
	struct output map;
	struct input image, other;
	struct input initrds[INITRD_PARTS_MAX]; /* for the map */
};

/* Printed at the end, so that after an error stdout is empty. */
static int print(const struct options *o, const char *text, struct err *e)
{
	struct bytes parts[] = {
		{ (const uint8_t *)text, strlen(text) },
		/* JSON has no final newline yet. */
		{ (const uint8_t *)"\n", o->json },
	};

	return output_save("-", parts, 2, 0, e);
}

static int show_one(const struct options *o, const struct inspection *in,
		    struct err *e)
{
	char *text = NULL;
	int rc;

	rc = o->json ? inspection_json(in, &text, e)
		     : inspection_text(in, &text, e);
	if (!rc)
		rc = print(o, text, e);
	free(text);
	return rc ? STATUS_FAILED : STATUS_OK;
}

static int show_difference(const struct options *o, const struct inspection *a,
			   const struct inspection *b, struct err *e)
{
	char *text = NULL;
	struct json_t *diff;
	bool equal;
	int rc;

	rc = inspection_diff(a, b, &diff, e);
	if (rc)
		return STATUS_FAILED;
	equal = diff_is_empty(diff);
	rc = o->json ? diff_json(diff, &text, e) : diff_text(diff, &text, e);
	diff_release(diff);
	if (!rc)
		rc = print(o, text, e);
	free(text);
	if (rc)
		return STATUS_FAILED;
	/* A difference is a finding rather than a failure, as for verify. */
	return equal ? STATUS_OK : STATUS_REPORTED;
}

/* Put everything where run would put it. */
static int load_all(const struct options *o, const struct image *img,
		    struct files *f, struct memory_map *map,
		    enum boot_id *chosen, struct err *e)
{
	const struct machine_config config = options_machine(o);
	struct machine m = MACHINE_EMPTY;
	struct boot_result boot;
	char *cmdline;
	int rc;

	rc = place_choose_cmdline(&cmdline, img, o->cmdline,
				  options_consoles(o), e);
	if (rc)
		return rc;
	rc = machine_init(&m, &config, NULL, e);
	if (rc)
		goto out;
	machine_map(&m, map);
	rc = boot_prepare(
		&(struct boot_request){ .img = img,
					.gm = &m.gm,
					.map = &m.map,
					.protocol = o->boot,
					.cmdline = cmdline,
					.kaslr = o->kaslr,
					.initrds = f->initrds,
					.initrds_count = o->initrd_count,
					.rsdp = m.rsdp,
					.places = map },
		&boot, e);
	*chosen = boot.plan.chosen;
	machine_release(&m);
out:
	free(cmdline);
	return rc;
}

/* Write to the picture's file, then commit or discard it. */
static int write_map(const struct options *o, const struct image *img,
		     struct files *f, struct err *e)
{
	struct memory_map map = { 0 };
	enum boot_id chosen = 0;
	struct map_words words;
	char *svg = NULL;
	int rc;

	rc = load_all(o, img, f, &map, &chosen, e);
	if (rc)
		return err_prefix(e, rc, "--map: %s", o->image);
	map_words_make(&words, o->image, o->mem, boot_protocols[chosen].name);
	rc = map_svg(&map, words.title, words.below, &svg, e);
	if (!rc)
		rc = output_finish(
			&f->map,
			&(struct bytes){ (const uint8_t *)svg, strlen(svg) }, 1,
			NULL, e);
	free(svg);
	return rc ? err_prefix(e, rc, "--map") : 0;
}

/* The ELF's symbol table wins over what the kernel carries for itself. */
static int read_names(struct kallsyms *k, const struct inspection *in,
		      struct err *e)
{
	struct symtab table = { 0 };
	struct err why;
	int rc = symtab_read(&table, in->elf.bytes, &why);

	if (rc) {
		if (rc != -ENOENT)
			log_step("the symbol table is not used: %s", why.msg);
		return kallsyms_read_elf(k, &in->elf, e);
	}
	rc = symtab_list(&table, k, e);
	symtab_release(&table);
	if (rc || k->count)
		return rc;
	kallsyms_release(k);
	return kallsyms_read_elf(k, &in->elf, e);
}

static int list_symbols(const struct options *o, const struct inspection *in,
			char **text, struct err *e)
{
	struct kallsyms k = { 0 };
	int rc = read_names(&k, in, e);

	if (!rc)
		rc = o->json ? symbols_list_json(&k, in->path, text, e)
			     : symbols_list_text(&k, in->elf.is64, text, e);
	kallsyms_release(&k);
	return rc;
}

static int list_drivers(const struct options *o, const struct inspection *in,
			char **text, struct err *e)
{
	struct drivers_list l;
	int rc = drivers_list_make(&l, in->path, &in->elf, e);

	if (rc)
		return rc;
	return o->json ? drivers_list_json(&l, text, e)
		       : drivers_list_text(&l, text, e);
}

/* Print only one part of the kernel's ELF. */
static int show_part(const struct options *o, const struct inspection *in,
		     struct err *e)
{
	const char *option = o->drivers ? "drivers" : "symbols";
	char *text = NULL;
	int rc = 0;

	if (!in->has_elf) {
		*e = in->no_elf;
		rc = -ENOENT;
	}
	if (!rc)
		rc = o->drivers ? list_drivers(o, in, &text, e)
				: list_symbols(o, in, &text, e);
	if (rc)
		err_prefix(e, rc, "--%s: %s", option, in->path);
	else
		rc = print(o, text, e);
	free(text);
	return rc ? STATUS_FAILED : STATUS_OK;
}

static int inspect(const struct options *o, struct files *f, struct err *e)
{
	const struct inspect_want want = { .boot = o->boot,
					   .cmdline = o->cmdline,
					   .mem = o->mem,
					   .kaslr = o->kaslr };
	struct inspection in, other;
	int status = STATUS_FAILED;

	if (inspection_open(&in, o->image, &f->image, &want, e))
		return STATUS_FAILED;
	if (o->with_symbols || o->drivers) {
		status = show_part(o, &in, e);
	} else if (!o->other) {
		status = show_one(o, &in, e);
		if (status == STATUS_OK && o->map &&
		    write_map(o, &in.img, f, e))
			status = STATUS_FAILED;
	} else if (!inspection_open(&other, o->other, &f->other, &want, e)) {
		status = show_difference(o, &in, &other, e);
		inspection_close(&other);
	}
	inspection_close(&in);
	return status;
}

static int open_all(struct files *f, const struct options *o, struct err *e)
{
	int rc = o->map ? output_open(&f->map, o->map, 0666, e) : 0;

	if (rc)
		return err_prefix(e, rc, "--map");
	rc = input_open(&f->image, o->image, e);
	if (!rc && o->other)
		rc = input_open(&f->other, o->other, e);
	if (rc || !o->map)
		return rc;
	for (size_t i = 0; !rc && i < o->initrd_count; i++)
		rc = input_open(&f->initrds[i], o->initrd[i], e);
	return rc ? err_prefix(e, rc, "initrd") : 0;
}

static void close_all(struct files *f)
{
	for (size_t i = 0; i < INITRD_PARTS_MAX; i++)
		input_close(&f->initrds[i]);
	input_close(&f->other);
	input_close(&f->image);
	output_discard(&f->map);
}

int cmd_inspect(const struct options *o, struct err *e)
{
	struct files f = {
		.map = OUTPUT_EMPTY,
		.image = INPUT_EMPTY,
		.other = INPUT_EMPTY,
	};
	int status = STATUS_FAILED;

	for (size_t i = 0; i < INITRD_PARTS_MAX; i++)
		f.initrds[i] = (struct input)INPUT_EMPTY;
	if (!open_all(&f, o, e) && !confine_command(o, SANDBOX_READ, &f.map, e))
		status = inspect(o, &f, e);
	close_all(&f);
	return status;
}
