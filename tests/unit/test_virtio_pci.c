/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI, rule by rule, with a device that writes "x" to its buffers,
 * accessed through the host bridge as a guest does. Offsets and bits are
 * written as virtio 1.2, 4.1, and PCI Local Bus 3.0 have them.
 */
#include "unit/virtio_driver.h"
#include "dev/pci/host.h"
#include "dev/virtio/pci.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SIZE	  8
#define QUEUES	  2
#define BAR	  0xe0010000u
#define NO_VECTOR 0xffffu

enum {
	C_OFFER_SEL = 0x00,
	C_OFFER = 0x04,
	C_ACCEPT_SEL = 0x08,
	C_ACCEPT = 0x0c,
	C_VECTOR = 0x10,
	C_QUEUES = 0x12,
	C_STATUS = 0x14,
	C_GENERATION = 0x15,
	C_QSEL = 0x16,
	C_QSIZE = 0x18,
	C_QVECTOR = 0x1a,
	C_QENABLE = 0x1c,
	C_QNOTIFY_OFF = 0x1e,
	C_DESC = 0x20,
	C_DRIVER = 0x28,
	C_DEVICE = 0x30,
	C_QDATA = 0x38,
	C_QRESET = 0x3a,
	R_ISR = 0x1000,
	R_CONFIG = 0x2000,
	R_NOTIFY = 0x3000,
	R_TABLE = 0x4000,
	R_PBA = 0x5000,
};

enum { ACK = 1, DRIVER = 2, OK = 4, FEAT = 8, NEEDS_RESET = 64, FAILED = 128 };

static struct worker worker;
static struct virtio core;
static struct virtio_pci p;
static struct pci_host bridge;
static struct outcome_latch latch;
static struct bus ports, mmio;
static unsigned served;
static enum virtio_result serve_result;
static const uint8_t config[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static enum virtio_result serve(void *dev, struct virtio_request *r,
				struct err *e)
{
	const struct virtq_chain *chain = &r->chain;

	ck_assert_ptr_eq(dev, &p);
	served++;
	if (serve_result == VIRTIO_DRIVER_FAULT)
		err_set(e, EPROTO, "the device is not amused");
	for (unsigned i = chain->readable; i < chain->count; i++)
		memset(chain->seg[i].data, 'x', chain->seg[i].len);
	r->written = (uint32_t)chain->writable_bytes;
	return serve_result;
}

static void write_config(void *dev, uint8_t *space, uint32_t off, unsigned size,
			 uint32_t value)
{
	ck_assert_ptr_eq(dev, &p);
	memcpy(space + off, &value, size);
}

static bool has_to_wait; /* stop() leaves a chain with the device */

static void stop(void *dev)
{
	ck_assert_ptr_eq(dev, &p);
	if (!has_to_wait)
		virtio_forget(&core);
}

static const struct virtio_device_ops ops = {
	.write_config = write_config,
	.serve = serve,
	.stop = stop,
};

/* --- a host that records which doorbells are connected */

static uint64_t bells[QUEUES];
static int msis_left;

static int connect_bell(void *ctx, const struct doorbell *bell, struct err *e)
{
	(void)e;
	ck_assert_ptr_eq(ctx, &bells);
	ck_assert_uint_eq(bell->size, 0);
	for (unsigned i = 0; i < QUEUES; i++)
		if (bell->fd == core.queues[i].bell_fd) {
			ck_assert_uint_eq(bells[i], 0);
			bells[i] = bell->gpa;
		}
	return 0;
}

static void disconnect_bell(void *ctx, const struct doorbell *bell)
{
	ck_assert_ptr_eq(ctx, &bells);
	for (unsigned i = 0; i < QUEUES; i++)
		if (bell->fd == core.queues[i].bell_fd) {
			ck_assert_uint_eq(bells[i], bell->gpa);
			bells[i] = 0;
		}
}

static int add_msi(void *ctx, struct irq_msi *msi, struct err *e)
{
	ck_assert_ptr_eq(ctx, &bells);
	if (!msis_left--)
		return err_set(e, EMFILE, "eventfd for GSI 26");
	*msi = (struct irq_msi){ .fd = eventfd(0, EFD_NONBLOCK) };
	return 0;
}

static const struct device_host host = { .ctx = &bells,
					 .connect = connect_bell,
					 .disconnect = disconnect_bell,
					 .add_msi = add_msi };

static struct virtio_setup is;

static void setup(void)
{
	struct err e;

	driver_setup();
	is = (struct virtio_setup){
		.name = "virtio-test",
		.id = 42,
		.queues = QUEUES,
		.queue_size = 16,
		.features = 1 << 5,
		.config = config,
		.config_len = sizeof(config),
		.ops = &ops,
		.dev = &p,
		.gm = &gm,
		.worker = &worker,
	};
	served = 0;
	has_to_wait = false;
	msis_left = 100;
	memset(bells, 0, sizeof(bells));
	serve_result = VIRTIO_DONE;
	assert_ok(outcome_latch_init(&latch, &e), &e);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_init(&core, &is, &e), &e);
	assert_ok(virtio_pci_init(&p, &core, BAR, &host, &e), &e);
	pci_host_init(&bridge, &latch);
	pci_host_add(&bridge, 3, &p.function);
	bus_init(&ports, "port");
	bus_init(&mmio, "MMIO");
	assert_ok(bus_add(&ports, 0xcf8, 8, &pci_host_ops, &bridge, &e), &e);
	assert_ok(bus_add(&mmio, 0xe0000000, 0x10000000, &pci_window_ops,
			  &bridge, &e),
		  &e);
}

static void teardown(void)
{
	if (has_to_wait) /* nothing else will return it */
		virtio_forget(&core);
	virtio_stop(&core);
	virtio_pci_release(&p);
	virtio_release(&core);
	worker_release(&worker);
	pci_host_release(&bridge);
	outcome_latch_release(&latch);
	driver_teardown();
}

/* --- as a guest */

static uint32_t peek(unsigned off, unsigned size)
{
	uint32_t value = 0, address = 0x80001800u | (off & 0xfc);

	bus_access(&ports, 0xcf8, (uint8_t *)&address, 4, true);
	bus_access(&ports, 0xcfc + off % 4, (uint8_t *)&value, size, false);
	return value;
}

