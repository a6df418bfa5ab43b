/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends of virtio-vsock, for a test in the box:
 *
 *   streams guest               in the guest: serves the ports below
 *   streams host SOCKET PID MIB on the host: tries them, through the socket of
 *                               the launcher that is process PID
 *   streams pattern MIB         prints what a test sends
 *
 *   ECHO    sends back what it gets
 *   SUM     reads to the end and answers with a count and a checksum
 *   SOURCE  reads how many MiB are wanted, and sends them
 *   CALL    connects to the host's port CALLED and has a short talk
 *   MEMORY  uses 128 MiB of memory, and frees it after a line
 *   READY   tells the address of the credential that the guest is ready
 *
 * The host prints a line "ok NAME" or "FAILED NAME: REASON" for each test. No
 * wait is longer than WAIT_S.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "support/send_all.h"

#define MIB	    (1u << 20)
#define WAIT_S	    300
#define STREAMS	    100
#define MEMORY_SIZE (128u * MIB)

enum { ECHO = 1000, SUM, SOURCE, CALL, MEMORY, READY, LAST = READY };
enum { CALLED = 2000, UNUSED = 9 };

/* A checksum over words of 8 bytes, however they arrive. */
struct sum {
	uint64_t count, value;
	uint8_t rest[8]; /* the bytes of a word that is not complete */
};

static void sum_word(struct sum *s, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	s->value = (s->value ^ word) * UINT64_C(0x100000001b3);
}

static void sum_add(struct sum *s, const uint8_t *p, size_t n)
{
	for (; n && s->count % 8; n--) {
		s->rest[s->count++ % 8] = *p++;
		if (s->count % 8 == 0)
			sum_word(s, s->rest);
	}
	for (; n >= 8; n -= 8, p += 8, s->count += 8)
		sum_word(s, p);
	while (n--)
		s->rest[s->count++ % 8] = *p++;
}

/* Words that do not repeat. @n is a multiple of 8. */
static void fill(uint8_t *p, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = (at + i) * UINT64_C(0x9e3779b97f4a7c15);

		memcpy(p + i, &word, sizeof(word));
	}
}

/* Wait for bytes and read some. 0 at the end, -1 after an error or WAIT_S. */
static ssize_t read_some(int fd, void *data, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int rc;

	do
		rc = poll(&p, 1, WAIT_S * 1000);
	while (rc < 0 && errno == EINTR);
	return rc == 1 ? read(fd, data, n) : -1;
}

/* A line, without its end; what follows it stays. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (n < size - 1 && read_some(fd, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = '\0';
			return true;
		}
		line[n++] = c;
	}
	return false;
}

/* Read to the end. */
static bool read_sum(int fd, struct sum *sum)
{
	static uint8_t data[64 << 10];
	ssize_t n;

	*sum = (struct sum){ .count = 0 };
	while ((n = read_some(fd, data, sizeof(data))) > 0)
		sum_add(sum, data, (size_t)n);
	return !n;
}

/* Send @mib MiB, with a call of @midway in the middle. */
static bool write_pattern(int fd, unsigned mib, struct sum *sum,
			  void (*midway)(void))
{
	static uint8_t data[64 << 10];
	uint64_t all = (uint64_t)mib * MIB;

	*sum = (struct sum){ .count = 0 };
	for (uint64_t at = 0; at < all; at += sizeof(data)) {
		fill(data, sizeof(data), at);
		sum_add(sum, data, sizeof(data));
		if (at == all / 2 && midway)
			midway();
		if (!send_all(fd, data, sizeof(data)))
			return false;
	}
	return true;
}

/* What write_pattern() has sent. */
static void sum_pattern(struct sum *sum, unsigned mib)
{
	static uint8_t data[64 << 10];

	*sum = (struct sum){ .count = 0 };
	for (uint64_t at = 0; at < (uint64_t)mib * MIB; at += sizeof(data)) {
		fill(data, sizeof(data), at);
		sum_add(sum, data, sizeof(data));
	}
}

static int pattern(unsigned mib)
{
	static uint8_t data[64 << 10];

	for (uint64_t at = 0; at < (uint64_t)mib * MIB; at += sizeof(data)) {
		fill(data, sizeof(data), at);
		if (fwrite(data, sizeof(data), 1, stdout) != 1)
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}

/* --- the guest */

static int vsock_to(uint32_t cid, uint32_t port, uint32_t from)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_ANY,
				 .svm_port = from };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (from && bind(fd, (void *)&a, sizeof(a)))
		err(1, "bind to port %u", from);
	a.svm_cid = cid;
	a.svm_port = port;
	if (connect(fd, (void *)&a, sizeof(a)))
		err(1, "connect to port %u", port);
	return fd;
}

