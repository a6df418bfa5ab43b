/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding and reading kallsyms; see kallsyms.h for the tables.
 *
 * The search begins with the rarest pattern: 256 numbers of 16 bits that rise
 * from 0. The tokens precede a true token index, and the lengths of these
 * strings must be the differences of the numbers. The markers precede the
 * tokens: 0 and then steps that 256 names can have. The names precede the
 * markers, and their count precedes the names. The addresses are where one of
 * the two orders puts them.
 */
#include "image/kallsyms.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKENS	   256
#define INDEX_SIZE (TOKENS * sizeof(uint16_t))
#define GROUP	   256 /* names for each marker */

/* With fewer names a match may be chance: a single marker, 0, proves nothing.
 * Every kernel has more. */
#define COUNT_MIN (GROUP + 1)

/* The bytes of 256 names: each has at least a length and a token, and at most
 * two bytes of length and the longest name. */
#define STEP_MIN (GROUP * 2)
#define STEP_MAX (GROUP * (2 + KALLSYMS_NAME_MAX))

/* Tables are aligned to at most 8 bytes. */
#define PAD_MAX 7

/* Limits on candidates for an index, and for an index with tokens: a kernel has
 * a few of the former and one of the latter. */
#define INDEXES_MAX 4096
#define TABLES_MAX  16

/* Limit on all places tried and names walked: a kernel needs a hundredth of
 * it. */
#define WORK_MAX (UINT64_C(1) << 26)

/* How far a search has come. The failure of the furthest stage is reported. */
enum stage {
	STAGE_NOTHING,
	STAGE_TOKENS,
	STAGE_MARKERS,
	STAGE_COUNT,
	STAGE_NAMES,
	STAGE_ADDRESSES,
	/* These two are errors even if another candidate fits. */
	STAGE_AMBIGUOUS,
	STAGE_LIMIT,
};

struct search {
	const struct kallsyms_part *parts;
	unsigned parts_count;
	unsigned word; /* the kernel's: 8 or 4 bytes */
	uint64_t work;
	unsigned indexes;
	unsigned tables;
	enum stage stage;
	uint64_t depth; /* in that stage */
	struct err why;
	unsigned found;
};

/* One candidate; offsets are into the part's bytes. */
struct tables {
	const struct kallsyms_part *part;
	uint64_t index_off;
	uint64_t tokens_off;
	uint16_t token_start[TOKENS];
	uint16_t token_len[TOKENS];
	uint64_t markers_off;
	unsigned marker_size;
	uint64_t names_off;
	uint32_t count;
	uint64_t text_len; /* of all names, with types and NULs */
	const struct form *form;
	uint64_t first_off; /* of the addresses */
	uint64_t base;
};

/* Keep the reason if its search came further than the last one. */
__attribute__((format(printf, 4, 5))) static bool fail(struct search *s,
						       enum stage stage,
						       uint64_t depth,
						       const char *fmt, ...)
{
	va_list ap;

	if (stage < s->stage || (stage == s->stage && depth <= s->depth))
		return false;
	s->stage = stage;
	s->depth = depth;
	va_start(ap, fmt);
	vsnprintf(s->why.msg, sizeof(s->why.msg), fmt, ap);
	va_end(ap);
	return false;
}

/* Account for @n steps; false if too few are left. */
static bool may_work(struct search *s, uint64_t n)
{
	if (n <= s->work) {
		s->work -= n;
		return true;
	}
	s->work = 0;
	return fail(s, STAGE_LIMIT, 1,
		    "too many places look like kallsyms; giving up");
}

static uint64_t align_up(uint64_t v, unsigned align)
{
	return (v + align - 1) & ~(uint64_t)(align - 1);
}

/* An unsigned number of @size bytes, 4 or 8; false if outside. */
static bool read_word(struct bytes b, uint64_t off, unsigned size, uint64_t *v)
{
	uint32_t v32;

	if (size == 8)
		return bytes_le64(b, off, v);
	if (!bytes_le32(b, off, &v32))
		return false;
	*v = v32;
	return true;
}

/* --- tokens */