static void poke(unsigned off, unsigned size, uint32_t value)
{
	uint32_t address = 0x80001800u | (off & 0xfc);

	bus_access(&ports, 0xcf8, (uint8_t *)&address, 4, true);
	bus_access(&ports, 0xcfc + off % 4, (uint8_t *)&value, size, true);
}

static uint32_t in(unsigned reg, unsigned size)
{
	uint32_t value = 0;

	bus_access(&mmio, BAR + reg, (uint8_t *)&value, size, false);
	return value;
}

static void out(unsigned reg, unsigned size, uint32_t value)
{
	bus_access(&mmio, BAR + reg, (uint8_t *)&value, size, true);
}

/* The field's own width. */
static unsigned width(unsigned reg)
{
	if (reg == C_STATUS || reg == C_GENERATION || reg == R_ISR)
		return 1;
	return (reg >= C_VECTOR && reg < C_DESC) || reg == C_QDATA ||
			       reg == C_QRESET
		       ? 2
		       : 4;
}

static uint32_t get(unsigned reg)
{
	return in(reg, width(reg));
}

static void set(unsigned reg, uint32_t value)
{
	out(reg, width(reg), value);
}

#define COMMAND	    0x04
#define MEMORY	    2
#define MASTER	    4
#define MSIX_ON	    0x8000u
#define MSIX_MASKED 0x4000u

static unsigned find_capability(uint8_t id, unsigned type)
{
	unsigned at = peek(0x34, 1);

	while (at &&
	       (peek(at, 1) != id || (id == 9 && peek(at + 3, 1) != type)))
		at = peek(at + 1, 1);
	return at;
}

static unsigned msix_at(void)
{
	return find_capability(0x11, 0);
}

static void enable(void)
{
	poke(COMMAND, 2, MEMORY | MASTER);
}

/* Vector @n's message, which is unmasked unless @masked. */
static void set_message(unsigned n, uint32_t data, bool masked)
{
	set(R_TABLE + 16 * n, 0xfee00000);
	set(R_TABLE + 16 * n + 4, 0);
	set(R_TABLE + 16 * n + 8, data);
	set(R_TABLE + 16 * n + 12, masked);
}

static void use_msix(void)
{
	poke(msix_at() + 2, 2, MSIX_ON);
	for (unsigned n = 0; n < QUEUES + 1; n++)
		set_message(n, 0x40 + n, false);
}

/* Let the worker do all pending work. */
static void work(void)
{
	for (unsigned n = 0; n < 8; n++)
		loop_turn(&worker.loop, false);
}

static unsigned rings(int fd)
{
	eventfd_t n = 0;

	return eventfd_read(fd, &n) ? 0 : (unsigned)n;
}

/* The number of interrupts of vector @n since the last call. */
static unsigned interrupts(unsigned n)
{
	return rings(p.msix.vectors[n].msi.fd);
}

#define VERSION_1 (UINT64_C(1) << 32)

static void accept(uint64_t features)
{
	set(C_ACCEPT_SEL, 0);
	set(C_ACCEPT, (uint32_t)features);
	set(C_ACCEPT_SEL, 1);
	set(C_ACCEPT, (uint32_t)(features >> 32));
}

static void negotiate(uint64_t features)
{
	set(C_STATUS, ACK);
	set(C_STATUS, ACK | DRIVER);
	accept(features);
	set(C_STATUS, ACK | DRIVER | FEAT);
}

static void place_queue(unsigned i)
{
	set(C_QSEL, i);
	set(C_QSIZE, SIZE);
	set(C_DESC, DESC);
	set(C_DESC + 4, 0);
	set(C_DRIVER, AVAIL);
	set(C_DRIVER + 4, 0);
	set(C_DEVICE, USED);
	set(C_DEVICE + 4, 0);
}

/* Set up until a driver may offer buffers; one waits in the table. Queue 0 has
 * vector 1; configuration changes have vector 0. */
static void start(void)
{
	negotiate(VERSION_1);
	set(C_VECTOR, 0);
	place_queue(0);
	set(C_QVECTOR, 1);
	set(C_QENABLE, 1);
	set(C_STATUS, ACK | DRIVER | FEAT | OK);
	put_desc(DESC, 0, (struct driver_desc){ BUFFERS, 4, WRITE, 0 });
	work();
}

static void request(void)
{
	make_available(SIZE, 0);
	out(R_NOTIFY, 2, 0);
	work();
}

/* The device stopped for this reason, or works if @msg is NULL. */
static void expect_fault(const char *msg)
{
	ck_assert_msg(!(get(C_STATUS) & NEEDS_RESET) == !msg, "status 0x%x: %s",
		      get(C_STATUS), core.fault.msg);
	if (msg)
		ck_assert_msg(strstr(core.fault.msg, msg),
			      "\"%s\" lacks \"%s\"", core.fault.msg, msg);
}

/* --- configuration space (4.1.2, 4.1.4) */

START_TEST(virtio_pci__identity)
{
	ck_assert_uint_eq(peek(0x00, 4), 0x106a1af4); /* 0x1040 + 42 */
	ck_assert_uint_ge(peek(0x08, 1), 1);	      /* not transitional */
	ck_assert_uint_ge(peek(0x2e, 2), 0x40);
	ck_assert_uint_eq(peek(0x10, 4), BAR | 4);
	ck_assert_uint_eq(peek(0x3d, 1), 0); /* no INTx */
	ck_assert_uint_eq(peek(0x06, 2), 0x10);
}
END_TEST

static const struct {
	uint8_t type, len;
	uint32_t off, length;
} capabilities[] = {
	{ 1, 16, 0x0000, 0x3c }, { 2, 20, 0x3000, 8 },
	{ 3, 16, 0x1000, 1 },	 { 4, 16, 0x2000, sizeof(config) },
	{ 5, 20, 0, 0 },
};

