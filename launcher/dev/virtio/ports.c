/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/ports.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/patience.h"

#define QUEUE_SIZE 64

/* What a port moves before others have their turn. */
#define TURN_BYTES  (UINT64_C(256) << 10)
#define TURN_PIECES 64

/* Messages to the driver, in the order in which they are sent. The name comes
 * last: a program finds the port by its name, and must then already see it as
 * open. */
enum port_message {
	MESSAGE_ADD = 1,
	MESSAGE_OPEN = 2,
	MESSAGE_NAME = 4,
};

static void count(struct virtio_ports *p, enum ports_count what, uint64_t n)
{
	atomic_fetch_add(&p->counts[what], n);
}

/* --- messages to the driver */

/* What PORT_OPEN tells the driver. A stream that has or had an input is
 * connected until that input ends; any other one until its output ends. */
static bool is_connected(const struct virtio_port *port)
{
	const struct stream *s = &port->c->stream;

	return s->in.fd >= 0 || (s->out.fd >= 0 && !port->was_read);
}

static void announce(struct virtio_port *port, unsigned messages)
{
	port->pending |= messages;
	virtio_resume(&port->p->core, VIRTIO_CONSOLE_CONTROL_RX);
}

/* Write the first pending message of @port to @w. Returns its length, 0 if
 * there is no room for it. */
static uint32_t put_message(const struct virtio_port *port,
			    enum port_message what, struct virtq_cursor *w)
{
	struct virtio_console_control m = { .id = port->id, .value = 1 };
	size_t len = 0;

	if (what == MESSAGE_ADD) {
		m.event = VIRTIO_CONSOLE_DEVICE_ADD;
	} else if (what == MESSAGE_NAME) {
		m.event = VIRTIO_CONSOLE_PORT_NAME;
		len = strlen(port->c->name);
	} else {
		m.event = VIRTIO_CONSOLE_PORT_OPEN;
		m.value = is_connected(port);
	}
	if (w->left < sizeof(m) + len)
		return 0;
	virtq_write(w, &m, sizeof(m));
	/* 5.3.6.2: the name has no NUL. Linux needs one behind it; "the device
	 * MAY write more than len bytes" (2.7.8.2). */
	if (len)
		virtq_write(w, port->c->name, len + 1);
	return (uint32_t)(sizeof(m) + len);
}

static struct virtio_port *pending_port(struct virtio_ports *p)
{
	for (unsigned i = 0; i < p->count; i++)
		if (p->ports[i].pending)
			return &p->ports[i];
	return NULL;
}

static enum virtio_result serve_control_rx(struct virtio_ports *p,
					   struct virtio_request *r,
					   struct err *e)
{
	struct virtio_port *port = pending_port(p);
	struct virtq_cursor w = virtq_writer(&r->chain);
	unsigned what;

