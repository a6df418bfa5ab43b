/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files given as an image by mistake: each is refused by the name of its kind.
 */
#include <errno.h>
#include <stdio.h>

#include "image/kind.h"
#include "pv/bootparam.h"
#include "unit/image_file.h"

#define SIZE 0x9000

static const struct {
	size_t off;
	const char *magic;
	size_t len;
	const char *message;
} files[] = {
	{ 0x38, "ARM\x64", 4, "this is a Linux kernel for arm64 (an Image)" },
	{ 0x38, "RSC\x05", 4, "this is a Linux kernel for RISC-V" },
	{ 0x38, "\xcd\x23\x82\x81\x40\0\0\0PE\0\0\x64\x62", 14,
	  "this is a Linux kernel for another machine, with an EFI" },
	{ 0x24, "\x18\x28\x6f\x01", 4, "this is a Linux kernel for ARM" },
	{ 0, "MZ\0\0zimg", 8, "this is a compressed EFI kernel" },
	{ 0, "\x27\x05\x19\x56", 4, "this is a U-Boot image" },
	{ 0, "\xd0\x0d\xfe\xed", 4, "this is a device tree or a FIT image" },
	{ 0, "070701", 6,
	  "this is a cpio archive, not an x86 kernel; an initial RAM disk is "
	  "given with --initrd" },
	{ 0, "070702", 6, "this is a cpio archive" },
	{ 0, "070707", 6, "this is a cpio archive" },
	{ 0, "\xc7\x71", 2, "this is a cpio archive" },
	{ 0x8001, "CD001", 5, "this is an ISO 9660 image" },
	{ 0, "QFI\xfb", 4, "this is a qcow2 disk image" },
	{ 0, "KDMV", 4, "this is a VMDK disk image" },
	{ 0x40, "\x7f\x10\xda\xbe", 4, "this is a VDI disk image" },
	{ 0, "vhdxfile", 8, "this is a VHDX disk image" },
	{ 0, "conectix", 8, "this is a VHD disk image" },
	{ 0x200, "EFI PART", 8, "this is a disk image with a GPT" },
	{ 0, "hsqs", 4, "this is a squashfs file system" },
	{ 0x438, "\x53\xef", 2, "this is an ext2, ext3 or ext4 file system" },
	{ 0, "!<arch>\ndebian-binary", 21, "this is a Debian package" },
	{ 0, "!<arch>\nx.o/", 12, "this is an ar archive" },
	{ 0, "\xed\xab\xee\xdb", 4, "this is an RPM package" },
	{ 0x101, "ustar", 5, "this is a tar archive" },
	{ 0, "PK\3\4", 4, "this is a ZIP archive" },
	{ 0, "#!/bin/sh\n", 10, "this is a script, not an x86 kernel" },
};

static void make_file(int i)
{
	file.len = 0;
	memset(buf_extend(&file, SIZE), 0, SIZE);
	memcpy(file.data + files[i].off, files[i].magic, files[i].len);
}

START_TEST(kind__names_what_is_not_a_kernel)
{
	struct err e = ERR_EMPTY;
	struct image img;

	make_file(_i);
	assert_err(open_file(&img, &e), -EINVAL, &e, files[_i].message);
	/* and nothing else */
	ck_assert_ptr_eq(strstr(e.msg, files[_i].message), e.msg);
	ck_assert_ptr_null(strstr(e.msg, "bzImage"));
}
END_TEST

/* An ELF holds any bytes behind its header; one for x86 is not refused here. */
START_TEST(kind__takes_an_elf_for_what_its_header_says)
{
	struct err e = ERR_EMPTY;

	make_file(_i);
	if (files[_i].off < 20)
		return;
	memcpy(file.data, "\x7f\x45LF\2\1\1", 7);
	elf_patch(&file, 16, 2, 2);
	elf_patch(&file, 18, 2, 62);
	assert_ok(kind_refuse(buf_bytes(&file), NULL, &e), &e);
}
END_TEST

/* The same, compressed: Image.gz, an initrd, a package's data. */
START_TEST(kind__names_what_is_in_compressed_data)
{
	static const char *const formats_tried[] = { "gzip", "xz", "zstd" };
	struct err e = ERR_EMPTY;
	struct image img;
	char message[160];

	for (size_t i = 0; i < COUNT(formats_tried); i++) {
		struct buf packed = { 0 };

		make_file(_i);
		payload_compress(formats_tried[i], file.data, file.len, &packed,
				 false);
		snprintf(message, sizeof(message), "this is %s data of %s",
			 formats_tried[i],
			 files[_i].message + strlen("this is "));
		assert_err(open_bytes(&img, packed.data, packed.len, &e),
			   -EINVAL, &e, message);
		ck_assert_ptr_eq(strstr(e.msg, message), e.msg);
		buf_release(&packed);
	}
}
END_TEST

