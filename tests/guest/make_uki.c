/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_uki KERNEL INITRD CMDLINE: write a unified kernel image to stdout.
 */
#include <stdio.h>

#include "base/file.h"
#include "support/uki_builder.h"

static int add_file(struct buf *b, const char *path)
{
	struct err e = ERR_EMPTY;
	struct file f;

	if (file_open(&f, path, 1u << 30, &e)) {
		fprintf(stderr, "make_uki: %s\n", e.msg);
		return -1;
	}
	buf_add(b, f.bytes.data, f.bytes.len);
	file_close(&f);
	return 0;
}

int main(int argc, char **argv)
{
	struct buf kernel = { 0 }, initrd = { 0 }, out = { 0 };

	if (argc != 4) {
		fprintf(stderr, "usage: make_uki KERNEL INITRD CMDLINE\n");
		return 2;
	}
	if (add_file(&kernel, argv[1]) || add_file(&initrd, argv[2]))
		return 1;
	uki_build(&kernel, &initrd, argv[3], &out);
	return fwrite(out.data, 1, out.len, stdout) != out.len;
}
