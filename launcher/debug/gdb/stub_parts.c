/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/stub_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 1100 /* an error's message fits */

void stub_say(struct gdb_stub *s, const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_add(&s->reply, line, strlen(line));
}

/* gdb shows what is behind the second dot. */
void stub_refuse(struct gdb_stub *s, const struct err *e)
{
	stub_say(s, "E.refused.%s", e->msg);
}

void stub_say_reg(struct gdb_stub *s, unsigned n, const struct cpu_regs *r)
{
	const struct gdb_reg *reg = &s->arch->regs[n];

	gdb_hex_add(&s->reply, gdb_reg_value(reg, r), reg->size);
}

static void say_reason(struct gdb_stub *s, const struct gdb_stop *stop)
{
	switch (stop->reason) {
	case GDB_STOP_SOFT:
		if (s->caps.knows_soft)
			stub_say(s, "swbreak:;");
		break;
	case GDB_STOP_HARD:
		if (s->caps.knows_hard)
			stub_say(s, "hwbreak:;");
		break;
	case GDB_STOP_WATCH:
		stub_say(s, "watch:%llx;", (unsigned long long)stop->addr);
		break;
	case GDB_STOP_AWATCH:
		stub_say(s, "awatch:%llx;", (unsigned long long)stop->addr);
		break;
	case GDB_STOP_PLAIN:
		break;
	}
}

/* The registers that gdb asks for first come along. */
void stub_say_stop(struct gdb_stub *s)
{
	const unsigned first[] = { s->arch->bp, s->arch->sp, s->arch->pc };
	struct cpu_regs r;
	struct err ignored;

	stub_say(s, "T%02xthread:%x;", s->stop.signal, s->stop.cpu + 1);
	say_reason(s, &s->stop);
	if (s->ops->get_regs(s->ctx, s->stop.cpu, &r, &ignored))
		return;
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
		stub_say(s, "%02x:", first[i]);
		stub_say_reg(s, first[i], &r);
		stub_say(s, ";");
	}
}

bool args_char(struct args *a, char c)
{
	if (a->at == a->end || *a->at != (uint8_t)c)
		return false;
	a->at++;
	return true;
}

bool args_number(struct args *a, uint64_t *value)
{
	return gdb_number_read(&a->at, a->end, value);
}

bool args_done(const struct args *a)
{
	return a->at == a->end;
}

/* "ADDR,LEN" */
bool args_range(struct args *a, uint64_t *addr, uint64_t *len)
{
	return args_number(a, addr) && args_char(a, ',') && args_number(a, len);
}

bool args_word(struct args *a, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(a->end - a->at) < len || memcmp(a->at, word, len))
		return false;
	a->at += len;
	return true;
}

/* A thread: -1 is all of them, 0 any, N vCPU N - 1, which must exist. A
 * process before it, as in "p1.2", is the only one there is. */
bool args_thread(const struct gdb_stub *s, struct args *a, int *thread)
{
	uint64_t n;

	if (args_char(a, 'p')) {
		if (!args_word(a, "-1") && !args_number(a, &n))
			return false;
		if (!args_char(a, '.')) {
			*thread = -1;
			return true;
		}
	}
	if (args_word(a, "-1")) {
		*thread = -1;
		return true;
	}
	if (!args_number(a, &n) || n > s->cpus)
		return false;
	*thread = (int)n;
	return true;
}
