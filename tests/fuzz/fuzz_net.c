/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile peer and a hostile driver of virtio-net.
 *
 * The first byte of the input says which:
 *
 *   even  a stream of frames, which arrives in pieces: the frames must be those
 *         that come out of the whole stream in one piece, whatever the pieces
 *   odd   a transmitted chain: features, a header, then a length and cuts. What
 *         the backend gets must be negotiated and inside the frame
 */
#include "fuzz/fuzz.h"
#include "dev/net/stream.h"
#include "dev/virtio/net.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void claim(bool holds)
{
	if (!holds)
		abort();
}

/* --- the peer */

struct found {
	unsigned frames;
	size_t bytes;
	uint64_t sum, drops[NET_DROPS];
};

static void take_all(struct net_stream_in *in, struct found *found)
{
	struct net_frame f;

	while (net_stream_next(in, &f, found->drops)) {
		claim(f.len >= NET_ETHERNET_SIZE && f.len <= NET_FRAME_MAX);
		found->frames++;
		found->bytes += f.len;
		for (size_t i = 0; i < f.len; i++)
			found->sum = found->sum * 31 + f.data[i];
	}
}

static void receive(struct found *found, const uint8_t *data, size_t size,
		    size_t piece)
{
	static struct net_stream_in in;

	in.from = in.to = in.skip = 0;
	while (size) {
		size_t room, n = size < piece ? size : piece;
		uint8_t *to = net_stream_room(&in, &room);

		claim(room > NET_FRAME_MAX);
		n = n < room ? n : room;
		memcpy(to, data, n);
		in.to += n;
		data += n;
		size -= n;
		take_all(&in, found);
	}
}

static void fuzz_peer(const uint8_t *data, size_t size)
{
	struct found whole = { 0 }, cut = { 0 };

	receive(&whole, data + 1, size - 1, SIZE_MAX);
	receive(&cut, data + 1, size - 1, 1 + data[0] / 2);
	claim(!memcmp(&whole, &cut, sizeof(whole)));
}

/* --- the driver */

static struct virtio_net n;
static bool got_frame;

static enum net_sent send_frame(struct net_backend *b,
				const struct virtio_net_header *h,
				const struct iovec *iov, unsigned pieces,
				size_t len, struct err *e)
{
	size_t sum = 0;

	(void)b;
	(void)e;
	for (unsigned i = 0; i < pieces; i++)
		sum += iov[i].iov_len;
	claim(pieces <= NET_PIECES_MAX && sum == len);
	claim(len >= NET_ETHERNET_SIZE && len <= NET_FRAME_MAX);
	claim(!(h->flags & ~VIRTIO_NET_HDR_NEEDS_CSUM) && !h->num_buffers);
	if (h->flags)
		claim(n.offloads & NET_OFFLOAD_CSUM &&
		      (size_t)h->csum_start + h->csum_offset + 2 <= len);
	if (h->gso_type)
		claim(h->flags && h->gso_size &&
		      n.offloads & (h->gso_type == VIRTIO_NET_GSO_TCPV4
					    ? NET_OFFLOAD_TSO4
					    : NET_OFFLOAD_TSO6));
	got_frame = true;
	return NET_SENT;
}

static void fuzz_driver(const uint8_t *data, size_t size)
{
	static uint8_t frame[VIRTIO_NET_HEADER_SIZE + 2 * NET_FRAME_MAX];
	static struct virtio_request r;
	static const struct net_backend_ops ops = { .send = send_frame };
	static const uint8_t mac[VIRTIO_NET_MAC_SIZE];
	struct net_backend b = { .ops = &ops, .has_header = true };
	struct worker worker = WORKER_EMPTY;
	static struct guest_mem gm;
	enum virtio_result result;
	size_t len, piece, at = 0;
	struct err e;

	if (size < 1 + 1 + VIRTIO_NET_HEADER_SIZE + 4)
		return;
	b.fd = eventfd(0, EFD_CLOEXEC);
	claim(b.fd >= 0 && !worker_init(&worker, &e) &&
	      !virtio_net_init(&n, &b, mac, 0, &gm, &worker, &e));
	n.offloads = data[1] & 7;
	memcpy(frame, data + 2, VIRTIO_NET_HEADER_SIZE);
	data += 2 + VIRTIO_NET_HEADER_SIZE;
	len = (size_t)data[0] | (size_t)data[1] << 8 |
	      (size_t)(data[2] & 1) << 16;
	piece = 1 + data[3] * 257u;
	memset(&r, 0, sizeof(r));
	r.ticket.queue = VIRTIO_NET_TRANSMIT;
	while (at < len) {
		size_t step = len - at < piece || r.chain.count == 255
				      ? len - at
				      : piece;

		r.chain.seg[r.chain.count++] =
			(struct virtq_seg){ frame + at, (uint32_t)step };
		at += step;
	}
	r.chain.readable = r.chain.count - (data[2] == 0x80 && len);
	r.chain.readable_bytes = len;
	got_frame = false;
	result = n.core.is.ops->serve(&n, &r, &e);
	claim(result == VIRTIO_DONE || result == VIRTIO_DRIVER_FAULT);
	claim(result == VIRTIO_DONE || !got_frame);
	claim((result == VIRTIO_DRIVER_FAULT) ==
	      (len < VIRTIO_NET_HEADER_SIZE || data[2] == 0x80));
	virtio_net_release(&n);
	worker_release(&worker);
	close(b.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		fuzz_driver(data, size);
	else
		fuzz_peer(data, size);
	return 0;
}

void fuzz_seeds(void)
{
	static const uint8_t frames[] = { 6,  0,  0,  0,  14, 1,  2,  3,  4,
					  5,  6,  7,  8,  9,  10, 11, 12, 13,
					  14, 0,  0,  0,  2,  1,  1,  0,  0,
					  0,  15, 1,  2,  3,  4,  5,  6,  7,
					  8,  9,  10, 11, 12, 13, 14, 15 };
	static const uint8_t oversized[] = { 2,	   0,	 1,    0, 18, 0xff,
					     0xff, 0xff, 0xff, 1, 2,  3 };
	static const uint8_t plain[] = { 1, 0, 0, 0, 0, 0,  0, 0, 0,
					 0, 0, 0, 0, 0, 72, 0, 0, 9 };
	static const uint8_t segments[] = { 1, 7,  1, 1, 54, 0,	  180, 5, 34,
					    0, 16, 0, 0, 0,  255, 255, 0, 20 };
	static const uint8_t sums[] = { 1, 1, 1, 0, 0, 0,  0, 0,    34,
					0, 6, 0, 0, 0, 80, 0, 0x80, 0 };

	fuzz_seed("frames", frames, sizeof(frames));
	fuzz_seed("oversized", oversized, sizeof(oversized));
	fuzz_seed("plain", plain, sizeof(plain));
	fuzz_seed("segments", segments, sizeof(segments));
	fuzz_seed("sums", sums, sizeof(sums));
}
