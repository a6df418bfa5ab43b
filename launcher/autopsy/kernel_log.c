/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/kernel_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record's text has a length of 16 bits. */
#define TEXT_MAX 65536

/* ---- the layouts of the kernel's structs */

struct layout {
	/* up to 5.9 */
	uint64_t log_size, log_ts, log_len, log_text_len, log_dict_len;
	/* since 5.10 */
	uint64_t desc_ring, data_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id;
	uint64_t desc_size, state, lpos, begin, next;
	uint64_t info_size, ts, text_len;
	uint64_t size_bits, data;
};

#define AT(member) offsetof(struct layout, member)

/* No struct of these is larger. */
#define OFFSET_MAX 4096

/* Where VMCOREINFO has no such line: the offset on 64 bits, and on 32. */
static const struct {
	const char *key;
	size_t member;
	uint16_t usual64, usual32;
} layout_keys[] = {
	{ "SIZE(printk_log)", AT(log_size), 16, 16 },
	{ "OFFSET(printk_log.ts_nsec)", AT(log_ts), 0, 0 },
	{ "OFFSET(printk_log.len)", AT(log_len), 8, 8 },
	{ "OFFSET(printk_log.text_len)", AT(log_text_len), 10, 10 },
	{ "OFFSET(printk_log.dict_len)", AT(log_dict_len), 12, 12 },
	{ "OFFSET(printk_ringbuffer.desc_ring)", AT(desc_ring), 0, 0 },
	{ "OFFSET(printk_ringbuffer.text_data_ring)", AT(data_ring), 40, 20 },
	{ "OFFSET(prb_desc_ring.count_bits)", AT(count_bits), 0, 0 },
	{ "OFFSET(prb_desc_ring.descs)", AT(descs), 8, 4 },
	{ "OFFSET(prb_desc_ring.infos)", AT(infos), 16, 8 },
	{ "OFFSET(prb_desc_ring.head_id)", AT(head_id), 24, 12 },
	{ "OFFSET(prb_desc_ring.tail_id)", AT(tail_id), 32, 16 },
	{ "SIZE(prb_desc)", AT(desc_size), 24, 12 },
	{ "OFFSET(prb_desc.state_var)", AT(state), 0, 0 },
	{ "OFFSET(prb_desc.text_blk_lpos)", AT(lpos), 8, 4 },
	{ "OFFSET(prb_data_blk_lpos.begin)", AT(begin), 0, 0 },
	{ "OFFSET(prb_data_blk_lpos.next)", AT(next), 8, 4 },
	{ "SIZE(printk_info)", AT(info_size), 88, 88 },
	{ "OFFSET(printk_info.ts_nsec)", AT(ts), 8, 8 },
	{ "OFFSET(printk_info.text_len)", AT(text_len), 16, 16 },
	{ "OFFSET(prb_data_ring.size_bits)", AT(size_bits), 0, 0 },
	{ "OFFSET(prb_data_ring.data)", AT(data), 8, 4 },
};

static int read_layout(struct layout *l, const struct vmcoreinfo *info,
		       bool is64, struct err *e)
{
	for (size_t i = 0; i < sizeof(layout_keys) / sizeof(*layout_keys);
	     i++) {
		const char *key = layout_keys[i].key;
		uint64_t *member =
			(uint64_t *)(void *)((char *)l + layout_keys[i].member);

		if (!vmcoreinfo_number(info, key, 10, member))
			*member = is64 ? layout_keys[i].usual64
				       : layout_keys[i].usual32;
		if (*member > OFFSET_MAX)
			return err_set(e, EINVAL,
				       "VMCOREINFO has %s=%" PRIu64
				       "; the most is %d",
				       key, *member, OFFSET_MAX);
	}
	return 0;
}

/* ---- what is written */

struct reader {
	const struct memory *m;
	struct layout l;
	struct kernel_log log;
	char text[TEXT_MAX];
};

/* The bytes behind a record's lengths. */
struct prio {
	uint8_t facility;
	uint8_t flags; /* the highest three bits are the level */
};

struct record {
	uint64_t ts_ns;
	struct prio prio;
	size_t len; /* of its text, which is in the reader */
};