static void echo(int fd)
{
	char data[4096];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		if (!send_all(fd, data, (size_t)n))
			return;
}

static void answer_sum(int fd)
{
	struct sum sum;

	if (read_sum(fd, &sum))
		dprintf(fd, "%" PRIu64 " %" PRIx64 "\n", sum.count, sum.value);
}

static void source(int fd)
{
	char line[32];
	struct sum sum;

	if (read_line(fd, line, sizeof(line)))
		write_pattern(fd, (unsigned)atoi(line), &sum, NULL);
}

static void call(int fd)
{
	int out = vsock_to(VMADDR_CID_HOST, CALLED, 0);
	char line[64];

	dprintf(out, "the guest calls\n");
	shutdown(out, SHUT_WR);
	if (read_line(out, line, sizeof(line)))
		dprintf(fd, "%s\n", line);
}

static void use_memory(int fd)
{
	char *p = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	char line[32];

	if (p == MAP_FAILED)
		err(1, "mmap");
	memset(p, 1, MEMORY_SIZE);
	dprintf(fd, "full\n");
	if (!read_line(fd, line, sizeof(line)))
		return;
	munmap(p, MEMORY_SIZE);
	dprintf(fd, "free\n");
	read_line(fd, line, sizeof(line));
}

/* As systemd does it: from a privileged port, to the end, and wait. */
static void tell_ready(int fd)
{
	static const char key[] =
		"systemd.set_credential=vmm.notify_socket:vsock-stream:";
	char cmdline[4096] = "", *at, byte;
	unsigned cid, port;
	int in = open("/proc/cmdline", O_RDONLY), out;

	if (read(in, cmdline, sizeof(cmdline) - 1) < 0)
		err(1, "/proc/cmdline");
	at = strstr(cmdline, key);
	if (!at || sscanf(at + strlen(key), "%u:%u", &cid, &port) != 2) {
		dprintf(fd, "no credential\n");
		return;
	}
	dprintf(fd, "port %u\n", port);
	out = vsock_to(cid, port, 1023);
	send_all(out, "STATUS=up\nREADY=1", 17);
	shutdown(out, SHUT_WR);
	dprintf(fd, "answer %zd\n", read(out, &byte, 1));
}

static void serve(unsigned port, int fd)
{
	static void (*const services[])(int) = {
		echo, answer_sum, source, call, use_memory, tell_ready,
	};

	services[port - ECHO](fd);
}

