/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user-mode network: what a forward is, a helper that answers frames and
 * forwards ports, and how it ends.
 *
 * The guest is this test: it speaks ARP, DHCP and the beginning of TCP.
 */
#include "unit/unit.h"
#include "base/libraries.h"
#include "dev/net/user.h"
#include "sandbox/sandbox.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000

static struct net_backend *b;
static struct net_frame f;
static struct net_user_config c;
static struct err e;

/* --- forwards */

static const struct {
	const char *text, *want;
	unsigned guest_port;
} forwards[] = {
	{ "tcp:8080:80", "tcp port 8080 of 127.0.0.1", 80 },
	{ "udp:0:53", "udp port 0 of 127.0.0.1", 53 },
	{ "tcp:0.0.0.0:65535:65535", "tcp port 65535 of 0.0.0.0", 65535 },
	{ "tcp:[::1]:1:1", "tcp port 1 of ::1", 1 },
	{ "udp:[::]:0:2", "udp port 0 of ::", 2 },
};

START_TEST(net_forward__is_parsed)
{
	char text[NET_FORWARD_TEXT];
	struct net_forward fw;

	assert_ok(net_forward_parse(&fw, forwards[_i].text, &e), &e);
	net_forward_text(&fw, text);
	ck_assert_str_eq(text, forwards[_i].want);
	ck_assert_uint_eq(fw.guest_port, forwards[_i].guest_port);
	net_forward_set_port(&fw, 4711);
	ck_assert_uint_eq(net_forward_port(&fw), 4711);
}
END_TEST

static const char *const wrong[] = {
	"",
	"tcp",
	"tcp:",
	"tcp:80",
	"tcp::80",
	"tcp:80:",
	"tcp:80:0",
	"tcp:65536:80",
	"tcp:80:65536",
	"tcp:-1:80",
	"tcp: 80:80",
	"sctp:80:80",
	"TCP:80:80",
	"tcp::80:80",
	"tcp:host:80:80",
	"tcp:1.2.3:80:80",
	"tcp:1.2.3.256:80:80",
	"tcp:::1:80:80",
	"tcp:[::1:80:80",
	"tcp:[]:80:80",
	"tcp:[]",
	"tcp:[:80:80",
	"tcp:[1.2.3.4]:80:80",
	"tcp:1.2.3.4:1.2.3.4:80:80",
	"tcp:1111111111111111111111111111111111111111111111111111111111111111"
	"1111111111:80:80",
};

START_TEST(net_forward__is_refused)
{
	struct net_forward fw;

	assert_err(net_forward_parse(&fw, wrong[_i], &e), -EINVAL, &e,
		   "is not a forward (expected tcp:PORT:PORT or udp:PORT:PORT, "
		   "with ADDRESS: or [ADDRESS]: before the host's port)");
}
END_TEST

/* --- the helper */

static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };

/* The next packet of the guest's TCP. */
static struct {
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
} tcp;

#define SYN 2
#define ACK 16

static void setup(void)
{
	memset(&c, 0, sizeof(c));
	memset(&tcp, 0, sizeof(tcp));
	tcp.flags = SYN;
	tcp.window = 8192;
	memcpy(c.mac, mac, sizeof(mac));
	b = NULL;
}

/* The helper confines itself, too. */
static void setup_confined(void)
{
	setup();
	assert_ok(sandbox_prepare(SANDBOX_ON, &e), &e);
}

