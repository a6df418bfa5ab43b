/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net between a driver and a backend of the test's own: frames both
 * ways, buffers that are too few, too short or too many, headers that ask for
 * what was not negotiated, a backend that is busy or ends.
 *
 * The test runs the worker's loop itself, so that nothing is waited for.
 */
#include "unit/virtio_driver.h"
#include "dev/net/stream.h"
#include "dev/virtio/mmio.h"
#include "dev/virtio/net.h"

#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE   8 /* of both queues */
#define HEADER 12
#define MTU    1400

enum { RX, TX };

static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
static struct worker worker;
static struct virtio_net n;
static struct virtio_mmio v;
static struct err e;

/* --- the backend: frames that it has, and those that it got */

static struct {
	struct net_backend b;
	unsigned frames; /* to be received */
	size_t len;
	struct virtio_net_header header;
	enum net_sent answer;
	bool has_ended;
	unsigned sent;
	size_t sent_len;
	struct virtio_net_header sent_header;
	uint8_t sent_data[NET_FRAME_MAX];
	unsigned offloads;
	uint8_t data[NET_FRAME_MAX];
} far;

static int far_receive(struct net_backend *b, struct net_frame *f,
		       struct err *why)
{
	eventfd_t count;

	if (far.frames) {
		far.frames--;
		*f = (struct net_frame){ far.header, far.data, far.len };
		return 1;
	}
	(void)eventfd_read(b->fd, &count);
	return far.has_ended ? err_set(why, EPIPE, "far: it ended") : 0;
}

static enum net_sent far_send(struct net_backend *b,
			      const struct virtio_net_header *h,
			      const struct iovec *iov, unsigned pieces,
			      size_t len, struct err *why)
{
	uint8_t *to = far.sent_data;

	(void)b;
	if (far.answer == NET_GONE)
		err_set(why, EPIPE, "far: it ended");
	if (far.answer > NET_UNSENT)
		return far.answer;
	for (unsigned i = 0; i < pieces; i++) {
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to += iov[i].iov_len;
	}
	ck_assert_uint_eq((size_t)(to - far.sent_data), len);
	far.sent++;
	far.sent_len = len;
	far.sent_header = *h;
	return far.answer;
}

static enum net_sent far_flush(struct net_backend *b, struct err *why)
{
	(void)b;
	if (far.answer == NET_GONE)
		err_set(why, EPIPE, "far: it ended");
	return far.answer == NET_BUSY ? NET_UNSENT : far.answer;
}

static int far_start(struct net_backend *b, unsigned offloads, struct err *why)
{
	(void)b;
	(void)why;
	far.offloads = offloads;
	return 0;
}

static void far_close(struct net_backend *b)
{
	(void)b;
}

static const struct net_backend_ops far_ops = {
	.start = far_start,
	.receive = far_receive,
	.send = far_send,
	.flush = far_flush,
	.close = far_close,
};

/* --- the driver */

static uint64_t at(unsigned queue, uint64_t gpa)
{
	return gpa + queue * 0x4000;
}

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static void step(void)
{
	for (unsigned i = 0; i < 20; i++)
		loop_turn(&worker.loop, false);
}

static void setup_of(bool has_header)
{
	struct irq_edge irq = { .fd = eventfd(0, EFD_NONBLOCK),
				.line = { .vm = -1 } };

	driver_setup();
	memset(&far, 0, sizeof(far));
	far.b = (struct net_backend){ .ops = &far_ops,
				      .fd = eventfd(0, EFD_NONBLOCK),
				      .has_header = has_header };
	for (size_t i = 0; i < sizeof(far.data); i++)
		far.data[i] = (uint8_t)(i * 7 + i / 256);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_net_init(&n, &far.b, mac, MTU, &gm, &worker, &e), &e);
	virtio_mmio_init(&v, &n.core, irq);
}

static void setup(void)
{
	setup_of(false);
}

static void setup_header(void)
{
	setup_of(true);
}

static void teardown(void)
{
	virtio_stop(&n.core);
	step();
	virtio_net_release(&n);
	worker_release(&worker);
	virtio_mmio_release(&v);
	close(far.b.fd);
	driver_teardown();
}

