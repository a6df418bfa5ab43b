/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel lacks for its root, before the guest runs and after its panic.
 */
#include "unit/unit.h"
#include "dev/virtio/blk.h"
#include "outcome/root.h"

static struct machine_plan plan;
static struct machine_config config;
static struct symbols symbols;
static char words[ROOT_WORDS_MAX];
static struct err e;

/* Names as kallsyms_read() leaves them: @text has a type and a NUL for each. */
static void set_names(const char *text, size_t size)
{
	static const struct kernel_elf kernel;
	static uint64_t addresses[16];
	static uint32_t starts[16];
	struct kallsyms *k = &symbols.own;

	symbols.kernel = &kernel;
	symbols.own_read = true;
	*k = (struct kallsyms){ .addresses = addresses,
				.starts = starts,
				.text = (char *)text };
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		starts[k->count++] = (uint32_t)at;
}

/* The drivers that are built in, by their functions. */
#define NONE	 "Tstart_kernel"
#define PCI	 "tvirtio_pci_probe"
#define MMIO	 "tvirtio_mmio_probe"
#define BLK	 "tvirtblk_probe"
#define EXT4	 "text4_fill_super"
#define ALL_FS	 EXT4 "\0tsquashfs_fill_super\0terofs_fc_get_tree"
#define NAMES(t) t, sizeof(t)
#define NO_NAMES NULL, 0

#define VFS "Kernel panic - not syncing: VFS: Unable to mount root fs on "

static const struct row {
	bool has_disk;
	enum machine_virtio virtio;
	const char *names;
	size_t size;
	bool has_initrd;
	const char *cmdline;
	const char *panic; /* NULL: before the run */
	const char *words; /* NULL: nothing is said */
} rows[] = {
	/* before */
	{ true, MACHINE_VIRTIO_AUTO, NAMES(NONE), false, "root=/dev/vda", NULL,
	  "virtio_pci and virtio_blk are not built in: the root needs an "
	  "initrd that has them (--initrd), or a kernel with "
	  "CONFIG_VIRTIO_PCI=y and CONFIG_VIRTIO_BLK=y" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI "\0" MMIO), false,
	  "quiet root=/dev/vda1 ro", NULL,
	  "virtio_blk is not built in: the root needs an initrd that has it "
	  "(--initrd), or a kernel with CONFIG_VIRTIO_BLK=y" },
	{ true, MACHINE_VIRTIO_MMIO, NAMES(PCI "\0" BLK), false,
	  "root=PARTUUID=1-1", NULL,
	  "virtio_mmio is not built in: the root needs an initrd that has it "
	  "(--initrd), or a kernel with CONFIG_VIRTIO_MMIO=y" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI ".cold\0" EXT4), false,
	  "root=/dev/vda rootfstype=squashfs", NULL,
	  "virtio_blk and squashfs are not built in: the root needs" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(NONE), false,
	  "root=/dev/vda rootfstype=ext4", NULL,
	  "virtio_pci, virtio_blk and ext4 are not built in: " },
	{ false, MACHINE_VIRTIO_AUTO, NO_NAMES, false, "root=/dev/vda", NULL,
	  "the root is to be on a disk, and the machine has none: --disk adds "
	  "one" },
	{ true, MACHINE_VIRTIO_AUTO, NO_NAMES, false,
	  "root=fs0 rootfstype=virtiofs", NULL,
	  "the root is to be on a shared folder, and the machine has none: "
	  "--share adds one" },
	/* nothing is lacking, or nothing is known to be */
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI "\0" BLK), false, "root=/dev/vda",
	  NULL, NULL },
	{ true, MACHINE_VIRTIO_PCI, NAMES(NONE), true, "root=/dev/vda", NULL,
	  NULL },
	{ true, MACHINE_VIRTIO_PCI, NO_NAMES, false, "root=/dev/vda", NULL,
	  NULL },
	{ true, MACHINE_VIRTIO_PCI, NAMES(NONE), false, "console=ttyS0", NULL,
	  NULL },
	{ true, MACHINE_VIRTIO_PCI, NAMES(NONE), false, "root=/dev/nfs", NULL,
	  NULL },
	{ false, MACHINE_VIRTIO_PCI, NAMES(NONE), false, "x -- root=/dev/vda",
	  NULL, NULL },
	/* afterwards */
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI), false, "root=/dev/vda",
	  VFS "unknown-block(0,0)", "virtio_blk is not built in: the root " },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI), false, "root=LABEL=x",
	  VFS "\"LABEL=x\" or unknown-block(0,0)",
	  "virtio_blk is not built in: the root " },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI), false, "quiet",
	  VFS "unknown-block(0,0)", "the command line has no root=" },
	{ false, MACHINE_VIRTIO_PCI, NAMES(PCI), false, "root=/dev/vda",
	  VFS "unknown-block(0,0)",
	  "the machine has no disk: give the root by --disk or --initrd" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI), true, "root=/dev/vda",
	  VFS "unknown-block(0,0)",
	  "the kernel found no init to run in the initrd" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI "\0" BLK "\0" EXT4), false,
	  "root=/dev/vda", VFS "unknown-block(254,0)",
	  "the kernel has the disk, but it cannot read a file system there; "
	  "not built in are squashfs and erofs" },
	{ true, MACHINE_VIRTIO_PCI, NAMES(PCI "\0" BLK "\0" ALL_FS), false,
	  "root=/dev/vda", VFS "unknown-block(254,0)", NULL },
	{ true, MACHINE_VIRTIO_PCI, NO_NAMES, false, "root=/dev/vda",
	  VFS "unknown-block(0,0)", NULL },
	{ true, MACHINE_VIRTIO_PCI, NAMES(NONE), false, "root=/dev/vda",
	  "Kernel panic - not syncing: No working init found.", NULL },
};

static void setup(void)
{
	symbols = (struct symbols){ 0 };
	config = (struct machine_config){ .mem_size = 64 << 20, .cpus = 1 };
}

START_TEST(root__lacks)
{
	const struct row *r = &rows[_i];
	const struct root_facts f = { .cmdline = r->cmdline,
				      .plan = &plan,
				      .symbols = &symbols,
				      .has_initrd = r->has_initrd };
	bool said;

	config.virtio = r->virtio;
	if (r->has_disk)
		assert_ok(device_request_parse(&config.devices[0],
					       &virtio_blk_type, "d", &e),
			  &e);
	config.devices_count = r->has_disk;
	assert_ok(machine_plan_make(&plan, &config, &e), &e);
	if (r->size)
		set_names(r->names, r->size);
	said = r->panic ? root_was_missed(&f, r->panic, words)
			: root_lacks(&f, words);
	ck_assert_msg(said == !!r->words, "said: '%s'", words);
	if (r->words)
		ck_assert_msg(!strncmp(words, r->words, strlen(r->words)),
			      "said: '%s'", words);
	if (r->has_disk)
		device_request_release(&config.devices[0]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("root");
	TCase *t = tcase_create("root");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, root__lacks, 0, COUNT(rows));
	suite_add_tcase(s, t);
	return s;
}
