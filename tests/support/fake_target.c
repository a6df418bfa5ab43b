/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake_target.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int get_regs(void *ctx, unsigned cpu, struct cpu_regs *r, struct err *e)
{
	struct fake_target *f = ctx;

	(void)e;
	assert(cpu < FAKE_CPUS);
	*r = f->regs[cpu];
	return 0;
}

static int set_regs(void *ctx, unsigned cpu, const struct cpu_regs *r,
		    struct err *e)
{
	struct fake_target *f = ctx;

	assert(cpu < FAKE_CPUS);
	if (r->cr4 == 0xbad)
		return err_set(e, EINVAL, "KVM_SET_SREGS: Invalid argument");
	f->regs[cpu] = *r;
	return 0;
}

/* Bytes from @addr on that there are, at most @len. */
static size_t there(uint64_t addr, size_t len)
{
	uint64_t off = addr - FAKE_BASE;

	if (addr < FAKE_BASE || off >= FAKE_SIZE)
		return 0;
	return len < FAKE_SIZE - off ? len : FAKE_SIZE - off;
}

static size_t read_memory(void *ctx, unsigned cpu, uint64_t addr, void *buf,
			  size_t len)
{
	struct fake_target *f = ctx;
	size_t n = there(addr, len);

	assert(cpu < FAKE_CPUS);
	if (n)
		memcpy(buf, f->memory + (addr - FAKE_BASE), n);
	return n;
}

static size_t write_memory(void *ctx, unsigned cpu, uint64_t addr,
			   const void *buf, size_t len)
{
	struct fake_target *f = ctx;
	size_t n = there(addr, len);

	assert(cpu < FAKE_CPUS);
	if (n)
		memcpy(f->memory + (addr - FAKE_BASE), buf, n);
	return n;
}

static int insert(void *ctx, unsigned cpu, enum gdb_break kind, uint64_t addr,
		  uint64_t len, struct err *e)
{
	struct fake_target *f = ctx;

	assert(cpu < FAKE_CPUS && kind < GDB_BREAK_KINDS);
	if (kind != GDB_BREAK_SOFT && f->no_hardware)
		return err_set(e, EOPNOTSUPP, "no hardware breakpoints");
	for (unsigned i = 0; i < FAKE_BREAKS; i++) {
		if (f->breaks[i].there)
			continue;
		f->breaks[i] = (struct fake_break){ kind, addr, len, true };
		return 0;
	}
	return err_set(e, ENOSPC, "too many");
}

static int remove_break(void *ctx, unsigned cpu, enum gdb_break kind,
			uint64_t addr, uint64_t len, struct err *e)
{
	struct fake_target *f = ctx;

	(void)e;
	assert(cpu < FAKE_CPUS && kind < GDB_BREAK_KINDS);
	for (unsigned i = 0; i < FAKE_BREAKS; i++)
		if (f->breaks[i].there && f->breaks[i].kind == kind &&
		    f->breaks[i].addr == addr && f->breaks[i].len == len)
			f->breaks[i].there = false;
	return 0;
}

static int resume(void *ctx, const enum gdb_action *actions, struct err *e)
{
	struct fake_target *f = ctx;

	if (f->stuck)
		return err_set(e, EBUSY, "vCPU 1 waits");
	memcpy(f->actions, actions, sizeof(f->actions));
	f->resumed++;
	return 0;
}

static void interrupt(void *ctx)
{
	struct fake_target *f = ctx;

	f->interrupted++;
}

static void describe(void *ctx, unsigned cpu, char *buf, size_t size)
{
	(void)ctx;
	assert(cpu < FAKE_CPUS);
	snprintf(buf, size, "vCPU %u", cpu);
}

static void monitor(void *ctx, const char *command, struct buf *out)
{
	struct fake_target *f = ctx;

	assert(strlen(command) < sizeof(f->command));
	strcpy(f->command, command);
	if (!strcmp(command, "info"))
		buf_add(out, "yes\n", 4);
}

const struct gdb_target_ops fake_ops = {
	.get_regs = get_regs,
	.set_regs = set_regs,
	.read = read_memory,
	.write = write_memory,
	.insert = insert,
	.remove = remove_break,
	.resume = resume,
	.interrupt = interrupt,
	.describe = describe,
	.monitor = monitor,
};

void fake_init(struct fake_target *f)
{
	*f = (struct fake_target){ 0 };
	for (unsigned i = 0; i < FAKE_SIZE; i++)
		f->memory[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned i = 0; i < FAKE_CPUS; i++) {
		f->regs[i].rip = FAKE_BASE + 0x10 * i;
		f->regs[i].gpr[CPU_RAX] = 0x1122334455667788 + i;
		f->regs[i].cs = 0x10;
		f->regs[i].cr3 = 0x1000;
		f->regs[i].xmm[15][15] = 0xab;
	}
}