static uint16_t u16_at(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_rising(const uint8_t *p)
{
	for (unsigned i = 1; i < TOKENS; i++) {
		uint16_t v = u16_at(p + 2 * i), last = u16_at(p + 2 * i - 2);

		if (v <= last || v - last > KALLSYMS_NAME_MAX)
			return false;
	}
	return true;
}

/* The search checks this many words at once, in loops that compilers vectorise:
 * most of the work is searching millions of words. */
#define BATCH 64

/* Whether an index may begin in the BATCH words at @p: 0, then a number of at
 * most 10 bits that is not 0. */
static bool batch_may_have_index(const uint8_t *p)
{
	uint32_t hits = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		uint32_t v;

		memcpy(&v, p + 4 * i, sizeof(v));
		hits |= (v & 0xfc00ffff) == 0 && v != 0;
	}
	return hits;
}

/* The next 256 rising numbers at or after @*at. */
static bool next_index(struct bytes b, uint64_t *at)
{
	uint64_t i = *at;

	while (bytes_has(b, i, INDEX_SIZE)) {
		if (bytes_has(b, i, 4 * BATCH) &&
		    !batch_may_have_index(b.data + i)) {
			i += 4 * BATCH;
			continue;
		}
		for (unsigned j = 0; j < BATCH && bytes_has(b, i, INDEX_SIZE);
		     j++, i += 4) {
			if (u16_at(b.data + i) || !is_rising(b.data + i))
				continue;
			*at = i;
			return true;
		}
	}
	return false;
}

/* Whether a token's bytes can be part of a name. */
static bool is_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return true;
}

/* Whether the tokens begin at @off, the last being @last_len long. */
static bool check_tokens(struct tables *t, uint64_t off, uint16_t last_len)
{
	struct bytes b = t->part->bytes;
	uint64_t end = off + t->token_start[TOKENS - 1] + last_len + 1;

	if (off % 4 || end > t->index_off || t->index_off - end > PAD_MAX)
		return false;
	for (unsigned i = 0; i < TOKENS; i++) {
		const uint8_t *p = b.data + off + t->token_start[i];
		uint16_t len = last_len;

		if (i + 1 < TOKENS)
			len = t->token_start[i + 1] - t->token_start[i] - 1;
		if (p[len] || !is_text(p, len))
			return false;
		t->token_len[i] = len;
	}
	t->tokens_off = off;
	return true;
}

/*
 * Where the tokens of the index begin: except for padding, they end where the
 * index begins. The last nonzero byte before the index ends the last token, or
 * if that is empty, the last one that is not empty.
 */
static bool find_tokens(struct tables *t)
{
	struct bytes b = t->part->bytes;
	uint64_t end = t->index_off, start;
	unsigned i = TOKENS - 1;

	while (end && !b.data[end - 1]) {
		if (t->index_off - --end > TOKENS + PAD_MAX)
			return false;
	}
	start = end;
	while (start && b.data[start - 1]) {
		if (end - --start >= KALLSYMS_NAME_MAX)
			return false;
	}
	if (end == start)
		return false;
	if (start >= t->token_start[i] &&
	    check_tokens(t, start - t->token_start[i], end - start))
		return true;
	while (i && t->token_start[i] - t->token_start[i - 1] == 1)
		i--;
	return i && end + 1 >= t->token_start[i] &&
	       check_tokens(t, end + 1 - t->token_start[i], 0);
}

/* --- names */

/* The length before a name's tokens, at @*at, which moves past it; false if it
 * is not before @end. */
static bool read_length(const uint8_t *p, uint64_t *at, uint64_t end,
			unsigned *len)
{
	if (*at >= end)
		return false;
	*len = p[(*at)++];
	if (!(*len & 0x80))
		return true;
	if (*at >= end)
		return false;
	*len = (*len & 0x7f) | (unsigned)p[(*at)++] << 7;
	return true;
}

/* The number of characters in the text of the @len tokens at @p. */
static uint64_t text_length(const struct tables *t, const uint8_t *p,
			    unsigned len)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < len; i++)
		sum += t->token_len[p[i]];
	return sum;
}