START_TEST(virtio_pci__capabilities)
{
	unsigned at = find_capability(9, capabilities[_i].type);

	ck_assert_uint_ne(at, 0);
	ck_assert_uint_eq(at % 4, 0);
	ck_assert_uint_eq(peek(at + 2, 1), capabilities[_i].len);
	ck_assert_uint_eq(peek(at + 4, 1), 0);
	ck_assert_uint_eq(peek(at + 8, 4), capabilities[_i].off);
	ck_assert_uint_eq(peek(at + 12, 4), capabilities[_i].length);
	if (capabilities[_i].type == 2)
		ck_assert_uint_eq(peek(at + 16, 4), 4);
}
END_TEST

START_TEST(virtio_pci__msix_capability)
{
	unsigned at = msix_at();

	ck_assert_uint_eq(peek(at + 2, 2),
			  QUEUES); /* one less than there are */
	ck_assert_uint_eq(peek(at + 4, 4), 0x4000);
	ck_assert_uint_eq(peek(at + 8, 4), 0x5000);
	poke(at + 2, 2, 0xffff);
	ck_assert_uint_eq(peek(at + 2, 2), QUEUES | MSIX_ON | MSIX_MASKED);
	poke(at + 4, 4, 0xffffffff);
	ck_assert_uint_eq(peek(at + 4, 4), 0x4000);
}
END_TEST

START_TEST(virtio_pci__no_device_capability_without_a_configuration)
{
	struct virtio bare;
	struct virtio_pci q;
	struct err e;

	is.config_len = 0;
	assert_ok(virtio_init(&bare, &is, &e), &e);
	assert_ok(virtio_pci_init(&q, &bare, BAR + 0x8000, &host, &e), &e);
	pci_host_add(&bridge, 4, &q.function);
	for (unsigned at = pci_function_get(&q.function, 0x34, 1); at;
	     at = pci_function_get(&q.function, at + 1, 1))
		ck_assert_uint_ne(pci_function_get(&q.function, at, 4) &
					  0xff0000ff,
				  0x04000009);
	ck_assert(!q.function.ops->memory->knows(&q, R_CONFIG, 1, false));
	virtio_stop(&bare);
	virtio_pci_release(&q);
	virtio_release(&bare);
	bridge.functions[4] = NULL;
}
END_TEST

/* --- registers (4.1.4.3) */

static const struct {
	unsigned reg;
	uint32_t value;
} constants[] = {
	{ C_OFFER_SEL, 0 },
	{ C_OFFER, 0x30000020 },
	{ C_ACCEPT_SEL, 0 },
	{ C_ACCEPT, 0 },
	{ C_VECTOR, NO_VECTOR },
	{ C_QUEUES, QUEUES },
	{ C_STATUS, 0 },
	{ C_GENERATION, 0 },
	{ C_QSEL, 0 },
	{ C_QSIZE, 16 },
	{ C_QVECTOR, NO_VECTOR },
	{ C_QENABLE, 0 },
	{ C_QNOTIFY_OFF, 0 },
	{ C_DESC, 0 },
	{ C_DESC + 4, 0 },
	{ C_DRIVER, 0 },
	{ C_DEVICE, 0 },
	{ C_QDATA, 0 },
	{ C_QRESET, 0 },
	{ R_ISR, 0 },
	{ R_TABLE, 0 },
	{ R_TABLE + 12, 1 },
	{ R_TABLE + 44, 1 },
	{ R_PBA, 0 },
	{ R_PBA + 4, 0 },
};

static void expect_constants(void)
{
	for (unsigned i = 0; i < COUNT(constants); i++)
		ck_assert_msg(get(constants[i].reg) == constants[i].value,
			      "0x%x: 0x%x", constants[i].reg,
			      get(constants[i].reg));
}

START_TEST(virtio_pci__reads_at_the_start)
{
	enable();
	expect_constants();
	ck_assert_uint_eq(mmio.unknown_count, 0);
}
END_TEST

/* After a reset, everything that a driver can set has its initial value. */
START_TEST(virtio_pci__forgets_all_in_a_reset)
{
	enable();
	start();
	set(C_OFFER_SEL, 1);
	request();
	ck_assert_uint_eq(served, 1);
	set(C_STATUS, 0);
	work();
	ck_assert_uint_eq(get(C_STATUS), 0);
	expect_constants();
	put16(AVAIL + 2, 0);
	start();
	request();
	ck_assert_uint_eq(served, 2);
}
END_TEST

/* Written values read back. */
START_TEST(virtio_pci__fields_read_back)
{
	static const struct {
		unsigned reg;
		uint32_t value;
	} written[] = {
		{ C_OFFER_SEL, 0xffffffff },
		{ C_ACCEPT_SEL, 0x80000000 },
		{ C_QSIZE, 0xffff },
		{ C_QVECTOR, 2 },
		{ C_VECTOR, 1 },
		{ C_DESC, 0x12345678 },
		{ C_DESC + 4, 0x9abcdef0 },
		{ C_DRIVER, 1 },
		{ C_DRIVER + 4, 0xf },
		{ C_DEVICE, 2 },
		{ C_DEVICE + 4, 3 },
		{ C_QSEL, 0xffff },
	};

	enable();
	for (unsigned i = 0; i < COUNT(written); i++) {
		set(written[i].reg, written[i].value);
		ck_assert_uint_eq(get(written[i].reg), written[i].value);
	}
	set(C_QSEL, 0);
	ck_assert_uint_eq(get(C_DESC), 0x12345678);
	ck_assert_uint_eq(get(C_DESC + 4), 0x9abcdef0);
	expect_fault(NULL);
}
END_TEST

/* "MUST present any valid feature bits that the driver has written". */
START_TEST(virtio_pci__features_by_words)
{
	enable();
	set(C_OFFER_SEL, 1);
	ck_assert_uint_eq(get(C_OFFER), 1);
	set(C_OFFER_SEL, 2);
	ck_assert_uint_eq(get(C_OFFER), 0);
	set(C_ACCEPT, 0xffffffff);
	ck_assert_uint_eq(get(C_ACCEPT), 0x30000020);
	set(C_ACCEPT_SEL, 1);
	set(C_ACCEPT, 1);
	ck_assert_uint_eq(get(C_ACCEPT), 1);
	set(C_ACCEPT_SEL, 77);
	ck_assert_uint_eq(get(C_ACCEPT), 0);
	set(C_STATUS, ACK | DRIVER | FEAT);
	ck_assert_uint_eq(get(C_STATUS), ACK | DRIVER);
}
END_TEST

