/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/symbols.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "outcome/own_names.h"

void symbols_release(struct symbols *s)
{
	symtab_release(&s->table);
	file_close(&s->map);
	kallsyms_release(&s->own);
}

static bool is_in(uint64_t addr, uint64_t start, uint64_t len)
{
	return addr >= start && addr - start < len;
}

/* @off bytes into segment @seg. */
static void set_place(struct symbols_place *place,
		      const struct elf_segment *seg, uint64_t off)
{
	place->virtual = (struct symbols_addr){ seg->vaddr + off, seg->vaddr };
	place->physical = (struct symbols_addr){ seg->paddr + off, seg->paddr };
}

bool symbols_find(const struct symbols *s, const struct vcpu_where *w,
		  struct symbols_place *place)
{
	const struct kernel_elf *k = s->kernel;
	uint64_t rip = symbols_linked(s, w->rip);

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];
		uint64_t paddr = w->gpa - s->delta;

		if (seg->type != PT_LOAD)
			continue;
		if (w->gpa_known && is_in(paddr, seg->paddr, seg->memsz)) {
			set_place(place, seg, paddr - seg->paddr);
			return true;
		}
		/* An unmapped address may still be in the kernel, if the page
		 * tables were destroyed. */
		if (!w->gpa_known && is_in(rip, seg->vaddr, seg->memsz)) {
			set_place(place, seg, rip - seg->vaddr);
			return true;
		}
	}
	return false;
}

struct map_symbol {
	uint64_t value;
	char type;
	const char *name; /* NULL: the line is blank or gives no address */
	size_t len;
};

/* A hexadecimal number at @*at, which moves behind it; false if there is
 * none, or one of more than 64 bits. */
static bool parse_hex(const char **at, const char *end, uint64_t *value)
{
	const char *p = *at;

	for (*value = 0; p < end; p++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned)(*p - 'a') + 10;
		else
			break;
		if (*value >> 60)
			return false;
		*value = *value << 4 | digit;
	}
	if (p == *at)
		return false;
	*at = p;
	return true;
}

/* The address, or blanks for an undefined symbol, as nm(1) writes it. */
static bool parse_address(const char **at, const char *end, bool *there,
			  uint64_t *value)
{
	*there = **at != ' ';
	if (*there)
		return parse_hex(at, end, value);
	while (end - *at > 1 && (*at)[1] == ' ')
		++*at;
	return true;
}

/* "ffffffff81000000 T _text", and a module's name behind a tab in some. False
 * for a line of another kind. */
static bool parse_line(const char *p, const char *end, struct map_symbol *s)
{
	bool there;
	const char *tab;

	*s = (struct map_symbol){ 0 };
	if (p == end)
		return true;
	if (!parse_address(&p, end, &there, &s->value) || end - p < 4 ||
	    p[0] != ' ' || p[1] == ' ' || p[2] != ' ')
		return false;
	s->type = p[1];
	p += 3;
	tab = memchr(p, '\t', (size_t)(end - p));
	s->len = (size_t)((tab ? tab : end) - p);
	if (there)
		s->name = p;
	return s->len > 0;
}

/* The line at *@at, which moves on to the next one. */
static bool next_line(struct bytes map, size_t *at, const char **line,
		      const char **end)
{
	const char *p = (const char *)map.data + *at;
	const char *nl;

	if (*at == map.len)
		return false;
	nl = memchr(p, '\n', map.len - *at);
	*line = p;
	*end = nl ? nl : p + (map.len - *at);
	*at = nl ? *at + (size_t)(nl - p) + 1 : map.len;
	return true;
}

/* Whether it is a place: absolute symbols are numbers. */
static bool is_place(const struct map_symbol *s)
{
	return s->name && s->type != 'A' && s->type != 'a';
}

bool symbols_in_map(struct bytes map, const struct symbols_addr *addr,
		    char *buf, size_t size)
{
	struct map_symbol best = { 0 }, s;
	const char *line, *end;
	size_t at = 0;

	buf[0] = '\0';
	while (next_line(map, &at, &line, &end))
		if (parse_line(line, end, &s) && is_place(&s) &&
		    s.value >= addr->segment && s.value <= addr->at &&
		    (!best.name || s.value >= best.value))
			best = s;
	if (!best.name)
		return false;
	snprintf(buf, size, "%.*s+0x%" PRIx64,
		 best.len < size / 2 ? (int)best.len : (int)size / 2, best.name,
		 addr->at - best.value);
	return true;
}

#define EXPECTED                                                             \
	"expected an ELF with a symbol table, or a System.map, whose lines " \
	"are ADDRESS TYPE NAME"

int symbols_check_map(struct bytes map, struct err *e)
{
	bool any = false, zero = true;
	unsigned long number = 1;
	const char *line, *end;
	struct map_symbol s;

	for (size_t at = 0; next_line(map, &at, &line, &end); number++) {
		if (!parse_line(line, end, &s))
			return err_set(e, EINVAL,
				       "line %lu, '%.*s', is not of a "
				       "System.map (" EXPECTED ")",
				       number,
				       end - line < 40 ? (int)(end - line) : 40,
				       line);
		any |= is_place(&s);
		zero &= !s.value;
	}
	if (!any)
		return err_set(e, EINVAL, "no symbols (" EXPECTED ")");
	if (zero)
		return err_set(e, EINVAL,
			       "every address is 0: /proc/kallsyms shows "
			       "addresses only to root");
	return 0;
}

