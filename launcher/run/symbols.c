/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/symbols.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image/symbols.h"

int symbols_open_map(struct symbols *s, const char *path, struct err *e)
{
	return file_open(&s->map, path, SYMBOLS_MAP_MAX, e);
}

void symbols_release(struct symbols *s)
{
	scratch_release(&s->decoded);
	file_close(&s->map);
}

static bool is_in(uint64_t addr, uint64_t start, uint64_t len)
{
	return addr >= start && addr - start < len;
}

bool symbols_vaddr(const struct symbols *s, const struct vcpu_where *w,
		   uint64_t *vaddr)
{
	const struct kernel_elf *k = &s->img->head;

	for (unsigned i = 0; i < k->segments_count; i++) {
		const struct elf_segment *seg = &k->segments[i];
		uint64_t paddr = w->gpa - s->delta;

		if (seg->type != PT_LOAD)
			continue;
		if (w->gpa_known && is_in(paddr, seg->paddr, seg->memsz)) {
			*vaddr = paddr - seg->paddr + seg->vaddr;
			return true;
		}
		/* An address that leads nowhere may be in the kernel all the
		 * same, with the page tables gone. */
		if (!w->gpa_known && is_in(w->rip, seg->vaddr, seg->memsz)) {
			*vaddr = w->rip;
			return true;
		}
	}
	return false;
}

struct map_symbol {
	uint64_t value;
	const char *name;
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

/* "ffffffff81000000 T _text", and a module's name behind a tab in some. */
static bool parse_line(const char *p, const char *end, struct map_symbol *s)
{
	const char *tab;

	if (!parse_hex(&p, end, &s->value) || end - p < 4 || p[0] != ' ' ||
	    p[2] != ' ' || p[1] == 'A' || p[1] == 'a')
		return false;
	s->name = p + 3;
	tab = memchr(s->name, '\t', (size_t)(end - s->name));
	s->len = (size_t)((tab ? tab : end) - s->name);
	return s->len > 0;
}

bool symbols_in_map(struct bytes map, uint64_t vaddr, char *buf, size_t size)
{
	const char *p = (const char *)map.data, *end = p + map.len;
	struct map_symbol best = { 0 }, s;

	buf[0] = '\0';
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		if (parse_line(p, stop, &s) && s.value <= vaddr &&
		    (!best.name || s.value >= best.value))
			best = s;
		p = nl ? nl + 1 : end;
	}
	if (!best.name)
		return false;
	snprintf(buf, size, "%.*s+0x%" PRIx64,
		 best.len < size / 2 ? (int)best.len : (int)size / 2, best.name,
		 vaddr - best.value);
	return true;
}

static void look_up(struct symbols *s, uint64_t vaddr)
{
	struct err ignored;

	if (s->map.bytes.len) {
		symbols_in_map(s->map.bytes, vaddr, s->last, sizeof(s->last));
		return;
	}
	if (!s->tried && scratch_decode(&s->decoded, s->img, &ignored))
		s->decoded.bytes.len = 0;
	s->tried = true;
	if (s->decoded.bytes.len)
		symbol_name(s->decoded.bytes, vaddr, s->last, sizeof(s->last));
}

const char *symbols_name(struct symbols *s, const struct vcpu_where *w)
{
	uint64_t vaddr;

	if (!s || !s->img || !s->img->has_payload || s->moved || !w->known ||
	    !symbols_vaddr(s, w, &vaddr))
		return NULL;
	/* Idle vCPUs are many, and all at one place. */
	if (vaddr != s->last_vaddr) {
		s->last[0] = '\0';
		s->last_vaddr = vaddr;
		look_up(s, vaddr);
	}
	return s->last[0] ? s->last : NULL;
}