static void teardown(void)
{
	net_backend_close(b);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void begin(void)
{
	assert_ok(net_user_new(&b, &c, &e), &e);
}

static void add_forward(const char *text)
{
	assert_ok(net_forward_parse(&c.forwards[c.forwards_count++], text, &e),
		  &e);
}

static void tell(const uint8_t *data, size_t len)
{
	static const struct virtio_net_header none;
	const struct iovec iov = { (void *)data, len };

	ck_assert_int_eq(b->ops->send(b, &none, &iov, 1, len, &e), NET_SENT);
}

/* The next frame, whatever it is; false at the helper's end. */
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

/* Ethernet and ARP, a question about @ip. */
static void ask_for(const char *ip)
{
	uint8_t frame[42] = { 255, 255, 255, 255, 255, 255, 2,	1, 2, 3, 4,
			      5,   8,	6,   0,	  1,   8,   0,	6, 4, 0, 1,
			      2,   1,	2,   3,	  4,   5,   10, 0, 2, 15 };

	frame[30] += (uint8_t)c.network;
	inet_pton(AF_INET, ip, frame + 38);
	frame[40] += (uint8_t)c.network;
	tell(frame, sizeof(frame));
}

static const unsigned networks[] = { 0, 1, 31 };

START_TEST(net_user__answers)
{
	const uint8_t host[] = { 10, 0, (uint8_t)(2 + networks[_i]), 2 };

	c.network = networks[_i];
	begin();
	ask_for("10.0.2.2");
	do {
		ck_assert(hear());
	} while (type() != 0x0806);
	ck_assert_mem_eq(f.data, mac, 6);
	ck_assert_uint_eq(f.data[21], 2);
	ck_assert_mem_eq(f.data + 28, host, 4);
}
END_TEST

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
	return s;
}

/* The port that the system chose leads to SYNs for the guest's port. */
START_TEST(net_user__forwards)
{
	const uint8_t guest[] = { 10, 0, (uint8_t)(2 + networks[_i]), 15 };
	int s;

	c.network = networks[_i];
	add_forward("tcp:0:4711");
	begin();
	ck_assert_uint_ne(net_forward_port(&c.forwards[0]), 0);
	ask_for("10.0.2.2");
	s = connect_to(net_forward_port(&c.forwards[0]));
	do {
		ck_assert(hear());
	} while (type() != 0x0800 || f.data[23] != 6);
	ck_assert_mem_eq(f.data + 30, guest, 4);
	ck_assert_uint_eq(f.data[36] << 8 | f.data[37], 4711);
	ck_assert_uint_eq(f.data[47] & 0x3f, 2);
	close(s);
}
END_TEST

/* --- packets of the guest to 10.0.2.2 or fec0::2, the host's loopback */

#define TCP 6
#define UDP 17

static uint16_t sum_of(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

/* What `tcp` says, or a datagram, from port 4000 to @port: its length. */
static size_t put_packet(uint8_t *p, uint8_t protocol, unsigned port)
{
	put16(p, 4000);
	put16(p + 2, port);
	if (protocol == UDP) {
		put16(p + 4, 12);
		memcpy(p + 8, "data", 4);
		return 12;
	}
	put32(p + 4, tcp.seq);
	put32(p + 8, tcp.ack);
	p[12] = 5 << 4;
	p[13] = tcp.flags;
	put16(p + 14, tcp.window);
	return 20;
}

static void send_packet(bool v6, uint8_t protocol, unsigned port)
{
	uint8_t frame[128] = { 0x52, 0x55, 10, 0, 2, 2, 2, 1, 2, 3, 4, 5 };
	uint8_t *ip = frame + 14, *body = ip + (v6 ? 40 : 20);
	size_t len = put_packet(body, protocol, port);
	unsigned sums = protocol == UDP ? 6 : 16, addresses = v6 ? 8 : 12;

	put16(frame + 12, v6 ? 0x86dd : 0x0800);
	ip[0] = v6 ? 0x60 : 0x45;
	if (v6) {
		put16(ip + 4, (unsigned)len);
		ip[6] = protocol;
		ip[7] = 64;
		inet_pton(AF_INET6, "fec0::1:2ff:fe03:405", ip + 8);
		inet_pton(AF_INET6, "fec0::2", ip + 24);
	} else {
		put16(ip + 2, (unsigned)(20 + len));
		ip[8] = 64;
		ip[9] = protocol;
		inet_pton(AF_INET, "10.0.2.15", ip + 12);
		inet_pton(AF_INET, "10.0.2.2", ip + 16);
		put16(ip + 10, (uint16_t)~sum_of(ip, 20, 0));
	}
	put16(body + sums,
	      (uint16_t)~sum_of(body, len,
				sum_of(ip + addresses,
				       (size_t)(body - ip) - addresses,
				       protocol + (uint32_t)len)));
	tell(frame, (size_t)(body - frame) + len);
}

/* A server on loopback that nothing has reached yet; -1 without IPv6. */
static int serve(bool v6, uint8_t protocol, uint16_t *port)
{
	struct sockaddr_in6 at6 = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in at4 = { .sin_family = AF_INET };
	struct sockaddr *at = v6 ? (void *)&at6 : (void *)&at4;
	socklen_t len = v6 ? sizeof(at6) : sizeof(at4);
	int s = socket(at->sa_family,
		       protocol == TCP ? SOCK_STREAM : SOCK_DGRAM, 0);

	at4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s < 0 || bind(s, at, len)) {
		ck_assert_msg(v6, "no IPv4");
		return -1;
	}
	ck_assert(protocol == UDP || !listen(s, 1));
	ck_assert_int_eq(getsockname(s, at, &len), 0);
	*port = ntohs(v6 ? at6.sin6_port : at4.sin_port);
	return s;
}