/* Inside a bzImage, which also has its own code. */
START_TEST(kind__names_a_payload)
{
	struct err e = ERR_EMPTY;
	struct image img;

	elf.len = 0;
	buf_add(&elf, "070701 is how an archive begins", 31);
	file.len = 0;
	bzimage_of_elf(&elf, "gzip", &file);
	assert_ok(open_file(&img, &e), &e);
	ck_assert(!img.has_payload && !img.payload_damaged);
	ck_assert_ptr_nonnull(
		strstr(img.no_payload.msg, "gzip data of a cpio archive"));
	image_close(&img);
}
END_TEST

/* Magic numbers that are there by chance. */
START_TEST(kind__leaves_weak_magic_to_the_loaders)
{
	struct err e = ERR_EMPTY;
	struct image img;

	/* A bzImage without "HdrS" has the signature of a boot sector. */
	build("gzip");
	elf_patch(&file, HDR_MAGIC, 4, 0);
	assert_err(open_file(&img, &e), -EINVAL, &e,
		   "not a bzImage: no \"HdrS\"");
	ck_assert_ptr_null(strstr(e.msg, "disk"));
	/* With a partition, it is a disk. */
	elf_patch(&file, 0x1be, 1, 0x80);
	elf_patch(&file, 0x1be + 4, 1, 0x83);
	assert_err(open_file(&img, &e), -EINVAL, &e,
		   "this is a disk image, not an x86 kernel; take");
	/* Two bytes alone do not make a file system. */
	make_file(19);
	elf_patch(&file, 0x44c, 4, 2);
	assert_err(open_file(&img, &e), -EINVAL, &e, "not a bzImage: ");
}
END_TEST

/* However the file is cut, nothing past its end is read. */
START_TEST(kind__looks_at_no_byte_past_the_end)
{
	make_file(_i);
	for (size_t len = 0; len <= files[_i].off + files[_i].len + 1; len++) {
		struct err e = ERR_EMPTY;
		struct image img;

		ck_assert_int_lt(open_bytes(&img, file.data, len, &e), 0);
		ck_assert_str_ne(e.msg, "");
	}
}
END_TEST

/* ---- ELFs */

static const struct {
	uint16_t type, machine;
	bool big_endian;
	const char *message;
} elfs[] = {
	{ ET_EXEC, EM_AARCH64, false,
	  "this is an ELF for AArch64 (e_machine is 183, not EM_386 or "
	  "EM_X86_64), not an x86 kernel" },
	{ ET_EXEC, EM_RISCV, false, "this is an ELF for RISC-V" },
	{ ET_EXEC, EM_ARM, false, "this is an ELF for ARM" },
	{ ET_EXEC, EM_S390, true, "this is an ELF for S/390" },
	{ ET_EXEC, EM_PPC64, true, "this is an ELF for 64-bit PowerPC" },
	{ ET_REL, EM_BPF, false, "this is an ELF for BPF" },
	{ ET_EXEC, 4711, false, "for another machine (e_machine is 4711" },
	{ ET_REL, EM_X86_64, false,
	  "this is a relocatable ELF object, as kernel modules are" },
	{ ET_REL, EM_386, false, "this is a relocatable ELF object" },
	{ ET_CORE, EM_X86_64, false, "this is a core dump" },
};

START_TEST(kind__names_elfs_that_are_no_kernels)
{
	uint16_t type = elfs[_i].type, machine = elfs[_i].machine;
	struct buf packed = { 0 };
	struct err e = ERR_EMPTY;
	struct image img;

	elf.len = 0;
	elf_small_kernel(&elf, false);
	if (elfs[_i].big_endian) {
		elf_patch(&elf, EI_DATA, 1, ELFDATA2MSB);
		type = __builtin_bswap16(type);
		machine = __builtin_bswap16(machine);
	}
	elf_patch(&elf, offsetof(Elf64_Ehdr, e_type), 2, type);
	elf_patch(&elf, offsetof(Elf64_Ehdr, e_machine), 2, machine);
	assert_err(open_bytes(&img, elf.data, elf.len, &e), -EINVAL, &e,
		   elfs[_i].message);
	ck_assert_ptr_null(strstr(e.msg, "bzImage"));
	payload_compress("gzip", elf.data, elf.len, &packed, false);
	assert_err(open_bytes(&img, packed.data, packed.len, &e), -EINVAL, &e,
		   "this is gzip data of a");
	buf_release(&packed);
}
END_TEST

#define LOW  0x400000
#define HIGH 0x1000000

/* A kernel with one segment, and changes that make it something else. */
static struct test_segment segments[3];
static uint8_t text[0x1000];
static struct buf notes;

static void one_segment(uint64_t paddr)
{
	memset(text, 0x90, sizeof(text));
	notes.len = 0;
	memset(segments, 0, sizeof(segments));
	segments[0] = (struct test_segment){ .type = PT_LOAD,
					     .vaddr = paddr,
					     .paddr = paddr,
					     .data = text,
					     .filesz = sizeof(text) };
}

static void with_interp(void)
{
	static const char name[] = "/lib/\x1b[2Jld.so";

	segments[1] = (struct test_segment){ .type = PT_INTERP,
					     .data = name,
					     .filesz = sizeof(name) };
}