START_TEST(virtio_pci__has_no_queue_beyond_its_own)
{
	enable();
	negotiate(VERSION_1);
	place_queue(QUEUES);
	ck_assert_uint_eq(get(C_QSIZE), 0);
	set(C_QVECTOR, 0);
	ck_assert_uint_eq(get(C_QVECTOR), NO_VECTOR);
	set(C_QENABLE, 1);
	ck_assert_uint_eq(get(C_QENABLE), 0);
	ck_assert_uint_eq(get(C_DESC), 0);
	set(C_QSEL, 1);
	ck_assert_uint_eq(get(C_QNOTIFY_OFF), 1);
	expect_fault(NULL);
}
END_TEST

static bool is_multiple(unsigned reg, unsigned begin, unsigned len)
{
	return reg >= begin && reg < begin + len && (reg - begin) % 4 == 0;
}

/* Accesses with a meaning; all others do nothing and are counted. */
static bool has_meaning(unsigned reg, unsigned size, bool write)
{
	static const unsigned read_only[] = { C_OFFER,	    C_QUEUES,
					      C_GENERATION, C_QNOTIFY_OFF,
					      C_QDATA,	    C_QRESET };
	static const unsigned fields[] = {
		C_OFFER_SEL,   C_OFFER,	 C_ACCEPT_SEL, C_ACCEPT,
		C_VECTOR,      C_QUEUES, C_STATUS,     C_GENERATION,
		C_QSEL,	       C_QSIZE,	 C_QVECTOR,    C_QENABLE,
		C_QNOTIFY_OFF, C_DESC,	 C_DESC + 4,   C_DRIVER,
		C_DRIVER + 4,  C_DEVICE, C_DEVICE + 4, C_QDATA,
		C_QRESET,
	};

	for (unsigned i = 0; i < COUNT(read_only) && write; i++)
		if (reg == read_only[i])
			return false;
	for (unsigned i = 0; i < COUNT(fields); i++)
		if (reg == fields[i])
			return size == width(reg);
	if (reg == R_ISR)
		return size == 1 && !write;
	if (reg >= R_CONFIG && reg + size <= R_CONFIG + sizeof(config))
		return true;
	if (is_multiple(reg, R_NOTIFY, 4 * QUEUES))
		return write;
	if (is_multiple(reg, R_TABLE, 16 * (QUEUES + 1)))
		return size == 4;
	return is_multiple(reg, R_PBA, 8) && size == 4 && !write;
}

/* Every offset of the BAR, in every size, read and written. */
START_TEST(virtio_pci__accesses_without_a_meaning_are_counted)
{
	unsigned size = 1u << _i % 3;
	bool write = _i / 3;

	enable();
	for (unsigned off = 0; off + size <= 0x8000; off++) {
		unsigned before;
		bool counted;

		mmio.unknown_count = 0;
		before = core.status;
		if (write)
			out(off, size, 0);
		else
			ck_assert(in(off, size) == 0 ||
				  has_meaning(off, size, write));
		counted = mmio.unknown_count;
		ck_assert_msg(counted == !has_meaning(off, size, write),
			      "%s of %u bytes at 0x%x",
			      write ? "write" : "read", size, off);
		if (counted)
			ck_assert_uint_eq(before, core.status);
	}
}
END_TEST

/* Eight bytes are two doublewords, even of an address field. */
START_TEST(virtio_pci__quadwords)
{
	uint64_t value = 0x123456789;

	enable();
	bus_access(&mmio, BAR + C_DESC, (uint8_t *)&value, 8, true);
	ck_assert_uint_eq(get(C_DESC), 0x23456789);
	ck_assert_uint_eq(get(C_DESC + 4), 1);
	value = 0x40fee00000;
	bus_access(&mmio, BAR + R_TABLE, (uint8_t *)&value, 8, true);
	ck_assert_uint_eq(get(R_TABLE + 4), 0x40);
	bus_access(&mmio, BAR + C_DESC, (uint8_t *)&value, 8, false);
	ck_assert_uint_eq(value, 0x123456789);
}
END_TEST

START_TEST(virtio_pci__has_a_configuration_space)
{
	enable();
	start();
	ck_assert_uint_eq(in(R_CONFIG + 1, 1), 2);
	ck_assert_uint_eq(in(R_CONFIG + 4, 4), 0x08070605);
	out(R_CONFIG, 2, 0x0909);
	ck_assert_uint_eq(in(R_CONFIG, 4), 0x04030909);
	ck_assert_uint_eq(in(R_CONFIG + 6, 4), 0);
	virtio_set_config(&core, 0, "z", 1);
	ck_assert_uint_eq(get(C_GENERATION), 1);
	ck_assert_uint_eq(get(R_ISR), 2);
}
END_TEST

