/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How verify shows a difference, and what it refuses before a guest runs.
 */
#include "unit/image_file.h"
#include "verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT	 0xffffffff81000000
#define SEGMENTS 3
#define HOSTILE	 "evil\x1b[2J\xff"

static struct err e;

/* A kernel's ELF with two symbols, and one more in a second table; an ELF may
 * have only one table. */
static void build_with_symbols(void)
{
	static const uint8_t text[16];
	static const char strings[] = "\0" HOSTILE "\0second";
	const Elf64_Sym symbols[] = {
		{ 0 },
		{ .st_name = 1, .st_shndx = 1, .st_value = TEXT },
	};
	const Elf64_Sym others[] = {
		{ .st_name = sizeof(HOSTILE) + 1,
		  .st_shndx = 1,
		  .st_value = TEXT + 1 },
	};
	const struct test_segment load = { .type = PT_LOAD,
					   .vaddr = TEXT,
					   .paddr = 0x1000000,
					   .data = text,
					   .filesz = sizeof(text) };
	const struct test_section sections[] = {
		{ .type = SHT_PROGBITS,
		  .size = sizeof(text),
		  .flags = SHF_ALLOC,
		  .addr = TEXT,
		  .in_segment = 1 },
		{ .type = SHT_STRTAB,
		  .data = strings,
		  .size = sizeof(strings) },
		{ .type = SHT_SYMTAB,
		  .data = symbols,
		  .size = sizeof(symbols),
		  .align = 8,
		  .link = 2,
		  .entsize = sizeof(Elf64_Sym) },
		{ .type = SHT_SYMTAB,
		  .data = others,
		  .size = sizeof(others),
		  .align = 8,
		  .link = 2,
		  .entsize = sizeof(Elf64_Sym) },
	};

	elf.len = 0;
	elf_build(&(struct test_elf){ .segments = &load,
				      .segments_count = 1,
				      .sections = sections,
				      .sections_count = COUNT(sections) },
		  &elf);
}

/* As many differences as are kept, in each of several segments. */
static void differ(struct verification *v)
{
	static struct compare_segment segments[SEGMENTS];

	for (unsigned i = 0; i < SEGMENTS; i++) {
		struct compare_segment *s = &segments[i];

		*s = (struct compare_segment){ .index = i,
					       .vaddr = TEXT,
					       .filesz = COMPARE_KEPT,
					       .memsz = COMPARE_KEPT,
					       .different = COMPARE_KEPT,
					       .kept = COMPARE_KEPT };
		for (unsigned j = 0; j < COMPARE_KEPT; j++)
			s->diffs[j] = (struct compare_diff){ j, 1, 2 };
	}
	build_with_symbols();
	*v = (struct verification){
		.protocol = "linux64",
		.result = { segments, SEGMENTS, SEGMENTS * COMPARE_KEPT,
			    SEGMENTS * COMPARE_KEPT },
	};
	assert_ok(symtab_read(&v->symbols, buf_bytes(&elf), &e), &e);
}

/* What @print writes to standard output. */
static char *printed(int (*print)(const struct verification *v, struct err *e),
		     const struct verification *v)
{
	static char text[65536];
	FILE *f = tmpfile();
	int keep = dup(STDOUT_FILENO);
	ssize_t n;

	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	assert_ok(print(v, &e), &e);
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	n = pread(fileno(f), text, sizeof(text) - 1, 0);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	fclose(f);
	return text;
}

static unsigned occurrences(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what))) {
		text++;
		n++;
	}
	return n;
}

