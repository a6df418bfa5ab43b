/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/format.h"
#include "image/decode.h"

/* Longest magic first: that is the order in which they are tried. */
const struct format formats[] = {
	{ .name = "lzo",
	  .tool = "lzop",
	  .magic = { { 0x89, 'L', 'Z', 'O', 0x00, 0x0d, 0x0a, 0x1a, 0x0a } },
	  .magic_len = { 9 },
	  .size_tail = true,
	  .decode = decode_lzo },
	{ .name = "xz",
	  .tool = "xz",
	  .magic = { { 0xfd, '7', 'z', 'X', 'Z', 0x00 } },
	  .magic_len = { 6 },
	  .size_tail = true,
	  .decode = decode_xz },
	{ .name = "lz4",
	  .tool = "lz4",
	  .magic = { { 0x02, 0x21, 0x4c, 0x18 } },
	  .magic_len = { 4 },
	  .size_tail = true,
	  .decode = decode_lz4 },
	{ .name = "zstd",
	  .tool = "zstd",
	  .magic = { { 0x28, 0xb5, 0x2f, 0xfd } },
	  .magic_len = { 4 },
	  .size_tail = true,
	  .decode = decode_zstd },
	{ .name = "none",
	  .magic = { { 0x7f, 'E', 'L', 'F' } },
	  .magic_len = { 4 },
	  .decode = decode_none },
	{ .name = "lzma",
	  .tool = "xz",
	  .magic = { { 0x5d, 0x00, 0x00 } },
	  .magic_len = { 3 },
	  .size_tail = true,
	  .decode = decode_lzma },
	{ .name = "bzip2",
	  .tool = "bzip2",
	  .magic = { { 'B', 'Z', 'h' } },
	  .magic_len = { 3 },
	  .size_tail = true,
	  .decode = decode_bzip2 },
	{ .name = "gzip",
	  .tool = "gzip",
	  .magic = { { 0x1f, 0x8b }, { 0x1f, 0x9e } },
	  .magic_len = { 2, 2 },
	  .decode = decode_gzip },
};

const size_t formats_count = sizeof(formats) / sizeof(formats[0]);

static bool has_magic(const struct format *f, struct bytes head)
{
	for (size_t i = 0; i < sizeof(f->magic_len); i++)
		if (f->magic_len[i] &&
		    bytes_start_with(head, f->magic[i], f->magic_len[i]))
			return true;
	return false;
}

const struct format *format_find(struct bytes head)
{
	for (size_t i = 0; i < formats_count; i++)
		if (has_magic(&formats[i], head))
			return &formats[i];
	return NULL;
}

const struct format *format_by_name(const char *name)
{
	for (size_t i = 0; i < formats_count; i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}