/* The generation is 8 bits wide here. */
START_TEST(virtio_pci__generation_wraps)
{
	enable();
	for (unsigned i = 0; i < 257; i++)
		virtio_set_config(&core, 0, "z", 1);
	ck_assert_uint_eq(get(C_GENERATION), 1);
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
	{ NEGOTIATED, C_STATUS, ACK | DRIVER,
	  "status 0x3 was written over 0xb (2.1.1)" },
	{ LIVE, C_STATUS, ACK | DRIVER | FEAT,
	  "status 0xb was written over 0xf (2.1.1)" },
	{ FRESH, C_STATUS, ACK | DRIVER | OK,
	  "DRIVER_OK without FEATURES_OK (3.1.1)" },
	{ FRESH, C_STATUS, NEEDS_RESET | ACK, NULL }, /* ours */
	{ NEGOTIATED, C_ACCEPT, 0, "features after FEATURES_OK (3.1.1)" },
	{ LIVE, C_ACCEPT, 0, "features after FEATURES_OK (3.1.1)" },
	{ FRESH, C_QENABLE, 1, "queue_enable without FEATURES_OK (3.1.1)" },
	{ NEGOTIATED, C_QENABLE, 0, "queue 0: queue_enable 0 (4.1.4.3.2)" },
	{ LIVE, C_QENABLE, 0, "queue 0: queue_enable 0 (4.1.4.3.2)" },
	{ PLACED, C_QENABLE, 2, "queue 0: queue_enable 2 (4.1.4.3.2)" },
	{ PLACED, C_QENABLE, 1, NULL },
	{ LIVE, C_QENABLE, 1, NULL },
	{ READY, C_QSIZE, SIZE,
	  "queue 0: field 0x18 was written while the queue is enabled "
	  "(4.1.4.3.2)" },
	{ LIVE, C_DESC, DESC, "field 0x20 was written while" },
	{ READY, C_DESC + 4, 0, "field 0x24 was written while" },
	{ READY, C_DRIVER, 0, "field 0x28 was written while" },
	{ LIVE, C_DEVICE + 4, 0, "field 0x34 was written while" },
	{ LIVE, C_QVECTOR, 2, NULL }, /* 4.1.5.1.2 does not say when */
	{ LIVE, C_VECTOR, NO_VECTOR, NULL },
	{ LIVE, C_QSEL, 0xffff, NULL },
	{ LIVE, C_QRESET, 1, NULL }, /* not offered */
	{ LIVE, R_NOTIFY, 0, NULL },
	{ LIVE, R_NOTIFY + 4, 77, NULL },
	{ FRESH, R_NOTIFY, 0, NULL },
};

START_TEST(virtio_pci__keeps_to_the_order_of_things)
{
	enum prepared prepared = steps[_i].prepared;

	enable();
	use_msix();
	if (prepared >= NEGOTIATED)
		negotiate(VERSION_1);
	set(C_VECTOR, 2);
	if (prepared >= PLACED)
		place_queue(0);
	if (prepared >= READY)
		set(C_QENABLE, 1);
	if (prepared >= LIVE)
		set(C_STATUS, ACK | DRIVER | FEAT | OK);
	set(steps[_i].reg, steps[_i].value);
	expect_fault(steps[_i].msg);
	/* 2.1.2: the driver is notified if DRIVER_OK was set. */
	ck_assert_uint_eq(interrupts(2), prepared == LIVE && steps[_i].msg);
}
END_TEST

static const uint32_t bad_sizes[] = { 0, 3, 17, 32, 0xffff };

START_TEST(virtio_pci__refuses_queue_sizes)
{
	enable();
	negotiate(VERSION_1);
	place_queue(0);
	set(C_QSIZE, bad_sizes[_i]);
	set(C_QENABLE, 1);
	expect_fault("queue 0: queue size");
	ck_assert_uint_eq(get(C_QENABLE), 0);
}
END_TEST

/* A driver that accepts the offered size does not write it. */
START_TEST(virtio_pci__queue_has_a_size_unasked)
{
	enable();
	negotiate(VERSION_1);
	set(C_DESC, DESC);
	set(C_DRIVER, AVAIL);
	set(C_DEVICE, USED);
	set(C_QENABLE, 1);
	expect_fault(NULL);
	ck_assert_uint_eq(core.queues[0].ring.size, 16);
}
END_TEST

/* --- buffers and interrupts */

START_TEST(virtio_pci__serves_and_interrupts)
{
	enable();
	use_msix();
	start();
	request();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(get16(USED + 2), 1);
	ck_assert_uint_eq(get32(BUFFERS), 0x78787878);
	ck_assert_uint_eq(interrupts(0), 0);
	ck_assert_uint_eq(interrupts(1), 1);
	ck_assert_uint_eq(interrupts(2), 0);
	ck_assert_uint_eq(get(R_ISR), 0); /* MSI-X has none */
	ck_assert_uint_eq(p.msix.vectors[1].msi.address, 0xfee00000);
	ck_assert_uint_eq(p.msix.vectors[1].msi.data, 0x41);
}
END_TEST

/* 4.1.4.5.1: without MSI-X, by the ISR status; reading it clears it. */
START_TEST(virtio_pci__isr_without_msix)
{
	enable();
	start();
	request();
	ck_assert_uint_eq(peek(0x06, 2), 0x18);
	ck_assert_uint_eq(in(R_ISR, 2), 0); /* wrong width: clears nothing */
	ck_assert_uint_eq(get(R_ISR), 1);
	ck_assert_uint_eq(get(R_ISR), 0);
	ck_assert_uint_eq(peek(0x06, 2), 0x10);
	request();
	virtio_set_config(&core, 0, "z", 1);
	ck_assert_uint_eq(get(R_ISR), 3);
	/* "the logical OR of all bits": not while MSI-X is enabled. */
	request();
	poke(msix_at() + 2, 2, MSIX_ON);
	ck_assert_uint_eq(peek(0x06, 2), 0x10);
	set(C_STATUS, 0);
	work();
	ck_assert_uint_eq(get(R_ISR), 0);
}
END_TEST

/* 4.1.5.1.2.1: any event to any vector, or to none; no other vector. */
START_TEST(virtio_pci__maps_vectors)
{
	enable();
	use_msix();
	start();
	for (unsigned n = 0; n <= QUEUES; n++) {
		set(C_QVECTOR, n);
		set(C_VECTOR, n);
		ck_assert_uint_eq(get(C_QVECTOR), n);
		ck_assert_uint_eq(get(C_VECTOR), n);
		request();
		ck_assert_uint_eq(interrupts(n), 1);
		virtio_set_config(&core, 0, "z", 1);
		ck_assert_uint_eq(interrupts(n), 1);
	}
	set(C_QVECTOR, QUEUES + 1);
	ck_assert_uint_eq(get(C_QVECTOR), NO_VECTOR);
	set(C_VECTOR, 0xfffe);
	ck_assert_uint_eq(get(C_VECTOR), NO_VECTOR);
	request();
	virtio_set_config(&core, 0, "z", 1);
	for (unsigned n = 0; n <= QUEUES; n++)
		ck_assert_uint_eq(interrupts(n), 0);
	expect_fault(NULL);
}
END_TEST

