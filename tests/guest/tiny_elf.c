/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tiny_elf WHAT [broken-notes]: write an ELF64 kernel of a few instructions to
 * stdout. It does WHAT; if that does not end the run, it reports success
 * through the test port. With broken-notes, its notes cannot be read.
 */
#include <stdio.h>
#include <string.h>

#include "pv/exec.h"
#include "pv/testport.h"
#include "support/elf_builder.h"

#define ENTRY 0x1000000
#define SIZE  0x1000

/* xor %eax, %eax; out %eax, $TESTPORT_EXIT; 1: jmp 1b */
#define SUCCEED 0x31, 0xc0, 0xe7, TESTPORT_EXIT, 0xeb, 0xfe

/* mov $EXEC_REPORT(KIND, VALUE), %eax; out %eax, $TESTPORT_EXIT; 1: jmp 1b */
#define REPORT(kind, value) \
	0xb8, (value), (kind), 0x5e, 0xec, 0xe7, TESTPORT_EXIT, 0xeb, 0xfe
_Static_assert(EXEC_MAGIC == 0xec5e0000, "REPORT() has another magic");

static const struct {
	const char *name;
	uint8_t code[48];
} programs[] = {
	{ "nop", { 0x90, SUCCEED } },
	/* on (%rsi): boot_params, which is aligned */
	{ "cmpxchg16b", { 0x48, 0x0f, 0xc7, 0x0e, SUCCEED } },
	/* mov $0x12345678, %ecx; rdmsr: unknown */
	{ "msr", { 0xb9, 0x78, 0x56, 0x34, 0x12, 0x0f, 0x32, SUCCEED } },
	/* mov $0xfe, %al; out %al, $0x64; 1: jmp 1b */
	{ "reset", { 0xb0, 0xfe, 0xe6, 0x64, 0xeb, 0xfe } },
	/* ud2, with no IDT: a triple fault */
	{ "crash", { 0x0f, 0x0b } },
	/* cli; 1: hlt; jmp 1b, and 1: jmp 1b */
	{ "halt", { 0xfa, 0xf4, 0xeb, 0xfd } },
	{ "spin", { 0xeb, 0xfe } },
	/* mov $0xd0000000, %eax; mov %al, (%rax); mov %eax, 0x18(%rax);
	 * mov (%rax), %cx; mov 0x104(%rax), %ecx: nothing to virtio-rng */
	{ "virtio",
	  { 0xb8, 0x00, 0x00, 0x00, 0xd0, 0x88, 0x00, 0x89, 0x40, 0x18,
	    0x66, 0x8b, 0x08, 0x8b, 0x88, 0x04, 0x01, 0x00, 0x00, SUCCEED } },
	/* mov $COM1_PORT, %dx; 1: imul $0x19660d, %ecx, %ecx;
	 * add $0x3c6ef35f, %ecx; mov %ecx, %eax; shr $31, %eax; add $'a', %al;
	 * out %al, (%dx); inc %bl; jnz 1b; mov $'\n', %al; out %al, (%dx);
	 * jmp 1b: random lines of a and b */
	{ "spew", { 0x66, 0xba, 0xf8, 0x03, 0x69, 0xc9, 0x0d, 0x66, 0x19,
		    0x00, 0x81, 0xc1, 0x5f, 0xf3, 0x6e, 0x3c, 0x89, 0xc8,
		    0xc1, 0xe8, 0x1f, 0x04, 'a',  0xee, 0xfe, 0xc3, 0x75,
		    0xe8, 0xb0, '\n', 0xee, 0xeb, 0xe3 } },
	/* mov $COM1_PORT, %dx; mov $BYTE, %al; out %al, (%dx) for each byte of
	 * "\r# \033[6n"; 1: jmp 1b: a shell that asks where the cursor is */
	{ "prompt", { 0x66, 0xba, 0xf8, 0x03, 0xb0, '\r', 0xee, 0xb0, '#',
		      0xee, 0xb0, ' ',	0xee, 0xb0, 0x1b, 0xee, 0xb0, '[',
		      0xee, 0xb0, '6',	0xee, 0xb0, 'n',  0xee, 0xeb, 0xfe } },
	/* mov $0xd0000000, %eax; jmp *%rax: in the hole */
	/* what guest/init reports */
	{ "exec-0", { REPORT(EXEC_EXITED, 0) } },
	{ "exec-7", { REPORT(EXEC_EXITED, 7) } },
	{ "exec-255", { REPORT(EXEC_EXITED, 255) } },
	{ "exec-signal-9", { REPORT(EXEC_KILLED, 9) } },
	{ "exec-unprepared", { REPORT(EXEC_UNPREPARED, 0) } },
	{ "nowhere", { 0xb8, 0x00, 0x00, 0x00, 0xd0, 0xff, 0xe0 } },
};

/* A note whose descriptor ends past the segment. */
static const uint32_t broken_note[] = { 4, 64, 18, 0x006e6558 };

int main(int argc, char **argv)
{
	uint8_t text[SIZE] = { 0 };
	const struct test_segment segments[] = {
		{ .type = PT_LOAD,
		  .vaddr = ENTRY,
		  .paddr = ENTRY,
		  .data = text,
		  .filesz = SIZE,
		  .align = 0x1000 },
		{ .type = PT_NOTE,
		  .data = broken_note,
		  .filesz = sizeof(broken_note),
		  .align = 4 },
	};
	struct test_elf elf = { .entry = ENTRY, .segments = segments };
	struct buf out = { 0 };

	elf.segments_count = argc == 3 && !strcmp(argv[2], "broken-notes") ? 2
									   : 1;
	for (unsigned i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (argc < 2 || strcmp(argv[1], programs[i].name))
			continue;
		memcpy(text, programs[i].code, sizeof(programs[i].code));
		elf_build(&elf, &out);
		return fwrite(out.data, 1, out.len, stdout) != out.len;
	}
	fprintf(stderr, "usage: tiny_elf PROGRAM [broken-notes]\n");
	return 2;
}