/* The table is as long as the image wants, and is searched for each name. */
START_TEST(verify__names_so_many_differences)
{
	struct verification v;
	char *text;

	differ(&v);
	text = printed(verification_print_text, &v);
	ck_assert_uint_eq(occurrences(text, "image 0x01, launcher 0x02"),
			  SEGMENTS * COMPARE_KEPT);
	ck_assert_uint_eq(occurrences(text, "evil"), VERIFY_NAMES_MAX);
	text = printed(verification_print_json, &v);
	ck_assert_uint_eq(occurrences(text, "\"symbol\": \"evil"),
			  VERIFY_NAMES_MAX);
	ck_assert_uint_eq(occurrences(text, "\"symbol\": null"),
			  SEGMENTS * COMPARE_KEPT - VERIFY_NAMES_MAX);
	symtab_release(&v.symbols);
}
END_TEST

START_TEST(verify__names_are_fit_to_print)
{
	struct verification v;
	char *text;

	differ(&v);
	text = printed(verification_print_text, &v);
	ck_assert_ptr_nonnull(strstr(text, "  evil?[2J?+0x0\n"));
	ck_assert_ptr_nonnull(strstr(text, "  evil?[2J?+0x7\n"));
	text = printed(verification_print_json, &v);
	ck_assert_ptr_nonnull(strstr(text, "\"evil?[2J?+0x7\""));
	symtab_release(&v.symbols);
}
END_TEST

START_TEST(verify__names_come_from_the_kernel_itself)
{
	uint64_t addresses[] = { TEXT - 8, TEXT + 2 };
	uint32_t starts[] = { 0, 6 };
	char names[] = "Tlow\0\0Thigh";
	struct verification v;
	char *text;

	differ(&v);
	symtab_release(&v.symbols);
	v.own = (struct kallsyms){ .count = 2,
				   .addresses = addresses,
				   .starts = starts,
				   .text = names };
	text = printed(verification_print_text, &v);
	ck_assert_ptr_nonnull(strstr(text, "  high+0x0\n"));
	ck_assert_ptr_nonnull(strstr(text, "  high+0x5\n"));
	/* Below the segment. */
	ck_assert_ptr_null(strstr(text, "low"));
	text = printed(verification_print_json, &v);
	ck_assert_ptr_nonnull(strstr(text, "\"high+0x5\""));
}
END_TEST

static char path[] = "./test_verify.XXXXXX";

static void make_image(void)
{
	int fd = mkstemp(path);

	build("gzip");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file.data, file.len), (ssize_t)file.len);
	close(fd);
}

#define MEM (UINT64_C(64) << 20)

/* This image has no decompressor, so running it would give another error. */
START_TEST(verify__flip_is_checked_before_the_guest_runs)
{
	/* Up to the segments, between them, after them, outside RAM. */
	static const uint64_t outside[] = {
		0,
		SMALL_KERNEL_TEXT_PADDR - 1,
		SMALL_KERNEL_DATA_PADDR - 1,
		SMALL_KERNEL_DATA_PADDR + 0x100000,
		MEM,
		UINT64_C(1) << 40,
		UINT64_MAX - 1,
		UINT64_MAX,
	};
	struct kvm none = KVM_EMPTY;
	struct verification v;
	struct input in;

	make_image();
	for (size_t i = 0; i < COUNT(outside); i++) {
		const struct verify_request req = {
			.image = &in,
			.kvm = &none,
			.mem = MEM,
			.timeout_ns = 1000000000,
			.flip = true,
			.flip_gpa = outside[i],
		};
		char want[128];
		int rc;

		assert_ok(input_open(&in, path, &e), &e);
		rc = verify_image(&v, &req, &e);
		input_close(&in);

		snprintf(want, sizeof(want),
			 ": --flip 0x%llx is outside the kernel's segments "
			 "(0x1000000 to 0x",
			 (unsigned long long)outside[i]);
		assert_err(rc, -EFAULT, &e, want);
	}
	unlink(path);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("verify");

	tcase_add_test(t, verify__names_so_many_differences);
	tcase_add_test(t, verify__names_are_fit_to_print);
	tcase_add_test(t, verify__names_come_from_the_kernel_itself);
	tcase_add_test(t, verify__flip_is_checked_before_the_guest_runs);
	suite_add_tcase(s, t);
	return s;
}
