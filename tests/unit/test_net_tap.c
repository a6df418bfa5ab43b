/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TAP interface, in a network namespace of each test's own: frames both ways,
 * offloads in use, and what is not such an interface. The peer is the host's
 * kernel. Skipped where such a namespace or the TUN device cannot be had.
 */
#include "unit/unit.h"
#include "dev/net/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE_MS 60000

static struct net_backend *b;
static struct net_frame f;
static struct err e;

/* An interface that exists until the test ends. */
static int make(const char *name, short flags)
{
	struct ifreq r = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR);

	if (fd < 0)
		return -1;
	strcpy(r.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &r)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void set_address(struct ifreq *r, const char *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&r->ifr_addr;

	in->sin_family = AF_INET;
	inet_pton(AF_INET, address, &in->sin_addr);
}

/* Up, with the address 192.0.2.1/24. */
static void bring_up(const char *name)
{
	struct ifreq r = { .ifr_flags = 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(r.ifr_name, name);
	set_address(&r, "192.0.2.1");
	ck_assert_int_eq(ioctl(s, SIOCSIFADDR, &r), 0);
	set_address(&r, "255.255.255.0");
	ck_assert_int_eq(ioctl(s, SIOCSIFNETMASK, &r), 0);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	ck_assert_int_eq(ioctl(s, SIOCSIFFLAGS, &r), 0);
	close(s);
}

/* An own network, of which /sys does not tell. Whether that can be had. */
static bool enter(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	fd = make("probe", IFF_TAP | IFF_NO_PI);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static const char *const unavailable =
	"no network namespace with a TUN device can be had";

#define ENTER()       \
	if (!enter()) \
	UNIT_SKIP(unavailable)

static bool hear(void)
{
	int rc;

	while (!(rc = b->ops->receive(b, &f, &e))) {
		struct pollfd p = { .fd = b->fd, .events = POLLIN };

		ck_assert_msg(poll(&p, 1, PATIENCE_MS) == 1, "no frame");
	}
	return rc > 0;
}

static unsigned type(void)
{
	return f.data[12] << 8 | f.data[13];
}

static void tell(const uint8_t *data, size_t len, enum net_sent want)
{
	static const struct virtio_net_header none;
	const struct iovec iov[] = { { (void *)data, 7 },
				     { (void *)(data + 7), len - 7 } };

	ck_assert_int_eq(b->ops->send(b, &none, iov, 2, len, &e), want);
}

static void open_tap(void)
{
	int fd = make("tap0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);

	ck_assert_int_ge(fd, 0);
	bring_up("tap0");
	assert_ok(net_tap_new(&b, fd, &e), &e);
}

/* A question for 192.0.2.1, by 192.0.2.2. */
static const uint8_t arp[42] = { 255, 255, 255, 255, 255, 255, 2,   1, 2, 3, 4,
				 5,   8,   6,	0,   1,	  8,   0,   6, 4, 0, 1,
				 2,   1,   2,	3,   4,	  5,   192, 0, 2, 2, 0,
				 0,   0,   0,	0,   0,	  192, 0,   2, 1 };

START_TEST(net_tap__moves_frames)
{
	ENTER();
	open_tap();
	ck_assert(b->has_header);
	assert_ok(b->ops->start(b, 0, &e), &e);
	tell(arp, sizeof(arp), NET_SENT);
	do {
		ck_assert(hear());
	} while (type() != 0x0806 || f.data[21] != 2);
	ck_assert_mem_eq(f.data, arp + 6, 6);
	net_backend_close(b);
}
END_TEST

/* Let the kernel send a datagram to the guest, whose address is known. */
static void provoke(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(4711) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "192.0.2.2", &to.sin_addr);
	tell(arp, sizeof(arp), NET_SENT);
	ck_assert_int_eq(
		sendto(s, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)),
		5);
	close(s);
	do {
		ck_assert(hear());
	} while (type() != 0x0800 || f.data[23] != IPPROTO_UDP);
}

START_TEST(net_tap__offloads)
{
	ENTER();
	open_tap();
	assert_ok(b->ops->start(b, 0, &e), &e);
	provoke();
	ck_assert_uint_eq(f.header.flags & 1, 0);
	assert_ok(b->ops->start(b, 7, &e), &e);
	provoke();
	ck_assert_uint_eq(f.header.flags & 1, 1);
	ck_assert_uint_eq(f.header.csum_start, 34);
	ck_assert_uint_eq(f.header.csum_offset, 6);
	net_backend_close(b);
}
END_TEST

/* A header that makes no sense, and an interface that is down. */
START_TEST(net_tap__drops)
{
	const struct virtio_net_header wrong = {
		.flags = 1, .gso_type = 1, .gso_size = 1, .csum_start = 60000
	};
	const struct iovec iov = { (void *)arp, sizeof(arp) };
	struct ifreq r = { .ifr_name = "tap0" };
	int s;

	ENTER();
	open_tap();
	ck_assert_int_eq(b->ops->send(b, &wrong, &iov, 1, sizeof(arp), &e),
			 NET_REFUSED);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(ioctl(s, SIOCSIFFLAGS, &r), 0);
	close(s);
	tell(arp, sizeof(arp), NET_REFUSED);
	net_backend_close(b);
}
END_TEST

START_TEST(net_tap__attaches_by_name)
{
	int fd;

	ENTER();
	fd = make("tap1", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ck_assert_int_ge(fd, 0);
	assert_err(net_tap_open(&b, "tap1", &e), -EBUSY, &e,
		   "tap1: Device or resource busy");
	ck_assert_int_eq(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	assert_ok(net_tap_open(&b, "tap1", &e), &e);
	net_backend_close(b);
	fd = make("tun0", IFF_TUN | IFF_NO_PI);
	ck_assert_int_eq(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	assert_err(net_tap_open(&b, "tun0", &e), -EINVAL, &e,
		   "tun0 is not a TAP interface");
	assert_err(net_tap_open(&b, "lo", &e), -EINVAL, &e,
		   "lo is not a TAP interface");
	assert_err(net_tap_open(&b, "nosuch", &e), -ENODEV, &e,
		   "there is no interface nosuch; its owner makes it: ip "
		   "tuntap add nosuch mode tap user NAME");
}
END_TEST

/* Made with `ip tuntap add ... multi_queue`. */
START_TEST(net_tap__attaches_to_one_queue_of_many)
{
	int fd;

	ENTER();
	fd = make("tap2", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	assert_ok(net_tap_open(&b, "tap2", &e), &e);
	net_backend_close(b);
}
END_TEST

static void lose_capability(unsigned which)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	ck_assert_int_eq(syscall(SYS_capget, &h, d), 0);
	d[which / 32].effective &= ~(1u << which % 32);
	ck_assert_int_eq(syscall(SYS_capset, &h, d), 0);
}

START_TEST(net_tap__refuses_that_of_another_user)
{
	int fd;

	ENTER();
	fd = make("tap3", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
	ck_assert_int_ge(fd, 0);
	if (ioctl(fd, TUNSETOWNER, 1001))
		UNIT_SKIP("this user namespace has no other user");
	ck_assert_int_eq(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	lose_capability(CAP_NET_ADMIN);
	assert_err(net_tap_open(&b, "tap3", &e), -EPERM, &e,
		   "tap3 belongs to another user (ip tuntap add tap3 mode tap "
		   "user NAME)");
}
END_TEST

static const struct {
	short flags;
	const char *want;
} wrong[] = {
	{ IFF_TUN | IFF_NO_PI | IFF_VNET_HDR,
	  "dev0 is a TUN device, which has no Ethernet frames" },
	{ IFF_TAP | IFF_NO_PI,
	  "dev0 must be opened with IFF_VNET_HDR and IFF_NO_PI" },
};

START_TEST(net_tap__refuses_another_kind)
{
	int fd, rc;

	ENTER();
	fd = make("dev0", wrong[_i].flags);
	ck_assert_int_ge(fd, 0);
	rc = net_tap_new(&b, fd, &e);
	assert_err(rc, -EINVAL, &e, wrong[_i].want);
}
END_TEST

START_TEST(net_tap__refuses_other_files)
{
	int fd = open("/dev/null", O_RDWR);

	ck_assert(!net_tap_is(fd));
	ck_assert_int_eq(net_tap_new(&b, fd, &e), -ENOTTY);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

static const char *const names[] = { "", ".", "..", "a/b", "0123456789abcdef" };

START_TEST(net_tap__refuses_other_names)
{
	assert_err(net_tap_open(&b, names[_i], &e), -EINVAL, &e,
		   "is not the name of an interface (1 to 15 bytes)");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("net_tap");
	TCase *t = tcase_create("tap");

	tcase_add_test(t, net_tap__moves_frames);
	tcase_add_test(t, net_tap__offloads);
	tcase_add_test(t, net_tap__drops);
	tcase_add_test(t, net_tap__attaches_by_name);
	tcase_add_test(t, net_tap__attaches_to_one_queue_of_many);
	tcase_add_test(t, net_tap__refuses_that_of_another_user);
	tcase_add_loop_test(t, net_tap__refuses_another_kind, 0,
			    (int)COUNT(wrong));
	tcase_add_test(t, net_tap__refuses_other_files);
	tcase_add_loop_test(t, net_tap__refuses_other_names, 0,
			    (int)COUNT(names));
	suite_add_tcase(s, t);
	return s;
}
