/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-fs device: its configuration, its option, and requests that a
 * driver puts into its queue, also while it is reset.
 */
#include "unit/virtio_driver.h"
#include "dev/virtio/fs.h"
#include "dev/virtio/mmio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

static struct worker worker;
static struct fs_folder folder;
static struct virtio_fs fs;
static struct virtio_mmio v;
static struct irq_edge irq;
static struct err e;

static void setup(void)
{
	int fd;

	driver_setup();
	mkdir("share", 0755);
	fd = open("share/file", O_WRONLY | O_CREAT, 0644);
	ck_assert_int_eq(write(fd, "text", 4), 4);
	close(fd);
	assert_ok(fs_folder_open(&folder, "share", &e), &e);
	assert_ok(worker_init(&worker, &e), &e);
	assert_ok(virtio_fs_init(&fs, &folder, "a tag", true, &gm, &worker, &e),
		  &e);
	irq = (struct irq_edge){ .fd = eventfd(0, EFD_NONBLOCK),
				 .line = { .vm = -1 } };
	virtio_mmio_init(&v, &fs.core, irq);
	assert_ok(worker_start(&worker, "test", &e), &e);
}

static void teardown(void)
{
	virtio_stop(&fs.core);
	worker_stop(&worker);
	virtio_fs_release(&fs);
	worker_release(&worker);
	fs_folder_close(&folder);
	irq_edge_release(&irq);
	driver_teardown();
}

/* --- a driver of one of the queues */

static void set(unsigned reg, uint32_t value)
{
	virtio_mmio_ops.write(&v, reg, 4, value);
}

static uint32_t get(unsigned reg)
{
	return (uint32_t)virtio_mmio_ops.read(&v, reg, 4);
}

static unsigned queue;

