/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/autopsy.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "outcome/kernel_words.h"
#include "pv/x86.h"
#include "vm/debug.h"

/* ---- the kernel's memory */

/* Where @vaddr of the kernel's image is, whatever the page tables say. */
static bool find_in_image(const struct autopsy *a, uint64_t vaddr,
			  uint64_t *gpa, uint64_t *run)
{
	const struct symbols *s = a->symbols;
	const struct elf_segment *seg;
	uint64_t off;

	seg = s->moved ? NULL : symbols_segment(s, vaddr);
	if (!seg)
		return false;
	off = symbols_linked(s, vaddr) - seg->vaddr;
	*gpa = seg->paddr + s->delta + off;
	*run = seg->memsz - off;
	return true;
}

static const uint8_t *piece(const struct autopsy *a, uint64_t vaddr,
			    size_t *len)
{
	uint64_t gpa, run;
	const uint8_t *p = NULL;
	size_t n;

	for (unsigned i = 0; !p && i <= a->tables_count; i++) {
		if (i ? !walk_linear(a->gm, &a->tables[i - 1], vaddr, &gpa,
				     &run)
		      : !find_in_image(a, vaddr, &gpa, &run))
			continue;
		/* What is of one piece there need not be of one here. */
		n = PAGE_4K - vaddr % PAGE_4K;
		if (n > run)
			n = run;
		if (n > *len)
			n = *len;
		p = guest_mem_ptr(a->gm, gpa, n);
	}
	if (p)
		*len = n;
	return p;
}

static size_t read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0, n;

	for (; done < len; done += n) {
		const uint8_t *p;

		n = len - done;
		p = piece(ctx, addr + done, &n);
		if (!p)
			break;
		memcpy((uint8_t *)buf + done, p, n);
	}
	return done;
}

static bool has_tables(const struct autopsy *a, uint64_t cr3)
{
	for (unsigned i = 0; i < a->tables_count; i++)
		if (a->tables[i].cr3 == cr3)
			return true;
	return false;
}

/* The page tables that were in use. */
static void take_tables(struct autopsy *a)
{
	for (unsigned i = 0; i < a->cpus && a->tables_count < AUTOPSY_TABLES;
	     i++) {
		const struct vcpu_where *w = &a->results[i].where;

		if (w->known && !w->was_reset && (w->cr0 & CR0_PG) &&
		    !has_tables(a, w->cr3))
			a->tables[a->tables_count++] = (struct paging){
				w->cr0, w->cr3, w->cr4, w->efer
			};
	}
}

static bool has_five_levels(const struct autopsy *a)
{
	uint64_t at = symbols_address(a->symbols, "__pgtable_l5_enabled");
	uint64_t said = 0;
	uint32_t value;

	if (at && memory_u32(&a->memory, at, &value))
		return value;
	return vmcoreinfo_number(&a->info, "NUMBER(pgtable_l5_enabled)", 10,
				 &said) &&
	       said;
}

/* How the kernel uses its page tables, if no vCPU is using any. */
static struct paging kernel_mode(const struct autopsy *a)
{
	struct paging p = { .cr0 = CR0_PE | CR0_PG, .cr4 = CR4_PAE };

	if (a->tables_count)
		return a->tables[0];
	if (a->memory.is64) {
		p.efer = EFER_LME | EFER_LMA;
		p.cr4 |= has_five_levels(a) ? CR4_LA57 : 0;
	} else if (!symbols_address(a->symbols, "initial_pg_pmd")) {
		p.cr4 = CR4_PSE; /* only a kernel with PAE has that table */
	}
	return p;
}

/* Where the kernel's own page tables are: by their name, or by what it says
 * about itself, which holds wherever it has moved. */
static bool find_kernel_tables(const struct autopsy *a, uint64_t *gpa)
{
	uint64_t at, run, base;

	at = symbols_address(a->symbols, a->memory.is64 ? "init_top_pgt"
							: "swapper_pg_dir");
	if (at && find_in_image(a, at, gpa, &run))
		return true;
	if (!vmcoreinfo_number(&a->info, "SYMBOL(init_top_pgt)", 16, &at) ||
	    !vmcoreinfo_number(&a->info, "NUMBER(phys_base)", 10, &base))
		return false;
	*gpa = at - KERNEL_MAP + base;
	return true;
}