	if (!virtio_all_writable(r, "5.3.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	if (!port)
		return VIRTIO_NOT_NOW;
	what = port->pending & -port->pending;
	r->written = put_message(port, what, &w);
	if (!r->written) {
		err_set(e, EPROTO,
			"chain %u: a buffer of %llu bytes for a longer control "
			"message (5.3.6.2)",
			r->chain.head,
			(unsigned long long)r->chain.writable_bytes);
		return VIRTIO_DRIVER_FAULT;
	}
	port->pending &= ~what;
	return VIRTIO_DONE;
}

/* --- the guest's bytes, to the stream */

static unsigned tx_queue(const struct virtio_port *port)
{
	return VIRTIO_CONSOLE_PORT_TX(port->id);
}

static unsigned rx_queue(const struct virtio_port *port)
{
	return VIRTIO_CONSOLE_PORT_RX(port->id);
}

/* No more is written to the stream. */
static void end_output(struct virtio_port *port)
{
	if (port->c->stream.out.fd < 0)
		return;
	loop_remove(&port->out);
	stream_end_output(&port->c->stream);
	port->is_closing = false;
	if (port->c->ended)
		port->c->ended(port->c->ctx);
}

/* The other end takes no more. What the guest sends is dropped, so that no
 * program hangs. */
static void lose_output(struct virtio_port *port)
{
	bool was_connected = is_connected(port);

	end_output(port);
	if (port->is_ready && was_connected && !is_connected(port))
		announce(port, MESSAGE_OPEN);
}

static int write_failed(const struct virtio_port *port, int error,
			struct err *e)
{
	return err_set(e, error, "port '%s': write: %s", port->c->name,
		       strerror(error));
}

/* Write from @in until nothing is left, the stream takes no more, or the turn
 * is over. Returns 0 or a negative errno. */
static int write_some(struct virtio_port *port, struct virtq_cursor *in)
{
	const struct stream *s = &port->c->stream;
	uint64_t turn = TURN_BYTES;
	struct iovec iov[TURN_PIECES];

	while (in->left && turn) {
		struct virtq_cursor next = *in;
		ssize_t n;

		n = stream_write(s, iov,
				 virtq_iov(&next, turn, iov, TURN_PIECES));
		if (n < 0)
			return (int)n;
		if (!n)
			return -EAGAIN;
		virtq_split(in, (uint64_t)n);
		port->sent += (uint64_t)n;
		turn -= (uint64_t)n;
		count(port->p, PORTS_WRITTEN_BYTES, (uint64_t)n);
	}
	return 0;
}

/* Whether there is a chain in the transmit queue. */
static bool has_unsent(struct virtio_port *port)
{
	struct virtio *v = &port->p->core;

	if (!virtio_take(v, tx_queue(port), &v->request))
		return false;
	virtio_put_back(v, &v->request.ticket);
	return true;
}

/* --- the end of the run */

static void on_drain_check(void *ctx)
{
	struct virtio_ports *p = ctx;
	const struct virtio_port *unsent = NULL;

	for (unsigned i = 0; i < p->count && !unsent; i++)
		if (has_unsent(&p->ports[i]))
			unsent = &p->ports[i];
	if (unsent)
		virtio_resume(&p->core, tx_queue(unsent));
	pthread_mutex_lock(&p->lock);
	p->is_checked = true;
	p->unsent_port = unsent;
	pthread_cond_signal(&p->checked);
	pthread_mutex_unlock(&p->lock);
}

static uint64_t bytes_out(struct virtio_ports *p)
{
	return atomic_load(&p->counts[PORTS_WRITTEN_BYTES]) +
	       atomic_load(&p->counts[PORTS_DROPPED_BYTES]);
}

/* Wait for on_drain_check() to find nothing, but not much longer than
 * patience_ns without progress. Returns a port with an unsent chain, or
 * NULL. */
static const struct virtio_port *await_ports(struct virtio_ports *p)
{
	uint64_t last = clock_ns(), before = bytes_out(p);

	while (!p->is_checked || p->unsent_port) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_clockwait(&p->checked, &p->lock, CLOCK_MONOTONIC,
				       &until);
		if (bytes_out(p) != before)
			last = clock_ns();
		before = bytes_out(p);
		if (clock_ns() - last > p->patience_ns)
			return p->unsent_port;
	}
	return NULL;
}

/* A program may write and power off: a driver does not wait until its bytes
 * have left the queue. */
static void ports_drain(void *dev)
{
	struct virtio_ports *p = dev;
	const struct virtio_port *unsent;
	struct err e;

	atomic_store(&p->is_draining, true);
	loop_post(&p->core.is.worker->loop, &p->drain_check);
	pthread_mutex_lock(&p->lock);
	unsent = await_ports(p);
	pthread_mutex_unlock(&p->lock);
	if (!unsent)
		return;
	err_set(&e, ETIMEDOUT,
		"port '%s': the last bytes from the guest are missing: nothing "
		"reads them",
		unsent->c->name);
	virtio_host_error(&p->core, (int)tx_queue(unsent), &e);
}

static enum virtio_result serve_tx(struct virtio_port *port,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	struct loop *loop = &port->p->core.is.worker->loop;
	bool failed;
	int rc = 0;

	if (!virtio_all_readable(r, "5.3.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	/* The part that was written before. */
	virtq_split(&in, port->sent);
	if (port->c->stream.out.fd >= 0)
		rc = write_some(port, &in);
	if (rc == -EAGAIN) {
		loop_change(&port->out, LOOP_OUT);
		return VIRTIO_NOT_NOW;
	}
	if (!rc && in.left && port->c->stream.out.fd >= 0) {
		loop_post(loop, &port->again);
		return VIRTIO_NOT_NOW;
	}
	failed = rc && rc != -EPIPE && rc != -ECONNRESET;
	if (failed)
		write_failed(port, -rc, e);
	if (rc)
		lose_output(port);
	count(port->p, PORTS_DROPPED_BYTES, in.left);
	port->sent = 0;
	if (port->is_closing)
		loop_post(loop, &port->again);
	if (atomic_load(&port->p->is_draining))
		loop_post(loop, &port->p->drain_check);
	return failed ? VIRTIO_HOST_ERROR : VIRTIO_DONE;
}

static void on_again(void *ctx)
{
	struct virtio_port *port = ctx;

	if (port->is_closing && !has_unsent(port))
		end_output(port);
	virtio_resume(&port->p->core, tx_queue(port));
}

/* While nothing waits to be written, only the end of the reader is watched. */
static void on_out(void *ctx, unsigned events)
{
	struct virtio_port *port = ctx;

	if (events & LOOP_OUT) {
		loop_change(&port->out, LOOP_GONE);
	} else {
		lose_output(port);
	}
	virtio_resume(&port->p->core, tx_queue(port));
}

/* --- the stream's bytes, to the guest */

static void end_input(struct virtio_port *port, ssize_t rc)
{
	struct err e;

	if (rc < 0 && rc != -ECONNRESET && rc != -EIO) {
		err_set(&e, (int)-rc, "port '%s': read: %s", port->c->name,
			strerror((int)-rc));
		virtio_host_error(&port->p->core, (int)rx_queue(port), &e);
	}
	loop_remove(&port->in);
	stream_end_input(&port->c->stream);
	port->was_read = true;
	announce(port, MESSAGE_OPEN);
}

static enum virtio_result serve_rx(struct virtio_port *port,
				   struct virtio_request *r, struct err *e)
{
	struct virtq_cursor w = virtq_writer(&r->chain);
	struct iovec iov[TURN_PIECES];
	unsigned pieces;
	ssize_t n;

	if (!virtio_all_writable(r, "5.3.6.1", e))
		return VIRTIO_DRIVER_FAULT;
	if (!port->is_open || port->c->stream.in.fd < 0)
		return VIRTIO_NOT_NOW;
	pieces = virtq_iov(&w, TURN_BYTES, iov, TURN_PIECES);
	if (!pieces)
		return VIRTIO_DONE;
	n = stream_read(&port->c->stream, iov, pieces);
	if (n > 0) {
		r->written = (uint32_t)n;
		count(port->p, PORTS_READ_BYTES, (uint64_t)n);
		return VIRTIO_DONE;
	}
	if (n == -EAGAIN)
		loop_change(&port->in, LOOP_IN);
	else
		end_input(port, n);
	return VIRTIO_NOT_NOW;
}

/* The queue asks again when it finds nothing. */
static void on_in(void *ctx, unsigned events)
{
	struct virtio_port *port = ctx;

	(void)events;
	loop_change(&port->in, 0);
	virtio_resume(&port->p->core, rx_queue(port));
}

/* --- messages from the driver */

static struct virtio_port *find_port(struct virtio_ports *p, uint32_t id)
{
	return id && id <= p->count ? &p->ports[id - 1] : NULL;
}

static void on_device_ready(struct virtio_ports *p)
{
	for (unsigned i = 0; i < p->count; i++)
		announce(&p->ports[i], MESSAGE_ADD);
}

static void on_port_open(struct virtio_port *port, bool is_open)
{
	bool closes = port->is_open && !is_open;

	port->is_open = is_open;
	if (is_open)
		virtio_resume(&port->p->core, rx_queue(port));
	else if (port->in.loop)
		loop_change(&port->in, 0);
	/* What the program sent before may still be in the queue. */
	if (closes && port->c->eof && port->c->stream.out.fd >= 0) {
		port->is_closing = true;
		loop_post(&port->p->core.is.worker->loop, &port->again);
	}
}

/* Returns whether the message means something. */
static bool take_message(struct virtio_ports *p,
			 const struct virtio_console_control *m)
{
	struct virtio_port *port = find_port(p, m->id);

	if (m->event == VIRTIO_CONSOLE_DEVICE_READY && m->value == 1) {
		on_device_ready(p);
		return true;
	}
	if (!port || m->value > 1)
		return false;
	if (m->event == VIRTIO_CONSOLE_PORT_READY && m->value) {
		port->is_ready = true;
		announce(port, MESSAGE_NAME | MESSAGE_OPEN);
		return true;
	}
	if (m->event == VIRTIO_CONSOLE_PORT_OPEN && port->is_ready) {
		on_port_open(port, m->value);
		return true;
	}
	return false;
}

static enum virtio_result serve_control_tx(struct virtio_ports *p,
					   struct virtio_request *r,
					   struct err *e)
{
	struct virtq_cursor in = virtq_reader(&r->chain);
	struct virtio_console_control m;

	if (virtq_read(&in, &m, sizeof(m)) != sizeof(m)) {
		err_set(e, EPROTO,
			"chain %u: fewer than %d bytes of a control message "
			"(5.3.6.2)",
			r->chain.head, VIRTIO_CONSOLE_CONTROL_SIZE);
		return VIRTIO_DRIVER_FAULT;
	}
	if (!take_message(p, &m))
		count(p, PORTS_IGNORED, 1);
	return VIRTIO_DONE;
}

/* --- the device */

static enum virtio_result ports_serve(void *dev, struct virtio_request *r,
				      struct err *e)
{
	struct virtio_ports *p = dev;
	unsigned queue = r->ticket.queue;

	if (queue == VIRTIO_CONSOLE_CONTROL_RX)
		return serve_control_rx(p, r, e);
	if (queue == VIRTIO_CONSOLE_CONTROL_TX)
		return serve_control_tx(p, r, e);
	/* Port 0 is not there. */
	if (queue == VIRTIO_CONSOLE_RX)
		return VIRTIO_NOT_NOW;
	if (queue == VIRTIO_CONSOLE_TX)
		return VIRTIO_DONE;
	queue -= VIRTIO_CONSOLE_PORT_RX(1);
	return queue % 2 ? serve_tx(&p->ports[queue / 2], r, e)
			 : serve_rx(&p->ports[queue / 2], r, e);
}

/* A driver's life has ended: the next one begins anew. */
static void ports_stop(void *dev)
{
	struct virtio_ports *p = dev;

	for (unsigned i = 0; i < p->count; i++) {
		struct virtio_port *port = &p->ports[i];

		loop_cancel(&p->core.is.worker->loop, &port->again);
		if (port->in.loop)
			loop_change(&port->in, 0);
		if (port->out.loop)
			loop_change(&port->out, LOOP_GONE);
		if (port->is_closing || (port->c->eof && port->is_open))
			end_output(port);
		port->pending = 0;
		port->is_ready = port->is_open = port->is_closing = false;
		port->sent = 0;
	}
}

static void ports_report(void *dev, struct device_counters *c)
{
	static const char *const names[PORTS_COUNTS] = {
		[PORTS_READ_BYTES] = "read_bytes",
		[PORTS_WRITTEN_BYTES] = "written_bytes",
		[PORTS_DROPPED_BYTES] = "dropped_bytes",
		[PORTS_IGNORED] = "ignored_messages",
	};
	struct virtio_ports *p = dev;

	for (unsigned i = 0; i < PORTS_COUNTS; i++)
		device_count(c, names[i], atomic_load(&p->counts[i]));
}

static void ports_free(void *dev)
{
	virtio_ports_release(dev);
	free(dev);
}

static const struct virtio_device_ops ports_ops = {
	.drain = ports_drain,
	.stop = ports_stop,
	.serve = ports_serve,
	.report = ports_report,
	.release = ports_free,
};

/* --- making one */

static int add_port(struct virtio_ports *p, struct port_config *c,
		    struct err *e)
{
	struct loop *loop = &p->core.is.worker->loop;
	struct virtio_port *port = &p->ports[p->count++];
	int rc = 0;

	*port = (struct virtio_port){ .p = p, .c = c, .id = p->count };
	port->in = (struct loop_watch){ .fn = on_in, .ctx = port };
	port->out = (struct loop_watch){ .fn = on_out, .ctx = port };
	port->again = (struct loop_call){ .fn = on_again, .ctx = port };
	if (c->stream.in.fd >= 0)
		rc = loop_add(loop, &port->in, c->stream.in.fd, 0, e);
	if (!rc && c->stream.out.fd >= 0)
		rc = loop_add(loop, &port->out, c->stream.out.fd, LOOP_GONE, e);
	return rc ? err_prefix(e, rc, "port '%s'", c->name) : 0;
}

int virtio_ports_init(struct virtio_ports *p, struct port_config *first,
		      const struct guest_mem *gm, struct worker *worker,
		      struct err *e)
{
	uint8_t config[VIRTIO_CONSOLE_CONFIG_SIZE] = { 0 };
	struct virtio_setup setup = {
		.name = "virtio-ports",
		.id = VIRTIO_ID_CONSOLE,
		.features = UINT64_C(1) << VIRTIO_CONSOLE_F_MULTIPORT,
		.queue_size = QUEUE_SIZE,
		.config = config,
		.config_len = sizeof(config),
		.ops = &ports_ops,
		.dev = p,
		.gm = gm,
		.worker = worker,
	};
	unsigned n = 0;
	int rc;

	for (struct port_config *c = first; c; c = c->next)
		n++;
	setup.queues = VIRTIO_CONSOLE_PORT_TX(n) + 1;
	config[VIRTIO_CONSOLE_MAX_PORTS] = (uint8_t)(n + 1);
	memset(p, 0, sizeof(*p));
	p->patience_ns = END_PATIENCE_MS * UINT64_C(1000000);
	p->drain_check = (struct loop_call){ .fn = on_drain_check, .ctx = p };
	rc = virtio_init(&p->core, &setup, e);
	if (rc)
		return rc;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->checked, NULL);
	for (struct port_config *c = first; !rc && c; c = c->next)
		rc = add_port(p, c, e);
	if (rc)
		virtio_ports_release(p);
	return rc;
}

void virtio_ports_release(struct virtio_ports *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		loop_remove(&p->ports[i].in);
		loop_remove(&p->ports[i].out);
		loop_cancel(&p->core.is.worker->loop, &p->ports[i].again);
	}
	loop_cancel(&p->core.is.worker->loop, &p->drain_check);
	pthread_cond_destroy(&p->checked);
	pthread_mutex_destroy(&p->lock);
	virtio_release(&p->core);
}

/* --- its option */

static int ports_check(const void *config, struct err *e)
{
	const struct port_config *c = config;
	size_t len = strlen(c->name);

	if (len > PORT_NAME_MAX)
		return err_set(e, EINVAL,
			       "the name has %zu bytes (expected at most %d)",
			       len, PORT_NAME_MAX);
	/* udev makes it the name of a file. */
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)c->name[i]) &&
		    (!i || !strchr("._-", c->name[i])))
			return err_set(e, EINVAL,
				       "bad name '%s' (expected letters, "
				       "digits, '.', '_' and '-', the first "
				       "one a letter or a digit)",
				       c->name);
	if (c->append && c->where &&
	    (!strncmp(c->where, "fd=", 3) || !strncmp(c->where, "unix:", 5)))
		return err_set(e, EINVAL, "append is only valid with FILE");
	return 0;
}

