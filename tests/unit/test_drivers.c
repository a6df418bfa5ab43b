/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which drivers a kernel has built in, by its symbols or by its embedded
 * configuration; and that configuration.
 */
#include "image/drivers.h"
#include "image/ikconfig.h"
#include "show/drivers_list.h"
#include "support/payloads.h"
#include "unit/elf_file.h"

#include <errno.h>

#define CONFIG                            \
	"# a comment\n"                   \
	"CONFIG_VIRTIO_BLK=y\n"           \
	"CONFIG_VIRTIO_NET=m\n"           \
	"# CONFIG_VIRTIO_FS is not set\n" \
	"CONFIG_PCI_MSI=y\n"              \
	"CONFIG_NAME=\"x\"\n"             \
	"CONFIG_EXT4_FS=y"

static struct err e;
static struct buf text;

static enum driver_state state_of(const enum driver_state *states,
				  const char *name)
{
	for (size_t i = 0; i < drivers_count; i++)
		if (!strcmp(drivers[i].name, name))
			return states[i];
	ck_abort_msg("no driver %s", name);
	return DRIVER_ABSENT;
}

static const struct {
	const char *option;
	char value;
} values[] = {
	{ "CONFIG_VIRTIO_BLK", 'y' },
	{ "CONFIG_VIRTIO_NET", 'm' },
	{ "CONFIG_VIRTIO_FS", 'n' },
	{ "CONFIG_NAME", 'y' },
	/* A prefix of another name, a missing one, and a last line without a
	 * newline. */
	{ "CONFIG_PCI", 'n' },
	{ "CONFIG_VIRTIO_CONSOLE", 'n' },
	{ "CONFIG_EXT4_FS", 'y' },
};

START_TEST(ikconfig__value)
{
	struct bytes config = tight(CONFIG, sizeof(CONFIG) - 1);

	ck_assert_int_eq(ikconfig_value(config, values[_i].option),
			 values[_i].value);
	tight_free(config);
	ck_assert_int_eq(ikconfig_value((struct bytes){ 0 }, "CONFIG_PCI"),
			 'n');
}
END_TEST

/* A line that is cut at every possible place. */
START_TEST(ikconfig__value_in_cut_text)
{
	static const char line[] = "CONFIG_PCI=y";

	for (size_t len = 0; len < sizeof(line); len++) {
		struct bytes config = tight(line, len);

		ck_assert_int_eq(ikconfig_value(config, "CONFIG_PCI"),
				 len >= 12 ? 'y' : 'n');
		tight_free(config);
	}
}
END_TEST

/* The kernel's contents: words, then the stream or something else. */
static const struct {
	const char *before, *begin, *end;
	bool stream, damaged, found;
} carried[] = {
	{ "", "IKCFG_ST", "IKCFG_ED", true, false, true },
	{ "IKCFG_ST IKCFG_ED", "IKCFG_ST", "IKCFG_ED", true, false, true },
	{ "IKCFG_", "IKCFG_ST", "IKCFG_ED", true, false, true },
	{ "", "IKCFG_ST", "IKCFG_ED", false, false, false },
	{ "", "IKCFG_ST", "IKCFG_ED", true, true, false },
	{ "", "IKCFG_ST", "IKCFG_EX", true, false, false },
	{ "", "IKCFG_SX", "IKCFG_ED", true, false, false },
	{ "", "", "", false, false, false },
};

static void make_kernel(int row, struct kernel_elf *k)
{
	struct buf data = { 0 };
	struct test_segment segments[] = { { .type = PT_LOAD,
					     .vaddr = 0xffffffff81000000,
					     .paddr = 0x1000000 } };

	buf_add(&data, carried[row].before, strlen(carried[row].before));
	buf_add(&data, carried[row].begin, strlen(carried[row].begin));
	if (carried[row].stream) {
		size_t at = data.len;

		ck_assert_int_eq(payload_compress("gzip", CONFIG,
						  sizeof(CONFIG) - 1, &data,
						  false),
				 0);
		if (carried[row].damaged)
			data.data[at + 20] ^= 0x55;
	}
	buf_add(&data, carried[row].end, strlen(carried[row].end));
	segments[0].data = data.data ? data.data : (uint8_t *)"";
	segments[0].filesz = data.len;
	segments[0].memsz = 0x1000;
	build(&(struct test_elf){ .segments = segments, .segments_count = 1 });
	parse_ok(k);
	buf_release(&data);
}