/* Frames are answered in order: the helper is done with what came before. */
static void await_helper(void)
{
	ask_for("10.0.2.2");
	do {
		ck_assert(hear());
	} while (type() != 0x0806 || f.data[21] != 2 || f.data[31] != 2);
}

static const struct {
	bool v6;
	uint8_t protocol;
} ways_out[] = { { false, TCP }, { false, UDP }, { true, TCP }, { true, UDP } };

/* The same packet reaches the server without `restrict`, and not with it. */
START_TEST(net_user__restricts)
{
	bool v6 = ways_out[_i / 2].v6;
	uint8_t protocol = ways_out[_i / 2].protocol;
	uint16_t port = 0;
	struct pollfd p = { .fd = serve(v6, protocol, &port),
			    .events = POLLIN };

	if (p.fd < 0)
		return;
	c.restrict_ = _i % 2;
	begin();
	ask_for("10.0.2.2");
	send_packet(v6, protocol, port);
	await_helper();
	ck_assert_int_eq(poll(&p, 1, c.restrict_ ? 0 : PATIENCE_MS),
			 !c.restrict_);
	close(p.fd);
}
END_TEST

/* The next TCP packet for the guest, which is in order: the bytes that it has.
 * The next packet of the guest acknowledges them. */
static unsigned hear_tcp(void)
{
	const uint8_t *p;
	unsigned len;

	do {
		ck_assert(hear());
	} while (type() != 0x0800 || f.data[23] != TCP);
	p = f.data + 34;
	len = (unsigned)(f.data[16] << 8 | f.data[17]) - 20 - (p[12] >> 4) * 4;
	tcp.ack = ((uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 |
		   (uint32_t)p[6] << 8 | p[7]) +
		  len;
	return len;
}

static void write_all(int s, size_t len)
{
	static const uint8_t zeroes[65536];

	ck_assert_int_eq(send(s, zeroes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* A little less than half of the largest window. */
#define HALF 32000

/* A guest may leave its window as it is when it has read everything; see
 * NET_USER_MTU. */
START_TEST(net_user__sends_into_half_a_window)
{
	uint16_t port = 0;
	int s = serve(false, TCP, &port), client;

	begin();
	ask_for("10.0.2.2");
	send_packet(false, TCP, port);
	client = accept(s, NULL, NULL);
	ck_assert_int_ge(client, 0);
	hear_tcp();
	tcp.seq++;
	tcp.ack++;
	tcp.flags = ACK;
	tcp.window = 65535;
	send_packet(false, TCP, port);
	write_all(client, 100);
	ck_assert_uint_eq(hear_tcp(), 100);
	tcp.window = HALF;
	send_packet(false, TCP, port);
	await_helper();
	/* Everything is there when the helper looks. */
	kill(net_user_pid(b), SIGSTOP);
	write_all(client, 65536);
	kill(net_user_pid(b), SIGCONT);
	/* Its timer would have filled the window. */
	ck_assert_uint_lt(hear_tcp(), HALF);
	close(client);
	close(s);
}
END_TEST

/* The forwards stay open. */
START_TEST(net_user__forwards_although_it_restricts)
{
	int s;

	add_forward("tcp:0:4711");
	c.restrict_ = true;
	begin();
	ask_for("10.0.2.2");
	s = connect_to(net_forward_port(&c.forwards[0]));
	do {
		ck_assert(hear());
	} while (type() != 0x0800 || f.data[23] != TCP);
	ck_assert_uint_eq(f.data[36] << 8 | f.data[37], 4711);
	close(s);
}
END_TEST

/* A host may be without IPv6. */
static bool has_ipv6(void)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int s = socket(AF_INET6, SOCK_DGRAM, 0);
	bool has = s >= 0 && !bind(s, (struct sockaddr *)&at, sizeof(at));

	if (s >= 0)
		close(s);
	return has;
}

START_TEST(net_user__forwards_datagrams_over_ipv6)
{
	if (!has_ipv6())
		return;
	add_forward("udp:[::1]:0:53");
	assert_ok(net_user_new(&b, &c, &e), &e);
	ck_assert_uint_ne(net_forward_port(&c.forwards[0]), 0);
}
END_TEST

static const char *const kinds[] = { "tcp", "udp" };

START_TEST(net_user__refuses_a_port_that_is_taken)
{
	struct net_backend *other = NULL;
	char text[64], want[96];
	uint16_t port;

	snprintf(text, sizeof(text), "%s:0:80", kinds[_i]);
	add_forward(text);
	begin();
	port = net_forward_port(&c.forwards[0]);
	c.forwards_count = 0;
	snprintf(text, sizeof(text), "%s:%u:80", kinds[_i], port);
	add_forward(text);
	snprintf(want, sizeof(want),
		 "%s port %u of 127.0.0.1: Address already in use", kinds[_i],
		 port);
	assert_err(net_user_new(&other, &c, &e), -EADDRINUSE, &e, want);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(net_user__refuses_a_foreign_address)
{
	add_forward("tcp:192.0.2.1:0:80");
	assert_err(net_user_new(&b, &c, &e), -EADDRNOTAVAIL, &e,
		   "tcp port 0 of 192.0.2.1: Cannot assign requested address");
}
END_TEST

START_TEST(net_user__reports_its_helper_s_death)
{
	begin();
	kill(net_user_pid(b), SIGKILL);
	while (hear())
		;
	ck_assert_str_eq(e.msg, "the helper process was killed by SIGKILL");
}
END_TEST

/* It has no descriptor but its end of the socket pair, the name servers' file,
 * and those of nothing. */
START_TEST(net_user__has_two_descriptors)
{
	char path[64];
	struct dirent *entry;
	unsigned fds = 0;
	DIR *all;

	begin();
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)net_user_pid(b));
	all = opendir(path);
	ck_assert_ptr_nonnull(all);
	while ((entry = readdir(all)))
		fds += *entry->d_name != '.';
	closedir(all);
	ck_assert_uint_eq(fds, access("/etc/resolv.conf", R_OK) ? 4 : 5);
}
END_TEST

/* The value of @key in the helper's /proc/PID/status. */
static unsigned status_value(const char *key)
{
	char path[64], line[256];
	unsigned value = ~0u;
	FILE *all;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)net_user_pid(b));
	all = fopen(path, "r");
	ck_assert_ptr_nonnull(all);
	while (fgets(line, sizeof(line), all))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), " %u", &value);
	fclose(all);
	return value;
}

