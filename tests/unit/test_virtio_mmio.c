/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio MMIO transport, register by register and rule by rule, with a
 * device that writes "x" to its buffers. Register offsets and bits are written
 * as virtio 1.2, 4.2.2 and 2.1 have them.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/rng.h"

#include <errno.h>
#include <sys/eventfd.h>

#define SIZE 8

enum {
	R_MAGIC = 0x000,
	R_VERSION = 0x004,
	R_DEVICE = 0x008,
	R_VENDOR = 0x00c,
	R_OFFER = 0x010,
	R_OFFER_SEL = 0x014,
	R_ACCEPT = 0x020,
	R_ACCEPT_SEL = 0x024,
	R_QSEL = 0x030,
	R_QMAX = 0x034,
	R_QNUM = 0x038,
	R_QREADY = 0x044,
	R_NOTIFY = 0x050,
	R_INT = 0x060,
	R_ACK = 0x064,
	R_STATUS = 0x070,
	R_DESC = 0x080,
	R_DRIVER = 0x090,
	R_DEVICE_AREA = 0x0a0,
	R_SHM_SEL = 0x0ac,
	R_SHM_LEN = 0x0b0,
	R_SHM_BASE = 0x0b8,
	R_QRESET = 0x0c0,
	R_GENERATION = 0x0fc,
	R_CONFIG = 0x100,
};

enum { ACK = 1, DRIVER = 2, OK = 4, FEAT = 8, NEEDS_RESET = 64, FAILED = 128 };

static struct worker worker;
static struct virtio core;
static struct virtio_mmio v;
static unsigned served;
static enum virtio_result serve_result;
static const uint8_t config[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static enum virtio_result serve(void *dev, struct virtio_request *r,
				struct err *e)
{
	const struct virtq_chain *chain = &r->chain;

	ck_assert_ptr_eq(dev, &v);
	ck_assert_uint_lt(r->ticket.queue, 2);
	served++;
	if (serve_result != VIRTIO_DONE)
		err_set(e, EPROTO, "the device is not amused");
	for (unsigned i = chain->readable; i < chain->count; i++)
		memset(chain->seg[i].data, 'x', chain->seg[i].len);
	r->written = (uint32_t)chain->writable_bytes;
	return serve_result;
}

static void write_config(void *dev, uint8_t *space, uint32_t off, unsigned size,
			 uint32_t value)
{
	ck_assert_ptr_eq(dev, &v);
	memcpy(space + off, &value, size);
}

static const struct virtio_device_ops ops = {
	.write_config = write_config,
	.serve = serve,
};

static void setup(void)
{
	const struct virtio_setup is = {
		.name = "virtio-test",
		.id = 42,
		.queues = 2,
		.queue_size = 16,
		.features = 1 << 5,
		.config = config,
		.config_len = sizeof(config),
		.ops = &ops,
		.dev = &v,
		.gm = &gm,
		.worker = &worker,
	};
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };
	struct err e;

	driver_setup();
	served = 0;
	serve_result = VIRTIO_DONE;
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_init(&core, &is, &e), &e);
	virtio_mmio_init(&v, &core, irq);
}

static void teardown(void)
{
	virtio_stop(&core);
	virtio_mmio_release(&v);
	virtio_release(&core);
	worker_release(&worker);
	driver_teardown();
}

/* Let the worker do all pending work. */
static void work(void)
{
	for (unsigned n = 0; n < 8; n++)
		loop_turn(&worker.loop, false);
}

static uint32_t in(unsigned reg)
{
	return (uint32_t)virtio_mmio_ops.read(&v, reg, 4);
}

