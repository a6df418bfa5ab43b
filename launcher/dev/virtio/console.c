/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_SIZE 64

/* What is sent before other devices have their turn. */
#define TURN_BYTES (UINT64_C(64) << 10)

/* --- the line, from the event loop */

static size_t line_end_room(void *ctx)
{
	struct virtio_console *c = ctx;
	size_t room;

	pthread_mutex_lock(&c->lock);
	room = VIRTIO_CONSOLE_TYPED - c->count;
	c->starved = !room;
	pthread_mutex_unlock(&c->lock);
	return room;
}

static size_t line_end_receive(void *ctx, const uint8_t *data, size_t n)
{
	struct virtio_console *c = ctx;
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < n && c->count < VIRTIO_CONSOLE_TYPED; i++)
		c->typed[(c->head + c->count++) % VIRTIO_CONSOLE_TYPED] =
			data[i];
	pthread_mutex_unlock(&c->lock);
	loop_post(&c->core.is.worker->loop, &c->input);
	return i;
}

static void line_end_more(void *ctx)
{
	struct virtio_console *c = ctx;

	loop_post(&c->core.is.worker->loop, &c->again);
}

/* With the lock, so that an older size does not come last. */
static void announce_size(struct virtio_console *c)
{
	_Static_assert(VIRTIO_CONSOLE_ROWS == VIRTIO_CONSOLE_COLS + 2, "rows");
	if (c->size[0])
		virtio_set_config(&c->core, VIRTIO_CONSOLE_COLS, c->size,
				  sizeof(c->size));
}

static void line_end_resize(void *ctx, uint16_t cols, uint16_t rows)
{
	struct virtio_console *c = ctx;

	pthread_mutex_lock(&c->lock);
	c->size[0] = cols;
	c->size[1] = rows;
	announce_size(c);
	pthread_mutex_unlock(&c->lock);
}

struct line_guest virtio_console_line(struct virtio_console *c)
{
	return (struct line_guest){
		.ctx = c,
		.room = line_end_room,
		.receive = line_end_receive,
		.more = line_end_more,
		.resize = line_end_resize,
	};
}

/* --- requests */

static void on_input(void *ctx)
{
	struct virtio_console *c = ctx;

	virtio_resume(&c->core, VIRTIO_CONSOLE_RX);
}

static void on_again(void *ctx)
{
	struct virtio_console *c = ctx;

	virtio_resume(&c->core, VIRTIO_CONSOLE_TX);
}

/* Move typed bytes to @w. Returns how many, and whether there is room again
 * after there was none. */
static size_t take_typed(struct virtio_console *c, struct virtq_cursor *w,
			 bool *has_room)
{
	size_t done = 0;

	pthread_mutex_lock(&c->lock);
	while (c->count && w->left) {
		size_t len = VIRTIO_CONSOLE_TYPED - c->head;

		len = virtq_write(w, c->typed + c->head,
				  c->count < len ? c->count : len);
		c->head = (c->head + len) % VIRTIO_CONSOLE_TYPED;
		c->count -= len;
		done += len;
	}
	*has_room = c->starved && c->count < VIRTIO_CONSOLE_TYPED / 2;
	if (*has_room)
		c->starved = false;
	pthread_mutex_unlock(&c->lock);
	return done;
}

