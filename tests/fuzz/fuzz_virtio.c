/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio core, its MMIO transport, the ring walker and virtio-rng with a
 * driver whose steps are the input: register accesses, rings, notifications.
 * The worker's loop runs between steps.
 *
 * Guest memory is one heap block of exactly its size, so that the sanitizer
 * finds the first byte past it. A step is an opcode and its operands:
 *
 *   write register   offset16 value32     access that is not 32 bits wide
 *   memory           gpa16 len8 bytes     any bytes anywhere
 *   start            features8 size8      a set-up as the specification says
 *   descriptor       index8 addr32 len32 flags8 next8
 *   available        head8 add8           entries, and how far idx moves
 *   serve
 */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/virtio/mmio.h"
#include "dev/virtio/rng.h"

#define LOW  0xc000
#define HIGH 0x1000 /* above 4 GiB */

/* Where `start` puts the rings. */
#define DESC  0x1000
#define AVAIL 0x2000
#define USED  0x3000

enum {
	OP_WRITE,
	OP_ODD_ACCESS,
	OP_MEMORY,
	OP_START,
	OP_DESC,
	OP_AVAIL,
	OP_SERVE,
	OP_COUNT
};

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t *memory;
static struct worker worker;
static struct virtio_rng rng;
static unsigned served;
static unsigned answers; /* how the source answers next: one bit each */

static uint32_t take(struct input *in, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < n && in->left; i++, in->left--)
		v |= (uint32_t)*in->data++ << 8 * i;
	return v;
}

/* Write every byte that the walker said it may write. */
static ssize_t source(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	served++;
	answers = answers >> 1 | answers << 31;
	if (!len || len > RNG_CHAIN_MAX)
		abort();
	if (answers & 1) {
		errno = answers & 2 ? EINTR : EAGAIN;
		return -1;
	}
	memset(buf, 0x11, len);
	return (ssize_t)len;
}

static void out(struct virtio_mmio *v, uint32_t reg, uint32_t value)
{
	virtio_mmio_ops.write(v, reg, 4, value);
}

static uint32_t in(struct virtio_mmio *v, uint32_t reg)
{
	return (uint32_t)virtio_mmio_ops.read(v, reg, 4);
}

/* Let the worker do all pending work; the source may have more data now. */
static void serve(void)
{
	virtio_resume(&rng.core, 0);
	for (unsigned n = 0; n < 4; n++)
		loop_turn(&worker.loop, false);
}

/* Invariants, whatever the driver did. */
static void check(struct virtio_mmio *v)
{
	uint32_t status = in(v, VIRTIO_REG_STATUS);
	unsigned before = served;

	if (in(v, VIRTIO_REG_MAGIC) != VIRTIO_MAGIC)
		abort();
	if (!status && in(v, VIRTIO_REG_INTERRUPT_STATUS))
		abort();
	if (!rng.core.faults != !rng.core.fault.msg[0])
		abort();
	if (rng.core.held)
		abort();
	if ((status & VIRTIO_STATUS_FEATURES_OK) &&
	    (rng.core.accepted >> VIRTIO_F_VERSION_1 != 1))
		abort();
	if ((status & VIRTIO_STATUS_DRIVER_OK) &&
	    !(status & VIRTIO_STATUS_NEEDS_RESET))
		return;
	serve();
	if (served != before)
		abort();
}

static void odd_access(struct virtio_mmio *v, struct input *i)
{
	static const unsigned sizes[] = { 1, 2, 3, 4 };
	uint64_t off = take(i, 2) & 0xfff;
	unsigned size = sizes[take(i, 1) & 3];

	virtio_mmio_ops.write(v, off, size, take(i, size));
	virtio_mmio_ops.read(v, off, size);
}

static void write_memory(struct input *i)
{
	uint32_t gpa = take(i, 2) % (LOW + HIGH), n = take(i, 1);

	for (; n && i->left && gpa < LOW + HIGH; n--)
		memory[gpa++] = (uint8_t)take(i, 1);
}