/* The first bytes of the file show its type. */
static int take(struct symbols *s, struct file *f, struct err *e)
{
	int rc;

	if (bytes_start_with(f->bytes, ELFMAG, SELFMAG))
		return symtab_read(&s->table, f->bytes, e);
	if (f->bytes.len > SYMBOLS_MAP_MAX)
		return err_set(e, EFBIG,
			       "%zu bytes, and not an ELF; a System.map may "
			       "have %" PRIu64,
			       f->bytes.len, SYMBOLS_MAP_MAX);
	rc = symbols_check_map(f->bytes, e) ?: file_keep(f, e);
	if (rc)
		return rc;
	s->map = *f;
	*f = (struct file){ 0 };
	return 0;
}

int symbols_read(struct symbols *s, struct input *in, struct err *e)
{
	uint64_t max = input_is_file(in) ? SYMBOLS_ELF_MAX : SYMBOLS_MAP_MAX;
	struct file f = { 0 };
	int rc = file_read(&f, in, max, e);

	if (rc)
		return rc;
	rc = take(s, &f, e);
	if (rc)
		err_prefix(e, rc, "%s", in->name);
	file_close(&f);
	return rc;
}

static bool map_has(struct bytes map, const struct elf_segment *seg)
{
	const char *line, *end;
	struct map_symbol s;

	for (size_t at = 0; next_line(map, &at, &line, &end);)
		if (parse_line(line, end, &s) && is_place(&s) &&
		    (is_in(s.value, seg->vaddr, seg->memsz) ||
		     is_in(s.value, seg->paddr, seg->memsz)))
			return true;
	return false;
}

int symbols_check_kernel(const struct symbols *s, struct err *e)
{
	const struct kernel_elf *k = s->kernel;

	for (unsigned i = 0; k && i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];

		if (seg->type == PT_LOAD &&
		    (map_has(s->map.bytes, seg) ||
		     symtab_has(&s->table, seg->vaddr, seg->memsz) ||
		     symtab_has(&s->table, seg->paddr, seg->memsz)))
			return 0;
	}
	return k ? err_set(e, EINVAL,
			   "no symbol lies in the kernel's segments: it is not "
			   "of this kernel")
		 : 0;
}

/* The kernel's own names, once: without them, none are found. */
static void need_own(struct symbols *s)
{
	const struct own_names_place at = { s->delta, s->slide };
	struct err why;

	if (s->own_read || !s->memory)
		return;
	s->own_read = true;
	if (own_names_read(&s->own, s->kernel, &at, s->memory, &why))
		log_step("the kernel's own names are not used: %s", why.msg);
	else
		log_step("read %" PRIu32 " names out of the kernel",
			 s->own.count);
}

const struct kallsyms *symbols_own(struct symbols *s)
{
	if (s->moved || !s->kernel)
		return NULL;
	need_own(s);
	return s->own.count ? &s->own : NULL;
}

bool symbols_prepare(struct symbols *s, bool in_place)
{
	if (s->moved || !s->kernel)
		return false;
	if (s->map.bytes.len || s->table.entries.len)
		return true;
	return in_place && symbols_own(s);
}

static bool look_up(struct symbols *s, const struct symbols_addr *addr)
{
	if (s->map.bytes.len)
		return symbols_in_map(s->map.bytes, addr, s->last,
				      sizeof(s->last));
	if (s->table.entries.len)
		return symtab_name(&s->table, addr->at, s->last,
				   sizeof(s->last));
	need_own(s);
	return kallsyms_place(&s->own, addr->at, addr->segment, s->last,
			      sizeof(s->last));
}

/* A kernel's own decompressor moves it by multiples of this, up to 1 GiB. */
#define SLIDE_STEP (UINT64_C(2) << 20)
#define SLIDE_MAX  (UINT64_C(1) << 30)

/* How much of a segment is considered: no kernel has more code. */
#define SOUGHT_MAX (UINT64_C(128) << 20)

/* Whether the kernel lies @delta from where it was linked, as far as its own
 * names tell, which are read: they begin where its first segment does. */
static bool lies_at(struct symbols *s, uint64_t delta, uint64_t slide)
{
	const struct own_names_place at = { delta, slide };
	const struct kernel_elf *k = s->kernel;
	uint64_t first = UINT64_MAX;
	struct kallsyms own;
	struct err why;
	uint32_t i;

	for (unsigned n = 0; n < k->segments_count; n++)
		if (k->segments[n].type == PT_LOAD && k->segments[n].vaddr &&
		    k->segments[n].vaddr < first)
			first = k->segments[n].vaddr;
	if (own_names_read(&own, k, &at, s->memory, &why))
		return false;
	if (!kallsyms_find(&own, first, first, &i)) {
		kallsyms_release(&own);
		return false;
	}
	s->own = own;
	s->own_read = true;
	s->delta = delta;
	s->slide = slide;
	s->moved = false;
	log_step("the kernel has moved itself by 0x%" PRIx64
		 ", to physical addresses 0x%" PRIx64 " from where it was "
		 "linked",
		 slide, delta);
	return true;
}

