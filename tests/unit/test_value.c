/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values by kind: what is stored where, and what is refused. The grammar of
 * numbers is tested in test_parse.c.
 */
#include "unit/unit.h"
#include "base/value.h"

#include <errno.h>

struct target {
	bool flag, neighbour;
	unsigned times;
	const char *text;
	const char *many[3];
	size_t many_count;
	unsigned long number;
	uint64_t size, duration, address;
};

static struct target to;
static struct err e;

static const char *color(size_t i)
{
	static const char *const words[] = { "red", "green", "blue" };

	return i < COUNT(words) ? words[i] : NULL;
}

static const struct value flag = VALUE_FLAG_AT(struct target, flag);
static const struct value times = VALUE_TIMES_AT(struct target, times);
static const struct value number = VALUE_NUMBER_AT(struct target, number, 2,
						   20);
static const struct value size = VALUE_SIZE_AT(struct target, size);
static const struct value duration = VALUE_DURATION_AT(struct target, duration);
static const struct value address = VALUE_ADDRESS_AT(struct target, address);
static const struct value many = VALUES_AT(VALUE_INPUT, struct target, many,
					   many_count);
static const struct value none = { .kind = VALUE_NONE };

START_TEST(value__stores_by_kind)
{
	assert_ok(value_store(&flag, &to, NULL, &e), &e);
	assert_ok(value_store(&times, &to, NULL, &e), &e);
	assert_ok(value_store(&times, &to, NULL, &e), &e);
	assert_ok(value_store(&number, &to, "20", &e), &e);
	assert_ok(value_store(&size, &to, "2K", &e), &e);
	assert_ok(value_store(&duration, &to, "2ms", &e), &e);
	assert_ok(value_store(&address, &to, "0x10", &e), &e);
	assert_ok(value_store(&none, &to, "x", &e), &e);
	ck_assert(to.flag && !to.neighbour);
	ck_assert_uint_eq(to.times, 2);
	ck_assert_uint_eq(to.number, 20);
	ck_assert_uint_eq(to.size, 2048);
	ck_assert_uint_eq(to.duration, 2000000);
	ck_assert_uint_eq(to.address, 16);
	ck_assert_ptr_null(to.text);
}
END_TEST

START_TEST(value__keeps_the_order_of_several)
{
	static const char *const texts[] = { "a", "-", "a" };

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_ptr_null(value_text(&many, &to, i));
		assert_ok(value_store(&many, &to, texts[i], &e), &e);
	}
	ck_assert_uint_eq(to.many_count, COUNT(texts));
	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_str_eq(value_text(&many, &to, i), texts[i]);
	ck_assert_ptr_null(value_text(&many, &to, COUNT(texts)));
	ck_assert_uint_eq(to.number, 0);
}
END_TEST

/* Kinds whose value is text. */
static const struct {
	struct value v;
	const char *text;
	int rc;
	const char *message;
} texts[] = {
	{ VALUE_TEXT_AT(struct target, text), "", 0, "" },
	{ VALUE_TEXT_AT(struct target, text), "a b", 0, "" },
	{ VALUE_REGEX_AT(struct target, text), "a|b", 0, "" },
	{ VALUE_REGEX_AT(struct target, text), "(", -EINVAL,
	  "'(' is not a regular expression" },
	{ VALUE_INPUT_AT(struct target, text), "-", 0, "" },
	{ VALUE_INPUT_AT(struct target, text), "", -EINVAL,
	  "the file's name is empty" },
	{ VALUE_OUTPUT_AT(struct target, text), "-", 0, "" },
	{ VALUE_OUTPUT_AT(struct target, text), "", -EINVAL,
	  "the file's name is empty" },
	{ VALUE_NEW_FILE_AT(struct target, text, NULL), "f", 0, "" },
	{ VALUE_NEW_FILE_AT(struct target, text, NULL), "--", 0, "" },
	{ VALUE_NEW_FILE_AT(struct target, text, NULL), "-", -EINVAL,
	  "'-' is not a file" },
	{ VALUE_NEW_FILE_AT(struct target, text, "it is taken"), "-", -EINVAL,
	  "'-' is not a file; it is taken" },
	{ VALUE_NEW_FILE_AT(struct target, text, NULL), "", -EINVAL,
	  "'' is not a file" },
	{ VALUE_PATH_AT(struct target, text), "-", 0, "" },
	{ VALUE_PATH_AT(struct target, text), "", -EINVAL,
	  "the file's name is empty" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "red", 0, "" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "blue", 0, "" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "", -EINVAL,
	  "unknown color '' (expected red, green, blue)" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "Red", -EINVAL,
	  "unknown color 'Red' (expected red, green, blue)" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "re", -EINVAL,
	  "unknown color 're' (expected" },
	{ VALUE_CHOICE_AT(struct target, text, "color", color), "redd", -EINVAL,
	  "unknown color 'redd' (expected" },
};

START_TEST(value__texts)
{
	int rc = value_store(&texts[_i].v, &to, texts[_i].text, &e);

	assert_err(rc, texts[_i].rc, &e, texts[_i].message);
	if (!rc)
		ck_assert_ptr_eq(to.text, texts[_i].text);
}
END_TEST

/* A refused choice as long as a message: the message is truncated. */
START_TEST(value__long_text_is_cut)
{
	const struct value v = VALUE_CHOICE_AT(struct target, text, "color",
					       color);
	static char text[2 * ERR_MSG_SIZE];

	for (size_t len = ERR_MSG_SIZE - 64; len < ERR_MSG_SIZE + 8; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		assert_err(value_store(&v, &to, text, &e), -EINVAL, &e,
			   "unknown color 'xxx");
		ck_assert_uint_lt(strlen(e.msg), ERR_MSG_SIZE);
	}
}
END_TEST

static const struct {
	const char *text, *message;
} numbers[] = {
	{ "1", "1 is outside 2 to 20" },
	{ "21", "21 is outside 2 to 20" },
	{ "", "'' is not a whole number" },
	{ "-3", "'-3' is not a whole number" },
};

START_TEST(value__numbers_have_limits)
{
	int rc = value_store(&number, &to, numbers[_i].text, &e);

	assert_err(rc, rc ?: -EINVAL, &e, numbers[_i].message);
	ck_assert_uint_eq(to.number, 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("value");
	TCase *t = tcase_create("value");

	tcase_add_test(t, value__stores_by_kind);
	tcase_add_test(t, value__keeps_the_order_of_several);
	tcase_add_loop_test(t, value__texts, 0, COUNT(texts));
	tcase_add_test(t, value__long_text_is_cut);
	tcase_add_loop_test(t, value__numbers_have_limits, 0, COUNT(numbers));
	suite_add_tcase(s, t);
	return s;
}