static enum virtio_result serve_rx(struct virtio_console *c,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor w = virtq_writer(&r->chain);
	bool has_room;
	size_t n;

	if (!virtio_all_writable(r, "5.3.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	if (!w.left)
		return VIRTIO_DONE;
	n = take_typed(c, &w, &has_room);
	if (has_room)
		c->host.room(c->host.ctx);
	if (!n)
		return VIRTIO_NOT_NOW;
	atomic_fetch_add(&c->read_bytes, n);
	r->written = (uint32_t)n;
	return VIRTIO_DONE;
}

static enum virtio_result serve_tx(struct virtio_console *c,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	uint64_t turn = TURN_BYTES;
	struct iovec piece;

	if (!virtio_all_readable(r, "5.3.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	/* The part that was taken before. */
	virtq_split(&in, c->sent);
	while (turn && virtq_iov(&in, turn, &piece, 1)) {
		size_t n = c->host.take(c->host.ctx, piece.iov_base,
					piece.iov_len);

		c->sent += n;
		turn -= n;
		atomic_fetch_add(&c->written_bytes, n);
		/* The host calls more(). */
		if (n < piece.iov_len)
			return VIRTIO_NOT_NOW;
	}
	if (in.left) {
		loop_post(&c->core.is.worker->loop, &c->again);
		return VIRTIO_NOT_NOW;
	}
	c->sent = 0;
	return VIRTIO_DONE;
}

static enum virtio_result console_serve(void *dev, struct virtio_request *r,
					struct err *e)
{
	return r->ticket.queue == VIRTIO_CONSOLE_RX ? serve_rx(dev, r, e)
						    : serve_tx(dev, r, e);
}

/* Linux reads the size only when the device announces a change. */
static int console_start(void *dev, struct err *e)
{
	struct virtio_console *c = dev;

	(void)e;
	pthread_mutex_lock(&c->lock);
	announce_size(c);
	pthread_mutex_unlock(&c->lock);
	return 0;
}

static void console_stop(void *dev)
{
	struct virtio_console *c = dev;

	loop_cancel(&c->core.is.worker->loop, &c->again);
	c->sent = 0;
}

/* 5.3.4: emerg_wr "specifies [...] the character to be transmitted", at any
 * time, even without a driver. */
static void console_write_config(void *dev, uint8_t *config, uint32_t off,
				 unsigned size, uint32_t value)
{
	struct virtio_console *c = dev;
	uint8_t byte = (uint8_t)value;

	(void)config, (void)size;
	if (off == VIRTIO_CONSOLE_EMERG_WR)
		(void)c->host.take(c->host.ctx, &byte, 1);
}

static void console_report(void *dev, struct device_counters *counters)
{
	struct virtio_console *c = dev;

	device_count(counters, "read_bytes", atomic_load(&c->read_bytes));
	device_count(counters, "written_bytes", atomic_load(&c->written_bytes));
}

static void console_free(void *dev)
{
	virtio_console_release(dev);
	free(dev);
}

static const struct virtio_device_ops console_ops = {
	.start = console_start,
	.stop = console_stop,
	.serve = console_serve,
	.write_config = console_write_config,
	.report = console_report,
	.release = console_free,
};

/* --- making one */

int virtio_console_init(struct virtio_console *c, const struct line_host *host,
			const struct guest_mem *gm, struct worker *worker,
			struct err *e)
{
	static const uint8_t config[VIRTIO_CONSOLE_CONFIG_SIZE];
	const struct virtio_setup setup = {
		.name = "virtio-console",
		.id = VIRTIO_ID_CONSOLE,
		.features = UINT64_C(1) << VIRTIO_CONSOLE_F_SIZE |
			    UINT64_C(1) << VIRTIO_CONSOLE_F_EMERG_WRITE,
		.queues = 2,
		.queue_size = QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.ops = &console_ops,
		.dev = c,
		.gm = gm,
		.worker = worker,
	};
	int rc;

	memset(c, 0, sizeof(*c));
	c->host = *host;
	c->input = (struct loop_call){ .fn = on_input, .ctx = c };
	c->again = (struct loop_call){ .fn = on_again, .ctx = c };
	rc = virtio_init(&c->core, &setup, e);
	if (!rc)
		pthread_mutex_init(&c->lock, NULL);
	return rc;
}

void virtio_console_release(struct virtio_console *c)
{
	loop_cancel(&c->core.is.worker->loop, &c->input);
	loop_cancel(&c->core.is.worker->loop, &c->again);
	virtio_release(&c->core);
	pthread_mutex_destroy(&c->lock);
}

static int console_create(struct virtio **v, const struct device_slot *slot,
			  struct device_env *env, struct err *e)
{
	struct virtio_console *c = device_alloc(slot, sizeof(*c), e);
	int rc;

	if (!c)
		return -ENOMEM;
	rc = virtio_console_init(c, env->console, env->gm, env->worker, e);
	if (rc) {
		free(c);
		return rc;
	}
	*v = &c->core;
	*env->console_input = virtio_console_line(c);
	return 0;
}

const struct device_type virtio_console_type = {
	.name = "virtio-console",
	.virtio = console_create,
};