static void with_note(const char *owner, uint32_t type)
{
	elf_note(&notes, owner, type, "\0\0\0\0\3\0\0\0\2\0\0\0\0\0\0\0", 16,
		 4);
	segments[1] = (struct test_segment){ .type = PT_NOTE,
					     .data = notes.data,
					     .filesz = notes.len,
					     .align = 4 };
}

static void with_abi_note(void)
{
	with_note("GNU", 1);
}

static void with_go_note(void)
{
	with_note("Go", 4);
}

static void with_build_id(void)
{
	with_note("GNU", 3);
}

static void as_it_is(void)
{
}

static void multiboot(size_t off, uint32_t magic, uint32_t flags,
		      uint32_t length)
{
	uint32_t words[4] = { magic, flags, length, 0 };

	words[length ? 3 : 2] = -(magic + flags + length);
	memcpy(text + off, words, sizeof(words));
}

static void with_multiboot1(void)
{
	multiboot(0x10, 0x1badb002, 3, 0);
}

static void with_multiboot2(void)
{
	multiboot(0x10, 0xe85250d6, 0, 24);
}

/* The checksum of the words is wrong. */
static void with_magic_alone(void)
{
	multiboot(0x10, 0x1badb002, 3, 0);
	text[0x18]++;
}

/* At an offset where no loader looks. */
static void with_multiboot2_unaligned(void)
{
	multiboot(0x14, 0xe85250d6, 0, 24);
}

static const struct {
	void (*change)(void);
	uint64_t paddr;
	const char *message; /* NULL: may be a kernel */
} programs[] = {
	{ as_it_is, HIGH, NULL },
	{ with_build_id, LOW, NULL },
	{ with_magic_alone, HIGH, NULL },
	{ with_multiboot2_unaligned, HIGH, NULL },
	{ with_interp, HIGH,
	  "this is a program for an operating system (PT_INTERP: "
	  "/lib/?[2Jld.so), not a kernel" },
	{ with_abi_note, LOW, "(a GNU ABI note says so), not a kernel" },
	{ with_go_note, LOW, "this is a Go program" },
	{ with_multiboot1, HIGH, "this is a multiboot 1 kernel (header at 0x" },
	{ with_multiboot2, HIGH, "this is a multiboot 2 kernel (header at 0x" },
};

START_TEST(kind__tells_programs_from_kernels)
{
	struct err e = ERR_EMPTY;
	struct kernel_elf k;
	int rc;

	one_segment(programs[_i].paddr);
	programs[_i].change();
	elf.len = 0;
	elf_build(&(struct test_elf){ .entry = programs[_i].paddr,
				      .segments = segments,
				      .segments_count = segments[1].type ? 2
									 : 1 },
		  &elf);
	assert_ok(kernel_elf_parse(&k, (struct bytes){ elf.data, elf.len }, &e),
		  &e);
	rc = kind_refuse_elf(&k, &e);
	if (programs[_i].message)
		assert_err(rc, -ENOEXEC, &e, programs[_i].message);
	else
		assert_ok(rc, &e);
	kernel_elf_release(&k);
}
END_TEST

START_TEST(kind__tells_shared_libraries_from_kernels)
{
	static const struct {
		uint16_t type;
		uint64_t paddr;
		bool dynamic, refused;
	} rows[] = {
		{ ET_DYN, 0, true, true },
		{ ET_DYN, HIGH, true, false },
		{ ET_EXEC, 0, true, false },
		{ ET_DYN, 0, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_EMPTY;
		struct kernel_elf k;
		int rc;

		one_segment(rows[i].paddr);
		segments[1].type = rows[i].dynamic ? PT_DYNAMIC : PT_NULL;
		elf.len = 0;
		elf_build(&(struct test_elf){ .entry = rows[i].paddr,
					      .segments = segments,
					      .segments_count = 2 },
			  &elf);
		elf_patch(&elf, offsetof(Elf64_Ehdr, e_type), 2, rows[i].type);
		assert_ok(kernel_elf_parse(
				  &k, (struct bytes){ elf.data, elf.len }, &e),
			  &e);
		rc = kind_refuse_elf(&k, &e);
		if (rows[i].refused)
			assert_err(rc, -ENOEXEC, &e, "this is a shared lib");
		else
			assert_ok(rc, &e);
		kernel_elf_release(&k);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("kind");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, kind__names_what_is_not_a_kernel, 0,
			    COUNT(files));
	tcase_add_loop_test(t, kind__takes_an_elf_for_what_its_header_says, 0,
			    COUNT(files));
	tcase_add_loop_test(t, kind__names_what_is_in_compressed_data, 0,
			    COUNT(files));
	tcase_add_test(t, kind__names_a_payload);
	tcase_add_test(t, kind__leaves_weak_magic_to_the_loaders);
	tcase_add_loop_test(t, kind__looks_at_no_byte_past_the_end, 0,
			    COUNT(files));
	tcase_add_loop_test(t, kind__names_elfs_that_are_no_kernels, 0,
			    COUNT(elfs));
	tcase_add_loop_test(t, kind__tells_programs_from_kernels, 0,
			    COUNT(programs));
	tcase_add_test(t, kind__tells_shared_libraries_from_kernels);
	suite_add_tcase(s, t);
	return s;
}