static char first_letter(const struct tables *t, const uint8_t *p, unsigned len)
{
	const uint8_t *tokens = t->part->bytes.data + t->tokens_off;

	for (unsigned i = 0; i < len; i++)
		if (t->token_len[p[i]])
			return (char)tokens[t->token_start[p[i]]];
	return 0;
}

/* Name @i, at @*at, which moves past it. */
static bool check_name(struct search *s, struct tables *t, uint32_t i,
		       uint64_t *at)
{
	const uint8_t *data = t->part->bytes.data;
	unsigned len;
	uint64_t chars;

	if (!read_length(data, at, t->markers_off, &len) ||
	    len > t->markers_off - *at)
		return fail(s, STAGE_NAMES, i + 1,
			    "name %" PRIu32 " of %" PRIu32
			    " ends behind the names",
			    i, t->count);
	chars = text_length(t, data + *at, len);
	if (chars < 2 || chars > KALLSYMS_NAME_MAX)
		return fail(s, STAGE_NAMES, i + 1,
			    "name %" PRIu32 " has %" PRIu64
			    " characters with its type, not 2 to %d",
			    i, chars, KALLSYMS_NAME_MAX);
	if (!isalpha((unsigned char)first_letter(t, data + *at, len)))
		return fail(s, STAGE_NAMES, i + 1,
			    "name %" PRIu32 " has the type '%c'", i,
			    first_letter(t, data + *at, len));
	*at += len;
	t->text_len += chars + 1;
	return true;
}

static bool check_marker(struct search *s, const struct tables *t, uint32_t i,
			 uint64_t off)
{
	uint64_t marker;

	/* The markers were read before, so they are there. */
	if (!read_word(t->part->bytes,
		       t->markers_off + (uint64_t)i / GROUP * t->marker_size,
		       t->marker_size, &marker))
		return false;
	return marker == off || fail(s, STAGE_NAMES, i + 1,
				     "marker %" PRIu32 " is 0x%" PRIx64
				     ", but name %" PRIu32 " is at 0x%" PRIx64,
				     i / GROUP, marker, i, off);
}

/* Whether the names end where the markers begin, except for padding. */
static bool check_end(struct search *s, const struct tables *t, uint64_t at)
{
	uint64_t pad = t->markers_off - at;

	if (pad <= PAD_MAX) {
		while (pad && !t->part->bytes.data[at + pad - 1])
			pad--;
		if (!pad)
			return true;
	}
	return fail(s, STAGE_NAMES, t->count + 1,
		    "the %" PRIu32 " names end 0x%" PRIx64
		    " bytes before the markers",
		    t->count, t->markers_off - at);
}

static bool check_names(struct search *s, struct tables *t)
{
	uint64_t at = t->names_off;

	if (!may_work(s, t->count))
		return false;
	t->text_len = 0;
	for (uint32_t i = 0; i < t->count; i++) {
		if (i % GROUP == 0 && !check_marker(s, t, i, at - t->names_off))
			return false;
		if (!check_name(s, t, i, &at))
			return false;
	}
	return check_end(s, t, at);
}

/* Possible bytes per name between markers and tokens: 0, or the size of a
 * name's sequence, in either form. */
static const unsigned sequence_sizes[] = { 0, 3, 4 };
#define SEQUENCE_SIZES (sizeof(sequence_sizes) / sizeof(sequence_sizes[0]))

/* Whether @n markers, for some count of names, can be as far from the tokens as
 * these are. This rejects most false markers. */
static bool may_be_markers(const struct tables *t, unsigned n)
{
	uint64_t end = t->markers_off + (uint64_t)n * t->marker_size;
	uint64_t gap = t->tokens_off - end;

	for (unsigned i = 0; i < SEQUENCE_SIZES; i++) {
		uint64_t least = (uint64_t)(n - 1) * GROUP * sequence_sizes[i];
		uint64_t most = (uint64_t)n * GROUP * sequence_sizes[i];

		if (gap >= least && gap <= most + 2 * PAD_MAX)
			return true;
	}
	return false;
}

