/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench mark ELF OUT
 *
 * Writes OUT, the kernel ELF with other first instructions at its PVH entry:
 * they write a byte to COM1, then report success by the test port. That byte
 * shows from outside when the first instruction ran.
 */
#include "bench/bench.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/kernel_elf.h"
#include "pv/testport.h"

#define COM1 0x3f8

/* For 32 bits, paging off, as PVH enters. */
static const uint8_t mark[] = {
	0x66, 0xba,	     COM1 & 0xff, COM1 >> 8, /* mov $COM1, %dx */
	0xb0, '\n',				     /* mov $'\n', %al */
	0xee,					     /* out %al, %dx */
	0x31, 0xc0,				     /* xor %eax, %eax */
	0xe7, TESTPORT_EXIT,	   /* out %eax, $TESTPORT_EXIT */
	0xf4, 0xeb,	     0xfd, /* hlt; jump back to it */
};

/* Where in the file the instructions at the PVH entry are. */
static uint64_t entry_off(const struct kernel_elf *k, const char *path)
{
	struct err e = ERR_EMPTY;
	struct xen_notes notes;

	if (xen_notes_read(&notes, &k->notes, 0, &e) || !notes.has_phys32_entry)
		bench_die("%s: no PVH entry %s", path, e.msg);
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *s = &k->segments[i];
		uint64_t at = notes.phys32_entry - s->paddr;

		if (s->type == PT_LOAD && notes.phys32_entry >= s->paddr &&
		    at <= s->filesz && sizeof(mark) <= s->filesz - at)
			return s->off + at;
	}
	bench_die("%s: no segment holds the PVH entry", path);
}

int cmd_mark(int argc, char **argv)
{
	struct err e = ERR_EMPTY;
	struct kernel_elf k;
	struct file in;
	uint64_t off;
	FILE *out;

	if (argc != 2)
		bench_die("usage: bench mark ELF OUT");
	if (file_open(&in, argv[0], IMAGE_FILE_MAX, &e) ||
	    kernel_elf_parse(&k, in.bytes, &e))
		bench_die("%s: %s", argv[0], e.msg);
	off = entry_off(&k, argv[0]);
	out = fopen(argv[1], "wb");
	if (!out ||
	    fwrite(in.bytes.data, 1, in.bytes.len, out) < in.bytes.len ||
	    fseek(out, off, SEEK_SET) ||
	    fwrite(mark, 1, sizeof(mark), out) < sizeof(mark) || fclose(out))
		bench_die("cannot write %s", argv[1]);
	kernel_elf_release(&k);
	file_close(&in);
	return 0;
}