enum { MASK_ENTRY, MASK_ALL, MASK_MASTER };

static void mask(int how, bool masked)
{
	if (how == MASK_ENTRY)
		set(R_TABLE + 16 + 12, masked);
	else if (how == MASK_ALL)
		poke(msix_at() + 2, 2, MSIX_ON | (masked ? MSIX_MASKED : 0));
	else /* the device may not be live meanwhile */
		poke(COMMAND, 2, masked ? MEMORY : MEMORY | MASTER);
}

/* PCI 3.0, 6.8.2.8: pending while masked, sent once when not. */
START_TEST(virtio_pci__pends_while_masked)
{
	enable();
	use_msix();
	if (_i != MASK_MASTER)
		start();
	set(C_VECTOR, 1);
	mask(_i, true);
	if (_i != MASK_MASTER) {
		request();
		request();
	} else {
		/* Its life ends, and this interrupt is pending. */
		poke(COMMAND, 2, MEMORY | MASTER);
		start();
		set(C_VECTOR, 1);
		poke(COMMAND, 2, MEMORY);
	}
	ck_assert_uint_eq(interrupts(1), 0);
	ck_assert_uint_eq(get(R_PBA), 2);
	/* Another message, written while it is masked. */
	set(R_TABLE + 16 + 8, 0x99);
	set(R_PBA, 0);
	ck_assert_uint_eq(get(R_PBA), 2);
	mask(_i, false);
	ck_assert_uint_eq(interrupts(1), 1);
	ck_assert_uint_eq(get(R_PBA), 0);
	ck_assert_uint_eq(p.msix.vectors[1].msi.data, 0x99);
	mask(_i, true);
	mask(_i, false);
	ck_assert_uint_eq(interrupts(1), 0);
}
END_TEST

START_TEST(virtio_pci__reset_forgets_what_is_pending)
{
	enable();
	use_msix();
	start();
	mask(MASK_ENTRY, true);
	request();
	ck_assert_uint_eq(get(R_PBA), 2);
	set(C_STATUS, 0);
	work();
	ck_assert_uint_eq(get(R_PBA), 0);
	mask(MASK_ENTRY, false);
	ck_assert_uint_eq(interrupts(1), 0);
	/* The table belongs to PCI, and stays. */
	ck_assert_uint_eq(get(R_TABLE + 16 + 8), 0x41);
}
END_TEST

START_TEST(virtio_pci__table_bits)
{
	enable();
	for (unsigned off = 0; off < 16 * (QUEUES + 1); off += 4)
		set(R_TABLE + off, 0xffffffff);
	for (unsigned n = 0; n <= QUEUES; n++) {
		ck_assert_uint_eq(get(R_TABLE + 16 * n), 0xfffffffc);
		ck_assert_uint_eq(get(R_TABLE + 16 * n + 4), 0xffffffff);
		ck_assert_uint_eq(get(R_TABLE + 16 * n + 8), 0xffffffff);
		ck_assert_uint_eq(get(R_TABLE + 16 * n + 12), 1);
	}
}
END_TEST

/* A message that does not address a local APIC. */
static const struct {
	uint32_t low, high;
	bool sent;
} messages[] = {
	{ 0xfee00000, 0, true },  { 0xfeefffff, 0, true },
	{ 0xfee00000, 1, false }, { 0, 0, false },
	{ 0xfef00000, 0, false }, { 0xfed00000, 0, false },
	{ BUFFERS, 0, false },	  { 0xfee00000, 0xffffffff, false },
};

START_TEST(virtio_pci__sends_messages_to_local_apics_only)
{
	enable();
	use_msix();
	start();
	set(R_TABLE + 16 + 12, 1);
	set(R_TABLE + 16, messages[_i].low);
	set(R_TABLE + 16 + 4, messages[_i].high);
	set(R_TABLE + 16 + 12, 0);
	request();
	ck_assert_uint_eq(interrupts(1), messages[_i].sent);
	ck_assert_uint_eq(get(R_PBA), 0);
	/* It does not get in the way of a valid one. */
	set_message(1, 0x41, false);
	request();
	ck_assert_uint_eq(interrupts(1), 1);
}
END_TEST

START_TEST(virtio_pci__does_not_interrupt_unasked)
{
	enable();
	use_msix();
	start();
	put16(AVAIL, 1);
	request();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(interrupts(1), 0);
	ck_assert_uint_eq(get(R_PBA), 0);
}
END_TEST

START_TEST(virtio_pci__stops_at_a_broken_chain_and_starts_again)
{
	enable();
	use_msix();
	start();
	make_available(SIZE, SIZE);
	out(R_NOTIFY, 2, 0);
	work();
	expect_fault("virtio-test queue 0: chain 8: descriptor 8 of a table");
	ck_assert_uint_eq(interrupts(0), 1);
	ck_assert_uint_eq(get(R_ISR), 2);
	set(C_STATUS, 0);
	work();
	put16(AVAIL + 2, 0);
	start();
	request();
	ck_assert_uint_eq(served, 1);
	expect_fault(NULL);
}
END_TEST

/* 4.1.4.3.1: "present a 0 in device_status once that is done", not before. */
START_TEST(virtio_pci__reset_ends_when_requests_have)
{
	struct virtio_ticket kept;

	enable();
	use_msix();
	start();
	has_to_wait = true;
	serve_result = VIRTIO_LATER;
	request();
	kept = core.request.ticket;
	set(C_STATUS, 0);
	work();
	ck_assert_uint_ne(get(C_STATUS), 0);
	/* Earlier writes are ignored. */
	set(C_STATUS, ACK);
	set(C_QSIZE, 4);
	set(C_QENABLE, 1);
	ck_assert_uint_ne(get(C_STATUS), ACK);
	virtio_give(&core, &kept, 4);
	ck_assert_uint_eq(get(C_STATUS), 0);
	ck_assert_uint_eq(get16(USED + 2), 0);
	ck_assert_uint_eq(interrupts(1), 0);
	ck_assert_uint_eq(get(C_QSIZE), 16);
	ck_assert_uint_eq(get(C_QENABLE), 0);
	put16(AVAIL + 2, 0);
	serve_result = VIRTIO_DONE;
	start();
	request();
	ck_assert_uint_eq(interrupts(1), 1);
}
END_TEST