/* The same when the count is known. */
static bool check_gap(struct search *s, const struct tables *t, unsigned n)
{
	uint64_t end = t->markers_off + (uint64_t)n * t->marker_size;

	for (unsigned align = 4; align <= 8; align += 4)
		for (unsigned i = 0; i < SEQUENCE_SIZES; i++) {
			uint64_t size = (uint64_t)t->count * sequence_sizes[i];

			if (align_up(align_up(end, align) + size, align) ==
			    t->tokens_off)
				return true;
		}
	return fail(s, STAGE_COUNT, n,
		    "between %u markers of %" PRIu32
		    " names and the tokens are 0x%" PRIx64 " bytes",
		    n, t->count, t->tokens_off - end);
}

/* The count before the names at @off: a word with a high half of 0, or from
 * 2026 on only 32 bits. */
static bool read_count(const struct search *s, struct bytes b, uint64_t off,
		       uint64_t *count)
{
	if (off >= 4 && read_word(b, off - 4, 4, count) && *count)
		return true;
	return off >= s->word && read_word(b, off - s->word, s->word, count);
}

/*
 * The names before @n markers, the last of which is @last: they end where the
 * markers begin, and at most 256 of them lie from @last on.
 */
static unsigned find_names(struct search *s, const struct tables *candidate,
			   unsigned n, uint64_t last, struct tables *fit)
{
	struct tables t = *candidate;
	uint64_t max = t.markers_off, min;
	unsigned fits = 0;

	if (max < last + 2)
		return 0;
	max = (max - last - 2) & ~UINT64_C(3);
	min = max > STEP_MAX + PAD_MAX ? max - STEP_MAX - PAD_MAX : 0;
	if (!may_work(s, (max - min) / 4 + 1))
		return 0;
	for (t.names_off = align_up(min, 4); t.names_off <= max;
	     t.names_off += 4) {
		uint64_t count;

		/* Padding is not a name's length. */
		if (!t.part->bytes.data[t.names_off])
			continue;
		if (!read_count(s, t.part->bytes, t.names_off, &count) ||
		    count <= (uint64_t)(n - 1) * GROUP ||
		    count > (uint64_t)n * GROUP || count > KALLSYMS_COUNT_MAX)
			continue;
		t.count = (uint32_t)count;
		if (!check_gap(s, &t, n) || !check_names(s, &t))
			continue;
		*fit = t;
		fits++;
	}
	if (!fits)
		fail(s, STAGE_MARKERS, n,
		     "no count of names fits the %u markers", n);
	return fits;
}

/* The largest possible number of markers from markers_off on. */
static unsigned count_markers(const struct tables *t)
{
	uint64_t off = t->markers_off, last = 0, v;
	unsigned n = 0;

	while (off < t->tokens_off &&
	       read_word(t->part->bytes, off, t->marker_size, &v)) {
		if (n ? v < last + STEP_MIN || v > last + STEP_MAX : v != 0)
			break;
		if (v > t->markers_off || n > KALLSYMS_COUNT_MAX / GROUP)
			break;
		last = v;
		off += t->marker_size;
		n++;
	}
	return n;
}

/* The bytes after the markers may look like a few more markers. */
#define MARKERS_MORE 3

static unsigned find_names_before(struct search *s, const struct tables *t,
				  struct tables *fit)
{
	unsigned n = count_markers(t), fits = 0;

	for (unsigned more = 0; more <= MARKERS_MORE && n > 1; more++, n--) {
		uint64_t last;

		if (may_be_markers(t, n) &&
		    read_word(t->part->bytes,
			      t->markers_off +
				      (uint64_t)(n - 1) * t->marker_size,
			      t->marker_size, &last))
			fits += find_names(s, t, n, last, fit);
	}
	return fits;
}

