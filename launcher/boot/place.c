/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/place.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/cmdline.h"
#include "vm/layout.h"
#include "pv/bootparam.h"
#include "pv/x86.h"
#include "vm/e820.h"

/* Linux's COMMAND_LINE_SIZE, for an ELF without a setup header. */
#define CMDLINE_DEFAULT_MAX 2047

/* The highest address of an initrd without a setup header. */
#define INITRD_DEFAULT_ADDR_MAX 0x7fffffff

#define INITRD_ALIGN UINT64_C(4)

static bool has_low_cmdline(const struct image *img)
{
	return img->kind == IMAGE_BZIMAGE && place_is_old(&img->hdr);
}

uint64_t place_cmdline_max(const struct image *img)
{
	uint64_t room = has_low_cmdline(img) ? LOWMEM_END - LAYOUT_CMDLINE_LOW
					     : LAYOUT_CMDLINE_MAX;
	uint64_t max = CMDLINE_DEFAULT_MAX;

	if (img->kind == IMAGE_BZIMAGE)
		max = img->hdr.cmdline_size;
	return max < room - 1 ? max : room - 1;
}

int place_choose_cmdline(char **text, const struct image *img,
			 const char *given, const char *console, struct err *e)
{
	char *embedded = NULL;
	int rc = 0;

	*text = NULL;
	if (!given && img->is_uki)
		rc = uki_cmdline(&img->uki, &embedded, e);
	if (!rc)
		rc = cmdline_add_console(given	    ? given
					 : embedded ? embedded
						    : console,
					 console, place_cmdline_max(img), text,
					 e);
	free(embedded);
	return rc;
}

int place_cmdline_check(const struct image *img, const char *text,
			struct err *e)
{
	uint64_t max = place_cmdline_max(img);
	size_t len = strlen(text);

	if (len > max)
		return err_set(e, E2BIG,
			       "the command line has %zu bytes and this kernel "
			       "takes %" PRIu64 " (cmdline_size)",
			       len, max);
	return 0;
}

int place_cmdline(const struct guest_mem *gm, const struct image *img,
		  const char *text, struct boot_range *cmdline, struct err *e)
{
	uint64_t gpa = has_low_cmdline(img) ? LAYOUT_CMDLINE_LOW
					    : LAYOUT_CMDLINE;
	size_t size = strlen(text) + 1;
	int rc;

	rc = place_cmdline_check(img, text, e);
	if (!rc)
		rc = guest_mem_write(gm, gpa, text, size, "command line", e);
	if (!rc)
		*cmdline = (struct boot_range){ gpa, size };
	return rc;
}

/* The highest page at or below @limit - @size; false if there is none. */
static bool below(uint64_t limit, uint64_t size, uint64_t *gpa)
{
	if (size > limit)
		return false;
	*gpa = (limit - size) & ~(PAGE_4K - UINT64_C(1));
	return *gpa >= HIMEM_START;
}

/* RAM below 4 GiB grows with --mem, up to the hole. */
static const char *more_helps(const struct guest_mem *gm)
{
	return gm->low_size < GUEST_MEM_HOLE ? "; give it more with --mem" : "";
}

/* Where an initrd must end. */
static uint64_t initrd_limit(const struct guest_mem *gm,
			     const struct image *img)
{
	uint64_t limit = INITRD_DEFAULT_ADDR_MAX + UINT64_C(1);

	if (img->kind == IMAGE_BZIMAGE)
		limit = img->hdr.initrd_addr_max + UINT64_C(1);
	return limit < gm->low_size ? limit : gm->low_size;
}

static int find_room(const struct guest_mem *gm, const struct image *img,
		     uint64_t size, const struct boot_range *kernel,
		     uint64_t *gpa, struct err *e)
{
	uint64_t kernel_end = kernel->gpa + kernel->size;
	uint64_t limit = initrd_limit(gm, img);

	if (below(limit, size, gpa) &&
	    (*gpa >= kernel_end || *gpa + size <= kernel->gpa))
		return 0;
	/* There may be more room between 1 MiB and the kernel than above it. */
	if (below(kernel->gpa < limit ? kernel->gpa : limit, size, gpa))
		return 0;
	return err_set(e, ENOSPC,
		       "the initrd has %" PRIu64
		       " bytes and there is no room for it: the kernel takes "
		       "0x%" PRIx64 " to 0x%" PRIx64
		       ", an initrd may reach up to 0x%" PRIx64 "%s",
		       size, kernel->gpa, kernel_end, limit,
		       limit == gm->low_size ? more_helps(gm) : "");
}