static bool is_same_fd(const struct port_config *a, const struct port_config *b)
{
	return a->where && b->where && !strncmp(a->where, "fd=", 3) &&
	       !strcmp(a->where, b->where);
}

static int ports_join(void *first, void *more, struct err *e)
{
	struct port_config *c = first, *new = more;
	unsigned n = 2;

	for (;; c = c->next, n++) {
		if (!strcmp(c->name, new->name))
			return err_set(e, EEXIST, "duplicate name '%s'",
				       new->name);
		if (is_same_fd(c, new))
			return err_set(e, EEXIST,
				       "%s is already that of port '%s'",
				       new->where, c->name);
		if (!c->next)
			break;
	}
	if (n > PORTS_MAX)
		return err_set(e, E2BIG, "at most %d ports are possible",
			       PORTS_MAX);
	c->next = new;
	return 0;
}

static int ports_open(void *config, struct err *e)
{
	int rc = 0;

	for (struct port_config *c = config; !rc && c; c = c->next) {
		if (!c->where)
			continue;
		rc = stream_open(&c->stream, c->where, c->append, e);
		c->is_opened = !rc;
		if (rc)
			err_prefix(e, rc, "%s", c->name);
	}
	return rc;
}

static void ports_close(void *config)
{
	struct port_config *first = config, *c, *next;

	for (c = first; c; c = next) {
		next = c->next;
		/* A config of zeros was never opened. */
		if (c->is_opened)
			stream_close(&c->stream);
		if (c != first)
			free(c);
	}
}

