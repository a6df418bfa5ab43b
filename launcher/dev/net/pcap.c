/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/net/pcap.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/output.h"
#include "dev/net/backend.h"

#define MAGIC_NS UINT32_C(0xa1b23c4d)
#define ETHERNET 1

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, link;
};

struct frame_header {
	uint32_t seconds, ns, captured, len;
};

int net_pcap_open(const char *path, struct err *e)
{
	const struct file_header h = {
		.magic = MAGIC_NS,
		.major = 2,
		.minor = 4,
		.longest = NET_FRAME_MAX,
		.link = ETHERNET,
	};
	struct output o = OUTPUT_EMPTY;
	struct stat st;
	int rc = output_open(&o, path, 0666, e);

	/* A pipe that is not read must not stop the guest. */
	if (!rc && (fstat(o.fd, &st) || !S_ISREG(st.st_mode)))
		rc = err_set(e, EINVAL, "%s: is not a regular file", path);
	if (!rc)
		rc = output_publish(&o, e);
	if (!rc && write(o.fd, &h, sizeof(h)) != sizeof(h))
		rc = err_sys(e, "%s", path);
	if (rc) {
		output_discard(&o);
		return rc;
	}
	/* It has its name and needs nothing else of the output. */
	return o.fd;
}

int net_pcap_write(int fd, const struct iovec *iov, unsigned n, size_t len,
		   struct err *e)
{
	struct iovec all[1 + NET_PIECES_MAX];
	struct frame_header h = { .captured = (uint32_t)len,
				  .len = (uint32_t)len };
	struct timespec now;
	ssize_t done;

	assert(n <= NET_PIECES_MAX);
	clock_gettime(CLOCK_REALTIME, &now);
	h.seconds = (uint32_t)now.tv_sec;
	h.ns = (uint32_t)now.tv_nsec;
	all[0] = (struct iovec){ &h, sizeof(h) };
	memcpy(all + 1, iov, n * sizeof(*iov));
	do {
		done = writev(fd, all, (int)(1 + n));
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return err_sys(e, "the capture has ended");
	if ((size_t)done != sizeof(h) + len)
		return err_set(e, ENOSPC, "the capture has ended: %s",
			       strerror(ENOSPC));
	return 0;
}
