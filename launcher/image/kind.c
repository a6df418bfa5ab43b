/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Magic bytes and names.
 *
 * Spec: Linux Documentation/arch/arm64/booting.rst, riscv/boot-image-header.rst
 * and drivers/firmware/efi/libstub/zboot-header.S; the gABI; the Multiboot
 * specifications 0.6.96 and 2.0; each archive's and disk image's own.
 */
#include "image/kind.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>

#include "image/loadable.h"
#include "image/pe.h"

/* What begins with @magic at @off. */
struct kind {
	uint32_t off;
	uint8_t len;
	char magic[12];
	const char *what;
	const char *hint; /* what to do instead, or NULL */
	/* A further check, for magic that may be there by chance. */
	bool (*sure)(struct bytes head);
};

#define HIMEM 0x100000 /* the boot protocols' structures are below */

#define HINT_INITRD "an initial RAM disk is given with --initrd"
#define HINT_DISK   "take the kernel out of it"
#define HINT_UNPACK "unpack it and give the kernel in it"

/* Linux marks its EFI stubs on every machine, this one included. */
static bool is_foreign_pe(struct bytes head)
{
	uint16_t machine = PE_MACHINE_AMD64;
	uint32_t coff = 0;

	return bytes_le32(head, PE_LFANEW, &coff) &&
	       bytes_le16(head, (uint64_t)coff + PE_COFF_MACHINE, &machine) &&
	       machine != PE_MACHINE_AMD64 && machine != PE_MACHINE_I386;
}

#define MBR_TABLE 0x1be
#define MBR_TYPE  4

/* The first entry of the partition table is in use, and bootable or not. The
 * boot sector of a bzImage has no such table. */
static bool is_mbr(struct bytes head)
{
	uint8_t status = 0xff, type = 0;

	return bytes_u8(head, MBR_TABLE, &status) && !(status & 0x7f) &&
	       bytes_u8(head, MBR_TABLE + MBR_TYPE, &type) && type;
}

#define EXT_LOG_BLOCK_SIZE 0x418
#define EXT_REVISION	   0x44c

/* Blocks of 1 KiB to 64 KiB, and one of the two revisions there are. */
static bool is_ext(struct bytes head)
{
	uint32_t log = UINT32_MAX, revision = UINT32_MAX;

	return bytes_le32(head, EXT_LOG_BLOCK_SIZE, &log) && log <= 6 &&
	       bytes_le32(head, EXT_REVISION, &revision) && revision <= 1;
}

/* clang-format off */
/* Kernels first: their magic is longest, or at the most specific place. An ELF
 * is not looked up here: it may hold any bytes behind its header. */
static const struct kind kinds[] = {
	{ 0x38, 4, "ARM\x64", "a Linux kernel for arm64 (an Image)", NULL, NULL },
	{ 0x38, 4, "RSC\x05", "a Linux kernel for RISC-V (an Image)", NULL, NULL },
	{ 4, 4, "zimg", "a compressed EFI kernel for another machine (zboot)", NULL, NULL },
	{ 0x38, 4, "\xcd\x23\x82\x81", "a Linux kernel for another machine, with an EFI stub", NULL, is_foreign_pe },
	{ 0x24, 4, "\x18\x28\x6f\x01", "a Linux kernel for ARM (a zImage)", NULL, NULL },
	{ 0, 4, "\x27\x05\x19\x56", "a U-Boot image (uImage)", NULL, NULL },
	{ 0, 4, "\xd0\x0d\xfe\xed", "a device tree or a FIT image", NULL, NULL },
	{ 0, 6, "070701", "a cpio archive", HINT_INITRD, NULL },
	{ 0, 6, "070702", "a cpio archive", HINT_INITRD, NULL },
	{ 0, 6, "070707", "a cpio archive", HINT_INITRD, NULL },
	{ 0, 2, "\xc7\x71", "a cpio archive", HINT_INITRD, NULL },
	{ 0x8001, 5, "CD001", "an ISO 9660 image", HINT_DISK, NULL },
	{ 0, 4, "QFI\xfb", "a qcow2 disk image", HINT_DISK, NULL },
	{ 0, 4, "KDMV", "a VMDK disk image", HINT_DISK, NULL },
	{ 0x40, 4, "\x7f\x10\xda\xbe", "a VDI disk image", HINT_DISK, NULL },
	{ 0, 8, "vhdxfile", "a VHDX disk image", HINT_DISK, NULL },
	{ 0, 8, "conectix", "a VHD disk image", HINT_DISK, NULL },
	{ 0x200, 8, "EFI PART", "a disk image with a GPT", HINT_DISK, NULL },
	{ 0, 4, "hsqs", "a squashfs file system", HINT_DISK, NULL },
	{ 0x438, 2, "\x53\xef", "an ext2, ext3 or ext4 file system", HINT_DISK, is_ext },
	{ 0, 11, "!<arch>\ndeb", "a Debian package", HINT_UNPACK, NULL },
	{ 0, 8, "!<arch>\n", "an ar archive", HINT_UNPACK, NULL },
	{ 0, 4, "\xed\xab\xee\xdb", "an RPM package", HINT_UNPACK, NULL },
	{ 0x101, 5, "ustar", "a tar archive", HINT_UNPACK, NULL },
	{ 0, 4, "PK\x03\x04", "a ZIP archive", HINT_UNPACK, NULL },
	{ 0, 2, "#!", "a script", NULL, NULL },
	{ 0x1fe, 2, "\x55\xaa", "a disk image", HINT_DISK, is_mbr },
};
/* clang-format on */