static void begin(uint32_t features)
{
	set(0x70, 1 | 2);
	set(0x24, 0);
	set(0x20, features);
	set(0x24, 1);
	set(0x20, 1);
	set(0x70, 1 | 2 | 8);
	for (unsigned q = RX; q <= TX; q++) {
		set(0x30, q);
		set(0x38, SIZE);
		set(0x80, (uint32_t)at(q, DESC));
		set(0x90, (uint32_t)at(q, AVAIL));
		set(0xa0, (uint32_t)at(q, USED));
		set(0x44, 1);
	}
	set(0x70, 1 | 2 | 8 | 4);
	step();
}

static uint64_t buffer(unsigned queue, unsigned i)
{
	return BUFFERS + 0x100000 + (queue * SIZE + i) * 0x20000;
}

/* Chain @i of the queue: one buffer of @len bytes. */
static void offer(unsigned queue, unsigned i, uint32_t len, uint16_t flags)
{
	uint64_t avail = at(queue, AVAIL);
	uint16_t idx = get16(avail + 2);

	put_desc(at(queue, DESC), i,
		 (struct driver_desc){ buffer(queue, i), len, flags, 0 });
	put16(avail + 4 + 2 * (idx % SIZE), i);
	put16(avail + 2, idx + 1u);
}

static void kick(unsigned queue)
{
	set(0x50, queue);
	step();
}

static void offer_room(unsigned i, uint32_t len)
{
	offer(RX, i, len, WRITE);
}

static unsigned used(unsigned queue)
{
	return get16(at(queue, USED) + 2);
}

static uint32_t used_len(unsigned queue, unsigned nth)
{
	return get32(at(queue, USED) + 8 + 8 * nth);
}

/* Let the backend have @frames of @len bytes. */
static void arrive(unsigned frames, size_t len)
{
	far.frames = frames;
	far.len = len;
	ck_assert_int_eq(eventfd_write(far.b.fd, 1), 0);
	step();
}

static void transmit_with(const struct virtio_net_header *h, uint32_t len)
{
	static uint8_t frame[HEADER + NET_FRAME_MAX + 1];
	unsigned i = get16(at(TX, AVAIL) + 2) % SIZE;

	memcpy(frame, h, HEADER);
	memset(frame + HEADER, 't', sizeof(frame) - HEADER);
	put(buffer(TX, i), frame, HEADER + len);
	offer(TX, i, HEADER + len, 0);
	kick(TX);
}

static void transmit(uint32_t len)
{
	const struct virtio_net_header h = { 0 };

	transmit_with(&h, len);
}

static uint64_t counter(const char *name)
{
	struct device_counters counters = { .count = 0 };

	virtio_report(&n.core, &counters);
	for (unsigned i = 0; i < counters.count; i++)
		if (!strcmp(counters.of[i].name, name))
			return counters.of[i].value;
	ck_abort_msg("no counter %s", name);
	return 0;
}

/* The frame in the buffers that were used from @nth on. */
static void expect_frame(unsigned nth, unsigned buffers, size_t len)
{
	size_t done = 0;

	for (unsigned i = 0; i < buffers; i++) {
		size_t skip = i ? 0 : HEADER;
		size_t part = used_len(RX, nth + i) - skip;
		const uint8_t *got = guest_mem_ptr(
			&gm, buffer(RX, nth + i) + skip, part ?: 1);

		ck_assert_mem_eq(got, far.data + done, part);
		done += part;
	}
	ck_assert_uint_eq(done, len);
	ck_assert_uint_eq(get16(buffer(RX, nth) + 10), buffers);
}

#define MERGES (1u << VIRTIO_NET_F_MRG_RXBUF)

START_TEST(virtio_net__is_a_network_card)
{
	uint64_t features = n.core.is.features;

	ck_assert_uint_eq(n.core.is.id, 1);
	ck_assert_uint_eq(n.core.is.queues, 2);
	ck_assert_uint_eq(virtio_read_config(&n.core, 0, 4), 0x03020102);
	ck_assert_uint_eq(virtio_read_config(&n.core, 4, 2), 0x0504);
	ck_assert_uint_eq(virtio_read_config(&n.core, 6, 2), 1);
	ck_assert_uint_eq(virtio_read_config(&n.core, 8, 2), 1);
	ck_assert_uint_eq(virtio_read_config(&n.core, 10, 2), MTU);
	ck_assert_uint_eq(features, 1 << 3 | 1 << 5 | 1 << 15 | 1 << 16);
}
END_TEST

