/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF header and program headers, 32- and 64-bit; see elf.h.
 */
#include "elf.h"
#include "lib/load.h"

#define EI_CLASS   4
#define EI_DATA	   5
#define EI_VERSION 6
#define CLASS_32   1
#define CLASS_64   2
#define DATA_LE	   1
#define EV_CURRENT 1
#define E_TYPE	   16
#define E_MACHINE  18
#define ET_EXEC	   2
#define ET_DYN	   3
#define EM_386	   3
#define EM_X86_64  62
#define PT_LOAD	   1
#define P_TYPE	   0
#define EHDR_SHORT 20 /* up to e_version, the same in both classes */

/* The offsets of fields that depend on the class. */
struct layout {
	uint8_t word; /* 4 or 8: size of an offset or address */
	uint16_t machine;
	uint8_t ehsize, phsize;
	uint8_t e_entry, e_phoff, e_phentsize, e_phnum;
	uint8_t p_offset, p_paddr, p_filesz, p_memsz;
};

static const struct layout layout_32 = {
	.word = 4,
	.machine = EM_386,
	.ehsize = 52,
	.phsize = 32,
	.e_entry = 24,
	.e_phoff = 28,
	.e_phentsize = 42,
	.e_phnum = 44,
	.p_offset = 4,
	.p_paddr = 12,
	.p_filesz = 16,
	.p_memsz = 20,
};

static const struct layout layout_64 = {
	.word = 8,
	.machine = EM_X86_64,
	.ehsize = 64,
	.phsize = 56,
	.e_entry = 24,
	.e_phoff = 32,
	.e_phentsize = 54,
	.e_phnum = 56,
	.p_offset = 8,
	.p_paddr = 24,
	.p_filesz = 32,
	.p_memsz = 40,
};

static uint64_t word(const struct layout *l, const uint8_t *p, unsigned off)
{
	return l->word == 8 ? load64(p, off) : load32(p, off);
}

static bool check_ident(const uint8_t *head, size_t len, struct fault *f)
{
	if (len < EHDR_SHORT)
		return fault_set(f, "the ELF header ends too early", len,
				 EHDR_SHORT);
	if (load32(head, 0) != 0x464c457f)
		return fault_set(f, "the payload is not an ELF: magic number",
				 load32(head, 0), 0x464c457f);
	if (head[EI_CLASS] != CLASS_32 && head[EI_CLASS] != CLASS_64)
		return fault_set(f, "ELF class", head[EI_CLASS], CLASS_64);
	if (head[EI_DATA] != DATA_LE)
		return fault_set(f, "ELF data encoding", head[EI_DATA],
				 DATA_LE);
	if (head[EI_VERSION] != EV_CURRENT)
		return fault_set(f, "ELF version", head[EI_VERSION],
				 EV_CURRENT);
	return true;
}

static bool check_header(const struct layout *l, const uint8_t *head,
			 size_t len, struct fault *f)
{
	uint16_t type = load16(head, E_TYPE);

	if (len < l->ehsize)
		return fault_set(f, "the ELF header ends too early", len,
				 l->ehsize);
	if (load16(head, E_MACHINE) != l->machine)
		return fault_set(f, "e_machine", load16(head, E_MACHINE),
				 l->machine);
	if (type != ET_EXEC && type != ET_DYN)
		return fault_set(f, "e_type", type, ET_EXEC);
	if (load16(head, l->e_phentsize) != l->phsize)
		return fault_set(f, "e_phentsize", load16(head, l->e_phentsize),
				 l->phsize);
	return true;
}

static bool check_load(const struct elf_load *p,
		       const struct elf_limits *limits, struct fault *f)
{
	if (p->filesz > p->memsz)
		return fault_set(f, "p_filesz is larger than p_memsz",
				 p->filesz, p->memsz);
	/* The fields of a segment without memory have no meaning. */
	if (!p->memsz)
		return true;
	/* The offset of a segment without bytes in the file has no meaning. */
	if (p->filesz &&
	    (p->off > limits->elf_len || p->filesz > limits->elf_len - p->off))
		return fault_set(f, "a segment ends past the file: p_offset",
				 p->off, limits->elf_len);
	if (p->paddr < limits->dest_start)
		return fault_set(f, "a segment begins too low: p_paddr",
				 p->paddr, limits->dest_start);
	if (p->paddr > limits->dest_end ||
	    p->memsz > limits->dest_end - p->paddr)
		return fault_set(f, "a segment ends too high: p_paddr",
				 p->paddr, limits->dest_end);
	return true;
}

static bool check_overlap(const struct elf *e, const struct elf_load *p,
			  struct fault *f)
{
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_load *q = &e->loads[i];

		if (p->paddr < q->paddr + q->memsz &&
		    q->paddr < p->paddr + p->memsz)
			return fault_set(f, "segments overlap: p_paddr",
					 p->paddr, q->paddr);
	}
	return true;
}

static bool add_load(struct elf *e, const struct elf_load *p,
		     const struct elf_limits *limits, struct fault *f)
{
	if (!check_load(p, limits, f))
		return false;
	if (!p->memsz)
		return true;
	if (!check_overlap(e, p, f))
		return false;
	if (e->count == STUB_ELF_LOADS_MAX)
		return fault_set(f, "too many segments", e->count + 1,
				 STUB_ELF_LOADS_MAX);
	e->loads[e->count++] = *p;
	return true;
}

static bool check_entry(const struct elf *e, struct fault *f)
{
	if (!e->count)
		return fault_set(f, "loadable segments", 0, 1);
	for (unsigned i = 0; i < e->count; i++) {
		const struct elf_load *p = &e->loads[i];

		if (e->entry >= p->paddr && e->entry - p->paddr < p->filesz)
			return true;
	}
	return fault_set(f, "the entry point is in no segment: e_entry",
			 e->entry, e->loads[0].paddr);
}

bool elf_parse(struct elf *e, const uint8_t *head, size_t len,
	       const struct elf_limits *limits, struct fault *f)
{
	const struct layout *l;
	uint64_t phoff, ph_end;
	unsigned phnum;

	if (!check_ident(head, len, f))
		return false;
	l = head[EI_CLASS] == CLASS_64 ? &layout_64 : &layout_32;
	if (!check_header(l, head, len, f))
		return false;

	phoff = word(l, head, l->e_phoff);
	phnum = load16(head, l->e_phnum);
	ph_end = phoff + (uint64_t)phnum * l->phsize;
	if (phoff > len || ph_end > len)
		return fault_set(f, "the program headers end too late", ph_end,
				 len);

	*e = (struct elf){ .is_64 = l == &layout_64,
			   .entry = word(l, head, l->e_entry) };
	for (unsigned i = 0; i < phnum; i++) {
		const uint8_t *ph = head + phoff + (size_t)i * l->phsize;
		struct elf_load p = {
			.off = word(l, ph, l->p_offset),
			.paddr = word(l, ph, l->p_paddr),
			.filesz = word(l, ph, l->p_filesz),
			.memsz = word(l, ph, l->p_memsz),
		};

		if (load32(ph, P_TYPE) == PT_LOAD &&
		    !add_load(e, &p, limits, f))
			return false;
	}
	return check_entry(e, f);
}
