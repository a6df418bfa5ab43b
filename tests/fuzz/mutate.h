/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutation that knows the structure of an input.
 *
 * libFuzzer changes bytes. Most such changes break a length, a checksum or the
 * boundary of a record, and then the target gets no further than its first
 * check. A target that defines LLVMFuzzerCustomMutator() calls these instead:
 * inputs are records that are inserted, removed, repeated and changed as a
 * whole, fields get numbers that matter, and what depends on the change is
 * repaired. One change in eight
 * is libFuzzer's own, so that broken structure is tried as well.
 *
 * With $FUZZ_PLAIN set, all changes are libFuzzer's: for comparison.
 */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of libFuzzer. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Each target's own. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);

/* Whether this change is to be libFuzzer's own. Begins the sequence of
 * fuzz_random(). */
bool fuzz_is_plain(unsigned seed);

/* A number below @n, which is not 0. */
uint32_t fuzz_random(uint32_t n);

/* A number near a limit: of @old, of a file of @size bytes, of a type. */
uint64_t fuzz_number(uint64_t old, uint64_t size);

/* The least significant byte comes first; @width is at most 8. */
uint64_t fuzz_get(const uint8_t *p, unsigned width);
void fuzz_put(uint8_t *p, unsigned width, uint64_t value);

/* ---- inputs of records */

#define FUZZ_RECORD_MAX 512

struct fuzz_grammar {
	size_t head; /* bytes before the first record */
	const struct fuzz_table *table;
	/* The length of the record at @p, from 1 to @left. */
	size_t (*measure)(const struct fuzz_grammar *g, const uint8_t *p,
			  size_t left);
	/* Make a record of at most FUZZ_RECORD_MAX bytes; its length. */
	size_t (*make)(const struct fuzz_grammar *g, uint8_t *to);
	/* Change the record of @len bytes at @p, which has room for
	 * FUZZ_RECORD_MAX; its new length. */
	size_t (*change)(const struct fuzz_grammar *g, uint8_t *p, size_t len);
};

/* Returns the new size, at most @max. */
size_t fuzz_mutate(const struct fuzz_grammar *g, uint8_t *data, size_t size,
		   size_t max);

/* ---- records of fields, by table: an opcode byte, its fields, a tail */

struct fuzz_field {
	unsigned width;
	const uint32_t *values; /* what is tried most; NULL: none */
	unsigned count;
};

/* For a field of values @array. */
#define FUZZ_VALUES(width, array)                            \
	{                                                    \
		width, array, sizeof(array) / sizeof(*array) \
	}

struct fuzz_kind {
	const struct fuzz_field *fields;
	unsigned count;
	bool has_tail; /* the last field is the length of what follows */
};

struct fuzz_table {
	const struct fuzz_kind *kinds; /* by opcode, modulo their number */
	unsigned count;
	const struct fuzz_field *opcodes; /* of a table with one kind */
	const char *const *words;	  /* for tails */
	unsigned words_count;
};

size_t fuzz_table_measure(const struct fuzz_grammar *g, const uint8_t *p,
			  size_t left);
size_t fuzz_table_make(const struct fuzz_grammar *g, uint8_t *to);
size_t fuzz_table_change(const struct fuzz_grammar *g, uint8_t *p, size_t len);

#define FUZZ_TABLE(head, table)                                   \
	{                                                         \
		head, table, fuzz_table_measure, fuzz_table_make, \
			fuzz_table_change                         \
	}

/* ---- files with a header */

struct fuzz_place {
	uint16_t off;
	uint8_t width;
};

/* Change one of the fields at @p that lie in the @len bytes there. @size: of
 * the file. */
void fuzz_change_place(const struct fuzz_place *places, size_t count,
		       uint8_t *p, size_t len, size_t size);

/* A kernel's ELF: a field of its headers, or a note whose lengths fit, and the
 * segment's. Returns the new size, at most @max. */
size_t fuzz_mutate_elf(uint8_t *data, size_t size, size_t max);

/* An image: a field of its setup header, or the ELF in it. Returns the new
 * size, at most @max. */
size_t fuzz_mutate_image(uint8_t *data, size_t size, size_t max);

#endif