START_TEST(virtio_net__offers_offloads_of_its_backend)
{
	ck_assert_uint_eq(n.core.is.features & 0x1fff,
			  1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 |
				  1 << 11 | 1 << 12);
}
END_TEST

START_TEST(virtio_net__sends)
{
	begin(0);
	for (unsigned i = 1; i <= 20; i++) {
		transmit(60 + i);
		ck_assert_uint_eq(far.sent, i);
		ck_assert_uint_eq(far.sent_len, 60 + i);
		ck_assert_uint_eq(far.sent_data[60 + i - 1], 't');
		ck_assert_uint_eq(used(TX), i);
	}
	ck_assert_uint_eq(counter("tx_frames"), 20);
	ck_assert_uint_eq(counter("tx_bytes"), 20 * 60 + 210);
	ck_assert_uint_eq(counter("tx_drops"), 0);
}
END_TEST

START_TEST(virtio_net__sends_the_longest_frame)
{
	begin(0);
	transmit(NET_FRAME_MAX);
	ck_assert_uint_eq(far.sent_len, NET_FRAME_MAX);
	transmit(NET_ETHERNET_SIZE);
	ck_assert_uint_eq(far.sent_len, NET_ETHERNET_SIZE);
}
END_TEST

static const uint32_t wrong_lengths[] = { 0, 1, NET_ETHERNET_SIZE - 1,
					  NET_FRAME_MAX + 1 };

START_TEST(virtio_net__drops_a_frame_of_a_wrong_length)
{
	begin(0);
	transmit(wrong_lengths[_i]);
	ck_assert_uint_eq(far.sent, 0);
	ck_assert_uint_eq(used(TX), 1);
	ck_assert_uint_eq(counter("tx_drops"), 1);
	transmit(60);
	ck_assert_uint_eq(far.sent, 1);
}
END_TEST

static void expect_fault(const char *msg)
{
	ck_assert(n.core.status & VIRTIO_STATUS_NEEDS_RESET);
	ck_assert_msg(strstr(n.core.fault.msg, msg), "\"%s\" lacks \"%s\"",
		      n.core.fault.msg, msg);
}

START_TEST(virtio_net__refuses_half_a_header)
{
	begin(0);
	offer(TX, 0, HEADER - 1, 0);
	kick(TX);
	expect_fault("queue 1: chain 0: fewer than 12 bytes of header (5.1.6)");
}
END_TEST

START_TEST(virtio_net__refuses_to_write_to_a_transmitted_chain)
{
	begin(0);
	offer(TX, 0, 100, WRITE);
	kick(TX);
	expect_fault("queue 1: chain 0: a device-writable buffer in the "
		     "transmit queue (5.1.6.2)");
}
END_TEST

START_TEST(virtio_net__receives)
{
	begin(MERGES);
	for (unsigned i = 0; i < 4; i++)
		offer_room(i, 2000);
	kick(RX);
	ck_assert_uint_eq(used(RX), 0);
	arrive(3, 1000);
	ck_assert_uint_eq(used(RX), 3);
	for (unsigned i = 0; i < 3; i++)
		expect_frame(i, 1, 1000);
	ck_assert_uint_eq(counter("rx_frames"), 3);
	ck_assert_uint_eq(counter("rx_bytes"), 3000);
}
END_TEST

/* A frame that is exactly as long as its buffers, and one byte longer. */
START_TEST(virtio_net__merges_buffers)
{
	begin(MERGES);
	for (unsigned i = 0; i < SIZE; i++)
		offer_room(i, 100);
	kick(RX);
	arrive(1, 300 - HEADER);
	ck_assert_uint_eq(used(RX), 3);
	expect_frame(0, 3, 300 - HEADER);
	arrive(1, 301 - HEADER);
	ck_assert_uint_eq(used(RX), 7);
	expect_frame(3, 4, 301 - HEADER);
}
END_TEST

