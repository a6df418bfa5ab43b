/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core of a guest: its head as libelf reads it, the file and its holes.
 */
#include "unit/unit.h"
#include "autopsy/vmcore.h"
#include "outcome/core.h"
#include "vm/guest_mem.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB UINT64_C(0x100000)

static struct err e;

static const struct vmcore_load loads[] = {
	{ 0xffffffff81000000, 0x1000000, 0x3000000, 0x1000000 },
	{ 0xffff888000000000, 0, 0xc0000000, 0 },
	{ 0xffff888100000000, 0x100000000, 0x40000000, 0xc0000000 },
};

#define INFO "OSRELEASE=6.1.0\nPAGESIZE=4096\n"

/* Check the note at @off and return where the next one is. */
static size_t check_note(Elf_Data *notes, size_t off, const char *want,
			 uint32_t type, size_t len, const uint8_t **desc)
{
	size_t name, at, next;
	GElf_Nhdr h;

	next = gelf_getnote(notes, off, &h, &name, &at);
	ck_assert(next != 0);
	ck_assert_str_eq((char *)notes->d_buf + name, want);
	ck_assert_uint_eq(h.n_type, type);
	ck_assert_uint_eq(h.n_descsz, len);
	*desc = (const uint8_t *)notes->d_buf + at;
	return next;
}

/* Where a register is in a note of 64 bits, and of 32. */
static const struct {
	bool is64;
	size_t size, reg_size;
	uint16_t machine;
	size_t rip, rsp, rdi, pid;
} kinds[] = {
	{ true, 336, 8, EM_X86_64, 112 + 16 * 8, 112 + 19 * 8, 112 + 14 * 8,
	  32 },
	{ false, 144, 4, EM_386, 72 + 12 * 4, 72 + 15 * 4, 72 + 4 * 4, 24 },
};

START_TEST(vmcore__head)
{
	struct vmcore_cpu cpus[2] = { 0 };
	const struct vmcore v = { .is64 = kinds[_i].is64,
				  .loads = loads,
				  .loads_count = COUNT(loads),
				  .cpus = cpus,
				  .cpus_count = 2,
				  .info = { (const uint8_t *)INFO,
					    strlen(INFO) } };
	struct buf out = { 0 };
	const uint8_t *desc;
	Elf_Data *notes;
	uint64_t reg = 0;
	GElf_Phdr p;
	GElf_Ehdr h;
	size_t off;
	Elf *elf;

	cpus[1].regs[VMCORE_RIP] = 0x81234567;
	cpus[1].regs[VMCORE_RSP] = 0x80001000;
	cpus[1].regs[VMCORE_RDI] = 0x12345678;
	vmcore_head(&v, &out);
	ck_assert(!out.failed && out.len && out.len % 4096 == 0);
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)out.data, out.len);
	ck_assert(elf && gelf_getehdr(elf, &h));
	ck_assert_int_eq(h.e_type, ET_CORE);
	ck_assert_int_eq(h.e_machine, kinds[_i].machine);
	ck_assert_int_eq(h.e_phnum, 4);
	for (int i = 0; i < 3; i++) {
		ck_assert(gelf_getphdr(elf, 1 + i, &p));
		ck_assert_int_eq(p.p_type, PT_LOAD);
		ck_assert_uint_eq(p.p_vaddr, loads[i].vaddr);
		ck_assert_uint_eq(p.p_paddr, loads[i].paddr);
		ck_assert_uint_eq(p.p_filesz, loads[i].size);
		ck_assert_uint_eq(p.p_memsz, loads[i].size);
		ck_assert_uint_eq(p.p_offset, out.len + loads[i].off);
	}
	ck_assert(gelf_getphdr(elf, 0, &p));
	ck_assert_int_eq(p.p_type, PT_NOTE);
	notes = elf_getdata_rawchunk(elf, (int64_t)p.p_offset, p.p_filesz,
				     ELF_T_NHDR);
	ck_assert(notes != NULL);
	off = check_note(notes, 0, "CORE", NT_PRSTATUS, kinds[_i].size, &desc);
	off = check_note(notes, off, "CORE", NT_PRSTATUS, kinds[_i].size,
			 &desc);
	memcpy(&reg, desc + kinds[_i].rip, kinds[_i].reg_size);
	ck_assert_uint_eq(reg, 0x81234567);
	memcpy(&reg, desc + kinds[_i].rsp, kinds[_i].reg_size);
	ck_assert_uint_eq(reg, 0x80001000);
	memcpy(&reg, desc + kinds[_i].rdi, kinds[_i].reg_size);
	ck_assert_uint_eq(reg, 0x12345678);
	ck_assert_int_eq(desc[kinds[_i].pid], 2);
	off = check_note(notes, off, "VMCOREINFO", 0, strlen(INFO), &desc);
	ck_assert(!memcmp(desc, INFO, strlen(INFO)));
	ck_assert_uint_eq((off + 3) / 4 * 4, p.p_filesz);
	elf_end(elf);
	buf_release(&out);
}
END_TEST

