/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/net/tap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TUN_DEVICE "/dev/net/tun"

struct net_tap {
	struct net_backend b;
	char name[IFNAMSIZ];
	uint8_t in[VIRTIO_NET_HEADER_SIZE + NET_FRAME_MAX];
};

static int tap_start(struct net_backend *b, unsigned offloads, struct err *e)
{
	const struct net_tap *t = (const struct net_tap *)b;
	unsigned flags = (offloads & NET_OFFLOAD_CSUM ? TUN_F_CSUM : 0) |
			 (offloads & NET_OFFLOAD_TSO4 ? TUN_F_TSO4 : 0) |
			 (offloads & NET_OFFLOAD_TSO6 ? TUN_F_TSO6 : 0);

	if (ioctl(b->fd, TUNSETOFFLOAD, flags))
		return err_sys(e, "%s: offloads 0x%x", t->name, flags);
	return 0;
}

static int tap_receive(struct net_backend *b, struct net_frame *f,
		       struct err *e)
{
	struct net_tap *t = (struct net_tap *)b;
	ssize_t n;

	do {
		n = read(b->fd, t->in, sizeof(t->in));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return err_sys(e, "%s: receiving", t->name);
	if (n < VIRTIO_NET_HEADER_SIZE + NET_ETHERNET_SIZE) {
		b->drops[NET_RUNTS]++;
		return 0;
	}
	memcpy(&f->header, t->in, sizeof(f->header));
	f->data = t->in + VIRTIO_NET_HEADER_SIZE;
	f->len = (size_t)n - VIRTIO_NET_HEADER_SIZE;
	return 1;
}

/* The interface is down, the header makes no sense to the kernel, or there is
 * no memory: such a frame is lost, and the next may not be. */
static bool is_passing(int code)
{
	return code == EIO || code == EINVAL || code == ENOMEM ||
	       code == ENOBUFS || code == EMSGSIZE || code == EFAULT;
}

static enum net_sent tap_send(struct net_backend *b,
			      const struct virtio_net_header *h,
			      const struct iovec *iov, unsigned n, size_t len,
			      struct err *e)
{
	const struct net_tap *t = (const struct net_tap *)b;
	struct iovec all[1 + NET_PIECES_MAX] = { { (void *)h, sizeof(*h) } };
	ssize_t done;

	(void)len;
	assert(n <= NET_PIECES_MAX);
	memcpy(all + 1, iov, n * sizeof(*iov));
	do {
		done = writev(b->fd, all, (int)(1 + n));
	} while (done < 0 && errno == EINTR);
	if (done >= 0)
		return NET_SENT;
	if (errno == EAGAIN)
		return NET_BUSY;
	if (is_passing(errno))
		return NET_REFUSED;
	err_sys(e, "%s: sending", t->name);
	return NET_GONE;
}

/* A write takes a whole frame or none of it. */
static enum net_sent tap_flush(struct net_backend *b, struct err *e)
{
	(void)b;
	(void)e;
	return NET_SENT;
}

static void tap_close(struct net_backend *b)
{
	close(b->fd);
	free(b);
}

static const struct net_backend_ops tap_ops = {
	.start = tap_start,
	.receive = tap_receive,
	.send = tap_send,
	.flush = tap_flush,
	.close = tap_close,
};

/* --- making one */

bool net_tap_is(int fd)
{
	struct ifreq r;

	return !ioctl(fd, TUNGETIFF, &r);
}

static int check(int fd, char name[IFNAMSIZ], struct err *e)
{
	int header = VIRTIO_NET_HEADER_SIZE;
	struct ifreq r = { .ifr_flags = 0 };

	if (ioctl(fd, TUNGETIFF, &r))
		return err_sys(e, "descriptor %d is not a TAP device", fd);
	memcpy(name, r.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	if (!(r.ifr_flags & IFF_TAP))
		return err_set(e, EINVAL,
			       "%s is a TUN device, which has no Ethernet "
			       "frames",
			       name);
	if (!(r.ifr_flags & IFF_VNET_HDR) || !(r.ifr_flags & IFF_NO_PI))
		return err_set(e, EINVAL,
			       "%s must be opened with IFF_VNET_HDR and "
			       "IFF_NO_PI",
			       name);
	if (ioctl(fd, TUNSETVNETHDRSZ, &header))
		return err_sys(e, "%s: headers of %d bytes", name, header);
	return fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) ? err_sys(e, "%s", name)
						       : 0;
}

int net_tap_new(struct net_backend **b, int fd, struct err *e)
{
	struct net_tap *t = calloc(1, sizeof(*t));
	int rc = t ? 0 : err_set(e, ENOMEM, "no memory for a network card");

	if (!rc)
		rc = check(fd, t->name, e);
	if (rc) {
		close(fd);
		free(t);
		return rc;
	}
	t->b.ops = &tap_ops;
	t->b.fd = fd;
	t->b.has_header = true;
	*b = &t->b;
	return 0;
}

/* Ask the network namespace of this process about an interface. /sys may show
 * that of another. */
static int ask_interface(unsigned long what, struct ifreq *r)
{
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = s < 0 || ioctl(s, what, r) ? -errno : 0;

	if (s >= 0)
		close(s);
	return rc;
}

/* TUNSETIFF would create an interface that does not exist. */
static int check_exists(const char *name, struct err *e)
{
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq r = { .ifr_flags = 0 };
	size_t len = strlen(name);

	if (!len || len >= IFNAMSIZ || strchr(name, '/') || *name == '.')
		return err_set(e, EINVAL,
			       "'%s' is not the name of an interface (1 to %d "
			       "bytes)",
			       name, IFNAMSIZ - 1);
	strcpy(r.ifr_name, name);
	if (ask_interface(SIOCGIFINDEX, &r))
		return err_set(e, ENODEV,
			       "there is no interface %s; its owner makes it: "
			       "ip tuntap add %s mode tap user NAME",
			       name, name);
	r.ifr_data = (void *)&driver;
	if (ask_interface(SIOCETHTOOL, &r) ||
	    strcmp(driver.driver, "tun") != 0 ||
	    strcmp(driver.bus_info, "tap") != 0)
		return err_set(e, EINVAL, "%s is not a TAP interface", name);
	return 0;
}

static int attach(int fd, const char *name, struct err *e)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	strcpy(r.ifr_name, name);
	if (!ioctl(fd, TUNSETIFF, &r))
		return 0;
	/* An interface with many queues wants to be asked for one of them. */
	r.ifr_flags |= IFF_MULTI_QUEUE;
	if (errno == EINVAL && !ioctl(fd, TUNSETIFF, &r))
		return 0;
	if (errno == EPERM)
		return err_set(e, EPERM,
			       "%s belongs to another user (ip tuntap add "
			       "%s mode tap user NAME)",
			       name, name);
	if (errno == EINVAL)
		return err_set(e, EINVAL, "%s is not a TAP interface", name);
	return err_sys(e, "%s", name);
}

int net_tap_open(struct net_backend **b, const char *name, struct err *e)
{
	int fd, rc = check_exists(name, e);

	if (rc)
		return rc;
	fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, TUN_DEVICE);
	rc = attach(fd, name, e);
	if (!rc)
		return net_tap_new(b, fd, e);
	close(fd);
	return rc;
}
