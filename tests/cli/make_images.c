/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_images FOLDER: the images of tests/cli/table, each with one fault, and
 * one good bzImage of each payload format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "image/format.h"
#include "pv/bootparam.h"
#include "support/bzimage_builder.h"
#include "support/elf_builder.h"
#include "support/uki_builder.h"

#define MIB    (UINT64_C(1) << 20)
#define GIB    (UINT64_C(1) << 30)
#define FILLER (300 * 1024)
#define LOADED 0x1000000

static const char *folder;

static void save(const char *name, const struct buf *b)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static uint8_t filler[FILLER];

#define LOAD(at, file, mem)                                                    \
	{                                                                      \
		.type = PT_LOAD, .vaddr = (at), .paddr = (at), .data = filler, \
		.filesz = (file), .memsz = (mem), .align = 0x1000              \
	}

/* ELFs that cannot be loaded, or not in 256 MiB. */
static const struct {
	const char *name;
	uint64_t entry;
	uint16_t machine;
	bool is32;
	struct test_segment segments[2];
	unsigned count;
} elfs[] = {
	{ "good.elf", LOADED, 0, false, { LOAD(LOADED, FILLER, FILLER) }, 1 },
	{ "good32.elf", LOADED, 0, true, { LOAD(LOADED, 4096, 4096) }, 1 },
	{ "overlap.elf",
	  LOADED,
	  0,
	  false,
	  { LOAD(LOADED, 0x2000, 0x2000),
	    LOAD(LOADED + 0x1fff, 0x1000, 0x1000) },
	  2 },
	{ "wrap.elf",
	  LOADED,
	  0,
	  false,
	  { LOAD(LOADED, 0x1000, 0x1000),
	    LOAD(UINT64_MAX - 0xfff, 0x1000, 0x2000) },
	  2 },
	{ "outside.elf",
	  2 * GIB,
	  0,
	  false,
	  { LOAD(2 * GIB, 0x1000, 0x1000) },
	  1 },
	{ "in-the-hole.elf",
	  3 * GIB + 512 * MIB,
	  0,
	  false,
	  { LOAD(3 * GIB + 512 * MIB, 0x1000, 0x1000) },
	  1 },
	{ "above-4g.elf",
	  5 * GIB,
	  0,
	  false,
	  { LOAD(5 * GIB, 0x1000, 0x1000) },
	  1 },
	{ "large-bss.elf",
	  LOADED,
	  0,
	  false,
	  { LOAD(LOADED, 0x1000, 240 * MIB + 1) },
	  1 },
	{ "endless-bss.elf",
	  LOADED,
	  0,
	  false,
	  { LOAD(LOADED, 0x1000, UINT64_MAX - LOADED) },
	  1 },
	{ "low.elf", 0x1000, 0, false, { LOAD(0x1000, 0x1000, 0x1000) }, 1 },
	{ "no-entry.elf",
	  LOADED + 0x1000,
	  0,
	  false,
	  { LOAD(LOADED, 0x1000, 0x2000) },
	  1 },
	{ "no-load.elf",
	  LOADED,
	  0,
	  false,
	  { { .type = PT_NOTE, .data = filler, .filesz = 64, .align = 4 } },
	  1 },
	{ "arm.elf", LOADED, EM_AARCH64, false, { LOAD(LOADED, 64, 64) }, 1 },
};

static void save_elfs(void)
{
	for (size_t i = 0; i < sizeof(elfs) / sizeof(elfs[0]); i++) {
		struct test_elf t = { .is32 = elfs[i].is32,
				      .machine = elfs[i].machine,
				      .entry = elfs[i].entry,
				      .segments = elfs[i].segments,
				      .segments_count = elfs[i].count };
		struct buf b = { 0 };

		elf_build(&t, &b);
		save(elfs[i].name, &b);
		buf_release(&b);
	}
}

static void good_elf(struct buf *b)
{
	struct test_elf t = { .entry = elfs[0].entry,
			      .segments = elfs[0].segments,
			      .segments_count = elfs[0].count };

	elf_build(&t, b);
}

/* A copy of @image with @width bytes at @off set to @value. */
static void save_patched(const char *name, const struct buf *image, size_t off,
			 size_t width, uint64_t value)
{
	struct buf b = { 0 };

	buf_add(&b, image->data, image->len);
	elf_patch(&b, off, width, value);
	save(name, &b);
	buf_release(&b);
}