/* --- bus mastering (PCI 3.0, 6.2.2) */

START_TEST(virtio_pci__needs_to_be_a_bus_master)
{
	poke(COMMAND, 2, MEMORY);
	start();
	expect_fault("may not be a bus master");
	request();
	ck_assert_uint_eq(served, 0);
	set(C_STATUS, 0);
	work();
	enable();
	put16(AVAIL + 2, 0);
	start();
	request();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(core.faults, 1);
}
END_TEST

/* Linux stops bus mastering at the end of a kernel that starts another one with
 * kexec. This is not a fault. */
START_TEST(virtio_pci__driver_ends_with_bus_mastering)
{
	enable();
	use_msix();
	start();
	request();
	ck_assert_uint_eq(served, 1);
	poke(COMMAND, 1, MEMORY);
	ck_assert_uint_eq(get(C_STATUS),
			  ACK | DRIVER | FEAT | OK | NEEDS_RESET);
	request();
	ck_assert_uint_eq(served, 1);
	/* The device does not go on by itself, but announces what it needs. */
	ck_assert_uint_eq(interrupts(0), 0);
	poke(COMMAND, 1, MEMORY | MASTER);
	ck_assert_uint_eq(interrupts(0), 1);
	request();
	ck_assert_uint_eq(served, 1);
	ck_assert_uint_eq(core.faults, 0);
	ck_assert_uint_eq(core.host_errors, 0);
	ck_assert_str_eq(core.fault.msg, "");
	/* The next kernel resets it. */
	set(C_STATUS, 0);
	work();
	ck_assert_uint_eq(get(C_STATUS), 0);
	put16(AVAIL + 2, 0);
	start();
	request();
	ck_assert_uint_eq(served, 2);
}
END_TEST

/* --- the BAR and its doorbells */

START_TEST(virtio_pci__doorbells_follow_the_bar)
{
	ck_assert_uint_eq(bells[0], 0);
	poke(COMMAND, 2, MEMORY | MASTER);
	ck_assert_uint_eq(bells[0], BAR + R_NOTIFY);
	ck_assert_uint_eq(bells[1], BAR + R_NOTIFY + 4);
	poke(0x10, 4, 0xe8000000);
	ck_assert_uint_eq(bells[0], 0xe8000000 + R_NOTIFY);
	poke(0x14, 4, 1);
	ck_assert_uint_eq(bells[0], 0);
	poke(0x14, 4, 0);
	ck_assert_uint_eq(bells[1], 0xe8000000 + R_NOTIFY + 4);
	poke(COMMAND, 2, 0);
	ck_assert_uint_eq(bells[1], 0);
}
END_TEST

START_TEST(virtio_pci__works_on_while_the_bar_is_elsewhere)
{
	enable();
	use_msix();
	start();
	make_available(SIZE, 0);
	out(R_NOTIFY, 2, 0);
	poke(0x10, 4, 0xffffffff);
	work();
	ck_assert_uint_eq(get16(USED + 2), 1);
	ck_assert_uint_eq(interrupts(1), 1);
	ck_assert_uint_eq(in(C_STATUS, 1), 0xff);
	poke(0x10, 4, BAR);
	ck_assert_uint_eq(get(C_STATUS), ACK | DRIVER | FEAT | OK);
}
END_TEST

/* Whatever its width and value, if it is at a queue's place. */
START_TEST(virtio_pci__doorbell_widths)
{
	enable();
	start();
	for (unsigned size = 1; size <= 4; size *= 2) {
		make_available(SIZE, 0);
		out(R_NOTIFY, size, 0xffffffff);
		work();
	}
	ck_assert_uint_eq(served, 3);
	make_available(SIZE, 0);
	out(R_NOTIFY + 1, 1, 0);
	out(R_NOTIFY + 2, 2, 0);
	out(R_NOTIFY + 8, 2, 0);
	work();
	ck_assert_uint_eq(served, 3);
	expect_fault(NULL);
}
END_TEST

/* --- access by configuration space (4.1.4.9) */

static unsigned window;

static void aim(uint8_t bar, uint32_t off, uint32_t len)
{
	window = find_capability(9, 5);
	poke(window + 4, 1, bar);
	poke(window + 8, 4, off);
	poke(window + 12, 4, len);
}

START_TEST(virtio_pci__window_reads_and_writes)
{
	aim(0, C_STATUS, 1); /* no BAR is enabled */
	poke(window + 16, 1, ACK);
	poke(window + 16, 4, 0xffffff00 | ACK | DRIVER);
	ck_assert_uint_eq(peek(window + 16, 1), ACK | DRIVER);
	aim(0, C_OFFER, 4);
	ck_assert_uint_eq(peek(window + 16, 4), 0x30000020);
	aim(0, C_QSIZE, 2);
	poke(window + 16, 4, 0x77770004);
	ck_assert_uint_eq(peek(window + 16, 2), 4);
	aim(0, R_CONFIG + 3, 1);
	ck_assert_uint_eq(peek(window + 16, 1), 4);
	ck_assert_uint_eq(core.queues[0].ring.num, 4);
	/* Values that describe it read back. */
	ck_assert_uint_eq(peek(window + 8, 4), R_CONFIG + 3);
	ck_assert_uint_eq(peek(window + 12, 4), 1);
}
END_TEST

static const struct {
	uint8_t bar;
	uint32_t off, len;
} bad_windows[] = {
	{ 1, C_STATUS, 1 },    { 255, C_STATUS, 1 }, { 0, C_STATUS, 0 },
	{ 0, C_STATUS, 3 },    { 0, C_STATUS, 8 },   { 0, 0x8000, 1 },
	{ 0, 0xffffffff, 1 },  { 0, 0xfffffffc, 4 }, { 0, C_STATUS + 1, 4 },
	{ 0, C_QSIZE + 1, 2 }, { 0, 0x7fff, 2 },     { 0, 0, 0xffffffff },
};

