/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/aml.h"

#include <assert.h>
#include <string.h>

#define OP_NAME	   0x08
#define OP_BYTE	   0x0a
#define OP_WORD	   0x0b
#define OP_DWORD   0x0c
#define OP_STRING  0x0d
#define OP_SCOPE   0x10
#define OP_BUFFER  0x11
#define OP_PACKAGE 0x12
#define OP_EXT	   0x5b
#define OP_DEVICE  0x82

/* Every length is written in the two-byte form, whatever its value. */
#define PKG_LENGTH_SIZE 2
#define PKG_LENGTH_MAX	0xfff

/* Small and large resource descriptors (ACPI 6.4.2, 6.4.3). */
#define RES_IO		 0x47
#define RES_IO_DECODE16	 0x01
#define RES_MEM32	 0x86 /* fixed */
#define RES_MEM32_SIZE	 9    /* without the three bytes in front of it */
#define RES_MEM32_RW	 0x01
#define RES_IRQ_EXT	 0x89
#define RES_IRQ_EXT_SIZE 6    /* without the three bytes in front of it */
#define RES_IRQ_EDGE	 0x03 /* consumer, edge, active high, exclusive */
#define RES_IRQ_SHARED	 0x08 /* not exclusive */
#define RES_DWORD	 0x87
#define RES_DWORD_SIZE	 23 /* without the three bytes in front of it */
#define RES_WORD	 0x88
#define RES_WORD_SIZE	 13 /* the same */
#define RES_SPACE_MEMORY 0  /* 6.4.3.5 */
#define RES_SPACE_BUS	 2
#define RES_SPACE_FIXED	 0x0c /* producer, both ends fixed */
#define RES_END		 0x79

static void put(struct aml *a, const void *data, size_t n)
{
	assert(n <= AML_MAX - a->len);
	memcpy(a->bytes + a->len, data, n);
	a->len += n;
}

static void aml_put8(struct aml *a, uint8_t v)
{
	put(a, &v, sizeof(v));
}

static void aml_put16(struct aml *a, uint16_t v)
{
	put(a, &v, sizeof(v));
}

static void aml_put32(struct aml *a, uint32_t v)
{
	put(a, &v, sizeof(v));
}

static aml_block open_block(struct aml *a)
{
	aml_block at = a->len;

	aml_put16(a, 0);
	return at;
}

void aml_close(struct aml *a, aml_block block)
{
	size_t len = a->len - block; /* counts its own bytes */

	assert(len >= PKG_LENGTH_SIZE && len <= PKG_LENGTH_MAX);
	a->bytes[block] = (uint8_t)(0x40 | (len & 0xf));
	a->bytes[block + 1] = (uint8_t)(len >> 4);
}

aml_block aml_scope(struct aml *a, const char *name)
{
	aml_block b;

	aml_put8(a, OP_SCOPE);
	b = open_block(a);
	put(a, name, strlen(name));
	return b;
}

aml_block aml_device(struct aml *a, const char *name)
{
	aml_block b;

	aml_put8(a, OP_EXT);
	aml_put8(a, OP_DEVICE);
	b = open_block(a);
	put(a, name, strlen(name));
	return b;
}

static void put_name(struct aml *a, const char *name)
{
	aml_put8(a, OP_NAME);
	put(a, name, strlen(name));
}

void aml_name_int(struct aml *a, const char *name, uint32_t value)
{
	put_name(a, name);
	aml_put8(a, OP_DWORD);
	aml_put32(a, value);
}

void aml_name_string(struct aml *a, const char *name, const char *text)
{
	put_name(a, name);
	aml_put8(a, OP_STRING);
	put(a, text, strlen(text) + 1);
}

static uint32_t hex_digit(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

void aml_name_eisaid(struct aml *a, const char *name, const char *id)
{
	uint32_t v;

	/* Three letters of five bits, four hex digits, big-endian. */
	assert(strlen(id) == 7);
	v = (uint32_t)(id[0] - '@') << 26 | (uint32_t)(id[1] - '@') << 21 |
	    (uint32_t)(id[2] - '@') << 16 | hex_digit(id[3]) << 12 |
	    hex_digit(id[4]) << 8 | hex_digit(id[5]) << 4 | hex_digit(id[6]);
	aml_name_int(a, name, __builtin_bswap32(v));
}

void aml_name_package(struct aml *a, const char *name, const uint8_t *values,
		      uint8_t count)
{
	aml_block b;

	put_name(a, name);
	aml_put8(a, OP_PACKAGE);
	b = open_block(a);
	aml_put8(a, count);
	for (unsigned i = 0; i < count; i++) {
		aml_put8(a, OP_BYTE);
		aml_put8(a, values[i]);
	}
	aml_close(a, b);
}

struct aml_crs aml_crs_open(struct aml *a)
{
	struct aml_crs crs;

	put_name(a, "_CRS");
	aml_put8(a, OP_BUFFER);
	crs.block = open_block(a);
	aml_put8(a, OP_WORD);
	crs.size_at = a->len;
	aml_put16(a, 0);
	return crs;
}

void aml_crs_close(struct aml *a, struct aml_crs crs)
{
	uint16_t size;

	aml_put8(a, RES_END);
	aml_put8(a, 0); /* checksum: not computed */
	size = (uint16_t)(a->len - crs.size_at - sizeof(size));
	memcpy(a->bytes + crs.size_at, &size, sizeof(size));
	aml_close(a, crs.block);
}

void aml_io(struct aml *a, uint16_t port, uint8_t len)
{
	aml_put8(a, RES_IO);
	aml_put8(a, RES_IO_DECODE16);
	aml_put16(a, port);
	aml_put16(a, port);
	aml_put8(a, 1); /* alignment */
	aml_put8(a, len);
}

void aml_memory32(struct aml *a, uint32_t gpa, uint32_t len)
{
	aml_put8(a, RES_MEM32);
	aml_put16(a, RES_MEM32_SIZE);
	aml_put8(a, RES_MEM32_RW);
	aml_put32(a, gpa);
	aml_put32(a, len);
}

void aml_irq(struct aml *a, uint32_t gsi, bool shared)
{
	aml_put8(a, RES_IRQ_EXT);
	aml_put16(a, RES_IRQ_EXT_SIZE);
	aml_put8(a, RES_IRQ_EDGE | (shared ? RES_IRQ_SHARED : 0));
	aml_put8(a, 1); /* one interrupt */
	aml_put32(a, gsi);
}

void aml_bus_numbers(struct aml *a, uint16_t first, uint16_t last)
{
	aml_put8(a, RES_WORD);
	aml_put16(a, RES_WORD_SIZE);
	aml_put8(a, RES_SPACE_BUS);
	aml_put8(a, RES_SPACE_FIXED);
	aml_put8(a, 0);
	aml_put16(a, 0); /* granularity */
	aml_put16(a, first);
	aml_put16(a, last);
	aml_put16(a, 0); /* translation */
	aml_put16(a, (uint16_t)(last - first + 1));
}

void aml_window32(struct aml *a, uint32_t gpa, uint32_t len)
{
	aml_put8(a, RES_DWORD);
	aml_put16(a, RES_DWORD_SIZE);
	aml_put8(a, RES_SPACE_MEMORY);
	aml_put8(a, RES_SPACE_FIXED);
	aml_put8(a, RES_MEM32_RW); /* not cacheable */
	aml_put32(a, 0);	   /* granularity */
	aml_put32(a, gpa);
	aml_put32(a, gpa + len - 1);
	aml_put32(a, 0); /* translation */
	aml_put32(a, len);
}
