/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/loaded_builder.h"

#include <elf.h>
#include <stdio.h>

#include "support/orc_builder.h"

struct builder {
	const struct test_loaded *t;
	uint8_t *memory;
	uint64_t base, text;
	unsigned word;
	struct buf types, names;
};

static void put(struct builder *b, uint64_t off, const void *data, size_t len)
{
	memcpy(b->memory + off, data, len);
}

static void put_word(struct builder *b, uint64_t off, uint64_t v)
{
	put(b, off, &v, b->word);
}

static void put_u32(struct builder *b, uint64_t off, uint32_t v)
{
	put(b, off, &v, sizeof(v));
}

/* ---- types */

struct member {
	const char *name;
	uint32_t off;
};

static uint32_t add_name(struct builder *b, const char *name)
{
	uint32_t off = (uint32_t)b->names.len;

	buf_add(&b->names, name, strlen(name) + 1);
	return off;
}

static void add_type(struct builder *b, const char *name, uint32_t info,
		     uint32_t size)
{
	buf_le32(&b->types, add_name(b, name));
	buf_le32(&b->types, info);
	buf_le32(&b->types, size);
}

/* The offsets of those that pack bits share their word with a width. */
static void add_struct(struct builder *b, const char *name, uint32_t size,
		       const struct member *members, size_t count, bool packs)
{
	add_type(b, name, (uint32_t)count | 4u << 24 | (uint32_t)packs << 31,
		 size);
	for (size_t i = 0; i < count; i++) {
		buf_le32(&b->types, add_name(b, members[i].name));
		buf_le32(&b->types, 1);
		buf_le32(&b->types,
			 members[i].off * 8 | (packs ? 5u << 24 : 0));
	}
}

#define ADD(b, name, size, members, packs)                                     \
	add_struct(b, name, size, members, sizeof(members) / sizeof(*members), \
		   packs)

/* One type of each other kind, with one member where it has members. */
static void add_others(struct builder *b)
{
	static const uint8_t behind[] = { 0, 4, 0, 12, 0, 12, 8, 0, 0, 0,
					  0, 0, 0, 8,  4, 12, 0, 4, 0, 12 };
	static const uint8_t zeros[12];

	for (uint32_t kind = 1; kind < sizeof(behind); kind++) {
		if (kind == 4)
			continue;
		add_type(b, "module", kind << 24 | 1, 0);
		buf_add(&b->types, zeros, behind[kind]);
	}
}

static void add_types(struct builder *b)
{
	const struct member old[] = { { "state", TEST_LOADED_STATE },
				      { "list", TEST_LOADED_LIST },
				      { "name", TEST_LOADED_NAME },
				      { "kallsyms", TEST_LOADED_SYMS },
				      { "core_layout", TEST_LOADED_PARTS },
				      { "init_layout", TEST_LOADED_PARTS + 32 },
				      { "arch", TEST_LOADED_ARCH } };
	const struct member new[] = { { "state", TEST_LOADED_STATE },
				      { "list", TEST_LOADED_LIST },
				      { "name", TEST_LOADED_NAME },
				      { "kallsyms", TEST_LOADED_SYMS },
				      { "mem", TEST_LOADED_PARTS },
				      { "arch", TEST_LOADED_ARCH } };
	const struct member layout[] = { { "base", 0 },
					 { "size", 8 },
					 { "text_size", 12 } };
	const struct member kallsyms[] = { { "symtab", 0 },
					   { "num_symtab", 8 },
					   { "strtab", 16 } };
	const struct member orc[] = { { "num_orcs", 0 },
				      { "orc_unwind_ip", 8 },
				      { "orc_unwind", 16 } };

	if (b->t->old)
		ADD(b, "module", 0x300, old, false);
	else
		ADD(b, "module", 0x300, new, true);
	ADD(b, b->t->old ? "module_layout" : "module_memory", 24, layout,
	    false);
	ADD(b, "mod_kallsyms", 24, kallsyms, false);
	if (!b->t->no_orc)
		ADD(b, "mod_arch_specific", 24, orc, false);
}

/* Returns where it ends. */
static uint64_t put_btf(struct builder *b)
{
	const uint32_t head[] = { 0x0001eb9f, 24 };
	uint64_t at = TEST_LOADED_BTF;

	add_name(b, "");
	add_others(b);
	add_types(b);
	put(b, at, head, sizeof(head));
	put_u32(b, at + 8, 0);
	put_u32(b, at + 12, (uint32_t)b->types.len);
	put_u32(b, at + 16, (uint32_t)b->types.len);
	put_u32(b, at + 20, (uint32_t)b->names.len);
	put(b, at + 24, b->types.data, b->types.len);
	put(b, at + 24 + b->types.len, b->names.data, b->names.len);
	at += 24 + b->types.len + b->names.len;
	buf_release(&b->types);
	buf_release(&b->names);
	return at;
}

/* ---- modules */