static int too_large(const struct guest_mem *gm, const char *path, bool first,
		     struct err *e)
{
	return err_set(e, EFBIG,
		       "initrd: %s: %slarger than all of guest memory below "
		       "4 GiB (0x%" PRIx64 " bytes)%s",
		       path, first ? "" : "with the files before it ",
		       gm->low_size, more_helps(gm));
}

static uint64_t aligned(uint64_t size)
{
	return (size + INITRD_ALIGN - 1) & ~(INITRD_ALIGN - 1);
}

/* The size of all @n parts, each at a multiple of INITRD_ALIGN. */
static int measure_parts(struct input *parts, size_t n,
			 const struct guest_mem *gm, uint64_t *size,
			 struct err *e)
{
	*size = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t off = aligned(*size);
		int rc;

		/* low_size is a multiple of INITRD_ALIGN, so off is not above
		 * it, and the sum cannot overflow. */
		rc = input_measure(&parts[i], gm->low_size - off, e);
		if (rc == -EFBIG)
			return too_large(gm, parts[i].name, !i, e);
		if (rc)
			return err_prefix(e, rc, "initrd");
		*size = off + parts[i].size;
	}
	return 0;
}

/* Directly into the guest's memory, at @gpa. The bytes between the parts are
 * cleared. */
static int read_parts(const struct input *parts, size_t n,
		      const struct guest_mem *gm, uint64_t gpa, uint64_t size,
		      struct err *e)
{
	uint8_t *to = guest_mem_ptr(gm, gpa, size);
	uint64_t end = 0;

	assert(to); /* by find_room() */
	for (size_t i = 0; i < n; i++) {
		uint64_t off = aligned(end);
		int rc;

		memset(to + end, 0, off - end);
		rc = input_copy(&parts[i], to + off, e);
		if (rc)
			return err_prefix(e, rc, "initrd");
		end = off + parts[i].size;
	}
	return 0;
}

int place_initrd(const struct guest_mem *gm, const struct image *img,
		 struct input *parts, size_t n, const struct boot_range *kernel,
		 struct boot_range *initrd, struct err *e)
{
	uint64_t gpa = 0, size;
	int rc;

	assert(n);
	rc = measure_parts(parts, n, gm, &size, e)
		     ?: find_room(gm, img, size, kernel, &gpa, e)
		     ?: read_parts(parts, n, gm, gpa, size, e);
	if (!rc)
		*initrd = (struct boot_range){ gpa, size };
	return rc;
}

int place_initrd_guess(const struct guest_mem *gm, const struct image *img,
		       struct input *parts, size_t n, struct boot_range *initrd,
		       struct err *e)
{
	uint64_t size = img->is_uki ? img->uki.initrd.len : 0;
	uint64_t gpa = 0;
	int rc = n ? measure_parts(parts, n, gm, &size, e) : 0;

	*initrd = (struct boot_range){ 0 };
	if (!rc && size && below(initrd_limit(gm, img), size, &gpa))
		*initrd = (struct boot_range){ gpa, size };
	return rc;
}

int place_embedded_plan(const struct guest_mem *gm, const struct image *img,
			const struct boot_range *kernel,
			struct boot_range *initrd, struct err *e)
{
	uint64_t size = img->is_uki ? img->uki.initrd.len : 0;
	uint64_t gpa = 0;
	int rc;

	*initrd = (struct boot_range){ 0 };
	if (!size)
		return 0;
	rc = find_room(gm, img, size, kernel, &gpa, e);
	if (rc)
		return err_prefix(e, rc, "section .initrd");
	*initrd = (struct boot_range){ gpa, size };
	return 0;
}

int place_embedded_initrd(const struct guest_mem *gm, const struct image *img,
			  const struct boot_range *kernel,
			  struct boot_range *initrd, struct err *e)
{
	int rc;

	rc = place_embedded_plan(gm, img, kernel, initrd, e);
	if (rc || !initrd->size)
		return rc;
	return guest_mem_write(gm, initrd->gpa, img->uki.initrd.data,
			       initrd->size, "initrd", e);
}