static void start(struct virtio_mmio *v, uint32_t features, uint32_t log2_size)
{
	static const struct {
		uint32_t reg, value;
	} queue[] = {
		{ VIRTIO_REG_QUEUE_SEL, 0 },
		{ VIRTIO_REG_QUEUE_DESC, DESC },
		{ VIRTIO_REG_QUEUE_DESC + 4, 0 },
		{ VIRTIO_REG_QUEUE_DRIVER, AVAIL },
		{ VIRTIO_REG_QUEUE_DRIVER + 4, 0 },
		{ VIRTIO_REG_QUEUE_DEVICE, USED },
		{ VIRTIO_REG_QUEUE_DEVICE + 4, 0 },
	};

	memset(memory + AVAIL, 0, 4);
	out(v, VIRTIO_REG_STATUS, 0);
	out(v, VIRTIO_REG_STATUS, 3);
	out(v, VIRTIO_REG_DRIVER_FEATURES, (features & 3) << 28);
	out(v, VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	out(v, VIRTIO_REG_DRIVER_FEATURES, 1);
	out(v, VIRTIO_REG_STATUS, 11);
	for (size_t i = 0; i < sizeof(queue) / sizeof(*queue); i++)
		out(v, queue[i].reg, queue[i].value);
	out(v, VIRTIO_REG_QUEUE_NUM, 1u << log2_size % 7);
	out(v, VIRTIO_REG_QUEUE_READY, 1);
	out(v, VIRTIO_REG_STATUS, 15);
	if (in(v, VIRTIO_REG_STATUS) != 15)
		abort();
}

static void write_desc(struct input *i)
{
	uint32_t at = take(i, 1);
	struct virtq_desc d = {
		.addr = take(i, 4),
		.len = take(i, 4),
		.flags = (uint16_t)take(i, 1),
		.next = (uint16_t)take(i, 1),
	};

	/* The other flags mean nothing; here one means "above 4 GiB". */
	if (d.flags & 0x80)
		d.addr += GUEST_MEM_HIGH;
	memcpy(memory + DESC + VIRTQ_DESC_SIZE * (at % 64), &d, sizeof(d));
}

static void make_available(struct virtio_mmio *v, struct input *i)
{
	uint16_t idx, head = (uint16_t)take(i, 1);
	uint32_t size = rng.core.queues[0].ring.size
				? rng.core.queues[0].ring.size
				: 1;

	memcpy(&idx, memory + AVAIL + 2, 2);
	memcpy(memory + AVAIL + 4 + 2 * (idx % size), &head, 2);
	idx += (uint16_t)take(i, 1);
	memcpy(memory + AVAIL + 2, &idx, 2);
	out(v, VIRTIO_REG_QUEUE_NOTIFY, 0);
}

static void step(struct virtio_mmio *v, struct input *i)
{
	uint32_t reg, features;

	switch (take(i, 1) % OP_COUNT) {
	case OP_WRITE:
		reg = take(i, 2) & 0xffc;
		out(v, reg, take(i, 4));
		in(v, reg);
		break;
	case OP_ODD_ACCESS:
		odd_access(v, i);
		break;
	case OP_MEMORY:
		write_memory(i);
		break;
	case OP_START:
		features = take(i, 1);
		start(v, features, take(i, 1));
		break;
	case OP_DESC:
		write_desc(i);
		break;
	case OP_AVAIL:
		make_available(v, i);
		break;
	case OP_SERVE:
		answers = take(i, 1);
		serve();
		break;
	}
	check(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct virtio_mmio v;
	const struct irq_edge irq = { .fd = -1, .line = { .vm = -1 } };
	struct guest_mem gm = { .low_size = LOW, .high_size = HIGH };
	struct input i = { data, size };
	struct err e;

	memory = calloc(1, LOW + HIGH);
	if (!memory)
		abort();
	gm.base = memory;
	if (worker_init(&worker, &e) || virtio_rng_init(&rng, &gm, &worker, &e))
		abort();
	rng.source = source;
	virtio_mmio_init(&v, &rng.core, irq);
	while (i.left)
		step(&v, &i);
	virtio_stop(&rng.core);
	virtio_mmio_release(&v);
	virtio_rng_release(&rng);
	worker_release(&worker);
	free(memory);
	return 0;
}

/* ---- the steps again, for mutation */

static const uint32_t registers[] = {
	VIRTIO_REG_DEVICE_FEATURES_SEL,
	VIRTIO_REG_DRIVER_FEATURES,
	VIRTIO_REG_DRIVER_FEATURES_SEL,
	VIRTIO_REG_QUEUE_SEL,
	VIRTIO_REG_QUEUE_NUM,
	VIRTIO_REG_QUEUE_READY,
	VIRTIO_REG_QUEUE_NOTIFY,
	VIRTIO_REG_INTERRUPT_ACK,
	VIRTIO_REG_STATUS,
	VIRTIO_REG_QUEUE_DESC,
	VIRTIO_REG_QUEUE_DESC + 4,
	VIRTIO_REG_QUEUE_DRIVER,
	VIRTIO_REG_QUEUE_DRIVER + 4,
	VIRTIO_REG_QUEUE_DEVICE,
	VIRTIO_REG_QUEUE_DEVICE + 4,
};
static const uint32_t values[] = { 0,	    1,	 2,	   3,	 8,	  11,
				   15,	    64,	 128,	   DESC, AVAIL,	  USED,
				   LOW - 2, LOW, HIGH - 8, HIGH, 1u << 29 };
/* Of the rings and what they describe, to their ends. */
static const uint32_t gpas[] = { DESC,	 DESC + 16,	DESC + 1024,
				 AVAIL,	 AVAIL + 2,	AVAIL + 4,
				 USED,	 USED + 2,	0x4000,
				 0x8000, LOW - 16,	LOW - 1,
				 LOW,	 LOW + HIGH - 1 };
static const uint32_t lengths[] = { 0, 1, 15, 16, 17, 32, 64, 0x4000, 0x10000 };
static const uint32_t indices[] = { 0, 1, 2, 3, 7, 8, 63 };
static const uint32_t desc_flags[] = { 0, 1, 2, 3, 4, 5, 6, 0x80, 0x82, 0x83 };
static const uint32_t tables[] = { 0, 16, 32, 48 };

#define REGISTER FUZZ_VALUES(2, registers)
#define VALUE	 FUZZ_VALUES(4, values)
#define GPA	 FUZZ_VALUES(2, gpas)
#define ADDRESS	 FUZZ_VALUES(4, gpas)
#define LENGTH	 FUZZ_VALUES(4, lengths)
#define INDEX	 FUZZ_VALUES(1, indices)
#define FLAGS	 FUZZ_VALUES(1, desc_flags)
#define BYTES	 FUZZ_VALUES(1, tables)

static const struct fuzz_field write_fields[] = { REGISTER, VALUE };
static const struct fuzz_field odd_fields[] = { REGISTER, INDEX };
static const struct fuzz_field memory_fields[] = { GPA, BYTES };
static const struct fuzz_field start_fields[] = { INDEX, INDEX };
static const struct fuzz_field desc_fields[] = { INDEX, ADDRESS, LENGTH, FLAGS,
						 INDEX };
static const struct fuzz_field avail_fields[] = { INDEX, INDEX };
static const struct fuzz_field serve_fields[] = { INDEX };

static const struct fuzz_kind steps[OP_COUNT] = {
	[OP_WRITE] = { write_fields, 2, false },
	[OP_ODD_ACCESS] = { odd_fields, 2, false },
	[OP_MEMORY] = { memory_fields, 2, true },
	[OP_START] = { start_fields, 2, false },
	[OP_DESC] = { desc_fields, 5, false },
	[OP_AVAIL] = { avail_fields, 2, false },
	[OP_SERVE] = { serve_fields, 1, false },
};
static const struct fuzz_table table = { .kinds = steps, .count = OP_COUNT };
static const struct fuzz_grammar grammar = FUZZ_TABLE(0, &table);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	return fuzz_is_plain(seed) ? LLVMFuzzerMutate(data, size, max)
				   : fuzz_mutate(&grammar, data, size, max);
}

/* clang-format off */ /* one step a line */
#define REG(reg, value)                                                  \
	OP_WRITE, (reg), 0, (uint8_t)(value), (uint8_t)((value) >> 8),  \
		(uint8_t)((value) >> 16), (uint8_t)((value) >> 24)
/* Index, low half of the address, length, flags, next. */
#define DESCRIPTOR(i, low, len, flags, next)                             \
	OP_DESC, (i), (uint8_t)(low), (uint8_t)((low) >> 8), 0, 0,      \
		(len), 0, 0, 0, (flags), (next)

/* A driver that follows the rules, and one chain of each kind. */
static const uint8_t plain[] = {
	OP_START, 0, 3,
	DESCRIPTOR(0, 0x8000, 64, VIRTQ_DESC_WRITE, 0),
	OP_AVAIL, 0, 1,
	OP_SERVE, 0,
};

static const uint8_t chained[] = {
	OP_START, 2, 2,
	DESCRIPTOR(0, 0x8000, 64, VIRTQ_DESC_WRITE | VIRTQ_DESC_NEXT, 1),
	DESCRIPTOR(1, 0, 8, VIRTQ_DESC_WRITE | 0x80, 0),
	OP_AVAIL, 0, 1,
	OP_SERVE, 1, /* not now */
	OP_SERVE, 0,
};

static const uint8_t indirect[] = {
	OP_START, 1, 2,
	OP_MEMORY, 0x00, 0x40, VIRTQ_DESC_SIZE,
		0, 0x80, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0,
		VIRTQ_DESC_WRITE, 0, 0, 0,
	DESCRIPTOR(0, 0x4000, VIRTQ_DESC_SIZE, VIRTQ_DESC_INDIRECT, 0),
	OP_AVAIL, 0, 1,
	OP_SERVE, 0,
};

/* Register by register, and a used ring that ends at the end of memory,
 * followed by the word of VIRTIO_F_EVENT_IDX. */
static const uint8_t by_hand[] = {
	REG(VIRTIO_REG_STATUS, 3),
	REG(VIRTIO_REG_DRIVER_FEATURES, 1u << VIRTIO_F_EVENT_IDX),
	REG(VIRTIO_REG_DRIVER_FEATURES_SEL, 1),
	REG(VIRTIO_REG_DRIVER_FEATURES, 1),
	REG(VIRTIO_REG_STATUS, 11),
	REG(VIRTIO_REG_QUEUE_NUM, 8),
	REG(VIRTIO_REG_QUEUE_DESC, DESC),
	REG(VIRTIO_REG_QUEUE_DRIVER, AVAIL),
	REG(VIRTIO_REG_QUEUE_DEVICE, HIGH - 72),
	REG(VIRTIO_REG_QUEUE_DEVICE + 4, 1),
	REG(VIRTIO_REG_QUEUE_READY, 1),
	REG(VIRTIO_REG_STATUS, 15),
	DESCRIPTOR(0, 0x8000, 64, VIRTQ_DESC_WRITE, 0),
	OP_AVAIL, 0, 8,
	OP_SERVE, 0,
	OP_ODD_ACCESS, 0x00, 1, 0, 5,
};
/* clang-format on */

void fuzz_seeds(void)
{
	fuzz_seed("plain", plain, sizeof(plain));
	fuzz_seed("chained", chained, sizeof(chained));
	fuzz_seed("indirect", indirect, sizeof(indirect));
	fuzz_seed("by_hand", by_hand, sizeof(by_hand));
}
