/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: relocs KERNEL
 *
 * Gives the small kernel, linked with --emit-relocs, what a stock kernel's
 * build gives it for KASLR: the lists of words that change when it is moved in
 * virtual memory, behind the ELF. The kernel gets them, too, in .selfrelocs, so
 * that it can check itself after it was moved.
 *
 *   | ELF | 0 | words of 64 bits | 0 | words of 32 bits |
 *
 * Spec: Linux, arch/x86/tools/relocs.c, of 6.15; x86-64 psABI, "Relocation".
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/selfsum.h"

#define WORDS_MAX 16384

struct word {
	uint64_t addr; /* link-time virtual */
	bool wide;
};

struct kernel {
	uint8_t *file;
	const Elf64_Ehdr *eh;
	const Elf64_Shdr *sh;
	const char *names;
	struct word words[WORDS_MAX];
	unsigned count;
};

static const char *name_of(const struct kernel *k, const Elf64_Shdr *s)
{
	return k->names + s->sh_name;
}

/* Whether a relocation of this type changes with the kernel's address. */
static bool is_absolute(unsigned type, bool *wide)
{
	switch (type) {
	case R_X86_64_NONE:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return false;
	case R_X86_64_64:
		*wide = true;
		return true;
	case R_X86_64_32:
	case R_X86_64_32S:
		*wide = false;
		return true;
	}
	errx(1, "relocation type %u", type);
}

static void add_section(struct kernel *k, const Elf64_Shdr *rela)
{
	const Elf64_Shdr *symtab = &k->sh[rela->sh_link];
	const Elf64_Sym *symbols = (void *)(k->file + symtab->sh_offset);
	const Elf64_Rela *r = (void *)(k->file + rela->sh_offset);

	for (size_t i = 0; i < rela->sh_size / sizeof(*r); i++) {
		struct word w = { .addr = r[i].r_offset };

		if (!is_absolute(ELF64_R_TYPE(r[i].r_info), &w.wide))
			continue;
		if (symbols[ELF64_R_SYM(r[i].r_info)].st_shndx == SHN_ABS)
			continue;
		if (k->count == WORDS_MAX)
			errx(1, "more than %d relocations", WORDS_MAX);
		k->words[k->count++] = w;
	}
}

/* Notes are read by the loader, before it moves the kernel. */
static void find_words(struct kernel *k)
{
	for (unsigned i = 0; i < k->eh->e_shnum; i++) {
		const Elf64_Shdr *s = &k->sh[i];

		if (s->sh_type == SHT_RELA &&
		    k->sh[s->sh_info].sh_flags & SHF_ALLOC &&
		    strcmp(name_of(k, &k->sh[s->sh_info]), ".notes"))
			add_section(k, s);
	}
}

static int by_addr(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static const Elf64_Shdr *find_section(const struct kernel *k, const char *name)
{
	for (unsigned i = 0; i < k->eh->e_shnum; i++)
		if (!strcmp(name_of(k, &k->sh[i]), name))
			return &k->sh[i];
	errx(1, "no section %s", name);
}

static void fill_own(const struct kernel *k)
{
	const Elf64_Shdr *to = find_section(k, ".selfrelocs");
	uint64_t start = find_section(k, ".text")->sh_addr;
	uint32_t *out = (void *)(k->file + to->sh_offset);

	if ((k->count + 1) * sizeof(*out) > to->sh_size)
		errx(1, ".selfrelocs has no room for %u words", k->count);
	*out++ = k->count;
	for (unsigned i = 0; i < k->count; i++)
		*out++ = (uint32_t)(k->words[i].addr - start) |
			 (k->words[i].wide ? SELFRELOCS_WIDE : 0);
}

static void append_list(const struct kernel *k, bool wide, FILE *to)
{
	uint32_t v = 0;

	fwrite(&v, sizeof(v), 1, to);
	for (unsigned i = 0; i < k->count; i++) {
		v = (uint32_t)k->words[i].addr;
		if (k->words[i].wide == wide)
			fwrite(&v, sizeof(v), 1, to);
	}
}

int main(int argc, char **argv)
{
	static struct kernel k;
	struct stat st;
	FILE *to;
	int fd;

	if (argc != 2)
		errx(2, "usage: relocs KERNEL");
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[1]);
	k.file = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (k.file == MAP_FAILED)
		err(1, "%s", argv[1]);
	k.eh = (void *)k.file;
	k.sh = (void *)(k.file + k.eh->e_shoff);
	k.names = (char *)k.file + k.sh[k.eh->e_shstrndx].sh_offset;
	find_words(&k);
	qsort(k.words, k.count, sizeof(k.words[0]), by_addr);
	fill_own(&k);
	to = fopen(argv[1], "a");
	if (!to)
		err(1, "%s", argv[1]);
	append_list(&k, true, to);
	append_list(&k, false, to);
	return fclose(to) || close(fd);
}