/* A program's page tables may lack the kernel (page table isolation), and a
 * vCPU that was reset has none. */
static void take_kernel_tables(struct autopsy *a)
{
	struct paging p = kernel_mode(a);

	if (find_kernel_tables(a, &p.cr3) && !has_tables(a, p.cr3))
		a->tables[a->tables_count++] = p;
}

static bool take_note(void *ctx, const uint8_t *page)
{
	struct autopsy *a = ctx;

	return vmcoreinfo_from_note(&a->info, (struct bytes){ page, PAGE_4K });
}

/*
 * VMCOREINFO by the kernel's names, or, if the kernel has no names for data or
 * no page tables are known, by the note, with which a page begins.
 */
static void find_info(struct autopsy *a)
{
	uint64_t data = symbols_address(a->symbols, "vmcoreinfo_data");
	uint64_t size = symbols_address(a->symbols, "vmcoreinfo_size");

	if (!data || !size ||
	    !vmcoreinfo_read(&a->info, &a->memory, data, size))
		(void)guest_mem_find_page(a->gm, take_note, a);
}

static void open_memory(struct autopsy *a)
{
	if (a->opened)
		return;
	a->opened = true;
	a->memory = (struct memory){
		a, read_memory, a->symbols->kernel && a->symbols->kernel->is64
	};
	take_tables(a);
	take_kernel_tables(a);
	find_info(a);
	take_kernel_tables(a); /* now that more is known */
}

bool autopsy_begin(struct autopsy *a)
{
	if (!a->gm || !a->symbols || !a->symbols->kernel)
		return false;
	open_memory(a);
	return true;
}

bool autopsy_variable(struct autopsy *a, const char *name, uint64_t *value)
{
	uint64_t at = autopsy_begin(a) ? symbols_address(a->symbols, name) : 0;

	return at && memory_word(&a->memory, at, value);
}

/* ---- the log */

static void read_log(struct autopsy *a)
{
	struct symbols *s = a->symbols;
	struct kernel_log_names names;

	names = (struct kernel_log_names){
		.prb = symbols_address(s, "prb"),
		.log_buf = symbols_address(s, "log_buf"),
		.log_buf_len = symbols_address(s, "log_buf_len"),
		.log_first_idx = symbols_address(s, "log_first_idx"),
		.log_next_idx = symbols_address(s, "log_next_idx"),
	};
	if (kernel_log_read(&a->log, &a->memory, &a->info, &names,
			    &a->log_error)) {
		log_step("the kernel's log is not used: %s", a->log_error.msg);
		return;
	}
	a->log_error.msg[0] = '\0';
	log_step("read %llu records of the kernel's log, left out %llu",
		 (unsigned long long)a->log.records,
		 (unsigned long long)a->log.left_out);
}

const struct kernel_log *autopsy_log(struct autopsy *a, struct err *e)
{
	if (!autopsy_begin(a)) {
		err_set(e, ENOENT, "there is no guest that has run a kernel");
		return NULL;
	}
	if (!a->log_read)
		read_log(a);
	a->log_read = true;
	if (!a->log_error.msg[0])
		return &a->log;
	*e = a->log_error;
	return NULL;
}

static void copy_line(char *to, size_t size, struct bytes line)
{
	snprintf(to, size, "%.*s", (int)(line.len < size ? line.len : size - 1),
		 (const char *)line.data);
}

bool autopsy_log_line(struct autopsy *a, size_t n, char *line, size_t size)
{
	struct err ignored;
	const struct kernel_log *log = autopsy_log(a, &ignored);
	struct bytes found = { 0 };
	size_t at;

	if (!log)
		return false;
	at = log->text.len;
	do {
		if (!kernel_log_line_before(buf_bytes(&log->text), &at, &found))
			return false;
	} while (n--);
	copy_line(line, size, found);
	return true;
}

static bool is_panic(const char *line)
{
	return kernel_message(line, KERNEL_PANIC);
}

