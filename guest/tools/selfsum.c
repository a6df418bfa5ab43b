/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills the small kernel's .selfsum section after linking.
 *
 * A build tool, run on the machine that builds: `selfsum KERNEL` rewrites the
 * ELF (32- or 64-bit) in place. The file was just made by our own linker, so it
 * is trusted.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/selfsum.h"

/* A piece of a PT_LOAD, in physical addresses. */
struct piece {
	uint64_t start;
	uint64_t len;
	uint8_t *bytes; /* NULL for .bss */
};

struct hole {
	uint64_t start;
	uint64_t len;
};

/* What differs between the two classes, taken out once. */
struct elf {
	uint8_t *file;
	struct piece pieces[16];
	unsigned pieces_count;
	struct hole holes[2]; /* the table itself, .early */
	struct selfsum *table;
};

static void elf_add_segment(struct elf *e, uint64_t paddr, uint64_t off,
			    uint64_t filesz, uint64_t memsz)
{
	struct piece *p = &e->pieces[e->pieces_count];

	if (e->pieces_count + 2 > sizeof(e->pieces) / sizeof(*p))
		errx(1, "too many segments");
	*p++ = (struct piece){ paddr, filesz, e->file + off };
	*p = (struct piece){ paddr + filesz, memsz - filesz, NULL };
	e->pieces_count += 2;
}

static void elf_see_section(struct elf *e, const char *name, uint64_t vaddr,
			    uint64_t vaddr_to_paddr, uint64_t off, uint64_t len)
{
	struct hole h = { vaddr + vaddr_to_paddr, len };

	if (!strcmp(name, ".selfsum")) {
		if (len != sizeof(struct selfsum))
			errx(1, ".selfsum has %ju bytes", (uintmax_t)len);
		e->table = (void *)(e->file + off);
		e->holes[0] = h;
	} else if (!strcmp(name, ".early")) {
		e->holes[1] = h;
	}
}

/* The same walk over both classes; only the structs' names differ. */
#define DEFINE_ELF_READ(bits)                                                  \
	static void elf##bits##_read(struct elf *e)                            \
	{                                                                      \
		const Elf##bits##_Ehdr *eh = (void *)e->file;                  \
		const Elf##bits##_Phdr *ph = (void *)(e->file + eh->e_phoff);  \
		const Elf##bits##_Shdr *sh = (void *)(e->file + eh->e_shoff);  \
		const char *names = (char *)e->file +                          \
				    sh[eh->e_shstrndx].sh_offset;              \
		uint64_t delta = ph->p_paddr - ph->p_vaddr;                    \
                                                                               \
		for (int i = 0; i < eh->e_phnum; i++)                          \
			if (ph[i].p_type == PT_LOAD)                           \
				elf_add_segment(                               \
					e, ph[i].p_paddr, ph[i].p_offset,      \
					ph[i].p_filesz, ph[i].p_memsz);        \
		for (int i = 0; i < eh->e_shnum; i++)                          \
			elf_see_section(e, names + sh[i].sh_name,              \
					sh[i].sh_addr, delta, sh[i].sh_offset, \
					sh[i].sh_size);                        \
	}
DEFINE_ELF_READ(32)
DEFINE_ELF_READ(64)

/* How much of [at, end) is before the next hole; 0 inside a hole. */
static uint64_t run_length(const struct elf *e, uint64_t at, uint64_t end,
			   uint64_t *hole_end)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct hole *h = &e->holes[i];

		if (at >= h->start && at < h->start + h->len) {
			*hole_end = h->start + h->len;
			return 0;
		}
		if (h->start > at && h->start < end)
			end = h->start;
	}
	return end - at;
}

static void table_add(struct selfsum *t, uint64_t start, uint64_t len,
		      const uint8_t *bytes)
{
	if (t->count == SELFSUM_RANGES)
		errx(1, "more than %d ranges", SELFSUM_RANGES);
	t->ranges[t->count++] = (struct selfsum_range){
		.start = (uint32_t)start,
		.len = (uint32_t)len,
		.is_zero = !bytes,
		.sum = bytes ? selfsum_of(bytes, len) : 0,
	};
}

static void table_add_piece(const struct elf *e, const struct piece *p)
{
	uint64_t end = p->start + p->len;

	for (uint64_t at = p->start; at < end;) {
		uint64_t hole_end = end, n = run_length(e, at, end, &hole_end);

		if (!n) {
			at = hole_end;
			continue;
		}
		if (p->bytes && n > SELFSUM_RANGE_MAX)
			n = SELFSUM_RANGE_MAX;
		table_add(e->table, at, n,
			  p->bytes ? p->bytes + (at - p->start) : NULL);
		at += n;
	}
}

static void table_fill(const struct elf *e)
{
	struct selfsum *t = e->table;

	memset(t, 0, sizeof(*t));
	for (unsigned i = 0; i < e->pieces_count; i++)
		table_add_piece(e, &e->pieces[i]);
	t->table_sum = selfsum_of((uint8_t *)&t->count,
				  sizeof(*t) - sizeof(t->table_sum));
}

int main(int argc, char **argv)
{
	struct elf e = { 0 };
	struct stat st;
	int fd;

	if (argc != 2)
		errx(2, "usage: selfsum KERNEL");
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[1]);
	e.file = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (e.file == MAP_FAILED)
		err(1, "%s", argv[1]);

	if (e.file[EI_CLASS] == ELFCLASS64)
		elf64_read(&e);
	else
		elf32_read(&e);
	if (!e.table)
		errx(1, "%s: no .selfsum section", argv[1]);
	table_fill(&e);
	return close(fd) ? 1 : 0;
}
