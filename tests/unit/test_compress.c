/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compressors: which levels each has, and that the output of every level
 * can be decoded. test_format.c has the round trips of every size.
 */
#include "unit/unit.h"
#include "support/payloads.h"
#include "image/format.h"

#include <errno.h>

static const struct {
	const char *format;
	int level;
	const char *message; /* NULL: it has that level */
} levels[] = {
	{ "gzip", 1, NULL },
	{ "gzip", 9, NULL },
	{ "gzip", 0, "format gzip has levels 1 to 9, not 0" },
	{ "gzip", 10, "format gzip has levels 1 to 9, not 10" },
	{ "xz", 0, NULL },
	{ "xz", 10, "format xz has levels 0 to 9, not 10" },
	{ "lz4", 12, NULL },
	{ "lz4", 13, "levels 1 to 12, not 13" },
	{ "zstd", 22, NULL },
	{ "zstd", 23, "levels 1 to 22, not 23" },
	{ "none", 0, NULL },
	{ "none", 1, "format none has no levels" },
};

START_TEST(compress__levels_end_where_the_format_does)
{
	const struct compressor *c = compressor_by_name(levels[_i].format);
	struct err e = ERR_EMPTY;
	int rc = compressor_check_level(c, levels[_i].level, &e);

	if (levels[_i].message)
		assert_err(rc, -EINVAL, &e, levels[_i].message);
	else
		assert_ok(rc, &e);
}
END_TEST

/* The lowest, highest and default level of every format can be decoded. */
START_TEST(compress__every_level_is_decoded)
{
	const struct compressor *c = &compressors[_i];
	const int tried[] = { c->level_min, c->level_default, c->level_max };
	static uint8_t in[100000], out[sizeof(in)];
	struct err e = ERR_EMPTY;

	payload_fill(in, sizeof(in), 5);
	for (size_t i = 0; i < COUNT(tried); i++) {
		struct buf packed = { 0 };
		struct decode d = { .out = out,
				    .cap = sizeof(out),
				    .enough = SIZE_MAX };
		struct compress_how how = { .level = tried[i] };

		assert_ok(c->compress((struct bytes){ in, sizeof(in) }, &how,
				      &packed, &e),
			  &e);
		d.in = buf_bytes(&packed);
		assert_ok(format_by_name(c->name)->decode(&d, &e), &e);
		ck_assert_uint_eq(d.out_len, sizeof(in));
		ck_assert_mem_eq(in, out, sizeof(in));
		buf_release(&packed);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("compress");
	TCase *t = tcase_create("compress");

	tcase_add_loop_test(t, compress__levels_end_where_the_format_does, 0,
			    COUNT(levels));
	tcase_add_loop_test(t, compress__every_level_is_decoded, 0,
			    (int)compressors_count);
	suite_add_tcase(s, t);
	return s;
}