/* The first line for which @is is true. */
static bool find_line(struct autopsy *a, bool (*is)(const char *line),
		      char *line, size_t size)
{
	struct err ignored;
	const struct kernel_log *log = autopsy_log(a, &ignored);
	size_t at = log ? log->text.len : 0, first = SIZE_MAX;
	struct bytes found;
	char start[128]; /* a message that is looked for is shorter */

	while (log &&
	       kernel_log_line_before(buf_bytes(&log->text), &at, &found)) {
		copy_line(start, sizeof(start), found);
		if (is(start))
			first = at;
	}
	*line = '\0';
	if (first == SIZE_MAX)
		return false;
	at = log->text.len;
	while (kernel_log_line_before(buf_bytes(&log->text), &at, &found) &&
	       at != first)
		;
	copy_line(line, size, found);
	return true;
}

bool autopsy_panic(struct autopsy *a, char *line, size_t size)
{
	return find_line(a, is_panic, line, size);
}

bool autopsy_complaint(struct autopsy *a, char *line, size_t size)
{
	return find_line(a, kernel_complains, line, size);
}

/* ---- call traces */

/* The end of a kernel's addresses, in which modules are. */
#define MODULES_64     KERNEL_MAP
#define MODULES_END_64 UINT64_C(0xffffffffff000000)

static void need_modules(struct autopsy *a)
{
	struct symbols *s = a->symbols;
	const struct loaded_names names = {
		.modules = symbols_address(s, "modules"),
		.start_btf = symbols_address(s, "__start_BTF"),
		.stop_btf = symbols_address(s, "__stop_BTF"),
	};
	struct err why;

	if (a->modules_read)
		return;
	a->modules_read = true;
	if (loaded_read(&a->modules, &a->memory, &names, &why))
		log_step("modules are not known: %s", why.msg);
	else
		log_step("the kernel has %u modules, left out %u",
			 a->modules.count, a->modules.left_out);
}

/* The module whose code is at @addr, or NULL. */
static struct loaded_module *find_module(struct autopsy *a, uint64_t addr)
{
	if (symbols_segment(a->symbols, addr))
		return NULL;
	need_modules(a);
	return loaded_find(&a->modules, addr);
}

static bool is_among_modules(const struct autopsy *a, uint64_t addr)
{
	return a->memory.is64 && addr >= MODULES_64 && addr < MODULES_END_64;
}

static bool is_executable(struct autopsy *a, uint64_t addr)
{
	const struct elf_segment *seg = symbols_segment(a->symbols, addr);

	if (!seg)
		return is_among_modules(a, addr) ||
		       (!a->memory.is64 && find_module(a, addr));
	return seg->flags & PF_X;
}

static bool is_text(void *ctx, uint64_t addr)
{
	struct autopsy *a = ctx;

	if (!is_executable(a, addr))
		return false;
	if (!a->text[0][1] || !symbols_segment(a->symbols, addr))
		return true;
	for (unsigned i = 0; i < 2; i++)
		if (addr >= a->text[i][0] && addr < a->text[i][1])
			return true;
	return false;
}

static void learn_code(struct autopsy *a)
{
	static const char *const names[2][2] = {
		{ "_stext", "_etext" }, { "_sinittext", "_einittext" }
	};
	struct symbols *s = a->symbols;
	const struct orc_names orc = {
		.start_ip = symbols_address(s, "__start_orc_unwind_ip"),
		.stop_ip = symbols_address(s, "__stop_orc_unwind_ip"),
		.start = symbols_address(s, "__start_orc_unwind"),
		.stop = symbols_address(s, "__stop_orc_unwind"),
		.header = symbols_address(s, "__start_orc_header"),
	};

	a->code_known = true;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned end = 0; end < 2; end++)
			a->text[i][end] = symbols_address(s, names[i][end]);
	if (orc_open(&a->orc, &a->memory, &orc))
		log_step("call traces by %llu entries of ORC",
			 (unsigned long long)a->orc.count);
}

static const struct orc *orc_of(void *ctx, uint64_t addr)
{
	struct autopsy *a = ctx;
	struct loaded_module *mod = find_module(a, addr);

	return mod ? loaded_orc(mod, &a->memory, &a->orc) : &a->orc;
}

/* Whether it is the kernel that runs, and not a program or the code that starts
 * a CPU. One of 32 bits may do without paging. */
static bool runs_kernel(const struct autopsy *a, const struct cpu_regs *r)
{
	return !(r->cs & 3) && (a->memory.is64 ? r->code64 : r->code32);
}

