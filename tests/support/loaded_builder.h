/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's memory with two modules, and the type information that says where
 * the members of its structs are.
 *
 *   m0   code at 0x1000 from TEST_LOADED_TEXT on, with the functions first
 *        (0x10) and second (0x40); code of its start 0x8000 further on, with
 *        start (0)
 *   m1   code at 0x3000, without names
 */
#ifndef TESTS_SUPPORT_LOADED_BUILDER_H
#define TESTS_SUPPORT_LOADED_BUILDER_H

#include "autopsy/loaded.h"
#include "base/buf.h"

#define TEST_LOADED_BASE64 UINT64_C(0xffffffff82000000)
#define TEST_LOADED_BASE32 UINT64_C(0xc2000000)
#define TEST_LOADED_TEXT64 UINT64_C(0xffffffffc0000000)
#define TEST_LOADED_TEXT32 UINT64_C(0xf8000000)

#define TEST_LOADED_CODE  0x1000 /* the size of each module's code */
#define TEST_LOADED_START 0x8000 /* from a module's code to that of its start */

/* Where the parts are in memory. */
enum {
	TEST_LOADED_HEAD = 0,
	TEST_LOADED_M0 = 0x100,
	TEST_LOADED_M1 = 0x400,
	TEST_LOADED_KALLSYMS = 0x700, /* m0's; m1's is 32 bytes further on */
	TEST_LOADED_SYMBOLS = 0x800,
	TEST_LOADED_STRINGS = 0x900,
	TEST_LOADED_ORC = 0xa00, /* m0's tables */
	TEST_LOADED_BTF = 0xb00,
	TEST_LOADED_SIZE = 0x1000,
};

/* Offsets in a module. */
enum {
	TEST_LOADED_STATE = 0,
	TEST_LOADED_LIST = 8,
	TEST_LOADED_NAME = 24,
	TEST_LOADED_SYMS = 96,
	TEST_LOADED_PARTS = 128,
	TEST_LOADED_ARCH = 400,
};

struct test_loaded {
	bool is32;
	bool old; /* two parts, as up to 6.3 */
	bool no_orc;
};

/* The memory, of TEST_LOADED_SIZE bytes, and its names. */
struct loaded_names test_loaded_build(const struct test_loaded *t,
				      uint8_t *memory);

#endif