static void put_part(struct builder *b, uint64_t at, uint64_t start,
		     uint32_t size)
{
	put_word(b, at, start);
	/* Of the old form, all of it, of which half is code. */
	put_u32(b, at + 8, b->t->old ? 2 * size : size);
	put_u32(b, at + 12, size);
}

static void put_module(struct builder *b, uint64_t at, unsigned n,
		       uint64_t next, uint32_t start_size)
{
	uint64_t text = b->text + 0x1000 + 0x2000 * (uint64_t)n;
	char name[8];

	snprintf(name, sizeof(name), "m%u", n);
	put_word(b, at + TEST_LOADED_LIST, b->base + next);
	put(b, at + TEST_LOADED_NAME, name, sizeof(name));
	put_word(b, at + TEST_LOADED_SYMS,
		 b->base + TEST_LOADED_KALLSYMS + 32 * n);
	put_part(b, at + TEST_LOADED_PARTS, text, TEST_LOADED_CODE);
	put_part(b, at + TEST_LOADED_PARTS + (b->t->old ? 32 : 4 * 24),
		 text + TEST_LOADED_START, start_size);
}

static void put_symbol(struct builder *b, unsigned n, uint32_t name,
		       uint64_t value, uint16_t section)
{
	const Elf64_Sym s64 = { .st_name = name,
				.st_value = value,
				.st_shndx = section };
	const Elf32_Sym s32 = { .st_name = name,
				.st_value = (uint32_t)value,
				.st_shndx = section };

	if (b->t->is32)
		put(b, TEST_LOADED_SYMBOLS + n * sizeof(s32), &s32,
		    sizeof(s32));
	else
		put(b, TEST_LOADED_SYMBOLS + n * sizeof(s64), &s64,
		    sizeof(s64));
}

/* With some that name no place: undefined, without a name, before the code. */
static void put_symbols(struct builder *b)
{
	static const char strings[] = "\0first\0second\0start\0printk\0number";
	uint64_t text = b->text + 0x1000;

	put(b, TEST_LOADED_STRINGS, strings, sizeof(strings));
	put_symbol(b, 0, 0, 0, 0);
	put_symbol(b, 1, 7, text + 0x40, 1);
	put_symbol(b, 2, 1, text + 0x10, 1);
	put_symbol(b, 3, 14, text + TEST_LOADED_START, 2);
	put_symbol(b, 4, 20, text + 0x44, 0);
	put_symbol(b, 5, 0, text + 0x48, 1);
	put_symbol(b, 6, 27, 7, 0xfff1);
	put_word(b, TEST_LOADED_KALLSYMS, b->base + TEST_LOADED_SYMBOLS);
	put_u32(b, TEST_LOADED_KALLSYMS + 8, 7);
	put_word(b, TEST_LOADED_KALLSYMS + 16, b->base + TEST_LOADED_STRINGS);
}

static void put_orc(struct builder *b)
{
	const struct test_orc_row rows[] = {
		{ b->text + 0x1010,
		  { .sp_reg = ORC_REG_SP, .sp_offset = 8, .type = ORC_CALL } },
		{ b->text + 0x1040,
		  { .sp_reg = ORC_REG_SP, .sp_offset = 16, .type = ORC_CALL } },
		{ b->text + 0x2000, { .type = ORC_UNDEFINED } },
	};
	const struct orc_names names = test_orc_build(
		rows, 3, ORC_FROM_6_4, b->memory + TEST_LOADED_ORC,
		b->base + TEST_LOADED_ORC);
	uint64_t arch = TEST_LOADED_M0 + TEST_LOADED_ARCH;

	put_u32(b, arch, 3);
	put_word(b, arch + 8, names.start_ip);
	put_word(b, arch + 16, names.start);
}

struct loaded_names test_loaded_build(const struct test_loaded *t,
				      uint8_t *memory)
{
	struct builder b = {
		.t = t,
		.memory = memory,
		.base = t->is32 ? TEST_LOADED_BASE32 : TEST_LOADED_BASE64,
		.text = t->is32 ? TEST_LOADED_TEXT32 : TEST_LOADED_TEXT64,
		.word = t->is32 ? 4 : 8,
	};

	memset(memory, 0, TEST_LOADED_SIZE);
	put_word(&b, TEST_LOADED_HEAD,
		 b.base + TEST_LOADED_M0 + TEST_LOADED_LIST);
	put_module(&b, TEST_LOADED_M0, 0, TEST_LOADED_M1 + TEST_LOADED_LIST,
		   0x100);
	put_module(&b, TEST_LOADED_M1, 1, TEST_LOADED_HEAD, 0);
	put_symbols(&b);
	put_orc(&b);
	return (struct loaded_names){ .modules = b.base + TEST_LOADED_HEAD,
				      .start_btf = b.base + TEST_LOADED_BTF,
				      .stop_btf = b.base + put_btf(&b) };
}