static void take_stack(struct autopsy *a, const struct cpu_regs *r,
		       struct stack *s)
{
	const struct unwind u = {
		.m = &a->memory,
		.orc_of = a->orc.count ? orc_of : NULL,
		.is_text = is_text,
		.ctx = a,
	};
	const struct unwind_regs regs = {
		.ip = r->rip,
		.sp = r->gpr[CPU_RSP],
		.bp = r->gpr[CPU_RBP],
		.r10 = r->gpr[10],
		.r13 = r->gpr[13],
		.di = r->gpr[CPU_RDI],
		.dx = r->gpr[CPU_RDX],
	};
	const struct paging first = a->tables[0];
	const unsigned count = a->tables_count;

	/* Its stack is where its own page tables say. */
	a->tables[0] = cpu_paging(r);
	a->tables_count = count ? count : 1;
	unwind_stack(&u, &regs, s);
	a->tables[0] = first;
	a->tables_count = count;
}

const struct stack *autopsy_stack(struct autopsy *a, unsigned cpu)
{
	struct cpu_regs r;
	struct err ignored;

	if (!a->gm || !a->symbols || !a->symbols->kernel || !a->vcpus ||
	    a->symbols->moved || cpu >= a->cpus ||
	    !a->results[cpu].where.known || a->results[cpu].where.was_reset)
		return NULL;
	if (!a->stacks)
		a->stacks = calloc(a->cpus, sizeof(*a->stacks));
	if (!a->stacks)
		return NULL;
	if (a->stacks[cpu].count)
		return &a->stacks[cpu];
	open_memory(a);
	if (vcpu_get_regs(&a->vcpus[cpu], &r, &ignored) || !runs_kernel(a, &r))
		return NULL;
	if (!a->code_known)
		learn_code(a);
	take_stack(a, &r, &a->stacks[cpu]);
	return &a->stacks[cpu];
}

/* By the names of the kernel, or those of a module. */
static void find_name(struct autopsy *a, const struct frame *frame, char *name,
		      size_t size)
{
	const char *own = symbols_name_at(a->symbols, frame->ip,
					  frame->is_return);
	const struct loaded_module *mod;

	snprintf(name, size, "%s", own ? own : "");
	if (own || !autopsy_begin(a) || a->symbols->moved)
		return;
	mod = find_module(a, frame->ip - frame->is_return);
	if (mod)
		loaded_place(mod, &a->memory, frame->ip, frame->is_return, name,
			     size);
	else if (is_among_modules(a, frame->ip))
		snprintf(name, size, "0x%" PRIx64 " [unknown module]",
			 frame->ip);
}

const char *autopsy_frame_name(struct autopsy *a, const struct frame *frame)
{
	struct autopsy_name *n;

	if (!a->names)
		a->names = calloc(AUTOPSY_NAMES, sizeof(*a->names));
	if (!a->names)
		return NULL;
	for (n = a->names; n < a->names + a->names_count; n++)
		if (n->frame.ip == frame->ip &&
		    n->frame.is_return == frame->is_return)
			return n->name[0] ? n->name : NULL;
	if (a->names_count == AUTOPSY_NAMES)
		return NULL;
	a->names_count++;
	n->frame = *frame;
	find_name(a, frame, n->name, sizeof(n->name));
	return n->name[0] ? n->name : NULL;
}

/* Where a program may be, no module is. */
#define KERNEL_32 UINT64_C(0xc0000000)

const char *autopsy_module_place(struct autopsy *a, const struct vcpu_where *w)
{
	const struct frame frame = { .ip = w->rip };

	if (!autopsy_begin(a) || a->symbols->moved || !w->known ||
	    w->was_reset || !(w->cr0 & CR0_PG) ||
	    symbols_segment(a->symbols, w->rip) ||
	    !(a->memory.is64 ? is_among_modules(a, w->rip)
			     : w->rip >= KERNEL_32))
		return NULL;
	return autopsy_frame_name(a, &frame);
}

void autopsy_release(struct autopsy *a)
{
	free(a->stacks);
	free(a->names);
	loaded_release(&a->modules);
	kernel_log_release(&a->log);
	*a = (struct autopsy){ 0 };
}