START_TEST(virtio_pci__window_refuses_what_is_not_an_access)
{
	aim(bad_windows[_i].bar, bad_windows[_i].off, bad_windows[_i].len);
	poke(window + 16, 4, 0x01010101);
	ck_assert_uint_eq(peek(window + 16, 4), 0x01010101);
	ck_assert_uint_eq(core.status, 0);
	ck_assert_uint_eq(core.queues[0].ring.num, 16);
}
END_TEST

/* The last address available to the driver. */
START_TEST(virtio_pci__window_reaches_the_end)
{
	aim(0, 0x7ffc, 4);
	poke(window + 16, 4, 0x01010101);
	ck_assert_uint_eq(peek(window + 16, 4), 0);
}
END_TEST

/* --- several processors at once */

static bool is_over;

/* One that moves the BAR, disables it, masks vectors and changes messages. */
static void *meddle(void *arg)
{
	(void)arg;
	for (unsigned n = 0; !__atomic_load_n(&is_over, __ATOMIC_RELAXED);
	     n++) {
		mask(n % 2 ? MASK_ENTRY : MASK_ALL, n / 2 % 2);
		set(R_TABLE + 16 + 8, n);
		get(R_PBA);
		poke(0x10, 4, n % 3 ? BAR : BAR + 0x10000);
		poke(COMMAND, 2, n % 5 ? MEMORY | MASTER : MASTER);
	}
	return NULL;
}

static bool is_used(unsigned idx)
{
	for (unsigned n = 0; n < 5000; n++) {
		if (get16(USED + 2) == idx)
			return true;
		usleep(1000);
	}
	return false;
}

/* Each request is served, wherever its doorbell was. */
START_TEST(virtio_pci__two_processors)
{
	pthread_t other;
	struct err e;

	is_over = false;
	enable();
	use_msix();
	start();
	assert_ok(worker_start(&worker, "the devices", &e), &e);
	ck_assert_int_eq(pthread_create(&other, NULL, meddle, NULL), 0);
	for (unsigned n = 1; n <= 200; n++) {
		make_available(SIZE, 0);
		out(R_NOTIFY, 2, 0);
		virtio_notify(&core.queues[0]);
		ck_assert_msg(is_used(n), "request %u is not served", n);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	poke(0x10, 4, BAR);
	enable();
	expect_fault(NULL);
	mask(MASK_ENTRY, false);
	mask(MASK_ALL, false);
	ck_assert_uint_eq(get(R_PBA), 0);
	virtio_stop(&core);
	worker_stop(&worker);
}
END_TEST

/* --- hosts that fail */

START_TEST(virtio_pci__is_empty_when_the_host_refuses)
{
	struct virtio_pci q;
	struct err e;

	msis_left = 2;
	assert_err(virtio_pci_init(&q, &core, BAR, &host, &e), -EMFILE, &e,
		   "eventfd for GSI 26");
	virtio_pci_release(&q);
	ck_assert_ptr_null(q.core);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_pci");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, virtio_pci__identity);
	tcase_add_loop_test(tc, virtio_pci__capabilities, 0,
			    COUNT(capabilities));
	tcase_add_test(tc, virtio_pci__msix_capability);
	tcase_add_test(
		tc, virtio_pci__no_device_capability_without_a_configuration);
	tcase_add_test(tc, virtio_pci__reads_at_the_start);
	tcase_add_test(tc, virtio_pci__forgets_all_in_a_reset);
	tcase_add_test(tc, virtio_pci__fields_read_back);
	tcase_add_test(tc, virtio_pci__features_by_words);
	tcase_add_test(tc, virtio_pci__has_no_queue_beyond_its_own);
	tcase_add_loop_test(
		tc, virtio_pci__accesses_without_a_meaning_are_counted, 0, 6);
	tcase_add_test(tc, virtio_pci__quadwords);
	tcase_add_test(tc, virtio_pci__has_a_configuration_space);
	tcase_add_test(tc, virtio_pci__generation_wraps);
	tcase_add_loop_test(tc, virtio_pci__keeps_to_the_order_of_things, 0,
			    COUNT(steps));
	tcase_add_loop_test(tc, virtio_pci__refuses_queue_sizes, 0,
			    COUNT(bad_sizes));
	tcase_add_test(tc, virtio_pci__queue_has_a_size_unasked);
	tcase_add_test(tc, virtio_pci__serves_and_interrupts);
	tcase_add_test(tc, virtio_pci__isr_without_msix);
	tcase_add_test(tc, virtio_pci__maps_vectors);
	tcase_add_loop_test(tc, virtio_pci__pends_while_masked, MASK_ENTRY,
			    MASK_MASTER + 1);
	tcase_add_test(tc, virtio_pci__reset_forgets_what_is_pending);
	tcase_add_test(tc, virtio_pci__table_bits);
	tcase_add_loop_test(tc, virtio_pci__sends_messages_to_local_apics_only,
			    0, COUNT(messages));
	tcase_add_test(tc, virtio_pci__does_not_interrupt_unasked);
	tcase_add_test(tc,
		       virtio_pci__stops_at_a_broken_chain_and_starts_again);
	tcase_add_test(tc, virtio_pci__reset_ends_when_requests_have);
	tcase_add_test(tc, virtio_pci__needs_to_be_a_bus_master);
	tcase_add_test(tc, virtio_pci__driver_ends_with_bus_mastering);
	tcase_add_test(tc, virtio_pci__doorbells_follow_the_bar);
	tcase_add_test(tc, virtio_pci__works_on_while_the_bar_is_elsewhere);
	tcase_add_test(tc, virtio_pci__doorbell_widths);
	tcase_add_test(tc, virtio_pci__window_reads_and_writes);
	tcase_add_loop_test(tc,
			    virtio_pci__window_refuses_what_is_not_an_access, 0,
			    COUNT(bad_windows));
	tcase_add_test(tc, virtio_pci__window_reaches_the_end);
	tcase_add_test(tc, virtio_pci__two_processors);
	tcase_add_test(tc, virtio_pci__is_empty_when_the_host_refuses);
	suite_add_tcase(s, tc);
	return s;
}