/* ---- the file */

static struct guest_mem gm;
static struct elf_segment segments[] = {
	{ .type = PT_LOAD,
	  .vaddr = 0xffffffff81000000,
	  .paddr = 16 * MIB,
	  .memsz = MIB },
};
static const struct kernel_elf kernel = { .is64 = true,
					  .segments = segments,
					  .segments_count = 1 };
static struct symbols symbols = { .kernel = &kernel };
static struct vcpu vcpus[1];
static struct vcpu_result results[1];
static struct autopsy a;

static void setup(void)
{
	assert_ok(guest_mem_init(&gm, 64 * MIB, &e), &e);
	vcpus[0].fd = -1;
	a = (struct autopsy){ .symbols = &symbols,
			      .gm = &gm,
			      .vcpus = vcpus,
			      .results = results,
			      .cpus = 1 };
	memset(guest_mem_ptr(&gm, 16 * MIB, 4096), 'a', 4096);
	memset(guest_mem_ptr(&gm, 40 * MIB + 8191, 1), 'b', 1);
}

static void teardown(void)
{
	autopsy_release(&a);
	guest_mem_release(&gm);
}

static void check_ram(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t page[4096];

	/* The last pages are a hole, too. */
	ck_assert_int_eq(size, 64 * (off_t)MIB + 4096);
	ck_assert_int_eq(pread(fd, page, 4096, 16 * MIB + 4096), 4096);
	ck_assert(page[0] == 'a' && page[4095] == 'a');
	ck_assert_int_eq(pread(fd, page, 4096, 40 * MIB + 2 * 4096), 4096);
	ck_assert(page[0] == 0 && page[4095] == 'b');
	ck_assert_int_eq(pread(fd, page, 4096, size - 4096), 4096);
	ck_assert(page[0] == 0);
}

START_TEST(core__is_sparse_and_replaces_an_old_one)
{
	struct output o = OUTPUT_EMPTY;
	struct stat st;
	int fd = open("core", O_CREAT | O_TRUNC | O_WRONLY, 0600);

	ck_assert(write(fd, "old", 3) == 3);
	close(fd);
	assert_ok(output_open(&o, "core", 0666, &e), &e);
	assert_ok(core_write(&o, &a, NULL, &e), &e);
	fd = open("core", O_RDONLY);
	check_ram(fd);
	ck_assert(!fstat(fd, &st) && st.st_blocks * 512 < 4 * (off_t)MIB);
	close(fd);
}
END_TEST

START_TEST(core__without_a_guest_leaves_the_old_one)
{
	struct output o = OUTPUT_EMPTY;
	int fd = open("core", O_CREAT | O_TRUNC | O_WRONLY, 0600);
	char old[4] = "";

	ck_assert(write(fd, "old", 3) == 3);
	close(fd);
	a.gm = NULL;
	assert_ok(output_open(&o, "core", 0666, &e), &e);
	assert_err(core_write(&o, &a, NULL, &e), -ENOENT, &e, "no guest");
	fd = open("core", O_RDONLY);
	ck_assert(read(fd, old, 4) == 3);
	ck_assert_str_eq(old, "old");
	close(fd);
}
END_TEST

/* A file that cannot be as large. */
START_TEST(core__that_does_not_fit)
{
	struct output o = OUTPUT_EMPTY;

	assert_ok(output_open(&o, "/dev/full", 0666, &e), &e);
	assert_err(core_write(&o, &a, NULL, &e), -ENOSPC, &e,
		   "/dev/full: write: No space left");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("vmcore");
	TCase *tc = tcase_create("vmcore");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, vmcore__head, 0, COUNT(kinds));
	tcase_add_test(tc, core__is_sparse_and_replaces_an_old_one);
	tcase_add_test(tc, core__without_a_guest_leaves_the_old_one);
	tcase_add_test(tc, core__that_does_not_fit);
	suite_add_tcase(s, tc);
	return s;
}