/* Whether the kernel lies so that its segment @seg has @w. */
static bool find_in_segment(struct symbols *s, const struct elf_segment *seg,
			    const struct vcpu_where *w)
{
	/* What both addresses have in common in the whole kernel. */
	uint64_t between = (w->rip - w->gpa) - (seg->vaddr - seg->paddr);
	uint64_t delta = (w->gpa - seg->paddr) & ~(SLIDE_STEP - 1);
	uint64_t len = seg->memsz < SOUGHT_MAX ? seg->memsz : SOUGHT_MAX;

	for (uint64_t off = 0; off < len + SLIDE_STEP; off += SLIDE_STEP)
		if (is_in(w->gpa - (delta - off), seg->paddr, seg->memsz) &&
		    between + delta - off < SLIDE_MAX &&
		    !((between + delta - off) % SLIDE_STEP) &&
		    lies_at(s, delta - off, between + delta - off))
			return true;
	return false;
}

/*
 * An image that decompressed itself has chosen a place for its kernel that only
 * the guest's memory tells. The distance between virtual and physical addresses
 * is known from a vCPU that runs in the kernel; so there are a few places that
 * could be meant, and the names in memory fit only one of them. This takes up
 * to a second, once, after a run that ended badly.
 */
static bool find_moved(struct symbols *s, const struct vcpu_where *w)
{
	const struct kernel_elf *k = s->kernel;

	if (s->sought || !s->memory || !k->is64 || !w->known || !w->gpa_known)
		return false;
	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];

		if (seg->type != PT_LOAD || !(seg->flags & PF_X) ||
		    w->rip < seg->vaddr)
			continue;
		s->sought = true;
		if (find_in_segment(s, seg, w))
			return true;
	}
	return false;
}

const char *symbols_name(struct symbols *s, const struct vcpu_where *w)
{
	struct symbols_place place;

	if (!s || !s->kernel || (s->moved && !find_moved(s, w)) || !w->known ||
	    !symbols_find(s, w, &place))
		return NULL;
	/* Idle vCPUs are many, and all at one place. */
	if (!s->looked_up || place.virtual.at != s->last_vaddr) {
		s->looked_up = true;
		s->last_vaddr = place.virtual.at;
		if (!look_up(s, &place.virtual))
			look_up(s, &place.physical);
	}
	return s->last[0] ? s->last : NULL;
}

/* Per-CPU data has a segment at virtual address 0, in which nothing runs. */
const struct elf_segment *symbols_segment(const struct symbols *s,
					  uint64_t vaddr)
{
	uint64_t linked = symbols_linked(s, vaddr);

	for (unsigned i = 0; s->kernel && i < s->kernel->segments_count; i++) {
		const struct elf_segment *seg = &s->kernel->segments[i];

		if (seg->type == PT_LOAD && seg->vaddr &&
		    is_in(linked, seg->vaddr, seg->memsz))
			return seg;
	}
	return NULL;
}

/* One byte further: "name+0xf" becomes "name+0x10". */
static void step_offset(char *place, size_t size)
{
	char *plus = strrchr(place, '+');

	if (plus)
		snprintf(plus, size - (size_t)(plus - place), "+0x%llx",
			 strtoull(plus + 1, NULL, 16) + 1);
}

const char *symbols_name_at(struct symbols *s, uint64_t vaddr, bool is_return)
{
	uint64_t at = vaddr - is_return;
	const struct elf_segment *seg = s->moved ? NULL
						 : symbols_segment(s, at);
	const struct symbols_addr addr = { symbols_linked(s, at),
					   seg ? seg->vaddr : 0 };

	s->looked_up = false;
	if (!seg || !look_up(s, &addr))
		return NULL;
	if (is_return)
		step_offset(s->last, sizeof(s->last));
	return s->last;
}

static bool find_in_map(struct bytes map, const char *name, uint64_t *linked)
{
	const char *line, *end;
	struct map_symbol sym;

	for (size_t at = 0; next_line(map, &at, &line, &end);)
		if (parse_line(line, end, &sym) && is_place(&sym) &&
		    sym.len == strlen(name) &&
		    !memcmp(sym.name, name, sym.len)) {
			*linked = sym.value;
			return true;
		}
	return false;
}

uint64_t symbols_address(struct symbols *s, const char *name)
{
	uint64_t linked;
	uint32_t i;

	if (s->moved || !s->kernel)
		return 0;
	if (find_in_map(s->map.bytes, name, &linked) ||
	    symtab_find(&s->table, name, &linked))
		return symbols_running(s, linked);
	need_own(s);
	if (!kallsyms_by_name(&s->own, name, &i))
		return 0;
	return symbols_running(s, s->own.addresses[i]);
}