static void negotiate(unsigned n)
{
	queue = n;
	set(VIRTIO_REG_STATUS, 3);
	set(VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
	set(VIRTIO_REG_DRIVER_FEATURES, 1);
	set(VIRTIO_REG_STATUS, 11);
	set(VIRTIO_REG_QUEUE_SEL, n);
	set(VIRTIO_REG_QUEUE_NUM, 64);
	set(VIRTIO_REG_QUEUE_DESC, DESC);
	set(VIRTIO_REG_QUEUE_DRIVER, AVAIL);
	set(VIRTIO_REG_QUEUE_DEVICE, USED);
	put16(AVAIL + 2, 0);
	put16(USED + 2, 0);
	set(VIRTIO_REG_QUEUE_READY, 1);
	set(VIRTIO_REG_STATUS, 15);
}

static void reset(void)
{
	set(VIRTIO_REG_STATUS, 0);
	for (unsigned ms = 0; get(VIRTIO_REG_STATUS); ms++) {
		ck_assert_uint_lt(ms, 20000);
		usleep(1000);
	}
}

/* Request @i: its bytes, and @room bytes for the reply behind them. */
static void submit(unsigned i, uint32_t opcode, uint64_t node, const void *args,
		   uint32_t len, uint32_t room)
{
	uint64_t at = BUFFERS + i * 0x1000;
	const struct fuse_in_header h = {
		.len = (uint32_t)sizeof(h) + len,
		.opcode = opcode,
		.unique = i,
		.nodeid = node,
	};
	unsigned d = 3 * i;

	put(at, &h, sizeof(h));
	put(at + 0x100, args, len);
	put_desc(
		DESC, d,
		(struct driver_desc){ at, sizeof(h), NEXT, (uint16_t)(d + 1) });
	put_desc(DESC, d + 1,
		 (struct driver_desc){ at + 0x100, len, room ? NEXT : 0,
				       (uint16_t)(d + 2) });
	put_desc(DESC, d + 2,
		 (struct driver_desc){ at + 0x800, room, WRITE, 0 });
	make_available(64, d);
	set(VIRTIO_REG_QUEUE_NOTIFY, queue);
}

static void await_used(unsigned n)
{
	for (unsigned ms = 0; get16(USED + 2) != n; ms++) {
		ck_assert_uint_lt(ms, 20000);
		usleep(1000);
	}
}

static void *reply_of(unsigned i)
{
	return guest_mem_ptr(&gm, BUFFERS + i * 0x1000 + 0x800, 0x800);
}

static const struct fuse_init_in init_in = { .major = 7, .minor = 31 };
static const struct fuse_getattr_in getattr_in;

START_TEST(virtio_fs__has_a_tag)
{
	char tag[36] = "a tag", got[36];

	ck_assert_uint_eq(fs.core.is.id, 26);
	for (unsigned i = 0; i < sizeof(got); i++)
		got[i] = (char)virtio_read_config(&fs.core, i, 1);
	ck_assert_mem_eq(got, tag, sizeof(tag));
	ck_assert_uint_eq(virtio_read_config(&fs.core, 36, 4), 1);
	ck_assert_uint_eq(fs.core.is.queues, 2);
}
END_TEST

START_TEST(virtio_fs__serves)
{
	struct fuse_out_header h;
	struct fuse_entry_out entry;

	negotiate(VIRTIO_FS_REQUEST);
	submit(0, FUSE_INIT, 0, &init_in, sizeof(init_in), 0x400);
	await_used(1);
	submit(1, FUSE_LOOKUP, 1, "file", 5, 0x400);
	await_used(2);
	memcpy(&h, reply_of(1), sizeof(h));
	ck_assert_int_eq(h.error, 0);
	ck_assert_uint_eq(h.unique, 1);
	ck_assert_uint_eq(h.len, sizeof(h) + sizeof(entry));
	/* used.len of the second element */
	ck_assert_uint_eq(get32(USED + 4 + 8 + 4), h.len);
	memcpy(&entry, (uint8_t *)reply_of(1) + sizeof(h), sizeof(entry));
	ck_assert_uint_eq(entry.attr.size, 4);
	/* FORGET has no reply, and needs no room for one. */
	submit(2, FUSE_FORGET, entry.nodeid,
	       &(struct fuse_forget_in){ .nlookup = 1 }, 8, 0);
	await_used(3);
	ck_assert_uint_eq(get32(USED + 4 + 16 + 4), 0);
	ck_assert_uint_eq(fs.server.nodes.ids.used, 0);
	ck_assert_uint_eq(fs.core.faults, 0);
}
END_TEST

START_TEST(virtio_fs__serves_its_first_queue)
{
	negotiate(VIRTIO_FS_HIPRIO);
	submit(0, FUSE_FORGET, 77, &(struct fuse_forget_in){ .nlookup = 1 }, 8,
	       0);
	await_used(1);
	ck_assert_uint_eq(fs.core.faults, 0);
}
END_TEST

/* A request without room for a reply is a fault of the driver. */
START_TEST(virtio_fs__without_room)
{
	negotiate(VIRTIO_FS_REQUEST);
	submit(0, FUSE_GETATTR, 1, &getattr_in, sizeof(getattr_in), 15);
	for (unsigned ms = 0; !(get(VIRTIO_REG_STATUS) & 64); ms++) {
		ck_assert_uint_lt(ms, 20000);
		usleep(1000);
	}
	reset();
	negotiate(VIRTIO_FS_REQUEST);
	submit(0, FUSE_INIT, 0, &init_in, sizeof(init_in), 0x400);
	await_used(1);
}
END_TEST

START_TEST(virtio_fs__resets_with_requests_in_flight)
{
	for (unsigned round = 0; round < 50; round++) {
		negotiate(VIRTIO_FS_REQUEST);
		submit(0, FUSE_INIT, 0, &init_in, sizeof(init_in), 0x400);
		for (unsigned i = 1; i < 16; i++)
			submit(i, i % 2 ? FUSE_LOOKUP : FUSE_DESTROY, 1, "file",
			       5, 0x400);
		if (round % 2)
			usleep(100 * round);
		reset();
		/* From here on, guest memory is not touched. */
		put(BUFFERS, "untouched", 9);
	}
	ck_assert_uint_eq(fs.core.faults, 0);
}
END_TEST

/* --- the option */

static const struct {
	const char *text, *message;
} wrong[] = {
	{ "/,ro,rw", "only one of ro and rw may be given" },
	{ "/,tag=", "tag" },
	{ "/,size=1", "unknown key 'size'" },
	{ "/,tag=0123456789012345678901234567890123456",
	  "has 37 bytes (at most 36)" },
};

START_TEST(virtio_fs__option_is_checked)
{
	struct device_request r;

	assert_err(
		device_request_parse(&r, &virtio_fs_type, wrong[_i].text, &e),
		-EINVAL, &e, wrong[_i].message);
}
END_TEST

static const struct {
	const char *a, *b;
	bool fine;
} pairs[] = {
	{ "/x", "/y", true },
	{ "/x", "/a/x", false },
	{ "/x", "/x/,rw", false },
	{ "/x", "/x,tag=y", true },
	{ "/", ".", false },
	{ "/,tag=root", "..", true },
	{ "/,tag=share", "..", false },
	{ "/xy", "/x", true },
};

START_TEST(virtio_fs__tags_are_unique)
{
	struct device_request list[2], r;
	size_t count = 0;
	int rc;

	assert_ok(device_request_parse(&r, &virtio_fs_type, pairs[_i].a, &e),
		  &e);
	assert_ok(device_request_add(list, &count, 2, &r, &e), &e);
	assert_ok(device_request_parse(&r, &virtio_fs_type, pairs[_i].b, &e),
		  &e);
	rc = device_request_add(list, &count, 2, &r, &e);
	if (pairs[_i].fine)
		assert_ok(rc, &e);
	else
		assert_err(rc, -EINVAL, &e, "both shares have the tag '");
	while (count)
		device_request_release(&list[--count]);
	if (rc)
		device_request_release(&r);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("virtio_fs");
	TCase *t = tcase_create("device");
	TCase *option = tcase_create("option");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, virtio_fs__has_a_tag);
	tcase_add_test(t, virtio_fs__serves);
	tcase_add_test(t, virtio_fs__serves_its_first_queue);
	tcase_add_test(t, virtio_fs__without_room);
	tcase_add_test(t, virtio_fs__resets_with_requests_in_flight);
	suite_add_tcase(s, t);
	tcase_add_loop_test(option, virtio_fs__option_is_checked, 0,
			    COUNT(wrong));
	tcase_add_loop_test(option, virtio_fs__tags_are_unique, 0,
			    COUNT(pairs));
	suite_add_tcase(s, option);
	return s;
}