START_TEST(virtio_net__waits_for_buffers)
{
	begin(MERGES);
	arrive(2, 200);
	ck_assert_uint_eq(used(RX), 0);
	for (unsigned i = 0; i < 5; i++) {
		/* One buffer is too little for a frame, or for the second. */
		offer_room(i, 100);
		kick(RX);
		ck_assert_uint_eq(used(RX), i < 2 ? 0 : 3);
	}
	offer_room(5, 100);
	kick(RX);
	ck_assert_uint_eq(used(RX), 6);
	expect_frame(0, 3, 200);
	expect_frame(3, 3, 200);
	ck_assert_uint_eq(counter("rx_drops"), 0);
}
END_TEST

START_TEST(virtio_net__uses_one_buffer_without_merging)
{
	begin(0);
	offer_room(0, 200);
	offer_room(1, 200);
	kick(RX);
	arrive(1, 200);
	ck_assert_uint_eq(used(RX), 0);
	ck_assert_uint_eq(counter("rx_drops"), 1);
	arrive(1, 200 - HEADER);
	ck_assert_uint_eq(used(RX), 1);
	expect_frame(0, 1, 200 - HEADER);
}
END_TEST

/* A peer that sends without end, and a driver whose buffer is always too short:
 * the worker's other devices have their turn. */
START_TEST(virtio_net__drops_endless_frames_in_batches)
{
	/* step() has 20 turns, with one of the descriptor and one more each. */
	const unsigned batches = 2 * 20;

	begin(0);
	offer_room(0, HEADER + 10);
	kick(RX);
	arrive(UINT_MAX, 1000);
	ck_assert_uint_ge(counter("rx_drops"), batches / 2);
	ck_assert_uint_le(counter("rx_drops"), batches * 64);
	ck_assert_uint_eq(UINT_MAX - far.frames, counter("rx_drops"));
	ck_assert_uint_eq(used(RX), 0);
}
END_TEST

static const struct {
	uint32_t len;
	uint16_t flags;
	const char *msg;
} bad_rooms[] = {
	{ HEADER - 1, WRITE, "queue 0: chain 0: no room for a header" },
	{ 100, 0, "queue 0: chain 0: a device-readable buffer in the receive" },
};

START_TEST(virtio_net__refuses_a_wrong_buffer)
{
	begin(MERGES);
	offer(RX, 0, bad_rooms[_i].len, bad_rooms[_i].flags);
	kick(RX);
	arrive(1, 100);
	expect_fault(bad_rooms[_i].msg);
	ck_assert_uint_eq(used(RX), 0);
	/* The next driver gets frames again. */
	set(0x70, 0);
	step();
	put16(at(RX, AVAIL) + 2, 0);
	begin(MERGES);
	offer_room(0, 200);
	kick(RX);
	arrive(1, 100);
	ck_assert_uint_eq(used(RX), 1);
}
END_TEST

START_TEST(virtio_net__waits_for_a_busy_backend)
{
	begin(0);
	far.answer = NET_BUSY;
	transmit(60);
	ck_assert_uint_eq(used(TX), 0);
	/* An eventfd is always writable: only flush() makes it wait. */
	transmit(61);
	ck_assert_uint_eq(used(TX), 0);
	far.answer = NET_SENT;
	step();
	ck_assert_uint_eq(used(TX), 2);
	ck_assert_uint_eq(far.sent, 2);
	ck_assert_uint_eq(far.sent_len, 61);
}
END_TEST

START_TEST(virtio_net__drops_what_the_backend_refuses)
{
	begin(0);
	far.answer = NET_REFUSED;
	transmit(60);
	ck_assert_uint_eq(used(TX), 1);
	ck_assert_uint_eq(counter("tx_drops"), 1);
	ck_assert_uint_eq(counter("link_losses"), 0);
}
END_TEST

static void expect_lost(void)
{
	ck_assert_uint_eq(virtio_read_config(&n.core, 6, 2), 0);
	ck_assert_uint_eq(counter("link_losses"), 1);
	ck_assert_uint_eq(counter("host_errors"), 1);
	ck_assert_str_eq(n.core.host_error.msg, "virtio-net: far: it ended");
	ck_assert_uint_eq(counter("driver_faults"), 0);
	/* The guest goes on, and what it sends is dropped. */
	transmit(60);
	ck_assert_uint_eq(used(TX), get16(at(TX, AVAIL) + 2));
	ck_assert(counter("tx_drops") >= 1);
	ck_assert_uint_eq(counter("link_losses"), 1);
}

