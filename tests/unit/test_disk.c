/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: what is refused, that snapshots never change the image, and that every
 * byte reads back from where it was written.
 */
#include "dev/virtio/disk.h"
#include "support/small_fs.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not a multiple of a page, so the last page is partial. */
#define SIZE (20 * DISK_PAGE + 3 * DISK_SECTOR)

static uint8_t image[SIZE], model[SIZE];
static struct disk d;
static struct err e;

static void make(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void setup(void)
{
	for (size_t i = 0; i < SIZE; i++)
		image[i] = (uint8_t)(i / DISK_SECTOR + 1);
	memcpy(model, image, SIZE);
	make("disk", image, SIZE);
	d = (struct disk)DISK_EMPTY;
}

static void teardown(void)
{
	disk_close(&d);
	unlink("disk");
}

static void open_disk(struct disk_config c)
{
	c.path = "disk";
	assert_ok(disk_open(&d, &c, &e), &e);
}

static void expect_file(const void *want)
{
	static uint8_t got[SIZE + 1];
	int fd = open("disk", O_RDONLY);

	ck_assert_int_eq(read(fd, got, sizeof(got)), SIZE);
	close(fd);
	ck_assert_mem_eq(got, want, SIZE);
}

static void expect_disk(const void *want)
{
	static uint8_t got[SIZE];
	const struct iovec iov[] = { { got, 1000 },
				     { got + 1000, SIZE - 1000 } };

	memset(got, 0xee, sizeof(got));
	assert_ok(disk_read(&d, iov, 2, 0, &e), &e);
	ck_assert_mem_eq(got, want, SIZE);
}

/* Filled with one byte, in two pieces. */
static void put(uint64_t off, uint64_t len, uint8_t byte)
{
	uint8_t *data = malloc(len);
	const struct iovec iov[] = { { data, 100 }, { data + 100, len - 100 } };

	memset(data, byte, len);
	memset(model + off, byte, len);
	assert_ok(disk_write(&d, iov, 2, off, &e), &e);
	free(data);
}

static const struct {
	const char *path;
	bool ro;
	int rc;
	const char *msg;
} refused[] = {
	{ "missing", false, -ENOENT, "missing: No such file or directory" },
	{ "folder", false, -EISDIR, "folder: is a directory" },
	{ "fifo", true, -EINVAL,
	  "fifo: is neither a regular file nor a block device" },
	{ "/dev/zero", true, -EINVAL,
	  "/dev/zero: is neither a regular file nor a block device" },
	{ "empty", true, -EINVAL, "empty: is empty" },
	{ "odd", true, -EINVAL,
	  "odd: has 700 bytes, which is not a multiple of 512" },
};

START_TEST(disk__refuses)
{
	const struct disk_config c = { .path = refused[_i].path,
				       .ro = refused[_i].ro };

	mkdir("folder", 0700);
	mkfifo("fifo", 0600);
	make("empty", "", 0);
	make("odd", image, 700);
	assert_err(disk_open(&d, &c, &e), refused[_i].rc, &e, refused[_i].msg);
	ck_assert_int_eq(d.fd, -1);
}
END_TEST

/* Root may write to any file, so nothing is refused. */
START_TEST(disk__that_may_only_be_read)
{
	const struct disk_config rw = { .path = "disk" };

	chmod("disk", 0400);
	if (geteuid())
		assert_err(disk_open(&d, &rw, &e), -EROFS, &e,
			   "disk: cannot be written to (Permission denied); "
			   "add ,ro or ,snapshot");
	open_disk((struct disk_config){ .ro = true });
	expect_disk(image);
}
END_TEST

static const struct {
	struct disk_config first, second;
	bool fits;
} pairs[] = {
	{ { .ro = false }, { .ro = false }, false },
	{ { .ro = false }, { .ro = true }, false },
	{ { .ro = false }, { .snapshot = true }, false },
	{ { .ro = true }, { .ro = false }, false },
	{ { .snapshot = true }, { .ro = false }, false },
	{ { .ro = true }, { .ro = true }, true },
	{ { .snapshot = true }, { .snapshot = true }, true },
};

START_TEST(disk__is_locked)
{
	struct disk_config c = pairs[_i].second;
	struct disk other = DISK_EMPTY;
	int rc;

	open_disk(pairs[_i].first);
	c.path = "disk";
	rc = disk_open(&other, &c, &e);
	assert_err(rc, pairs[_i].fits ? 0 : -EBUSY, &e,
		   pairs[_i].fits ? ""
				  : "disk: is in use by another disk of this "
				    "guest; add ,ro or ,snapshot to both");
	disk_close(&other);
	/* It ends where the disk ends. */
	disk_close(&d);
	assert_ok(disk_open(&d, &c, &e), &e);
}
END_TEST

/* A lock of a process, which the kernel names, and one like those of disks. */
static const int lock_commands[] = { F_SETLK, F_OFD_SETLK };

START_TEST(disk__names_the_holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const struct disk_config c = { .path = "disk" };
	int ready[2], done[2], status;
	char byte, holder[32];
	pid_t child;

	ck_assert_int_eq(pipe(ready) | pipe(done), 0);
	child = fork();
	if (!child) {
		int fd = open("disk", O_RDWR);

		_exit(fcntl(fd, lock_commands[_i], &lock) ||
		      write(ready[1], "x", 1) != 1 ||
		      read(done[0], &byte, 1) != 1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	assert_err(disk_open(&d, &c, &e), -EBUSY, &e, "disk: is in use by ");
	snprintf(holder, sizeof(holder), "(process %d)", (int)child);
	ck_assert_ptr_nonnull(strstr(e.msg, holder));
	ck_assert_int_eq(write(done[1], "x", 1), 1);
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(disk__writes_reach_the_file)
{
	open_disk((struct disk_config){ .ro = false });
	put(5 * DISK_SECTOR, 9 * DISK_SECTOR, 'a');
	put(SIZE - DISK_SECTOR, DISK_SECTOR, 'b');
	assert_ok(disk_flush(&d, &e), &e);
	expect_disk(model);
	expect_file(model);
}
END_TEST

/* From every sector, so that pages are covered fully and partly. */
START_TEST(disk__snapshot_leaves_the_image_alone)
{
	open_disk((struct disk_config){ .snapshot = true });
	for (unsigned round = 0; round < 60; round++) {
		unsigned at = round * 37 % (SIZE / DISK_SECTOR);
		unsigned n = 1 + round * 11 % 30;

		if (at + n > SIZE / DISK_SECTOR)
			n = SIZE / DISK_SECTOR - at;
		if (round % 5 == 4) {
			assert_ok(disk_zero(&d, at * DISK_SECTOR,
					    n * DISK_SECTOR, round % 2, &e),
				  &e);
			memset(model + at * DISK_SECTOR, 0, n * DISK_SECTOR);
		} else {
			put(at * DISK_SECTOR, n * DISK_SECTOR,
			    (uint8_t)(round + 100));
		}
		expect_disk(model);
	}
	assert_ok(disk_flush(&d, &e), &e);
	expect_file(image);
	disk_close(&d);
	open_disk((struct disk_config){ .snapshot = true });
	expect_disk(image);
}
END_TEST

static const struct {
	uint64_t off, len;
	bool unmap, snapshot;
} zeroed[] = {
	{ 0, SIZE, false, false },
	{ 0, SIZE, true, false },
	{ DISK_SECTOR, 3 * DISK_SECTOR, true, false },
	{ 3 * DISK_SECTOR, 5 * DISK_PAGE, false, false },
	{ 0, SIZE, true, true },
	{ DISK_SECTOR, DISK_SECTOR, true, true },
	{ DISK_PAGE - DISK_SECTOR, 2 * DISK_SECTOR, true, true },
	{ 3 * DISK_SECTOR, 5 * DISK_PAGE, false, true },
	{ 19 * DISK_PAGE, SIZE - 19 * DISK_PAGE, true, true },
};

START_TEST(disk__zeros)
{
	open_disk((struct disk_config){ .snapshot = zeroed[_i].snapshot });
	assert_ok(disk_zero(&d, zeroed[_i].off, zeroed[_i].len,
			    zeroed[_i].unmap, &e),
		  &e);
	memset(model + zeroed[_i].off, 0, zeroed[_i].len);
	expect_disk(model);
	expect_file(zeroed[_i].snapshot ? image : model);
}
END_TEST

/* Data that is not discarded stays. */
START_TEST(disk__discards)
{
	open_disk((struct disk_config){ .snapshot = _i });
	assert_ok(disk_discard(&d, 4 * DISK_PAGE, 2 * DISK_PAGE, &e), &e);
	if (!_i)
		memset(model + 4 * DISK_PAGE, 0, 2 * DISK_PAGE);
	expect_disk(model);
	put(4 * DISK_PAGE, 3 * DISK_PAGE, 'x');
	expect_disk(model);
}
END_TEST

START_TEST(disk__reads_at_once_what_the_host_has)
{
	uint8_t got[DISK_PAGE];
	const struct iovec iov = { got, sizeof(got) };

	open_disk((struct disk_config){ .ro = true });
	expect_disk(image);
	if (disk_read_now(&d, &iov, 1, DISK_PAGE))
		ck_assert_mem_eq(got, image + DISK_PAGE, sizeof(got));
	/* A file without cached pages, or a disk that has none. */
	d.align = 512;
	ck_assert(!disk_read_now(&d, &iov, 1, DISK_PAGE));
	d.align = 1;
}
END_TEST

/* It shrinks while in use: an error, not a signal. */
START_TEST(disk__of_a_file_that_was_cut_short)
{
	uint8_t got[DISK_PAGE];
	const struct iovec iov = { got, sizeof(got) };

	open_disk((struct disk_config){ .ro = true });
	ck_assert_int_eq(truncate("disk", DISK_PAGE), 0);
	assert_err(disk_read(&d, &iov, 1, DISK_PAGE, &e), -EIO, &e,
		   "disk: read of 4096 bytes at 4096: Input/output error");
}
END_TEST

/* A sparse image, and the overlay of a snapshot, on a file system that is too
 * small for what the guest writes. What fitted stays. */
START_TEST(disk__on_a_full_file_system)
{
	const struct disk_config c = { .path = "full/disk", .snapshot = _i };
	uint8_t page[DISK_PAGE];
	const struct iovec iov = { page, sizeof(page) };
	unsigned fitted = 0;
	int rc = 0;

	if (!small_fs_mount("full"))
		UNIT_SKIP("cannot mount a file system of its own here");
	memset(page, 'x', sizeof(page));
	make("full/disk", "", 0);
	ck_assert_int_eq(truncate("full/disk", 64 * DISK_PAGE), 0);
	assert_ok(disk_open(&d, &c, &e), &e);
	while (!rc && fitted < 64) {
		rc = disk_write(&d, &iov, 1, fitted * DISK_PAGE, &e);
		fitted += !rc;
	}
	assert_err(rc, -ENOSPC, &e, "full/disk: write of 4096 bytes at ");
	ck_assert_ptr_nonnull(strstr(e.msg, ": No space left on device"));
	ck_assert_uint_gt(fitted, 0);
	memset(page, 0, sizeof(page));
	assert_ok(disk_read(&d, &iov, 1, (fitted - 1) * DISK_PAGE, &e), &e);
	ck_assert_uint_eq(page[0], 'x');
	assert_ok(disk_read(&d, &iov, 1, fitted * DISK_PAGE, &e), &e);
	ck_assert_uint_eq(page[0], 0);
	disk_close(&d);
	umount2("full", MNT_DETACH);
}
END_TEST

/* Guest buffers may be anywhere; the file system may require alignment. */
START_TEST(disk__direct)
{
	const struct disk_config c = { .path = "disk", .direct = true };
	static uint8_t got[3 * DISK_PAGE + 1];
	const struct iovec iov = { got + 1, 2 * DISK_PAGE };
	int rc;

	ck_assert_int_eq(truncate("disk", 16 * DISK_PAGE), 0);
	rc = disk_open(&d, &c, &e);
	if (rc == -EINVAL) /* tmpfs before 6.5 has no O_DIRECT */
		return;
	assert_ok(rc, &e);
	ck_assert_uint_ge(d.align, DISK_SECTOR);
	assert_ok(disk_read(&d, &iov, 1, DISK_PAGE, &e), &e);
	ck_assert_mem_eq(got + 1, image + DISK_PAGE, 2 * DISK_PAGE);
	memset(got, 'z', sizeof(got));
	assert_ok(disk_write(&d, &iov, 1, 2 * DISK_PAGE, &e), &e);
	memset(got, 0, sizeof(got));
	assert_ok(disk_read(&d, &iov, 1, 2 * DISK_PAGE, &e), &e);
	ck_assert_uint_eq(got[1], 'z');
	ck_assert_uint_eq(got[2 * DISK_PAGE], 'z');
	ck_assert_uint_eq(got[2 * DISK_PAGE + 1], 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("disk");
	TCase *t = tcase_create("disk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, disk__refuses, 0, COUNT(refused));
	tcase_add_test(t, disk__that_may_only_be_read);
	tcase_add_loop_test(t, disk__is_locked, 0, COUNT(pairs));
	tcase_add_loop_test(t, disk__names_the_holder, 0, COUNT(lock_commands));
	tcase_add_test(t, disk__writes_reach_the_file);
	tcase_add_test(t, disk__snapshot_leaves_the_image_alone);
	tcase_add_loop_test(t, disk__zeros, 0, COUNT(zeroed));
	tcase_add_loop_test(t, disk__discards, 0, 2);
	tcase_add_test(t, disk__reads_at_once_what_the_host_has);
	tcase_add_loop_test(t, disk__on_a_full_file_system, 0, 2);
	tcase_add_test(t, disk__of_a_file_that_was_cut_short);
	tcase_add_test(t, disk__direct);
	suite_add_tcase(s, t);
	return s;
}