static void out(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

/* The number of interrupts since the last call. */
static unsigned rings(int fd)
{
	eventfd_t n = 0;

	return eventfd_read(fd, &n) ? 0 : (unsigned)n;
}

static void accept(uint64_t features)
{
	out(R_ACCEPT_SEL, 0);
	out(R_ACCEPT, (uint32_t)features);
	out(R_ACCEPT_SEL, 1);
	out(R_ACCEPT, (uint32_t)(features >> 32));
}

#define VERSION_1   (UINT64_C(1) << 32)
#define EVENT_IDX   (UINT64_C(1) << 29)
#define INDIRECT_OK (UINT64_C(1) << 28)

static void negotiate(uint64_t features)
{
	out(R_STATUS, ACK);
	out(R_STATUS, ACK | DRIVER);
	accept(features);
	out(R_STATUS, ACK | DRIVER | FEAT);
}

static void place_queue(unsigned i)
{
	out(R_QSEL, i);
	out(R_QNUM, SIZE);
	out(R_DESC, DESC);
	out(R_DESC + 4, 0);
	out(R_DRIVER, AVAIL);
	out(R_DRIVER + 4, 0);
	out(R_DEVICE_AREA, USED);
	out(R_DEVICE_AREA + 4, 0);
}

/* Notify the first queue, even if it is empty. */
static void ring(void)
{
	virtio_notify(&core.queues[0]);
	work();
}

/* Set up until a driver may offer buffers; one waits in the table. */
static void start(void)
{
	negotiate(VERSION_1);
	place_queue(0);
	out(R_QREADY, 1);
	out(R_STATUS, ACK | DRIVER | FEAT | OK);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	work();
}

/* The device stopped for this reason, or works if @msg is NULL. */
static void expect_fault(const char *msg)
{
	ck_assert_msg(!(in(R_STATUS)&NEEDS_RESET) == !msg, "status 0x%x: %s",
		      in(R_STATUS), core.fault.msg);
	if (msg)
		ck_assert_msg(strstr(core.fault.msg, msg),
			      "\"%s\" lacks \"%s\"", core.fault.msg, msg);
}

/* --- registers */

static const struct {
	unsigned reg;
	uint32_t value;
} constants[] = {
	{ R_MAGIC, 0x74726976 }, /* 4.2.2.1 MUST */
	{ R_VERSION, 2 },	 /* 4.2.2.1 MUST */
	{ R_DEVICE, 42 },
	{ R_OFFER, 0x30000020 }, /* bit 5, INDIRECT_DESC, EVENT_IDX */
	{ R_QMAX, 16 },
	{ R_QREADY, 0 },
	{ R_INT, 0 },
	{ R_STATUS, 0 },
	{ R_SHM_LEN, 0xffffffff }, /* there is no region */
	{ R_SHM_LEN + 4, 0xffffffff },
	{ R_SHM_BASE, 0xffffffff },
	{ R_SHM_BASE + 4, 0xffffffff },
	{ R_QRESET, 0 },
	{ R_GENERATION, 0 },
	/* Write-only registers and holes read as zero. */
	{ R_OFFER_SEL, 0 },
	{ R_ACCEPT, 0 },
	{ R_QNUM, 0 },
	{ R_NOTIFY, 0 },
	{ R_DESC, 0 },
	{ 0x018, 0 },
	{ 0x0f8, 0 },
};

START_TEST(virtio__reads_at_the_start)
{
	ck_assert_uint_eq(in(constants[_i].reg), constants[_i].value);
}
END_TEST

static const unsigned read_only[] = { R_MAGIC,	R_VERSION, R_DEVICE,
				      R_VENDOR, R_OFFER,   R_QMAX,
				      R_INT,	R_SHM_LEN, 0x018,
				      R_QRESET, R_SHM_SEL, R_GENERATION };

START_TEST(virtio__ignores_writes_to_what_is_read_only)
{
	uint32_t before = in(read_only[_i]);

	out(read_only[_i], ~before);
	ck_assert_uint_eq(in(read_only[_i]), before);
	expect_fault(NULL);
}
END_TEST

/* 4.2.2.2: "only use 32 bit wide and aligned reads and writes" */
START_TEST(virtio__ignores_accesses_that_are_not_32_bits)
{
	virtio_mmio_ops.write(&v, R_STATUS, 1, ACK);
	virtio_mmio_ops.write(&v, R_STATUS, 2, ACK);
	virtio_mmio_ops.write(&v, R_STATUS + 2, 4, ACK << 16);
	ck_assert_uint_eq(in(R_STATUS), 0);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_MAGIC, 1), 0);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_MAGIC + 2, 2), 0);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_MAGIC + 1, 4), 0);
}
END_TEST