static int guest(void)
{
	struct pollfd listens[LAST - ECHO + 1];

	signal(SIGCHLD, SIG_IGN);
	for (unsigned i = 0; i <= LAST - ECHO; i++) {
		struct sockaddr_vm a = { .svm_family = AF_VSOCK,
					 .svm_cid = VMADDR_CID_ANY,
					 .svm_port = ECHO + i };
		int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind(fd, (void *)&a, sizeof(a)) ||
		    listen(fd, STREAMS))
			err(1, "port %u", a.svm_port);
		listens[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	printf("launcher: streams: ready\n");
	fflush(stdout);
	while (poll(listens, LAST - ECHO + 1, -1) > 0 || errno == EINTR)
		for (unsigned i = 0; i <= LAST - ECHO; i++) {
			int fd = listens[i].revents & POLLIN
					 ? accept(listens[i].fd, NULL, NULL)
					 : -1;

			if (fd >= 0 && !fork()) {
				serve(ECHO + i, fd);
				_exit(0);
			}
			if (fd >= 0)
				close(fd);
		}
	return 1;
}

/* --- the host */

static const char *path, *program;
static pid_t launcher;
static const char *test = "";
static unsigned failures;

static bool fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static bool fail(const char *fmt, ...)
{
	va_list ap;

	printf("FAILED %s: ", test);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	failures++;
	return false;
}

/* A connection to the socket; -1 while there is none. */
static int try_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (!connect(fd, (void *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* A stream to @port of the guest; -1 if it is refused. */
static int to_guest(unsigned port)
{
	char line[64];
	int fd = try_socket();

	if (fd < 0)
		return -1;
	dprintf(fd, "CONNECT %u\n", port);
	if (read_line(fd, line, sizeof(line)) && !strncmp(line, "OK ", 3))
		return fd;
	close(fd);
	return -1;
}

static bool wait_for_guest(void)
{
	time_t end = time(NULL) + WAIT_S;
	int fd;

	while ((fd = to_guest(ECHO)) < 0) {
		if (time(NULL) > end)
			return fail("no answer in %d s", WAIT_S);
		usleep(200000);
	}
	close(fd);
	return true;
}

static bool try_refused(void)
{
	return to_guest(UNUSED) < 0 ? true : fail("a connection");
}

static bool try_echo(void)
{
	char line[64];
	int fd = to_guest(ECHO);

	dprintf(fd, "hello\n");
	if (!read_line(fd, line, sizeof(line)) || strcmp(line, "hello"))
		return fail("a wrong answer");
	close(fd);
	return true;
}

static bool try_many(void)
{
	int fds[STREAMS];
	char line[64], want[64];

	for (int i = 0; i < STREAMS; i++)
		if ((fds[i] = to_guest(ECHO)) < 0)
			return fail("stream %d is refused", i);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < STREAMS; i++)
			dprintf(fds[i], "stream %d, %d\n", i, round);
		for (int i = STREAMS - 1; i >= 0; i--) {
			sprintf(want, "stream %d, %d", i, round);
			if (!read_line(fds[i], line, sizeof(line)) ||
			    strcmp(line, want))
				return fail("stream %d: a wrong answer", i);
		}
	}
	for (int i = 0; i < STREAMS; i++)
		close(fds[i]);
	return true;
}

static unsigned mib;

/* The answer comes after the end of what is sent: one direction is closed. */
static bool upload(unsigned size, void (*midway)(void))
{
	char line[64] = "", want[64];
	int fd = to_guest(SUM);
	struct sum sum;

	if (fd < 0 || !write_pattern(fd, size, &sum, midway))
		return fail("the stream broke");
	shutdown(fd, SHUT_WR);
	sprintf(want, "%" PRIu64 " %" PRIx64, sum.count, sum.value);
	if (!read_line(fd, line, sizeof(line)) || strcmp(line, want))
		return fail("'%s' instead of '%s'", line, want);
	close(fd);
	return true;
}

static bool try_upload(void)
{
	return upload(mib, NULL);
}

static bool try_download(void)
{
	struct sum sum, want;
	int fd = to_guest(SOURCE);

	dprintf(fd, "%u\n", mib);
	if (!read_sum(fd, &sum))
		return fail("the stream broke");
	sum_pattern(&want, mib);
	close(fd);
	if (sum.count != want.count || sum.value != want.value)
		return fail("%" PRIu64 " bytes, or a wrong sum", sum.count);
	return true;
}

/* Stop the launcher until its state says so, and for a moment. */
static void pause_launcher(void)
{
	char name[64], state = 0;

	snprintf(name, sizeof(name), "/proc/%d/stat", launcher);
	kill(launcher, SIGSTOP);
	for (unsigned i = 0; i < 1000 && state != 'T'; i++) {
		FILE *f = fopen(name, "r");

		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (f)
			fclose(f);
		usleep(10000);
	}
	usleep(500000);
	kill(launcher, SIGCONT);
}

/*
 * socat sends before it is answered, and the end of its input ends one
 * direction: the answer comes after that.
 */
static bool try_socat_upload(void)
{
	char command[256], line[64] = "", answer[64] = "", want[64];
	struct sum sum;
	int status;
	FILE *f;

	snprintf(command, sizeof(command),
		 "{ echo CONNECT %d; %s pattern %u; } | "
		 "socat -t %d - UNIX-CONNECT:%s",
		 SUM, program, mib, WAIT_S, path);
	f = popen(command, "r");
	if (!f)
		return fail("popen: %s", strerror(errno));
	if (fgets(line, sizeof(line), f) && !fgets(answer, sizeof(answer), f))
		answer[0] = '\0';
	status = pclose(f);
	sum_pattern(&sum, mib);
	sprintf(want, "%" PRIu64 " %" PRIx64 "\n", sum.count, sum.value);
	if (strncmp(line, "OK ", 3) || strcmp(answer, want) || status)
		return fail("status %d, '%s', '%s'", status, line, answer);
	return true;
}

/* The guest's call, answered by socat. */
static bool try_socat_listen(void)
{
	char command[256], line[64] = "", name[108];
	time_t end = time(NULL) + WAIT_S;
	int fd, status;
	FILE *f;

	snprintf(name, sizeof(name), "%.90s_%d", path, CALLED);
	snprintf(command, sizeof(command),
		 "echo the host answers | socat -t %d - UNIX-LISTEN:%s", WAIT_S,
		 name);
	f = popen(command, "r");
	if (!f)
		return fail("popen: %s", strerror(errno));
	while (access(name, F_OK)) {
		if (time(NULL) > end)
			return fail("socat does not listen");
		usleep(100000);
	}
	fd = to_guest(CALL);
	if (!read_line(fd, line, sizeof(line)) ||
	    strcmp(line, "the host answers"))
		return fail("a wrong answer: '%s'", line);
	close(fd);
	if (!fgets(line, sizeof(line), f) || strcmp(line, "the guest calls\n"))
		return fail("a wrong call: '%s'", line);
	status = pclose(f);
	unlink(name);
	return status ? fail("socat: status %d", status) : true;
}

static bool try_pause(void)
{
	return upload(mib / 4, pause_launcher);
}

static bool try_call(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int listens = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, in;
	struct pollfd p = { .fd = listens, .events = POLLIN };
	char line[64];

	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s_%d", path, CALLED);
	if (bind(listens, (void *)&a, sizeof(a)) || listen(listens, 1))
		return fail("%s: %s", a.sun_path, strerror(errno));
	fd = to_guest(CALL);
	if (poll(&p, 1, WAIT_S * 1000) != 1)
		return fail("no call");
	in = accept(listens, NULL, NULL);
	if (!read_line(in, line, sizeof(line)) ||
	    strcmp(line, "the guest calls") || read_some(in, line, 1))
		return fail("a wrong call");
	dprintf(in, "the host answers\n");
	close(in);
	if (!read_line(fd, line, sizeof(line)) ||
	    strcmp(line, "the host answers"))
		return fail("a wrong answer");
	close(fd);
	close(listens);
	unlink(a.sun_path);
	return true;
}

/* Bytes of the launcher that the host has in memory. */
static uint64_t resident(void)
{
	unsigned long pages = 0;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/statm", launcher);
	f = fopen(name, "r");
	if (!f || fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (uint64_t)pages * 4096;
}

static bool try_memory(void)
{
	time_t end = time(NULL) + WAIT_S;
	uint64_t full;
	char line[32];
	int fd = to_guest(MEMORY);

	if (!read_line(fd, line, sizeof(line)) || strcmp(line, "full"))
		return fail("the guest has no memory");
	full = resident();
	if (full < MEMORY_SIZE)
		return fail("only %" PRIu64 " bytes are resident", full);
	dprintf(fd, "free it\n");
	if (!read_line(fd, line, sizeof(line)) || strcmp(line, "free"))
		return fail("the guest did not free it");
	while (resident() + MEMORY_SIZE / 4 > full) {
		if (time(NULL) > end)
			return fail("%" PRIu64 " of %" PRIu64
				    " bytes are still resident",
				    resident(), full);
		usleep(100000);
	}
	close(fd);
	return true;
}

/* The run may end before the guest hears an answer. */
static bool try_ready(void)
{
	char line[64];
	int fd = to_guest(READY);

	if (!read_line(fd, line, sizeof(line)) || strncmp(line, "port ", 5))
		return fail("%s", line);
	while (read_some(fd, line, 1) > 0)
		;
	return true;
}

static const struct {
	const char *name;
	bool (*run)(void);
} tests[] = {
	{ "starts", wait_for_guest },
	{ "refuses", try_refused },
	{ "echoes", try_echo },
	{ "100-streams", try_many },
	{ "uploads", try_upload },
	{ "downloads", try_download },
	{ "socat-uploads", try_socat_upload },
	{ "socat-listens", try_socat_listen },
	{ "goes-on-after-a-pause", try_pause },
	{ "calls-the-host", try_call },
	{ "returns-memory", try_memory },
	{ "is-ready", try_ready },
};

static int host(char **argv)
{
	bool has_socat;

	path = argv[0];
	launcher = atoi(argv[1]);
	mib = (unsigned)atoi(argv[2]);
	has_socat = !system("command -v socat >/dev/null");
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		struct timespec a, b;

		test = tests[i].name;
		if (!has_socat && !strncmp(test, "socat", 5))
			continue;
		clock_gettime(CLOCK_MONOTONIC, &a);
		if (tests[i].run()) {
			clock_gettime(CLOCK_MONOTONIC, &b);
			printf("ok %s (%.1f s)\n", test,
			       (double)(b.tv_sec - a.tv_sec) +
				       (double)(b.tv_nsec - a.tv_nsec) / 1e9);
		} else if (!i) {
			break;
		}
	}
	return failures != 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "guest"))
		return guest();
	if (argc == 3 && !strcmp(argv[1], "pattern"))
		return pattern((unsigned)atoi(argv[2]));
	program = argv[0];
	if (argc == 5 && !strcmp(argv[1], "host"))
		return host(argv + 2);
	errx(2, "usage: streams guest | host SOCKET PID MIB | pattern MIB");
}