/* Half of the stream, followed by the right size. */
static void save_half(const char *format, const struct buf *image, size_t size)
{
	size_t start = (elf_peek(image, HDR_SETUP_SECTS, 1) + 1) * 512 +
		       elf_peek(image, HDR_PAYLOAD_OFFSET, 4);
	size_t half = elf_peek(image, HDR_PAYLOAD_LENGTH, 4) / 2;
	struct buf b = { 0 };
	char name[64];

	buf_add(&b, image->data, image->len);
	elf_patch(&b, HDR_PAYLOAD_LENGTH, 4, half);
	if (strcmp(format, "none"))
		elf_patch(&b, start + half - 4, 4, size);
	snprintf(name, sizeof(name), "half.%s", format);
	save(name, &b);
	buf_release(&b);
}

/* bzImages: a valid one of each format, one with half of its payload, and one
 * with a wrong decoded size. */
static void save_formats(const struct buf *elf)
{
	for (size_t i = 0; i < formats_count; i++) {
		const char *format = formats[i].name;
		struct buf b = { 0 };
		char name[64];
		size_t end;

		bzimage_of_elf(elf, format, &b);
		snprintf(name, sizeof(name), "good.%s", format);
		save(name, &b);
		end = (elf_peek(&b, HDR_SETUP_SECTS, 1) + 1) * 512 +
		      elf_peek(&b, HDR_PAYLOAD_OFFSET, 4) +
		      elf_peek(&b, HDR_PAYLOAD_LENGTH, 4);
		save_half(format, &b, elf->len);
		if (formats[i].size_tail) {
			snprintf(name, sizeof(name), "small.%s", format);
			save_patched(name, &b, end - 4, 4, elf->len - 1);
			snprintf(name, sizeof(name), "large.%s", format);
			save_patched(name, &b, end - 4, 4, elf->len + 1);
			snprintf(name, sizeof(name), "huge.%s", format);
			save_patched(name, &b, end - 4, 4, 0xffffffff);
		}
		buf_release(&b);
	}
}

static const struct {
	const char *name;
	unsigned off, width;
	uint64_t value;
} headers[] = {
	{ "bz-payload-offset", HDR_PAYLOAD_OFFSET, 4, 0xffffffff },
	{ "bz-payload-length", HDR_PAYLOAD_LENGTH, 4, 0xffffffff },
	{ "bz-setup-sects", HDR_SETUP_SECTS, 1, 0xff },
	{ "bz-no-magic", HDR_MAGIC, 4, 0x58585858 },
	{ "bz-no-boot-flag", HDR_BOOT_FLAG, 2, 0 },
	{ "bz-cmdline-size", HDR_CMDLINE_SIZE, 4, 12 },
	{ "bz-initrd-max", HDR_INITRD_ADDR_MAX, 4, 0x100fff },
	{ "bz-init-size", HDR_INIT_SIZE, 4, 0xffffffff },
	{ "bz-syssize", HDR_SYSSIZE, 4, 0xffffffff },
};

static void save_headers(const struct buf *elf)
{
	struct buf b = { 0 };

	bzimage_of_elf(elf, "gzip", &b);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		save_patched(headers[i].name, &b, headers[i].off,
			     headers[i].width, headers[i].value);
	buf_release(&b);
}

/* Files that are not images, and one that is inside another. */
static void save_others(const struct buf *elf)
{
	static const struct test_pe_section text = { ".text", "x", 1, 0 };
	struct buf b = { 0 }, kernel = { 0 };

	buf_add(&b, "070701 and what follows", 23);
	save("initrd.cpio", &b);
	b.len = 0;
	pe_build(0, &text, 1, &b);
	save("program.efi", &b);
	bzimage_of_elf(elf, "gzip", &kernel);
	b.len = 0;
	uki_build(&kernel, NULL, NULL, &b);
	elf_patch(&b, pe_section_field(3, PE_SECTION_RAW_OFF), 4, 0xfffffff0);
	save("uki-range", &b);
	b.len = 0;
	elf_patch(&kernel, HDR_INITRD_ADDR_MAX, 4, 0x100fff);
	uki_build(&kernel, &kernel, "quiet", &b);
	save("uki-initrd", &b);
	buf_release(&b);
	buf_release(&kernel);
}

/* A file that cannot be opened. */
static void save_socket(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", folder, name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a))) {
		perror(a.sun_path);
		exit(1);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct buf elf = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: make_images FOLDER\n");
		return 2;
	}
	folder = argv[1];
	payload_fill(filler, sizeof(filler), 1);
	save_elfs();
	good_elf(&elf);
	save_formats(&elf);
	save_headers(&elf);
	save_others(&elf);
	save_socket("socket");
	buf_release(&elf);
	return 0;
}