/* 4.2.2, table "MMIO Device Register Layout": what may be read and written. */
static const unsigned can_read[] = {
	R_MAGIC,       R_VERSION,  R_DEVICE,	   R_VENDOR,	 R_OFFER,
	R_QMAX,	       R_QREADY,   R_INT,	   R_STATUS,	 R_SHM_LEN,
	R_SHM_LEN + 4, R_SHM_BASE, R_SHM_BASE + 4, R_GENERATION,
};
static const unsigned can_write[] = {
	R_OFFER_SEL,  R_ACCEPT,	     R_ACCEPT_SEL,	R_QSEL,
	R_QNUM,	      R_QREADY,	     R_NOTIFY,		R_ACK,
	R_STATUS,     R_DESC,	     R_DESC + 4,	R_DRIVER,
	R_DRIVER + 4, R_DEVICE_AREA, R_DEVICE_AREA + 4, R_SHM_SEL,
};

static bool has(const unsigned *regs, size_t n, unsigned off)
{
	while (n--)
		if (regs[n] == off)
			return true;
	return false;
}

static bool has_meaning(unsigned off, unsigned size, bool write)
{
	if (off >= R_CONFIG)
		return true;
	return size == 4 && (write ? has(can_write, COUNT(can_write), off)
				   : has(can_read, COUNT(can_read), off));
}

/* The bus counts each meaningless access, at any offset, in any size. */
START_TEST(virtio__accesses_without_a_meaning_are_counted)
{
	static struct bus bus;
	unsigned size = 1u << _i % 3;
	bool write = _i / 3;
	struct err e;

	for (unsigned off = 0; off + size <= R_CONFIG + sizeof(config); off++) {
		uint8_t data[4] = { 0 };
		bool counted;

		bus_init(&bus, "MMIO");
		assert_ok(bus_add(&bus, 0xd0000000, 0x1000, &virtio_mmio_ops,
				  &v, &e),
			  &e);
		bus_access(&bus, 0xd0000000 + off, data, size, write);
		counted = bus.unknown_count;
		ck_assert_msg(counted == !has_meaning(off, size, write),
			      "%s of %u bytes at 0x%x",
			      write ? "write" : "read", size, off);
		if (!counted)
			continue;
		ck_assert_uint_eq(bus.unknown[0].addr, 0xd0000000 + off);
		ck_assert_uint_eq(bus.unknown[0].writes, write);
		ck_assert_uint_eq(bus.unknown[0].reads, !write);
	}
}
END_TEST

/* For a device without a configuration space, all of those. */
START_TEST(virtio__a_configuration_space_that_is_not_there_is_counted)
{
	struct virtio_device_ops bare = ops;

	core.is.config_len = 0;
	core.is.ops = &bare;
	ck_assert(!virtio_mmio_ops.knows(&v, R_CONFIG, 4, false));
	ck_assert(virtio_mmio_ops.knows(&v, R_CONFIG, 1, true));
	bare.write_config = NULL;
	ck_assert(!virtio_mmio_ops.knows(&v, 0xfff, 1, true));
}
END_TEST

/* 2.5.3: readable before FEATURES_OK; 4.2.2.2: at the fields' own width */
START_TEST(virtio__has_a_configuration_space)
{
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_CONFIG + 1, 1), 2);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_CONFIG + 2, 2), 0x0403);
	ck_assert_uint_eq(in(R_CONFIG + 4), 0x08070605);
	virtio_mmio_ops.write(&v, R_CONFIG, 1, 9);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_CONFIG, 1), 9);
	/* Not past its end, nor across it. */
	virtio_mmio_ops.write(&v, R_CONFIG + 6, 4, 0);
	virtio_mmio_ops.write(&v, R_CONFIG + 8, 4, 0);
	ck_assert_uint_eq(virtio_mmio_ops.read(&v, R_CONFIG + 6, 4), 0x0807);
	ck_assert_uint_eq(in(0xffc), 0);
}
END_TEST

START_TEST(virtio__changes_the_generation_with_the_configuration)
{
	start();
	virtio_set_config(&core, 6, "zz", 2);
	ck_assert_uint_eq(in(R_CONFIG + 4), 0x7a7a0605);
	ck_assert_uint_eq(in(R_GENERATION), 1);
	ck_assert_uint_eq(in(R_INT), 2);
	ck_assert_uint_eq(rings(v.irq.fd), 1);
	out(R_STATUS, 0);
	virtio_set_config(&core, 0, "z", 1);
	ck_assert_uint_eq(in(R_GENERATION), 2);
	ck_assert_uint_eq(in(R_INT), 0);
	ck_assert_uint_eq(rings(v.irq.fd), 0);
}
END_TEST

/* --- features */