/* A record of several lines has the same head before each. */
static void emit(struct reader *r, const struct record *rec)
{
	unsigned prio = rec->prio.facility << 3 | rec->prio.flags >> 5;
	const char *line = r->text, *end = r->text + rec->len, *nl;
	char head[64];
	int n = snprintf(
		head, sizeof(head), "<%u>[%5" PRIu64 ".%06" PRIu64 "] ", prio,
		rec->ts_ns / 1000000000, rec->ts_ns % 1000000000 / 1000);

	r->log.records++;
	do {
		nl = memchr(line, '\n', (size_t)(end - line));
		buf_add(&r->log.text, head, (size_t)n);
		buf_add(&r->log.text, line, (size_t)((nl ? nl : end) - line));
		buf_add(&r->log.text, "\n", 1);
		line = nl ? nl + 1 : end;
	} while (nl);
}

/* ---- up to 5.9 */

struct old_log {
	uint64_t buf;
	uint32_t len, first, next;
};

/* Read one record at @at; its length, 0 where the buffer goes on at its start,
 * or -1 if it is unsound. */
static int64_t read_old_record(struct reader *r, const struct old_log *log,
			       uint32_t at)
{
	const struct layout *l = &r->l;
	uint64_t addr = log->buf + at;
	uint16_t len, text_len;
	struct record rec;

	if (l->log_size > log->len || at > log->len - l->log_size ||
	    !memory_get(r->m, addr + l->log_len, &len, sizeof(len)))
		return -1;
	if (!len)
		return 0;
	if (len < l->log_size || len > log->len - at ||
	    !memory_get(r->m, addr + l->log_text_len, &text_len,
			sizeof(text_len)) ||
	    text_len > len - l->log_size ||
	    !memory_get(r->m, addr + l->log_ts, &rec.ts_ns,
			sizeof(rec.ts_ns)) ||
	    !memory_get(r->m, addr + l->log_dict_len + 2, &rec.prio,
			sizeof(rec.prio)) ||
	    !memory_get(r->m, addr + l->log_size, r->text, text_len))
		return -1;
	rec.len = text_len;
	emit(r, &rec);
	return len;
}

/* Every byte of the buffer once, at most: what follows a record that is unsound
 * cannot be found. */
static void read_old_records(struct reader *r, const struct old_log *log)
{
	uint32_t at = log->first;
	uint64_t seen = 0;
	bool again = false;

	while (at != log->next) {
		int64_t n = read_old_record(r, log, at);

		seen += n > 0 ? (uint64_t)n : 0;
		if (n < 0 || (!n && again) || seen > log->len) {
			r->log.left_out++;
			return;
		}
		again |= !n;
		at = n ? at + (uint32_t)n : 0;
	}
}

static int read_old(struct reader *r, const struct kernel_log_names *at,
		    struct err *e)
{
	struct old_log log;

	if (!memory_word(r->m, at->log_buf, &log.buf) ||
	    !memory_u32(r->m, at->log_buf_len, &log.len) ||
	    !memory_u32(r->m, at->log_first_idx, &log.first) ||
	    !memory_u32(r->m, at->log_next_idx, &log.next))
		return err_set(e, EINVAL,
			       "the variables of the kernel's log are not in "
			       "memory");
	if (log.len > KERNEL_LOG_MAX || log.first >= log.len ||
	    log.next > log.len)
		return err_set(e, EINVAL,
			       "the kernel's log of %" PRIu32 " bytes is from "
			       "%" PRIu32 " to %" PRIu32,
			       log.len, log.first, log.next);
	read_old_records(r, &log);
	return 0;
}

/* ---- since 5.10 */

struct ring {
	uint64_t descs, infos, data;
	uint64_t head, tail;
	uint64_t count; /* descriptors */
	uint64_t size;	/* bytes of text */
};

/* The highest two bits of a descriptor's word are its state. */
enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

static unsigned state_shift(const struct reader *r)
{
	return r->m->is64 ? 62 : 30;
}

static uint64_t id_mask(const struct reader *r)
{
	return (UINT64_C(1) << state_shift(r)) - 1;
}

/* The kernel makes a descriptor for every 32 bytes of text. */
#define SIZE_BITS_MAX  25
#define COUNT_BITS_MAX 20