START_TEST(ikconfig__reads_what_the_kernel_carries)
{
	struct kernel_elf k;
	int rc;

	make_kernel(_i, &k);
	rc = ikconfig_read(&text, &k, &e);
	if (carried[_i].found) {
		assert_ok(rc, &e);
		ck_assert_uint_eq(text.len, sizeof(CONFIG) - 1);
		ck_assert_mem_eq(text.data, CONFIG, text.len);
	} else {
		assert_err(rc, -ENOENT, &e, "carries no configuration");
		ck_assert_uint_eq(text.len, 0);
	}
	kernel_elf_release(&k);
}
END_TEST

START_TEST(drivers__by_symbols)
{
	static char names[] = "tvirtblk_probe\0tvirtnet_probe_x\0"
			      "tvirtcons_probe.cold\0Tovl_fill\0"
			      "terofs_fill_super";
	uint64_t addresses[5] = { 0 };
	uint32_t starts[] = { 0, 15, 32, 53, 63 };
	const struct kallsyms k = { .count = 5,
				    .addresses = addresses,
				    .starts = starts,
				    .text = names };
	enum driver_state s[DRIVERS_MAX];

	drivers_find(s, &k, (struct bytes){ 0 });
	ck_assert_int_eq(state_of(s, "virtio_blk"), DRIVER_BUILT_IN);
	ck_assert_int_eq(state_of(s, "virtio_console"), DRIVER_BUILT_IN);
	/* Found by its second name. */
	ck_assert_int_eq(state_of(s, "erofs"), DRIVER_BUILT_IN);
	/* Longer and shorter names are different drivers. */
	ck_assert_int_eq(state_of(s, "virtio_net"), DRIVER_MODULE_OR_ABSENT);
	ck_assert_int_eq(state_of(s, "overlay"), DRIVER_MODULE_OR_ABSENT);
}
END_TEST

START_TEST(drivers__by_the_configuration)
{
	const struct kallsyms none = { .count = 0 };
	enum driver_state s[DRIVERS_MAX];

	drivers_find(
		s, &none,
		(struct bytes){ (const uint8_t *)CONFIG, sizeof(CONFIG) - 1 });
	ck_assert_int_eq(state_of(s, "virtio_blk"), DRIVER_BUILT_IN);
	ck_assert_int_eq(state_of(s, "virtio_net"), DRIVER_MODULE);
	ck_assert_int_eq(state_of(s, "virtiofs"), DRIVER_ABSENT);
	ck_assert_int_eq(state_of(s, "pci"), DRIVER_ABSENT);
}
END_TEST

START_TEST(drivers__are_listed)
{
	struct drivers_list l;
	struct kernel_elf k;
	char *out = NULL, size[40];

	make_kernel(0, &k);
	assert_ok(drivers_list_make(&l, "a kernel", &k, &e), &e);
	assert_ok(drivers_list_text(&l, &out, &e), &e);
	ck_assert_ptr_nonnull(
		strstr(out, "Drivers, by the configuration that"));
	ck_assert_ptr_nonnull(strstr(out, "  virtio_net          module  "));
	ck_assert_ptr_nonnull(strstr(out, "\n  BTF                 none\n"));
	free(out);
	assert_ok(drivers_list_json(&l, &out, &e), &e);
	snprintf(size, sizeof(size), "\"configuration\": %zu",
		 sizeof(CONFIG) - 1);
	ck_assert_ptr_nonnull(strstr(out, size));
	ck_assert_ptr_nonnull(strstr(out, "\"state\": \"module\""));
	ck_assert_ptr_nonnull(strstr(out, "\"state\": \"built-in\""));
	free(out);
	kernel_elf_release(&k);
	make_kernel(7, &k);
	assert_err(drivers_list_make(&l, "a kernel", &k, &e), -ENOENT, &e,
		   "; the kernel carries no configuration");
	kernel_elf_release(&k);
}
END_TEST

static void release(void)
{
	buf_release(&text);
	buf_release(&file);
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("drivers");
	TCase *t = tcase_create("drivers");

	tcase_add_checked_fixture(t, NULL, release);
	tcase_add_loop_test(t, ikconfig__value, 0, COUNT(values));
	tcase_add_test(t, ikconfig__value_in_cut_text);
	tcase_add_loop_test(t, ikconfig__reads_what_the_kernel_carries, 0,
			    COUNT(carried));
	tcase_add_test(t, drivers__by_symbols);
	tcase_add_test(t, drivers__by_the_configuration);
	tcase_add_test(t, drivers__are_listed);
	suite_add_tcase(s, t);
	return s;
}