START_TEST(virtio__offers_version_1_in_the_second_word)
{
	out(R_OFFER_SEL, 1);
	ck_assert_uint_eq(in(R_OFFER), 1);
	out(R_OFFER_SEL, 2);
	ck_assert_uint_eq(in(R_OFFER), 0);
	out(R_OFFER_SEL, 0xffffffff);
	ck_assert_uint_eq(in(R_OFFER), 0);
}
END_TEST

static const struct {
	uint64_t accept;
	bool fits;
} feature_sets[] = {
	{ VERSION_1, true },
	{ VERSION_1 | 1 << 5 | EVENT_IDX | INDIRECT_OK, true },
	{ 0, false },	   /* a legacy driver */
	{ 1 << 5, false }, /* one too */
	{ VERSION_1 | 1 << 6, false },
	{ VERSION_1 | UINT64_C(1) << 63, false },
	{ UINT64_MAX, false },
};

START_TEST(virtio__sets_features_ok_only_if_they_fit)
{
	uint32_t fits = feature_sets[_i].fits ? FEAT : 0;

	negotiate(feature_sets[_i].accept);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER | fits);
	expect_fault(NULL);
	/* 2.2.2: the same set is not refused after a reset. */
	out(R_STATUS, 0);
	negotiate(feature_sets[_i].accept);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER | fits);
}
END_TEST

START_TEST(virtio__refuses_features_that_cannot_exist)
{
	accept(VERSION_1);
	out(R_ACCEPT_SEL, 2);
	out(R_ACCEPT, 0);
	out(R_STATUS, ACK | DRIVER | FEAT);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER | FEAT);
	out(R_STATUS, 0);
	accept(VERSION_1);
	out(R_ACCEPT_SEL, 2);
	out(R_ACCEPT, 1);
	out(R_STATUS, ACK | DRIVER | FEAT);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER);
}
END_TEST

/* --- setup rules, broken in one step */

enum prepared { FRESH, NEGOTIATED, PLACED, READY, LIVE };

static const struct {
	enum prepared prepared;
	unsigned reg;
	uint32_t value;
	const char *msg; /* NULL: the device tolerates it */
} steps[] = {
	{ NEGOTIATED, R_STATUS, ACK | DRIVER,
	  "virtio-test: status 0x3 was written over 0xb (2.1.1)" },
	{ LIVE, R_STATUS, ACK | DRIVER | FEAT,
	  "status 0xb was written over 0xf (2.1.1)" },
	{ FRESH, R_STATUS, ACK | DRIVER | OK,
	  "DRIVER_OK without FEATURES_OK (3.1.1)" },
	{ FRESH, R_STATUS, ACK | DRIVER | FEAT | OK,
	  "DRIVER_OK without FEATURES_OK (3.1.1)" },
	{ FRESH, R_STATUS, 0xffffff00 | ACK, NULL },  /* unknown bits */
	{ FRESH, R_STATUS, NEEDS_RESET | ACK, NULL }, /* ours */
	{ FRESH, R_STATUS, FAILED, NULL },
	{ NEGOTIATED, R_ACCEPT, 0, "features after FEATURES_OK (3.1.1)" },
	{ LIVE, R_ACCEPT, 0, "features after FEATURES_OK (3.1.1)" },
	{ FRESH, R_QREADY, 1,
	  "queue 0: QueueReady without FEATURES_OK (3.1.1)" },
	{ NEGOTIATED, R_QREADY, 1, "queue 0: queue size 0 is not a power" },
	{ PLACED, R_QREADY, 2, "queue 0: QueueReady 0x2 (4.2.2)" },
	{ PLACED, R_QREADY, 1, NULL },
	{ PLACED, R_QREADY, 0, NULL },
	{ READY, R_QREADY, 1, NULL },
	{ READY, R_QREADY, 0, NULL },
	{ READY, R_QNUM, SIZE,
	  "queue 0: register 0x38 was written while the queue is ready "
	  "(4.2.2.2)" },
	{ READY, R_DESC, DESC, "register 0x80 was written while" },
	{ READY, R_DESC + 4, 0, "register 0x84 was written while" },
	{ READY, R_DRIVER, AVAIL, "register 0x90 was written while" },
	{ READY, R_DRIVER + 4, 0, "register 0x94 was written while" },
	{ READY, R_DEVICE_AREA, USED, "register 0xa0 was written while" },
	{ LIVE, R_DEVICE_AREA + 4, 0, "register 0xa4 was written while" },
	{ LIVE, R_NOTIFY, 0, NULL }, /* 2.7.10.2: spurious ones are handled */
	{ LIVE, R_NOTIFY, 1, NULL },
	{ LIVE, R_NOTIFY, 2, "QueueNotify 2, there are 2 queues (4.2.2)" },
	{ FRESH, R_NOTIFY, 0, NULL },
	{ LIVE, R_ACK, 0xffffffff, NULL },
	{ LIVE, R_QSEL, 0xffffffff, NULL },
	{ LIVE, R_QRESET, 1, NULL },
};

