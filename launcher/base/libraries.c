/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/libraries.h"

#include <errno.h>
#include <string.h>

/* The Makefile defines each HAVE_... as 1 or 0. */
const struct library libraries[] = {
	{ "zlib", "gzip payloads", true },
	{ "libelf", "ELF files", true },
	{ "libbz2", "bzip2 payloads", HAVE_BZIP2 },
	{ "liblzma", "xz and lzma payloads", HAVE_LZMA },
	{ "liblzo2", "lzo payloads", HAVE_LZO },
	{ "liblz4", "lz4 payloads", HAVE_LZ4 },
	{ "libzstd", "zstd payloads", HAVE_ZSTD },
	{ "jansson", "--json, --report, inspect of two images, test",
	  HAVE_JSON },
	{ "libyaml", "test", HAVE_YAML },
	{ "libslirp", "--net user", HAVE_SLIRP },
	{ "libkmod", "kernel modules for exec", HAVE_KMOD },
	{ "seccomp", "--sandbox: filters of system calls", HAVE_SECCOMP },
};

const size_t libraries_count = sizeof(libraries) / sizeof(libraries[0]);

int libraries_need(const char *name, struct err *e)
{
	for (size_t i = 0; i < libraries_count; i++)
		if (!strcmp(libraries[i].name, name) && libraries[i].is_in)
			return 0;
	return err_set(e, EOPNOTSUPP, "this launcher was built without %s",
		       name);
}