/* Whether markers may begin at @off: 0, followed by a step. */
static bool may_begin(struct bytes b, uint64_t off, unsigned size)
{
	uint64_t first, second;

	return read_word(b, off, size, &first) && !first &&
	       read_word(b, off + size, size, &second) && second >= STEP_MIN &&
	       second <= STEP_MAX;
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Whether markers may begin in the BATCH words at @p; two more words follow. */
static bool batch_may_have_markers(const uint8_t *p)
{
	const uint32_t span = STEP_MAX - STEP_MIN;
	uint32_t hits = 0;

	for (unsigned i = 0; i < BATCH; i++, p += 4) {
		uint32_t one = u32_at(p + 4) - STEP_MIN;
		uint32_t two = u32_at(p + 8) - STEP_MIN;

		hits |= (u32_at(p) == 0) & ((one <= span) | (two <= span));
	}
	return hits;
}

/* Find the markers and names before the tokens. Returns how many fit. */
static unsigned find_markers(struct search *s, struct tables *t)
{
	struct bytes b = t->part->bytes;
	uint64_t far = KALLSYMS_COUNT_MAX * UINT64_C(4);
	uint64_t min = t->tokens_off > far ? t->tokens_off - far : 0;
	struct tables candidate = *t;
	unsigned fits = 0;

	fail(s, STAGE_TOKENS, 1, "no markers in front of the tokens");
	for (uint64_t off = t->tokens_off; off >= min + 8 && s->work;) {
		/* A batch is followed at least by the tokens. */
		if (off >= min + 4 * BATCH &&
		    !batch_may_have_markers(b.data + off - 4 * BATCH)) {
			off -= 4 * BATCH;
			continue;
		}
		for (unsigned j = 0; j < BATCH && off >= min + 8; j++) {
			off -= 4;
			for (unsigned size = 4; size <= s->word; size += 4) {
				if (!may_begin(b, off, size))
					continue;
				candidate.markers_off = off;
				candidate.marker_size = size;
				fits += find_names_before(s, &candidate, t);
			}
		}
	}
	return fits;
}

/* --- addresses */

/* How a form's numbers become addresses. */
enum numbers {
	NUMBERS_WORDS,
	NUMBERS_FROM_BASE,
	NUMBERS_PERCPU_OR_BASE,
	NUMBERS_FROM_PLACE,
};

static const struct form {
	const char *name;
	enum numbers numbers;
	bool behind;  /* after the tokens; otherwise before the count */
	bool only_64; /* bits */
} forms[] = {
	{ "words, in front of the names", NUMBERS_WORDS, false, false },
	{ "words, behind the names", NUMBERS_WORDS, true, false },
	{ "offsets from a base, in front of the names", NUMBERS_FROM_BASE,
	  false, false },
	{ "offsets from a base, behind the names", NUMBERS_FROM_BASE, true,
	  false },
	{ "per-CPU addresses and offsets from a base, in front of the names",
	  NUMBERS_PERCPU_OR_BASE, false, true },
	{ "per-CPU addresses and offsets from a base, behind the names",
	  NUMBERS_PERCPU_OR_BASE, true, true },
	{ "offsets from their own place, behind the names", NUMBERS_FROM_PLACE,
	  true, false },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* Find a form's numbers and its base; false if they are not in the part. */
static bool place_form(const struct search *s, struct tables *t,
		       const struct form *f)
{
	unsigned word = s->word;
	bool words = f->numbers == NUMBERS_WORDS;
	bool based = f->numbers == NUMBERS_FROM_BASE ||
		     f->numbers == NUMBERS_PERCPU_OR_BASE;
	uint64_t size = align_up((uint64_t)t->count * (words ? word : 4), word);
	uint64_t total = size + (based ? word : 0);
	/* The count before the names takes a word. */
	uint64_t end = t->names_off - word;

	t->form = f;
	if (f->behind)
		t->first_off = align_up(t->index_off + INDEX_SIZE, word);
	else if (end > t->names_off || end < total)
		return false;
	else
		t->first_off = end - total;
	/* Offsets from their own place have no padding. */
	if (!words && !based)
		t->first_off = t->index_off + INDEX_SIZE;
	return bytes_has(t->part->bytes, t->first_off,
			 based ? total
			       : (uint64_t)t->count * (words ? word : 4)) &&
	       (!based ||
		read_word(t->part->bytes, t->first_off + size, word, &t->base));
}

/* The address of symbol @i; place_form() has checked that it is in the part. */
static uint64_t address_at(const struct search *s, const struct tables *t,
			   uint32_t i)
{
	bool words = t->form->numbers == NUMBERS_WORDS;
	unsigned size = words ? s->word : 4;
	uint64_t off = t->first_off + (uint64_t)i * size, v = 0;
	/* The sum wraps as the kernel's own does. */
	uint64_t mask = s->word == 8 ? UINT64_MAX : UINT32_MAX;

	read_word(t->part->bytes, off, size, &v);
	switch (t->form->numbers) {
	case NUMBERS_WORDS:
		return v;
	case NUMBERS_FROM_BASE:
		return (t->base + v) & mask;
	case NUMBERS_PERCPU_OR_BASE:
		if (!(v >> 31))
			return v;
		/* base - 1 - v, v being negative */
		return t->base + (uint32_t) ~(uint32_t)v;
	case NUMBERS_FROM_PLACE:
		return (t->part->vaddr + off + (uint64_t)(int64_t)(int32_t)v) &
		       mask;
	}
	return 0;
}

/* Where the kernel is. A segment linked at 0 is the per-CPU one. */
struct extent {
	uint64_t first;
	uint64_t last; /* one past its end; the last symbols lie there */
	uint64_t percpu_last;
};

static struct extent extent_of(const struct search *s)
{
	struct extent x = { UINT64_MAX, 0, 0 };

	for (unsigned i = 0; i < s->parts_count; i++) {
		const struct kallsyms_part *p = &s->parts[i];
		uint64_t last = p->vaddr + p->memsz;

		if (last < p->vaddr)
			last = UINT64_MAX;
		if (!p->vaddr) {
			if (last > x.percpu_last)
				x.percpu_last = last;
			continue;
		}
		if (p->vaddr < x.first)
			x.first = p->vaddr;
		if (last > x.last)
			x.last = last;
	}
	return x;
}

static bool is_linked(const struct extent *x, uint64_t addr)
{
	return addr >= x->first && addr <= x->last;
}

static bool in_extent(const struct extent *x, uint64_t addr)
{
	return addr <= x->percpu_last || is_linked(x, addr);
}

/* Whether the form can have this first number, or this base. */
static bool is_form(const struct search *s, const struct tables *t,
		    const struct extent *x)
{
	switch (t->form->numbers) {
	case NUMBERS_FROM_BASE:
	case NUMBERS_PERCPU_OR_BASE:
		return is_linked(x, t->base);
	case NUMBERS_FROM_PLACE:
		/* Code comes before read-only data. */
		return address_at(s, t, 0) < t->part->vaddr + t->first_off;
	case NUMBERS_WORDS:
		break;
	}
	return true;
}

/* How many addresses, from the first on, are in order and in the kernel. */
static uint32_t count_sound(const struct search *s, const struct tables *t,
			    const struct extent *x)
{
	uint64_t last = 0;

	if (!is_form(s, t, x))
		return 0;
	for (uint32_t i = 0; i < t->count; i++) {
		uint64_t addr = address_at(s, t, i);

		if (addr < last || !in_extent(x, addr))
			return i;
		last = addr;
	}
	/* Per-CPU addresses alone prove nothing. */
	return is_linked(x, last) ? t->count : 0;
}

/* Choose the form of the addresses that fits. */
static bool find_form(struct search *s, struct tables *t)
{
	struct extent x = extent_of(s);
	struct tables candidate = *t, best = *t;
	uint32_t most = 0;
	unsigned fits = 0;

	for (unsigned i = 0; i < FORMS; i++) {
		uint32_t sound;

		if ((forms[i].only_64 && s->word != 8) ||
		    !place_form(s, &candidate, &forms[i]))
			continue;
		sound = count_sound(s, &candidate, &x);
		fits += sound == t->count;
		if (sound > most) {
			most = sound;
			best = candidate;
		}
	}
	if (fits == 1) {
		*t = best;
		return true;
	}
	if (fits)
		return fail(s, STAGE_AMBIGUOUS, 1,
			    "the addresses can be read in %u ways", fits);
	if (!most)
		return fail(s, STAGE_ADDRESSES, 1,
			    "the addresses of the %" PRIu32
			    " names have an unknown form",
			    t->count);
	return fail(s, STAGE_ADDRESSES, 1,
		    "symbol %" PRIu32 " of %" PRIu32 " is at 0x%" PRIx64
		    ", which is out of order or outside the kernel (%s)",
		    most, t->count, address_at(s, &best, most),
		    best.form->name);
}

/* --- the whole */

/* Find all tables that belong to the index at t->index_off. */
static void try_index(struct search *s, struct tables *t, struct tables *fit)
{
	unsigned fits;

	if (++s->indexes > INDEXES_MAX) {
		s->work = 0;
		fail(s, STAGE_LIMIT, 1,
		     "more than %d places look like a token index",
		     INDEXES_MAX);
		return;
	}
	for (unsigned i = 0; i < TOKENS; i++)
		t->token_start[i] =
			u16_at(t->part->bytes.data + t->index_off + 2 * i);
	if (!find_tokens(t))
		return;
	if (++s->tables > TABLES_MAX) {
		s->work = 0;
		fail(s, STAGE_LIMIT, 1, "more than %d token tables",
		     TABLES_MAX);
		return;
	}
	fits = find_markers(s, t);
	if (fits > 1)
		fail(s, STAGE_AMBIGUOUS, 1,
		     "%u lists of names fit the same tokens", fits);
	else if (fits && find_form(s, t)) {
		*fit = *t;
		s->found++;
	}
}

static void search_part(struct search *s, const struct kallsyms_part *part,
			struct tables *fit)
{
	uint64_t at = 0;

	/* No linker puts a segment with tables elsewhere. */
	if (part->vaddr % 8)
		return;
	while (s->work && next_index(part->bytes, &at)) {
		struct tables t = { .part = part, .index_off = at };

		try_index(s, &t, fit);
		at += 4;
	}
}

static int result(const struct search *s, struct err *e)
{
	if (s->found > 1)
		return err_set(e, EINVAL,
			       "kallsyms: %u sets of tables fit, so none is "
			       "used",
			       s->found);
	if (s->stage >= STAGE_AMBIGUOUS)
		return err_set(e, EINVAL, "kallsyms: %s", s->why.msg);
	if (s->found)
		return 0;
	if (!s->tables)
		return err_set(e, ENOENT,
			       "the kernel has no kallsyms (no token table "
			       "was found)");
	return err_set(e, EINVAL, "kallsyms: %s", s->why.msg);
}

/* Tokens are short, so they are copied in blocks of a fixed size; both texts
 * have spare room for this at their end. */
#define BLOCK 16

static char *expand(const struct tables *t, const uint8_t *tokens,
		    const uint8_t *p, unsigned len, char *out)
{
	for (unsigned i = 0; i < len; i++) {
		const uint8_t *token = tokens + t->token_start[p[i]];
		unsigned token_len = t->token_len[p[i]];

		for (unsigned n = 0; n < token_len; n += BLOCK)
			memcpy(out + n, token + n, BLOCK);
		out += token_len;
	}
	*out++ = '\0';
	return out;
}

static void expand_all(struct kallsyms *k, const struct search *s,
		       const struct tables *t, const uint8_t *tokens)
{
	const uint8_t *data = t->part->bytes.data;
	uint64_t at = t->names_off;
	char *out = k->text;

	for (uint32_t i = 0; i < k->count; i++) {
		unsigned len = 0;

		read_length(data, &at, t->markers_off, &len);
		k->addresses[i] = address_at(s, t, i);
		k->starts[i] = (uint32_t)(out - k->text);
		out = expand(t, tokens, data + at, len, out);
		at += len;
	}
}

/* All texts and addresses of tables that have been checked. */
static int read_all(struct kallsyms *k, const struct search *s,
		    const struct tables *t, struct err *e)
{
	struct kallsyms new = { .count = t->count, .form = t->form->name };
	uint64_t tokens_len = t->index_off - t->tokens_off;
	uint8_t *tokens = malloc(tokens_len + BLOCK);

	new.addresses = calloc(t->count, sizeof(*new.addresses));
	new.starts = calloc(t->count, sizeof(*new.starts));
	new.text = malloc(t->text_len + BLOCK);
	if (!tokens || !new.addresses || !new.starts || !new.text) {
		free(tokens);
		kallsyms_release(&new);
		return err_set(e, ENOMEM, "no memory for %" PRIu32 " names",
			       t->count);
	}
	memcpy(tokens, t->part->bytes.data + t->tokens_off, tokens_len);
	memset(tokens + tokens_len, 0, BLOCK);
	expand_all(&new, s, t, tokens);
	free(tokens);
	*k = new;
	return 0;
}

int kallsyms_read(struct kallsyms *k, const struct kallsyms_part *parts,
		  unsigned parts_count, bool is64, struct err *e)
{
	struct search s = {
		.parts = parts,
		.parts_count = parts_count,
		.word = is64 ? 8 : 4,
		.work = WORK_MAX,
	};
	struct tables fit;
	int rc;

	for (int writable = 0; writable <= 1 && !s.found; writable++)
		for (unsigned i = 0; i < parts_count; i++)
			if (parts[i].writable == writable)
				search_part(&s, &parts[i], &fit);
	rc = result(&s, e);
	return rc ? rc : read_all(k, &s, &fit, e);
}

int kallsyms_read_elf(struct kallsyms *k, const struct kernel_elf *elf,
		      struct err *e)
{
	struct kallsyms_part parts[KERNEL_ELF_MAX_SEGMENTS];
	unsigned n = 0;

	for (unsigned i = 0; i < elf->segments_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct kallsyms_part *p = &parts[n];

		*p = (struct kallsyms_part){ .vaddr = s->vaddr,
					     .memsz = s->memsz,
					     .writable = s->flags & PF_W };
		if (s->type == PT_LOAD &&
		    bytes_slice(elf->bytes, s->off, s->filesz, &p->bytes))
			n++;
	}
	return kallsyms_read(k, parts, n, elf->is64, e);
}

void kallsyms_release(struct kallsyms *k)
{
	free(k->addresses);
	free(k->starts);
	free(k->text);
	*k = (struct kallsyms){ 0 };
}

static bool is_absolute(const struct kallsyms *k, uint32_t i)
{
	return toupper((unsigned char)kallsyms_type(k, i)) == 'A';
}

/* How many symbols are at or below @vaddr. */
static uint32_t count_to(const struct kallsyms *k, uint64_t vaddr)
{
	uint32_t low = 0, high = k->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (k->addresses[middle] <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool kallsyms_find(const struct kallsyms *k, uint64_t vaddr, uint64_t segment,
		   uint32_t *i)
{
	uint32_t n = count_to(k, vaddr);

	while (n && is_absolute(k, n - 1))
		n--;
	if (!n || k->addresses[n - 1] < segment)
		return false;
	*i = n - 1;
	for (uint32_t j = n - 1; j && k->addresses[j - 1] == k->addresses[*i];)
		if (!is_absolute(k, --j))
			*i = j;
	return true;
}

bool kallsyms_place(const struct kallsyms *k, uint64_t vaddr, uint64_t segment,
		    char *buf, size_t size)
{
	const char *name;
	uint32_t i;
	size_t len;

	buf[0] = '\0';
	if (!kallsyms_find(k, vaddr, segment, &i))
		return false;
	name = kallsyms_name(k, i);
	len = strlen(name);
	/* The offset must fit after a name of any length. */
	snprintf(buf, size, "%.*s+0x%" PRIx64,
		 (int)(len < size / 2 ? len : size / 2), name,
		 vaddr - k->addresses[i]);
	return true;
}

bool kallsyms_by_name(const struct kallsyms *k, const char *name, uint32_t *i)
{
	for (*i = 0; *i < k->count; ++*i)
		if (!strcmp(kallsyms_name(k, *i), name))
			return true;
	return false;
}