static bool read_ring_at(const struct reader *r, uint64_t rb,
			 uint64_t data_ring, struct ring *ring)
{
	const struct layout *l = &r->l;
	const struct memory *m = r->m;
	uint64_t descs = rb + l->desc_ring, data = rb + data_ring;
	uint32_t count_bits, size_bits;
	uint8_t byte;

	if (!memory_u32(m, descs + l->count_bits, &count_bits) ||
	    !memory_word(m, descs + l->descs, &ring->descs) ||
	    !memory_word(m, descs + l->infos, &ring->infos) ||
	    !memory_word(m, descs + l->head_id, &ring->head) ||
	    !memory_word(m, descs + l->tail_id, &ring->tail) ||
	    !memory_u32(m, data + l->size_bits, &size_bits) ||
	    !memory_word(m, data + l->data, &ring->data))
		return false;
	if (count_bits > COUNT_BITS_MAX || size_bits > SIZE_BITS_MAX)
		return false;
	ring->count = UINT64_C(1) << count_bits;
	ring->size = UINT64_C(1) << size_bits;
	return memory_get(m, ring->descs, &byte, 1) &&
	       memory_get(m, ring->infos, &byte, 1) &&
	       memory_get(m, ring->data, &byte, 1);
}

/* From 6.8 on, one more word is between the two. */
static bool read_ring(const struct reader *r, uint64_t rb, bool is_known,
		      struct ring *ring)
{
	uint64_t data_ring = r->l.data_ring;

	return read_ring_at(r, rb, data_ring, ring) ||
	       (!is_known &&
		read_ring_at(r, rb, data_ring + memory_word_size(r->m), ring));
}

/* Where the text from @begin to @next is, and how long; false if not in one
 * piece or not in the ring. */
static bool find_block(const struct ring *ring, uint64_t begin, uint64_t next,
		       uint64_t word_max, uint64_t *at, uint64_t *len)
{
	uint64_t mask = ring->size - 1;
	uint64_t span = (next - begin) & word_max;

	if (!span || span > ring->size)
		return false;
	if ((begin & mask) + span <= ring->size) {
		*at = begin & mask;
		*len = span;
	} else {
		*at = 0;
		*len = next & mask;
	}
	return true;
}

/* The text, behind the id of its descriptor. */
static bool read_block(struct reader *r, const struct ring *ring, uint64_t id,
		       uint64_t begin, uint64_t next, struct record *rec)
{
	uint64_t word_max = r->m->is64 ? UINT64_MAX : UINT32_MAX;
	unsigned word = memory_word_size(r->m);
	uint64_t at, len, owner;

	if (!find_block(ring, begin, next, word_max, &at, &len) || len < word ||
	    !memory_word(r->m, ring->data + at, &owner) || owner != id)
		return false;
	if (rec->len > len - word)
		rec->len = len - word;
	return memory_get(r->m, ring->data + at + word, r->text, rec->len);
}

/* begin and next of a record without text: an empty line */
#define EMPTY_LPOS 3

static bool read_record(struct reader *r, const struct ring *ring, uint64_t id,
			uint64_t desc)
{
	const struct layout *l = &r->l;
	uint64_t info = ring->infos + (id & (ring->count - 1)) * l->info_size;
	uint64_t begin, next;
	struct record rec;
	uint16_t len;

	if (!memory_word(r->m, desc + l->lpos + l->begin, &begin) ||
	    !memory_word(r->m, desc + l->lpos + l->next, &next) ||
	    !memory_get(r->m, info + l->ts, &rec.ts_ns, sizeof(rec.ts_ns)) ||
	    !memory_get(r->m, info + l->text_len, &len, sizeof(len)) ||
	    !memory_get(r->m, info + l->text_len + sizeof(len), &rec.prio,
			sizeof(rec.prio)))
		return false;
	rec.len = len;
	if (begin == EMPTY_LPOS && next == EMPTY_LPOS)
		rec.len = 0;
	else if (!read_block(r, ring, id, begin, next, &rec))
		return false;
	emit(r, &rec);
	return true;
}