START_TEST(virtio__keeps_to_the_order_of_things)
{
	enum prepared p = steps[_i].prepared;

	if (p >= NEGOTIATED)
		negotiate(VERSION_1);
	if (p >= PLACED)
		place_queue(0);
	if (p >= READY)
		out(R_QREADY, 1);
	if (p >= LIVE)
		out(R_STATUS, ACK | DRIVER | FEAT | OK);
	out(steps[_i].reg, steps[_i].value);
	expect_fault(steps[_i].msg);
	/* 2.1.2: the driver is notified if DRIVER_OK was set. */
	ck_assert_uint_eq(in(R_INT), p == LIVE && steps[_i].msg ? 2 : 0);
	ck_assert_uint_eq(rings(v.irq.fd), p == LIVE && steps[_i].msg);
}
END_TEST

START_TEST(virtio__has_no_queue_beyond_its_own)
{
	negotiate(VERSION_1);
	place_queue(2);
	ck_assert_uint_eq(in(R_QMAX), 0);
	out(R_QREADY, 1);
	ck_assert_uint_eq(in(R_QREADY), 0);
	expect_fault(NULL);
	out(R_QSEL, 1);
	ck_assert_uint_eq(in(R_QMAX), 16);
	out(R_QREADY, 1);
	expect_fault("queue 1: queue size 0");
}
END_TEST

START_TEST(virtio__takes_addresses_in_halves)
{
	negotiate(VERSION_1);
	place_queue(0);
	out(R_DRIVER + 4, 0x12);
	out(R_QREADY, 1);
	expect_fault("the available ring, 22 bytes at 0x1200011000, is not");
}
END_TEST

/* --- buffers */

START_TEST(virtio__serves_and_interrupts)
{
	start();
	make_available(SIZE, 0);
	out(R_NOTIFY, 0);
	ck_assert_uint_eq(rings(core.queues[0].bell_fd), 1);
	out(R_NOTIFY, 0);
	work();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(get16(USED + 2), 1);
	ck_assert_uint_eq(get32(USED + 8), 4);
	ck_assert_uint_eq(get32(BUFFERS), 0x78787878);
	ck_assert_uint_eq(in(R_INT), 1);
	ck_assert_uint_eq(rings(v.irq.fd), 1);
	/* 4.2.2.1: until the driver acknowledges it, and only that bit. */
	out(R_ACK, 2);
	ck_assert_uint_eq(in(R_INT), 1);
	out(R_ACK, 1);
	ck_assert_uint_eq(in(R_INT), 0);
}
END_TEST

START_TEST(virtio__does_not_interrupt_unasked)
{
	start();
	put16(AVAIL, 1);
	make_available(SIZE, 0);
	ring();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(in(R_INT), 0);
	ck_assert_uint_eq(rings(v.irq.fd), 0);
}
END_TEST

/* 2.1.2: "MUST NOT consume buffers [...] before DRIVER_OK"; a driver that
 * notified too early is served at DRIVER_OK. */
START_TEST(virtio__waits_for_driver_ok)
{
	negotiate(VERSION_1);
	place_queue(0);
	out(R_QREADY, 1);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	make_available(SIZE, 0);
	out(R_NOTIFY, 0);
	work();
	ck_assert_uint_eq(served, 0);
	ck_assert_uint_eq(rings(core.queues[0].bell_fd), 0);
	out(R_STATUS, ACK | DRIVER | FEAT | OK);
	work();
	ck_assert_uint_eq(served, 1);
}
END_TEST

static const struct {
	unsigned reg;
	uint32_t value;
} stops[] = {
	{ R_STATUS, 0 }, /* 2.4.1 */
	{ R_QREADY, 0 }, /* 4.2.2.1: not while QueueReady is zero */
	{ R_STATUS, ACK | DRIVER | FEAT | OK | FAILED },
	{ R_NOTIFY, 77 }, /* a fault */
};

