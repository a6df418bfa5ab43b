/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher pack: turn an ELF kernel into a bzImage.
 *
 * The ELF may be in any image that can be read. A bzImage also provides its
 * version string, cmdline_size and initrd_addr_max, which its ELF lacks.
 */
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

#include "base/output.h"
#include "cli/confined.h"
#include "image/scratch.h"
#include "pack/pack.h"
#include "pv/bootparam.h"
#include "pv/stub.h"

#define DEFAULT_FORMAT "gzip"

/* The command line's part of the request. */
static int choose(struct pack_request *r, const struct options *o,
		  struct err *e)
{
	r->compressor = compressor_by_name(o->format ?: DEFAULT_FORMAT);
	r->level = o->level_given ? (int)o->level
				  : r->compressor->level_default;
	if (!o->output && isatty(STDOUT_FILENO))
		return err_set(e, EINVAL,
			       "stdout is a terminal: give -o FILE, or "
			       "-o - to write to it all the same");
	return compressor_check_level(r->compressor, r->level, e)
		       ? err_prefix(e, -EINVAL, "--level")
		       : 0;
}

static void keep_header(struct pack_request *r, const struct image *img,
			char *version, size_t size)
{
	const struct setup_header *h = &img->hdr;

	if (img->kind != IMAGE_BZIMAGE)
		return;
	setup_header_kernel_version(h, img->bytes, version, size);
	r->cmdline_size = h->cmdline_size;
	r->initrd_addr_max = h->initrd_addr_max;
}

static int pack_image(const struct options *o, struct pack_request *r,
		      const struct image *img, struct buf *out, struct err *e)
{
	char version[SETUP_VERSION_MAX] = "";
	struct scratch s = { 0 };
	int rc;

	keep_header(r, img, version, sizeof(version));
	r->version = version;
	rc = scratch_decode(&s, img, e);
	r->elf = s.bytes;
	if (!rc)
		rc = pack_kernel(r, out, e);
	scratch_release(&s);
	return rc ? err_prefix(e, rc, "%s", o->image) : 0;
}

/* Write to @out, then commit or discard it. */
static int pack(const struct options *o, struct pack_request *r,
		struct input *in, struct output *out, struct err *e)
{
	struct buf packed = { 0 };
	struct image img;
	struct bytes file;
	int rc;

	rc = confine_command(o, SANDBOX_READ, out, e)
		     ?: image_read(&img, in, e);
	if (rc)
		return rc;
	rc = pack_image(o, r, &img, &packed, e);
	image_close(&img);
	file = buf_bytes(&packed);
	if (!rc)
		rc = output_finish(out, &file, 1, NULL, e);
	buf_release(&packed);
	return rc;
}

int cmd_pack(const struct options *o, struct err *e)
{
	struct output out = OUTPUT_EMPTY;
	struct input in = INPUT_EMPTY;
	struct pack_request r = { 0 };
	int rc;

	if (choose(&r, o, e))
		return STATUS_USAGE;
	rc = output_open(&out, o->output ?: "-", 0644, e)
		     ?: input_open(&in, o->image, e)
		     ?: pack(o, &r, &in, &out, e);
	input_close(&in);
	output_discard(&out);
	return rc ? STATUS_FAILED : STATUS_OK;
}