static void read_records(struct reader *r, const struct ring *ring)
{
	uint64_t count = ((ring->head - ring->tail) & id_mask(r)) + 1;
	uint64_t id = ring->tail & id_mask(r);

	if (count > ring->count)
		count = ring->count;
	for (; count--; id = (id + 1) & id_mask(r)) {
		uint64_t desc = ring->descs +
				(id & (ring->count - 1)) * r->l.desc_size;
		uint64_t word, state;

		if (!memory_word(r->m, desc + r->l.state, &word)) {
			r->log.left_out++;
			return;
		}
		state = word >> state_shift(r);
		if (state == REUSABLE || state == RESERVED)
			continue;
		/* Records that lie may share their text. */
		if ((word & id_mask(r)) != id ||
		    r->log.text.len > 2 * KERNEL_LOG_MAX ||
		    !read_record(r, ring, id, desc))
			r->log.left_out++;
	}
}

static int read_new(struct reader *r, uint64_t prb, bool is_known,
		    struct err *e)
{
	struct ring ring;
	uint64_t rb;

	if (!memory_word(r->m, prb, &rb) || !read_ring(r, rb, is_known, &ring))
		return err_set(e, EINVAL,
			       "the ring of the kernel's log is not in memory");
	read_records(r, &ring);
	return 0;
}

/* ---- either */

/* What VMCOREINFO says about the place of a variable, else its name's. */
static uint64_t place_of(const struct vmcoreinfo *info, const char *key,
			 uint64_t name)
{
	uint64_t at;

	return vmcoreinfo_number(info, key, 16, &at) && at ? at : name;
}

static int read_log(struct reader *r, const struct vmcoreinfo *info,
		    const struct kernel_log_names *names, struct err *e)
{
	const struct kernel_log_names at = {
		.prb = place_of(info, "SYMBOL(prb)", names->prb),
		.log_buf = place_of(info, "SYMBOL(log_buf)", names->log_buf),
		.log_buf_len = place_of(info, "SYMBOL(log_buf_len)",
					names->log_buf_len),
		.log_first_idx = place_of(info, "SYMBOL(log_first_idx)",
					  names->log_first_idx),
		.log_next_idx = place_of(info, "SYMBOL(log_next_idx)",
					 names->log_next_idx),
	};
	int rc = read_layout(&r->l, info, r->m->is64, e);

	if (rc)
		return rc;
	if (at.prb)
		return read_new(r, at.prb, info->len, e);
	if (at.log_buf && at.log_buf_len && at.log_first_idx && at.log_next_idx)
		return read_old(r, &at, e);
	return err_set(e, ENOENT,
		       "neither a VMCOREINFO nor names say where the kernel's "
		       "log is");
}

int kernel_log_read(struct kernel_log *log, const struct memory *m,
		    const struct vmcoreinfo *info,
		    const struct kernel_log_names *names, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_set(e, ENOMEM, "no memory for the kernel's log");
	r->m = m;
	rc = read_log(r, info, names, e);
	if (!rc && r->log.text.failed)
		rc = err_set(e, ENOMEM, "no memory for the kernel's log");
	if (!rc && !r->log.records)
		rc = err_set(e, ENOENT, "the kernel's log has no records%s",
			     r->log.left_out ? " that are sound" : "");
	if (rc)
		kernel_log_release(&r->log);
	else
		*log = r->log;
	free(r);
	return rc;
}

void kernel_log_release(struct kernel_log *log)
{
	buf_release(&log->text);
	*log = (struct kernel_log){ 0 };
}

/* "<6>" is not part of a line that is shown. */
static void drop_priority(struct bytes *line)
{
	const uint8_t *end;

	if (!line->len || line->data[0] != '<')
		return;
	end = memchr(line->data, '>', line->len);
	if (!end)
		return;
	line->len -= (size_t)(end + 1 - line->data);
	line->data = end + 1;
}

bool kernel_log_line_before(struct bytes text, size_t *at, struct bytes *line)
{
	size_t end = *at, start;

	if (!end)
		return false;
	/* Each line ends with a newline. */
	for (start = end - 1; start && text.data[start - 1] != '\n';)
		start--;
	*line = (struct bytes){ text.data + start, end - 1 - start };
	*at = start;
	drop_priority(line);
	return true;
}