/* By the time that its ports can be used. */
START_TEST(net_user__is_confined)
{
	if (!HAVE_SECCOMP || sandbox_is_impossible())
		UNIT_SKIP("this build has no filters");
	begin();
	ck_assert_uint_eq(status_value("Seccomp:"), 2);
	ck_assert_uint_eq(status_value("NoNewPrivs:"), 1);
	ck_assert_uint_eq(status_value("CapEff:"), 0);
}
END_TEST

static bool is_there(pid_t pid)
{
	return !kill(pid, 0);
}

/* Also if the launcher is killed. */
START_TEST(net_user__ends_with_its_launcher)
{
	pid_t launcher, helper = 0;
	int ends[2];

	/* Orphans become children of this process, so that they can be
	 * awaited. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe(ends), 0);
	launcher = fork();
	if (!launcher) {
		pid_t pid = net_user_new(&b, &c, &e) ? 0 : net_user_pid(b);

		(void)!write(ends[1], &pid, sizeof(pid));
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ends[0], &helper, sizeof(helper)),
			 sizeof(helper));
	ck_assert_int_gt(helper, 0);
	ck_assert(is_there(helper));
	kill(launcher, SIGKILL);
	ck_assert_int_eq(waitpid(launcher, NULL, 0), launcher);
	ck_assert_int_eq(waitpid(helper, NULL, 0), helper);
}
END_TEST

START_TEST(net_user__ends_when_it_is_closed)
{
	pid_t helper;

	begin();
	helper = net_user_pid(b);
	/* It must not be able to hold up the end. */
	kill(helper, SIGSTOP);
	net_backend_close(b);
	b = NULL;
	ck_assert(!is_there(helper));
}
END_TEST

