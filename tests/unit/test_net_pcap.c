/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture: its bytes, as they are described, and a disk that is full.
 */
#include "unit/unit.h"
#include "dev/net/pcap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err e;

static int write_frame(int fd)
{
	static char data[] = "abcdefghij";
	const struct iovec pieces[] = { { data, 4 }, { data + 4, 6 } };

	return net_pcap_write(fd, pieces, 2, 10, &e);
}

START_TEST(net_pcap__is_a_capture)
{
	const uint32_t head[] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 65553, 1 };
	uint32_t frame[4];
	uint8_t got[128];
	int fd = net_pcap_open("x.pcap", &e), in;

	ck_assert_int_ge(fd, 0);
	assert_ok(write_frame(fd), &e);
	assert_ok(write_frame(fd), &e);
	/* It can be read meanwhile. */
	in = open("x.pcap", O_RDONLY);
	ck_assert_int_eq(read(in, got, sizeof(got)), 24 + 2 * 26);
	ck_assert_mem_eq(got, head, sizeof(head));
	memcpy(frame, got + 24, sizeof(frame));
	ck_assert_uint_gt(frame[0], 1600000000);
	ck_assert_uint_lt(frame[1], 1000000000);
	ck_assert_uint_eq(frame[2], 10);
	ck_assert_uint_eq(frame[3], 10);
	ck_assert_mem_eq(got + 40, "abcdefghij", 10);
	close(in);
	close(fd);
}
END_TEST

START_TEST(net_pcap__replaces_an_old_file)
{
	const uint8_t old[100] = { 1 };
	struct stat st;
	int fd = open("x.pcap", O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, old, sizeof(old)), sizeof(old));
	close(fd);
	fd = net_pcap_open("x.pcap", &e);
	ck_assert_int_eq(stat("x.pcap", &st), 0);
	ck_assert_int_eq(st.st_size, 24);
	close(fd);
}
END_TEST

START_TEST(net_pcap__refuses_what_is_not_a_file)
{
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	assert_err(net_pcap_open("fifo", &e), -EINVAL, &e,
		   "fifo: is not a regular file");
	ck_assert_int_lt(net_pcap_open("nosuch/x", &e), 0);
	ck_assert_msg(strstr(e.msg, "nosuch/x"), "%s", e.msg);
}
END_TEST

START_TEST(net_pcap__ends_on_a_full_disk)
{
	const struct rlimit limit = { 24 + 26, 24 + 26 };
	int fd = net_pcap_open("x.pcap", &e);

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_ok(write_frame(fd), &e);
	assert_err(write_frame(fd), -EFBIG, &e,
		   "the capture has ended: File too large");
	close(fd);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("net_pcap");
	TCase *t = tcase_create("pcap");

	tcase_add_test(t, net_pcap__is_a_capture);
	tcase_add_test(t, net_pcap__replaces_an_old_file);
	tcase_add_test(t, net_pcap__refuses_what_is_not_a_file);
	tcase_add_test(t, net_pcap__ends_on_a_full_disk);
	suite_add_tcase(s, t);
	return s;
}
