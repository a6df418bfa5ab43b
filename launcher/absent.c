/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in for the code of a library that this build was made without:
 * the same functions, each of which says what is missing. Their callers need
 * not know; `launcher --version -v` lists what is in.
 *
 * The Makefile leaves out the sources that need the library and defines
 * HAVE_... as 1 for those that are in.
 */
#include <unistd.h>

#include "base/libraries.h"
#include "base/outcome.h"
#include "cli/cli.h"
#include "dev/net/user.h"
#include "exec/modules.h"
#include "image/decode.h"
#include "pack/compress.h"
#include "show/drivers_list.h"
#include "show/inspect_diff.h"
#include "show/symbols_list.h"
#include "outcome/report.h"
#include "verify/verify.h"

#define ABSENT_FORMAT(format, library)                                         \
	int decode_##format(struct decode *d, struct err *e)                   \
	{                                                                      \
		(void)d;                                                       \
		return err_prefix(e, libraries_need(library, e), #format);     \
	}                                                                      \
                                                                               \
	int compress_##format(struct bytes in, const struct compress_how *how, \
			      struct buf *out, struct err *e)                  \
	{                                                                      \
		(void)in, (void)how, (void)out;                                \
		return err_prefix(e, libraries_need(library, e), #format);     \
	}

#if !HAVE_BZIP2
ABSENT_FORMAT(bzip2, "libbz2")
#endif
#if !HAVE_LZMA
ABSENT_FORMAT(lzma, "liblzma")
ABSENT_FORMAT(xz, "liblzma")
#endif
#if !HAVE_LZO
ABSENT_FORMAT(lzo, "liblzo2")
#endif
#if !HAVE_LZ4
ABSENT_FORMAT(lz4, "liblz4")
#endif
#if !HAVE_ZSTD
ABSENT_FORMAT(zstd, "libzstd")
#endif

#if !HAVE_JSON
int inspection_json(const struct inspection *in, char **out, struct err *e)
{
	(void)in, (void)out;
	return libraries_need("jansson", e);
}

int inspection_diff(const struct inspection *a, const struct inspection *b,
		    struct json_t **diff, struct err *e)
{
	(void)a, (void)b, (void)diff;
	return libraries_need("jansson", e);
}

bool diff_is_empty(const struct json_t *diff)
{
	return !diff;
}

void diff_release(struct json_t *diff)
{
	(void)diff;
}

int diff_text(const struct json_t *diff, char **out, struct err *e)
{
	(void)diff, (void)out;
	return libraries_need("jansson", e);
}

int diff_json(const struct json_t *diff, char **out, struct err *e)
{
	return diff_text(diff, out, e);
}

int symbols_list_json(const struct kallsyms *k, const char *path, char **out,
		      struct err *e)
{
	(void)k, (void)path, (void)out;
	return libraries_need("jansson", e);
}

int drivers_list_json(const struct drivers_list *l, char **out, struct err *e)
{
	(void)l, (void)out;
	return libraries_need("jansson", e);
}

void report_prepare(void)
{
}

int report_write(struct output *o, const struct report_facts *f,
		 struct patience *p, struct err *e)
{
	(void)o, (void)f, (void)p;
	return libraries_need("jansson", e);
}

int verification_print_json(const struct verification *v, struct err *e)
{
	(void)v;
	return libraries_need("jansson", e);
}
#endif

#if !HAVE_KMOD
int modules_open(struct modules *m, const char *dir, struct err *e)
{
	(void)dir;
	*m = (struct modules){ 0 };
	return libraries_need("libkmod", e);
}

int modules_add(struct modules *m, const char *name, enum module_state *state,
		struct err *e)
{
	(void)m, (void)name;
	*state = MODULE_ABSENT;
	return libraries_need("libkmod", e);
}

void modules_release(struct modules *m)
{
	(void)m;
}
#endif

#if !HAVE_SLIRP
/* net_user_new() has refused before. */
void net_slirp_run(int fd, const struct net_user_config *c)
{
	(void)fd, (void)c;
	_exit(1);
}
#endif

#if !HAVE_JSON || !HAVE_YAML
int cmd_test(const struct options *o, struct err *e)
{
	(void)o;
	err_prefix(e,
		   libraries_need("jansson", e) ?: libraries_need("libyaml", e),
		   "test");
	return STATUS_FAILED;
}
#endif