START_TEST(virtio__touches_nothing_once_stopped)
{
	start();
	make_available(SIZE, 0);
	out(stops[_i].reg, stops[_i].value);
	ring();
	ck_assert_uint_eq(served, 0);
	ck_assert_uint_eq(get16(USED + 2), 0);
}
END_TEST

START_TEST(virtio__forgets_all_in_a_reset)
{
	start();
	out(R_OFFER_SEL, 1);
	make_available(SIZE, 0);
	ring();
	out(R_STATUS, 0);
	ck_assert_uint_eq(in(R_STATUS), 0);
	ck_assert_uint_eq(in(R_INT), 0);
	ck_assert_uint_eq(in(R_QREADY), 0);
	ck_assert_uint_eq(in(R_OFFER), 0x30000020);
	/* The features are cleared, too. */
	out(R_STATUS, ACK | DRIVER | FEAT);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER);
}
END_TEST

START_TEST(virtio__stops_at_a_broken_chain_and_starts_again)
{
	start();
	make_available(SIZE, SIZE);
	ring();
	expect_fault("virtio-test queue 0: chain 8: descriptor 8 of a table");
	ck_assert_uint_eq(in(R_INT), 2);
	ck_assert_uint_eq(in(R_STATUS), ACK | DRIVER | FEAT | OK | NEEDS_RESET);
	/* Later errors are not reported again. */
	rings(v.irq.fd);
	out(R_NOTIFY, 99);
	out(R_STATUS, ACK);
	ring();
	ck_assert_uint_eq(rings(v.irq.fd), 0);
	ck_assert_uint_eq(core.faults, 1);

	out(R_STATUS, 0);
	put16(AVAIL + 2, 0);
	start();
	make_available(SIZE, 0);
	ring();
	ck_assert_uint_eq(served, 1);
	expect_fault(NULL);
}
END_TEST

START_TEST(virtio__keeps_the_first_fault)
{
	for (unsigned n = 0; n < 3; n++) {
		out(R_STATUS, 0);
		out(R_NOTIFY, 50 + n);
	}
	ck_assert_uint_eq(core.faults, 3);
	ck_assert_str_eq(core.fault.msg,
			 "virtio-test: QueueNotify 50, there are 2 queues "
			 "(4.2.2)");
}
END_TEST

START_TEST(virtio__stops_when_the_device_objects)
{
	start();
	serve_result = VIRTIO_DRIVER_FAULT;
	make_available(SIZE, 0);
	ring();
	expect_fault("virtio-test queue 0: the device is not amused");
	ck_assert_uint_eq(get16(USED + 2), 0);
}
END_TEST

START_TEST(virtio__asks_the_device_again_later)
{
	start();
	serve_result = VIRTIO_NOT_NOW;
	make_available(SIZE, 0);
	out(R_NOTIFY, 0);
	work();
	ck_assert_uint_eq(get16(USED + 2), 0);
	serve_result = VIRTIO_DONE;
	/* A doorbell does not wake it; the event that it waits for does. */
	out(R_NOTIFY, 0);
	work();
	ck_assert_uint_eq(served, 1);
	virtio_resume(&core, 0);
	work();
	ck_assert_uint_eq(served, 2);
	ck_assert_uint_eq(get16(USED + 2), 1);
	expect_fault(NULL);
}
END_TEST

/* A guest that keeps refilling its queue must not delay others. */
START_TEST(virtio__serves_a_bounded_number_at_a_time)
{
	start();
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < SIZE; i++)
			make_available(SIZE, 0);
		ring();
	}
	ck_assert_uint_eq(served, 3 * SIZE);
	/* A ring whose own index lies in the buffer being written refills
	 * itself: 0x7878 is far ahead, and that ends it. */
	put_desc(DESC, 0, (struct driver_desc){ AVAIL + 2, 2, WRITE, 0 });
	make_available(SIZE, 0);
	ring();
	expect_fault("available idx went from 25 to 30840");
}
END_TEST

START_TEST(virtio__release_takes_the_empty_one)
{
	struct virtio_mmio none = { 0 };
	struct virtio nothing = { 0 };

	virtio_mmio_release(&none);
	virtio_stop(&nothing);
	virtio_release(&nothing);
}
END_TEST

/* --- as a device of the machine */

static int bells_left; /* until the host refuses one */