START_TEST(virtio_net__loses_its_link_while_receiving)
{
	begin(MERGES);
	far.has_ended = true;
	ck_assert_int_eq(eventfd_write(far.b.fd, 1), 0);
	step();
	expect_lost();
	/* So does the next driver. */
	set(0x70, 0);
	step();
	put16(at(TX, AVAIL) + 2, 0);
	begin(MERGES);
	ck_assert_uint_eq(virtio_read_config(&n.core, 6, 2), 0);
	transmit(60);
	ck_assert_uint_eq(used(TX), 1);
	ck_assert_uint_eq(far.sent, 0);
}
END_TEST

START_TEST(virtio_net__loses_its_link_while_sending)
{
	begin(0);
	far.answer = NET_GONE;
	transmit(60);
	expect_lost();
}
END_TEST

START_TEST(virtio_net__loses_its_link_while_busy)
{
	begin(0);
	far.answer = NET_BUSY;
	transmit(60);
	transmit(60);
	far.answer = NET_GONE;
	step();
	ck_assert_uint_eq(counter("link_losses"), 1);
	ck_assert_uint_eq(used(TX), 2);
	ck_assert_uint_eq(counter("tx_drops"), 2);
}
END_TEST

START_TEST(virtio_net__forgets_a_frame_of_a_driver_that_ended)
{
	begin(MERGES);
	arrive(1, 200);
	set(0x70, 0);
	step();
	put16(at(RX, AVAIL) + 2, 0);
	begin(MERGES);
	offer_room(0, 2000);
	kick(RX);
	ck_assert_uint_eq(used(RX), 0);
}
END_TEST

/* --- a backend that ends before there is a driver */

START_TEST(virtio_net__loses_its_link_without_a_driver)
{
	struct net_backend *stream;
	int ends[2];

	teardown();
	driver_setup();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_ok(net_stream_new(&stream, ends[0], "a peer", &e), &e);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_net_init(&n, stream, mac, MTU, &gm, &worker, &e), &e);
	virtio_mmio_init(&v, &n.core,
			 (struct irq_edge){ .fd = eventfd(0, EFD_NONBLOCK),
					    .line = { .vm = -1 } });
	/* A frame alone is nothing to be read yet. */
	ck_assert_int_eq(write(ends[1], "\0\0\0\016abcdefghijklmn", 18), 18);
	step();
	ck_assert_uint_eq(counter("link_losses"), 0);
	close(ends[1]);
	step();
	ck_assert_uint_eq(counter("link_losses"), 1);
	ck_assert_uint_eq(virtio_read_config(&n.core, 6, 2), 0);
	begin(0);
	transmit(60);
	ck_assert_uint_eq(used(TX), 1);
	ck_assert_uint_eq(counter("tx_drops"), 1);
	virtio_stop(&n.core);
	step();
	virtio_net_release(&n);
	worker_release(&worker);
	virtio_mmio_release(&v);
	driver_teardown();
	net_backend_close(stream);
	setup();
}
END_TEST

/* --- headers */

#define CSUM	  (1u << VIRTIO_NET_F_CSUM)
#define TSO4	  (1u << VIRTIO_NET_F_HOST_TSO4)
#define TSO6	  (1u << VIRTIO_NET_F_HOST_TSO6)
#define TCPV4_ECN 0x81

static const struct {
	uint32_t features;
	struct virtio_net_header h;
	bool fits;
} headers[] = {
	{ 0, { 0 }, true },
	{ 0, { .num_buffers = 7, .hdr_len = 9 }, true },
	/* Bits that no device knows are ignored. */
	{ 0, { .flags = 0xfe }, true },
	{ 0, { .flags = 1, .csum_start = 20 }, false },
	{ CSUM, { .flags = 1, .csum_start = 20, .csum_offset = 6 }, true },
	{ CSUM, { .flags = 1, .csum_start = 94, .csum_offset = 4 }, true },
	{ CSUM, { .flags = 1, .csum_start = 95, .csum_offset = 4 }, false },
	{ CSUM,
	  { .flags = 1, .csum_start = 65535, .csum_offset = 65535 },
	  false },
	{ CSUM, { .flags = 1, .gso_type = 1, .gso_size = 9 }, false },
	{ CSUM | TSO4, { .flags = 1, .gso_type = 1, .gso_size = 9 }, true },
	{ CSUM | TSO4, { .flags = 0, .gso_type = 1, .gso_size = 9 }, false },
	{ CSUM | TSO4, { .flags = 1, .gso_type = 1, .gso_size = 0 }, false },
	{ CSUM | TSO4, { .flags = 1, .gso_type = 4, .gso_size = 9 }, false },
	{ CSUM | TSO6, { .flags = 1, .gso_type = 4, .gso_size = 9 }, true },
	{ CSUM | TSO4,
	  { .flags = 1, .gso_type = TCPV4_ECN, .gso_size = 9 },
	  false },
	{ CSUM | TSO4, { .flags = 1, .gso_type = 3, .gso_size = 9 }, false },
	/* 5.1.3.1: TSO requires CSUM. */
	{ TSO4, { .flags = 1, .gso_type = 1, .gso_size = 9 }, false },
};