/* Where the path in a place begins. */
static const char *path_of(const char *where)
{
	if (!strncmp(where, "fd=", 3))
		return NULL;
	return strncmp(where, "unix:", 5) ? where : where + 5;
}

static const struct keyword port_keys[] = {
	{ "append", NULL, VALUE_FLAG_AT(struct port_config, append), 0, false,
	  "add to FILE instead of emptying it" },
	{ "eof", NULL, VALUE_FLAG_AT(struct port_config, eof), 0, false,
	  "end the stream when the guest closes the port" },
};

static const struct device_option ports_option = {
	.keywords = { .first = "NAME",
		      .first_value = VALUE_TEXT_AT(struct port_config, name),
		      .second = "FILE|fd=N|unix:PATH",
		      .second_value = VALUE_WITH_PATH_AT(struct port_config,
							 where, path_of),
		      .keys = port_keys,
		      .count = sizeof(port_keys) / sizeof(*port_keys) },
	.config_size = sizeof(struct port_config),
	.check = ports_check,
	.join = ports_join,
	.open = ports_open,
	.opened_as_user = true,
	.close = ports_close,
};

int virtio_ports_add(struct device_request *list, size_t *count, size_t max,
		     const char *name, int in, int out,
		     struct port_config **port, struct err *e)
{
	struct device_request new = { .type = &virtio_ports_type };
	struct port_config *c = calloc(1, sizeof(*c));
	struct stream s;
	int rc = stream_adopt(&s, in, out, e);

	if (rc) {
		free(c);
		return err_prefix(e, rc, "port '%s'", name);
	}
	if (!c) {
		stream_close(&s);
		return err_set(e, ENOMEM, "no memory for port '%s'", name);
	}
	*c = (struct port_config){ .name = name,
				   .stream = s,
				   .is_opened = true };
	new.config = c;
	rc = ports_check(c, e) ?: device_request_add(list, count, max, &new, e);
	if (rc)
		device_request_release(&new);
	else
		*port = c;
	return rc;
}

static int ports_create(struct virtio **v, const struct device_slot *slot,
			struct device_env *env, struct err *e)
{
	/* The ports are open, and stay open as long as the machine exists. */
	struct port_config *c = (struct port_config *)(uintptr_t)slot->config;
	struct virtio_ports *p = device_alloc(slot, sizeof(*p), e);
	int rc;

	if (!p)
		return -ENOMEM;
	rc = virtio_ports_init(p, c, env->gm, env->worker, e);
	if (rc)
		free(p);
	else
		*v = &p->core;
	return rc;
}

const struct device_type virtio_ports_type = {
	.name = "virtio-ports",
	.virtio = ports_create,
	.option = &ports_option,
};