static int connect_bell(void *ctx, const struct doorbell *bell, struct err *e)
{
	ck_assert_ptr_eq(ctx, &bells_left);
	ck_assert_uint_eq(bell->gpa, 0xd0003000 + R_NOTIFY);
	ck_assert_uint_eq(bell->size, 4);
	ck_assert_uint_eq(bell->value, 0);
	ck_assert_int_ge(bell->fd, 0);
	if (!bells_left--)
		return err_set(e, EIO, "KVM_IOEVENTFD");
	return 0;
}

static const struct device_host host = {
	.ctx = &bells_left,
	.connect = connect_bell,
};

static int create_rng(struct device_env *env, void **dev, struct err *e)
{
	const struct device_slot slot = {
		.type = &virtio_rng_type,
		.ranges = { DEVICE_MMIO_AT(0xd0003000, 0x1000) },
		.ranges_count = 1,
	};

	*env = (struct device_env){
		.gm = &gm,
		.worker = &worker,
		.host = &host,
		.edge = { .fd = eventfd(0, EFD_NONBLOCK),
			  .line = { .vm = -1 } },
	};
	return virtio_mmio_type.create(dev, &slot, env, e);
}

START_TEST(virtio__is_made_of_a_slot)
{
	struct device_env env;
	struct err e;
	void *dev;

	bells_left = 1;
	assert_ok(create_rng(&env, &dev, &e), &e);
	ck_assert_int_eq(env.edge.fd, -1); /* it is the device's */
	ck_assert_uint_eq(virtio_mmio_type.ops->read(dev, R_DEVICE, 4), 4);
	virtio_mmio_type.stop(dev);
	virtio_mmio_type.release(dev);
}
END_TEST

START_TEST(virtio__leaves_nothing_behind_without_its_doorbell)
{
	struct device_env env;
	struct err e;
	void *dev;

	bells_left = 0;
	assert_err(create_rng(&env, &dev, &e), -EIO, &e, "KVM_IOEVENTFD");
	ck_assert_int_ge(env.edge.fd, 0);
	irq_edge_release(&env.edge);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_mmio");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, virtio__reads_at_the_start, 0,
			    (int)COUNT(constants));
	tcase_add_loop_test(t, virtio__ignores_writes_to_what_is_read_only, 0,
			    (int)COUNT(read_only));
	tcase_add_test(t, virtio__ignores_accesses_that_are_not_32_bits);
	tcase_add_loop_test(t, virtio__accesses_without_a_meaning_are_counted,
			    0, 6);
	tcase_add_test(
		t, virtio__a_configuration_space_that_is_not_there_is_counted);
	tcase_add_test(t, virtio__has_a_configuration_space);
	tcase_add_test(t,
		       virtio__changes_the_generation_with_the_configuration);
	tcase_add_test(t, virtio__offers_version_1_in_the_second_word);
	tcase_add_loop_test(t, virtio__sets_features_ok_only_if_they_fit, 0,
			    (int)COUNT(feature_sets));
	tcase_add_test(t, virtio__refuses_features_that_cannot_exist);
	tcase_add_loop_test(t, virtio__keeps_to_the_order_of_things, 0,
			    (int)COUNT(steps));
	tcase_add_test(t, virtio__has_no_queue_beyond_its_own);
	tcase_add_test(t, virtio__takes_addresses_in_halves);
	tcase_add_test(t, virtio__serves_and_interrupts);
	tcase_add_test(t, virtio__does_not_interrupt_unasked);
	tcase_add_test(t, virtio__waits_for_driver_ok);
	tcase_add_loop_test(t, virtio__touches_nothing_once_stopped, 0,
			    (int)COUNT(stops));
	tcase_add_test(t, virtio__forgets_all_in_a_reset);
	tcase_add_test(t, virtio__stops_at_a_broken_chain_and_starts_again);
	tcase_add_test(t, virtio__keeps_the_first_fault);
	tcase_add_test(t, virtio__stops_when_the_device_objects);
	tcase_add_test(t, virtio__asks_the_device_again_later);
	tcase_add_test(t, virtio__serves_a_bounded_number_at_a_time);
	tcase_add_test(t, virtio__release_takes_the_empty_one);
	tcase_add_test(t, virtio__is_made_of_a_slot);
	tcase_add_test(t, virtio__leaves_nothing_behind_without_its_doorbell);
	suite_add_tcase(s, t);
	return s;
}