START_TEST(virtio_net__checks_a_header)
{
	begin(headers[_i].features);
	transmit_with(&headers[_i].h, 100);
	ck_assert_uint_eq(used(TX), 1);
	ck_assert_uint_eq(far.sent, headers[_i].fits);
	ck_assert_uint_eq(counter("tx_drops"), !headers[_i].fits);
	if (!headers[_i].fits)
		return;
	ck_assert_uint_eq(far.sent_header.flags, headers[_i].h.flags & 1);
	ck_assert_uint_eq(far.sent_header.gso_type, headers[_i].h.gso_type);
	ck_assert_uint_eq(far.sent_header.num_buffers, 0);
}
END_TEST

START_TEST(virtio_net__passes_on_offloads)
{
	begin(MERGES | 1 << VIRTIO_NET_F_GUEST_CSUM |
	      1 << VIRTIO_NET_F_GUEST_TSO6);
	ck_assert_uint_eq(far.offloads, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO6);
	offer_room(0, 2000);
	kick(RX);
	far.header = (struct virtio_net_header){ .flags = 1,
						 .gso_type = 4,
						 .gso_size = 1440 };
	arrive(1, 100);
	ck_assert_uint_eq(used(RX), 1);
	ck_assert_uint_eq(get16(buffer(RX, 0)), 0x0401);
	ck_assert_uint_eq(get16(buffer(RX, 0) + 4), 1440);
	expect_frame(0, 1, 100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_net");
	TCase *t = tcase_create("frames");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_net__is_a_network_card);
	tcase_add_test(t, virtio_net__sends);
	tcase_add_test(t, virtio_net__sends_the_longest_frame);
	tcase_add_loop_test(t, virtio_net__drops_a_frame_of_a_wrong_length, 0,
			    (int)COUNT(wrong_lengths));
	tcase_add_test(t, virtio_net__refuses_half_a_header);
	tcase_add_test(t, virtio_net__refuses_to_write_to_a_transmitted_chain);
	tcase_add_test(t, virtio_net__receives);
	tcase_add_test(t, virtio_net__merges_buffers);
	tcase_add_test(t, virtio_net__waits_for_buffers);
	tcase_add_test(t, virtio_net__uses_one_buffer_without_merging);
	tcase_add_test(t, virtio_net__drops_endless_frames_in_batches);
	tcase_add_loop_test(t, virtio_net__refuses_a_wrong_buffer, 0,
			    (int)COUNT(bad_rooms));
	tcase_add_test(t, virtio_net__waits_for_a_busy_backend);
	tcase_add_test(t, virtio_net__drops_what_the_backend_refuses);
	tcase_add_test(t, virtio_net__loses_its_link_while_receiving);
	tcase_add_test(t, virtio_net__loses_its_link_while_sending);
	tcase_add_test(t, virtio_net__loses_its_link_while_busy);
	tcase_add_test(t, virtio_net__loses_its_link_without_a_driver);
	tcase_add_test(t, virtio_net__forgets_a_frame_of_a_driver_that_ended);
	suite_add_tcase(s, t);
	t = tcase_create("headers");
	tcase_add_checked_fixture(t, setup_header, teardown);
	tcase_add_test(t, virtio_net__offers_offloads_of_its_backend);
	tcase_add_loop_test(t, virtio_net__checks_a_header, 0,
			    (int)COUNT(headers));
	tcase_add_test(t, virtio_net__passes_on_offloads);
	suite_add_tcase(s, t);
	return s;
}
