/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub: registers, memory, breakpoints.
 */
#include <string.h>

#include "debug/gdb/stub_parts.h"

/* Bytes of memory that fit into a packet, as digits. */
#define MEMORY_MAX (GDB_PACKET_MAX / 2)

void stub_get_all(struct gdb_stub *s, struct args *a)
{
	struct cpu_regs r;
	struct err e;

	(void)a;
	if (s->ops->get_regs(s->ctx, s->cpu, &r, &e)) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	for (unsigned i = 0; i < s->arch->count; i++)
		stub_say_reg(s, i, &r);
}

static void set_regs(struct gdb_stub *s, const struct cpu_regs *r, bool fixed)
{
	struct err e;

	/* KVM wants the whole descriptor, which no debugger knows. */
	if (fixed)
		stub_say(s, "E.refused.selectors cannot be set");
	else if (s->ops->set_regs(s->ctx, s->cpu, r, &e))
		stub_refuse(s, &e);
	else
		stub_say(s, "OK");
}

/* One register's digits into @r. *@fixed: it would have to change, and
 * cannot. */
static bool take_reg(struct gdb_stub *s, struct args *a, unsigned n,
		     struct cpu_regs *r, bool *fixed)
{
	const struct gdb_reg *reg = &s->arch->regs[n];
	uint8_t value[16];

	if (!gdb_hex_read(a->at, (size_t)(a->end - a->at), value, reg->size))
		return false;
	a->at += 2 * reg->size;
	*fixed |= !gdb_reg_set(reg, r, value);
	return true;
}

void stub_set_all(struct gdb_stub *s, struct args *a)
{
	struct cpu_regs r;
	struct err e;
	bool sound = !s->ops->get_regs(s->ctx, s->cpu, &r, &e);
	bool fixed = false;

	for (unsigned i = 0; sound && i < s->arch->count; i++)
		sound = take_reg(s, a, i, &r, &fixed);
	if (!sound || !args_done(a))
		stub_say(s, STUB_E_FORM);
	else
		set_regs(s, &r, fixed);
}

void stub_get_one(struct gdb_stub *s, struct args *a)
{
	struct cpu_regs r;
	struct err e;
	uint64_t n;

	if (!args_number(a, &n) || !args_done(a) || n >= s->arch->count ||
	    s->ops->get_regs(s->ctx, s->cpu, &r, &e))
		stub_say(s, STUB_E_FORM);
	else
		stub_say_reg(s, (unsigned)n, &r);
}

void stub_set_one(struct gdb_stub *s, struct args *a)
{
	bool fixed = false;
	struct cpu_regs r;
	struct err e;
	uint64_t n;

	if (!args_number(a, &n) || !args_char(a, '=') || n >= s->arch->count ||
	    s->ops->get_regs(s->ctx, s->cpu, &r, &e) ||
	    !take_reg(s, a, (unsigned)n, &r, &fixed) || !args_done(a))
		stub_say(s, STUB_E_FORM);
	else
		set_regs(s, &r, fixed);
}

void stub_read(struct gdb_stub *s, struct args *a)
{
	uint8_t bytes[MEMORY_MAX];
	uint64_t addr, len;
	size_t n;

	if (!args_range(a, &addr, &len) || !args_done(a)) {
		stub_say(s, STUB_E_FORM);
		return;
	}
	if (len > MEMORY_MAX)
		len = MEMORY_MAX;
	n = s->ops->read(s->ctx, s->cpu, addr, bytes, len);
	if (!n && len)
		stub_say(s, STUB_E_MEMORY);
	gdb_hex_add(&s->reply, bytes, n);
}

static void write_bytes(struct gdb_stub *s, uint64_t addr, const void *bytes,
			size_t len)
{
	size_t n = s->ops->write(s->ctx, s->cpu, addr, bytes, len);

	stub_say(s, "%s", n == len ? "OK" : STUB_E_MEMORY);
}

void stub_write(struct gdb_stub *s, struct args *a)
{
	uint8_t bytes[MEMORY_MAX];
	uint64_t addr, len;

	if (!args_range(a, &addr, &len) || !args_char(a, ':') ||
	    len > MEMORY_MAX || (size_t)(a->end - a->at) != 2 * len ||
	    !gdb_hex_read(a->at, 2 * len, bytes, len))
		stub_say(s, STUB_E_FORM);
	else
		write_bytes(s, addr, bytes, len);
}

void stub_write_binary(struct gdb_stub *s, struct args *a)
{
	uint64_t addr, len;

	if (!args_range(a, &addr, &len) || !args_char(a, ':') ||
	    (size_t)(a->end - a->at) != len)
		stub_say(s, STUB_E_FORM);
	else
		write_bytes(s, addr, a->at, len);
}

/* "KIND,ADDR,LEN", and conditions behind a ; which we never offer. */
static bool take_break(struct args *a, enum gdb_break *kind, uint64_t *addr,
		       uint64_t *len)
{
	uint64_t n;

	if (!args_number(a, &n) || n >= GDB_BREAK_KINDS || !args_char(a, ',') ||
	    !args_range(a, addr, len) || !args_done(a))
		return false;
	*kind = (enum gdb_break)n;
	return true;
}

void stub_insert(struct gdb_stub *s, struct args *a)
{
	enum gdb_break kind;
	uint64_t addr, len;
	struct err e;

	if (!take_break(a, &kind, &addr, &len))
		stub_say(s, STUB_E_FORM);
	else if (s->ops->insert(s->ctx, s->cpu, kind, addr, len, &e))
		stub_refuse(s, &e);
	else
		stub_say(s, "OK");
}

void stub_remove(struct gdb_stub *s, struct args *a)
{
	enum gdb_break kind;
	uint64_t addr, len;
	struct err e;

	if (!take_break(a, &kind, &addr, &len))
		stub_say(s, STUB_E_FORM);
	else if (s->ops->remove(s->ctx, s->cpu, kind, addr, len, &e))
		stub_refuse(s, &e);
	else
		stub_say(s, "OK");
}
