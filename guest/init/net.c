/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network cards, without any program of the root: the loopback and each card
 * are switched on, and a card whose network the launcher knows gets its
 * address, the default route and the name server. Other networks give
 * addresses in their own ways.
 */
#include "init/init.h"

#include <linux/if.h>
#include <linux/in.h>
#include <linux/mount.h>
#include <linux/route.h>
#include <linux/sockios.h>

#include "init/sys.h"
#include "lib/say.h"
#include "lib/string.h"

#define RESOLV	 "/etc/resolv.conf"
#define PATH_MAX 4096

/* On a busy machine, drivers take their time. */
#define WAIT_MS 10000

static int request(int fd, unsigned long number, const char *card,
		   struct ifreq *r)
{
	size_t len = strlen(card);

	if (len >= IFNAMSIZ)
		return -ENODEV;
	memcpy(r->ifr_name, card, len + 1);
	return sys_ioctl(fd, number, r);
}

static int switch_on(int fd, const char *card)
{
	struct ifreq r = { .ifr_flags = 0 };
	int rc = request(fd, SIOCGIFFLAGS, card, &r);

	r.ifr_flags |= IFF_UP;
	return rc ? rc : request(fd, SIOCSIFFLAGS, card, &r);
}

static struct sockaddr inet(uint32_t address)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr =
					  __builtin_bswap32(address) };
	struct sockaddr any;

	memcpy(&any, &in, sizeof(any));
	return any;
}

static int set_address(int fd, const struct words_net *n)
{
	struct ifreq r = { .ifr_addr = inet(n->address) };
	int rc = request(fd, SIOCSIFADDR, n->card, &r);

	/* The kernel has changed its copy only. */
	r.ifr_netmask = inet(~(uint32_t)0 << (32 - n->prefix));
	return rc ? rc : request(fd, SIOCSIFNETMASK, n->card, &r);
}

static int set_gateway(int fd, const struct words_net *n)
{
	struct rtentry r = {
		.rt_dst = inet(0),
		.rt_genmask = inet(0),
		.rt_gateway = inet(n->gateway),
		.rt_flags = RTF_UP | RTF_GATEWAY,
	};

	return sys_ioctl(fd, SIOCADDRT, &r);
}

static void bring_up(int fd, const struct words_net *n)
{
	long deadline = sys_now_ms() + WAIT_MS;
	int rc;

	while ((rc = switch_on(fd, n->card)) == -ENODEV &&
	       sys_now_ms() < deadline)
		sys_sleep_ms(1);
	if (!rc && n->address)
		rc = set_address(fd, n);
	if (!rc && n->gateway)
		rc = set_gateway(fd, n);
	if (rc)
		fail(rc == -ENODEV ? -ETIMEDOUT : rc, "the network card %s",
		     n->card);
}

/* ---- the name server */

/* It is above 9, as the name of its descriptor needs: a number there may not
 * begin with 0. */
static int resolver = -1;
#define RESOLVER_MIN 10

/* A file of the init's archive, to be mounted over the root's. */
void net_prepare(const struct words *w)
{
	static const char line[] = "nameserver ";
	const char *dns = NULL;
	int fd;

	for (unsigned i = 0; i < w->nets_count && !dns; i++)
		dns = w->nets[i].dns;
	if (!dns)
		return;
	fd = sys_open("/resolv.conf", O_RDWR | O_CREAT | O_CLOEXEC);
	resolver = (int)sys_3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, RESOLVER_MIN);
	sys_close(fd);
	(void)sys_2(__NR_fchmod, resolver, 0644);
	(void)sys_write(resolver, line, sizeof(line) - 1);
	(void)sys_write(resolver, dns, strlen(dns));
	(void)sys_write(resolver, "\n", 1);
}

/* The file may be a link into /run, where the guest has nothing yet. */
static bool leads_to_run(const char *link)
{
	return !strncmp(link, "/run/", 5) || !strncmp(link, "../run/", 7);
}

/* Make the file, unless that would make it on the host. */
static int make_resolv(const struct words *w)
{
	static char link[PATH_MAX];
	long n = sys_3(__NR_readlink, RESOLV, link, sizeof(link) - 1);
	int fd;

	if (n > 0 && leads_to_run(link) && !mount_is_used(w, "/run")) {
		while (n > 1 && link[n - 1] != '/')
			n--;
		link[n - 1] = '\0';
		(void)sys_1(__NR_chdir, "/etc");
		make_folders(link);
		(void)sys_1(__NR_chdir, "/");
	} else if (!w->overlay || mount_is_used(w, "/etc")) {
		return -ENOENT;
	}
	(void)sys_mkdir("/etc", 0755);
	fd = sys_open(RESOLV, O_WRONLY | O_CREAT | O_CLOEXEC);
	sys_close(fd);
	return fd < 0 ? fd : 0;
}

/* Without its own, the guest uses what the root has. */
static void mount_resolv(const struct words *w)
{
	char file[] = "/proc/self/fd/  ";
	int rc;

	file[sizeof(file) - 3] = (char)('0' + resolver / 10);
	file[sizeof(file) - 2] = (char)('0' + resolver % 10);
	rc = sys_mount(file, RESOLV, NULL, MS_BIND, NULL);
	if (rc == -ENOENT && !make_resolv(w))
		rc = sys_mount(file, RESOLV, NULL, MS_BIND, NULL);
	if (rc)
		say("%s cannot be replaced: %s\n", RESOLV, error_text(rc));
}

void net_up(const struct words *w)
{
	int fd = (int)sys_3(__NR_socket, AF_INET, 2 /* SOCK_DGRAM */, 0);

	/* A kernel without networks. */
	if (fd < 0 && !w->nets_count)
		return;
	if (fd < 0)
		fail(fd, "a socket for the network cards");
	(void)switch_on(fd, "lo");
	for (unsigned i = 0; i < w->nets_count; i++)
		bring_up(fd, &w->nets[i]);
	sys_close(fd);
	if (resolver >= 0)
		mount_resolv(w);
	sys_close(resolver);
}