static const struct kind *find(struct bytes head)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		struct bytes at;

		if (bytes_slice(head, k->off, k->len, &at) &&
		    !memcmp(at.data, k->magic, k->len) &&
		    (!k->sure || k->sure(head)))
			return k;
	}
	return NULL;
}

#define E_TYPE	  16
#define E_MACHINE 18

/* A half-word of an ELF header, in the file's byte order. */
static uint16_t elf_half(struct bytes head, uint64_t off)
{
	uint8_t data = ELFDATANONE;
	uint16_t v = 0;

	bytes_u8(head, EI_DATA, &data);
	bytes_le16(head, off, &v);
	return data == ELFDATA2MSB ? __builtin_bswap16(v) : v;
}

static const char *elf_machine(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ EM_AARCH64, "AArch64" },
		{ EM_ARM, "ARM" },
		{ EM_RISCV, "RISC-V" },
		{ EM_PPC, "PowerPC" },
		{ EM_PPC64, "64-bit PowerPC" },
		{ EM_S390, "S/390" },
		{ EM_MIPS, "MIPS" },
		{ EM_SPARC, "SPARC" },
		{ EM_SPARCV9, "64-bit SPARC" },
		{ EM_IA_64, "IA-64" },
		{ EM_BPF, "BPF" },
		{ 258, "LoongArch" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

/* An ELF that cannot be a kernel for x86, by its header alone. */
static int refuse_elf_header(struct bytes head, const char *in, struct err *e)
{
	uint16_t type, machine;

	if (!bytes_has(head, E_MACHINE, 2))
		return 0;
	type = elf_half(head, E_TYPE);
	machine = elf_half(head, E_MACHINE);
	if (machine != EM_386 && machine != EM_X86_64)
		return err_set(e, ENOEXEC,
			       "this is %san ELF for %s (e_machine is %u, not "
			       "EM_386 or EM_X86_64), not an x86 kernel",
			       in, elf_machine(machine), machine);
	if (type == ET_REL)
		return err_set(e, ENOEXEC,
			       "this is %sa relocatable ELF object, as kernel "
			       "modules are, not a kernel",
			       in);
	if (type == ET_CORE)
		return err_set(e, ENOEXEC,
			       "this is %sa core dump (an ELF with e_type "
			       "ET_CORE), not a kernel",
			       in);
	return 0;
}

int kind_refuse(struct bytes head, const char *packing, struct err *e)
{
	bool is_elf = bytes_start_with(head, ELFMAG, SELFMAG);
	const struct kind *k = is_elf ? NULL : find(head);
	char in[32] = "";

	if (packing)
		snprintf(in, sizeof(in), "%s data of ", packing);
	if (!k)
		return is_elf ? refuse_elf_header(head, in, e) : 0;
	return err_set(e, ENOEXEC, "this is %s%s, not an x86 kernel%s%s", in,
		       k->what, k->hint ? "; " : "", k->hint ? k->hint : "");
}

/* ---- ELFs that could be loaded */

#define ABI_TAG	     1 /* GNU's NT_GNU_ABI_TAG */
#define GO_BUILD_ID  4
#define INTERP_SHOWN 64

static const struct elf_segment *find_segment(const struct kernel_elf *k,
					      uint32_t type)
{
	for (unsigned i = 0; i < k->segments_count; i++)
		if (k->segments[i].type == type)
			return &k->segments[i];
	return NULL;
}

static int refuse_interp(const struct kernel_elf *k, struct err *e)
{
	const struct elf_segment *s = find_segment(k, PT_INTERP);
	struct bytes text = { 0 };
	char name[INTERP_SHOWN];

	if (!s)
		return 0;
	bytes_slice(k->bytes, s->off, s->filesz, &text);
	note_string(&(struct note){ .desc = text }, name, sizeof(name));
	return err_set(e, ENOEXEC,
		       "this is a program for an operating system (PT_INTERP: "
		       "%s), not a kernel",
		       name);
}

/* Programs without an interpreter are recognised by a note. */
static int refuse_static(const struct kernel_elf *k, struct err *e)
{
	if (notes_find(&k->notes, "GNU", ABI_TAG))
		return err_set(e, ENOEXEC,
			       "this is a program for an operating system (a "
			       "GNU ABI note says so), not a kernel");
	if (notes_find(&k->notes, "Go", GO_BUILD_ID))
		return err_set(e, ENOEXEC,
			       "this is a Go program for an operating system "
			       "(a Go build-id note says so), not a kernel");
	return 0;
}

/* A kernel that is loaded below 1 MiB is not for this launcher, and an ELF that
 * needs dynamic linking is not a kernel. */
static int refuse_shared(const struct kernel_elf *k, struct err *e)
{
	if (k->type != ET_DYN || !find_segment(k, PT_DYNAMIC) ||
	    loadable_span(k).low >= HIMEM)
		return 0;
	return err_set(e, ENOEXEC,
		       "this is a shared library or a position-independent "
		       "program (ET_DYN with PT_DYNAMIC), not a kernel");
}

/* Multiboot: where a header may begin, and its first words, which add up to
 * 0 (modulo 2^32). */
static const struct multiboot {
	int version;
	uint32_t magic;
	uint32_t within; /* the first bytes of the file */
	unsigned align;
	unsigned words;
} multiboots[] = {
	{ 1, 0x1badb002, 8192, 4, 3 },
	{ 2, 0xe85250d6, 32768, 8, 4 },
};

static bool is_multiboot(struct bytes at, const struct multiboot *m)
{
	uint32_t sum = 0, word = 0;

	if (!bytes_le32(at, 0, &word) || word != m->magic)
		return false;
	for (unsigned i = 0; i < m->words; i++) {
		if (!bytes_le32(at, i * 4, &word))
			return false;
		sum += word;
	}
	return !sum;
}

static int refuse_multiboot(const struct kernel_elf *k, struct err *e)
{
	struct bytes b = k->bytes;

	for (size_t i = 0; i < sizeof(multiboots) / sizeof(*multiboots); i++) {
		const struct multiboot *m = &multiboots[i];

		for (uint64_t off = 0; off < m->within && off < b.len;
		     off += m->align) {
			struct bytes at = { b.data + off, b.len - off };

			if (is_multiboot(at, m))
				return err_set(
					e, ENOEXEC,
					"this is a multiboot %d kernel (header "
					"at 0x%llx), which only a multiboot "
					"loader can start: it has neither a "
					"PHYS32_ENTRY note nor a setup header",
					m->version, (unsigned long long)off);
		}
	}
	return 0;
}

int kind_refuse_elf(const struct kernel_elf *k, struct err *e)
{
	return refuse_interp(k, e)
		       ?: refuse_static(k, e)
		       ?: refuse_shared(k, e)
		       ?: refuse_multiboot(k, e);
}