/* Frames that make no sense are dropped, and it goes on. */
START_TEST(net_user__survives_wrong_frames)
{
	uint8_t frame[200];
	unsigned seed = 1;

	begin();
	for (unsigned i = 0; i < 3000; i++) {
		size_t len = 14 + i % (sizeof(frame) - 14);

		for (size_t n = 0; n < len; n++)
			frame[n] = (uint8_t)(rand_r(&seed) >> 8);
		frame[12] = i % 3 ? 8 : 0x86;
		frame[13] = (uint8_t[]){ 0, 6, 0xdd }[i % 3];
		frame[14] = i % 2 ? 0x45 : 0x60;
		while (b->ops->send(b, &(struct virtio_net_header){ 0 },
				    &(struct iovec){ frame, len }, 1, len,
				    &e) != NET_SENT)
			b->ops->flush(b, &e);
	}
	ask_for("10.0.2.2");
	do {
		ck_assert(hear());
	} while (type() != 0x0806 || f.data[31] != 2);
}
END_TEST

/* The tests of the helper. @begins: whether it is confined. */
static TCase *helper_tests(const char *name, void (*begins)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, begins, teardown);
	tcase_add_loop_test(t, net_user__answers, 0, (int)COUNT(networks));
	tcase_add_loop_test(t, net_user__forwards, 0, (int)COUNT(networks));
	tcase_add_test(t, net_user__forwards_datagrams_over_ipv6);
	tcase_add_loop_test(t, net_user__restricts, 0,
			    2 * (int)COUNT(ways_out));
	tcase_add_test(t, net_user__sends_into_half_a_window);
	tcase_add_test(t, net_user__forwards_although_it_restricts);
	tcase_add_loop_test(t, net_user__refuses_a_port_that_is_taken, 0,
			    (int)COUNT(kinds));
	tcase_add_test(t, net_user__refuses_a_foreign_address);
	tcase_add_test(t, net_user__reports_its_helper_s_death);
	tcase_add_test(t, net_user__ends_with_its_launcher);
	tcase_add_test(t, net_user__ends_when_it_is_closed);
	tcase_add_test(t, net_user__survives_wrong_frames);
	return t;
}

Suite *unit_suite(void)
{
	Suite *s = suite_create("net_user");
	TCase *t = tcase_create("forwards");

	tcase_add_loop_test(t, net_forward__is_parsed, 0, (int)COUNT(forwards));
	tcase_add_loop_test(t, net_forward__is_refused, 0, (int)COUNT(wrong));
	suite_add_tcase(s, t);
	if (libraries_need("libslirp", &e))
		return s;
	t = helper_tests("helper", setup);
	/* Only root may look into a helper that is confined. */
	tcase_add_test(t, net_user__has_two_descriptors);
	suite_add_tcase(s, t);
	t = helper_tests("confined helper", setup_confined);
	tcase_add_test(t, net_user__is_confined);
	suite_add_tcase(s, t);
	return s;
}
