/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio_mmio.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

#define VENDOR_ID 0x48434e4c /* "LNCH" */

/* 6.2: "A device MUST offer VIRTIO_F_VERSION_1." */
#define TRANSPORT_FEATURES (UINT64_C(1) << VIRTIO_F_VERSION_1 | VIRTQ_FEATURES)

/* The status bits a driver sets; the others are ours or nobody's. */
#define DRIVER_STATUS                                          \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |    \
	 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
	 VIRTIO_STATUS_FAILED)

#define NO_QUEUE (-1)

int virtio_mmio_init(struct virtio_mmio *v, const struct virtio_device_ops *ops,
		     void *dev, const struct guest_mem *gm, struct irq_edge irq,
		     struct err *e)
{
	assert(ops->queues <= VIRTIO_QUEUES_MAX);
	assert(ops->queue_max <= VIRTQ_SIZE_MAX);
	memset(v, 0, sizeof(*v));
	v->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->kick_fd < 0) {
		irq_edge_release(&irq);
		return err_sys(e, "%s: eventfd", ops->name);
	}
	v->ops = ops;
	v->dev = dev;
	v->gm = gm;
	v->irq = irq;
	pthread_mutex_init(&v->lock, NULL);
	return 0;
}

void virtio_mmio_release(struct virtio_mmio *v)
{
	if (!v->ops)
		return;
	irq_edge_release(&v->irq);
	close(v->kick_fd);
	v->ops = NULL;
}

static void kick(struct virtio_mmio *v)
{
	(void)eventfd_write(v->kick_fd, 1);
}

/* 4.2.2.1: "present each event by setting the corresponding bit in
 * InterruptStatus from the moment it takes place". */
static void interrupt(struct virtio_mmio *v, uint32_t events)
{
	v->interrupt_status |= events;
	irq_edge_raise(&v->irq);
}

/*
 * The one place where a driver's fault ends a device's work. Only the first
 * is logged: a guest can reset the device and do it again as often as it
 * likes.
 */
static void fault(struct virtio_mmio *v, int queue, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fault(struct virtio_mmio *v, int queue, const char *fmt, ...)
{
	char what[sizeof(v->fault.msg)], where[32] = "";
	va_list args;

	if (v->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	/* 2.1.2: "SHOULD set DEVICE_NEEDS_RESET when it enters an error
	 * state"; "If DRIVER_OK is set, [...] the device MUST send a device
	 * configuration change notification". */
	v->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(v, VIRTIO_INT_CONFIG);
	if (v->faults++)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (queue != NO_QUEUE)
		snprintf(where, sizeof(where), " queue %d", queue);
	err_set(&v->fault, EPROTO, "%s%s: %s", v->ops->name, where, what);
	log_step("%s; the device needs a reset", v->fault.msg);
}

/* --- status and features */

static uint64_t offered(const struct virtio_mmio *v)
{
	return v->ops->features | TRANSPORT_FEATURES;
}

static void reset(struct virtio_mmio *v)
{
	/* 2.4.1: "MUST reinitialize device status to 0 after receiving a
	 * reset"; 4.2.2.1: "MUST clear all bits in InterruptStatus and ready
	 * bits in the QueueReady register for all queues". */
	v->status = 0;
	v->interrupt_status = 0;
	v->device_features_sel = v->driver_features_sel = v->queue_sel = 0;
	v->driver_features = 0;
	v->strange_features = false;
	memset(v->queues, 0, sizeof(v->queues));
}

/*
 * 2.2.2: "The device SHOULD accept any valid subset of features the driver
 * accepts, otherwise it MUST fail to set the FEATURES_OK device status bit".
 * Without VIRTIO_F_VERSION_1 the driver means a legacy device (6.2).
 */
static bool features_fit(const struct virtio_mmio *v)
{
	return !(v->driver_features & ~offered(v)) && !v->strange_features &&
	       v->driver_features >> VIRTIO_F_VERSION_1 & 1;
}

static void write_status(struct virtio_mmio *v, uint32_t value)
{
	uint32_t before = v->status & DRIVER_STATUS;
	uint32_t added;

	if (!value) {
		reset(v);
		return;
	}
	value &= DRIVER_STATUS;
	/* 2.1.1: "The driver MUST NOT clear a device status bit." */
	if (before & ~value) {
		fault(v, NO_QUEUE, "status 0x%x was written over 0x%x (2.1.1)",
		      value, before);
		return;
	}
	added = value & ~before;
	if ((added & VIRTIO_STATUS_FEATURES_OK) && !features_fit(v))
		added &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	/* 3.1.1: a driver that finds FEATURES_OK clear gives up. */
	if ((added & VIRTIO_STATUS_DRIVER_OK) &&
	    !((before | added) & VIRTIO_STATUS_FEATURES_OK)) {
		fault(v, NO_QUEUE, "DRIVER_OK without FEATURES_OK (3.1.1)");
		return;
	}
	v->status |= added;
	/* Some drivers notify first, when we must not consume (2.1.2). */
	if (added & VIRTIO_STATUS_DRIVER_OK)
		kick(v);
}

static uint32_t read_features(const struct virtio_mmio *v)
{
	if (v->device_features_sel > 1)
		return 0;
	return (uint32_t)(offered(v) >> 32 * v->device_features_sel);
}

static void write_features(struct virtio_mmio *v, uint32_t value)
{
	unsigned shift = 32 * (v->driver_features_sel & 1);

	/* 3.1.1: "The driver MUST NOT accept new feature bits after this
	 * step." */
	if (v->status & VIRTIO_STATUS_FEATURES_OK) {
		fault(v, NO_QUEUE, "features after FEATURES_OK (3.1.1)");
		return;
	}
	if (v->driver_features_sel > 1) {
		v->strange_features |= value != 0;
		return;
	}
	v->driver_features &= ~((uint64_t)UINT32_MAX << shift);
	v->driver_features |= (uint64_t)value << shift;
}

/* --- queues */

/* The selected queue, NULL if there is none of that number. */
static struct virtq *selected(struct virtio_mmio *v)
{
	return v->queue_sel < v->ops->queues ? &v->queues[v->queue_sel] : NULL;
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
	if (high)
		*address = (*address & UINT32_MAX) | (uint64_t)value << 32;
	else
		*address = (*address & ~(uint64_t)UINT32_MAX) | value;
}

/* Size and addresses. */
static void write_queue(struct virtio_mmio *v, uint32_t reg, uint32_t value)
{
	struct virtq *q = selected(v);
	bool high = reg & 4;

	if (!q)
		return;
	/* 4.2.2.2: "When QueueReady is not zero, the driver MUST NOT
	 * access" these. */
	if (q->ready) {
		fault(v, (int)v->queue_sel,
		      "register 0x%x was written while the queue is ready "
		      "(4.2.2.2)",
		      reg);
		return;
	}
	if (reg == VIRTIO_REG_QUEUE_NUM)
		q->num = value;
	else if (reg < VIRTIO_REG_QUEUE_DRIVER)
		set_half(&q->desc_gpa, high, value);
	else if (reg < VIRTIO_REG_QUEUE_DEVICE)
		set_half(&q->driver_gpa, high, value);
	else
		set_half(&q->device_gpa, high, value);
}

static void write_ready(struct virtio_mmio *v, uint32_t value)
{
	struct virtq *q = selected(v);
	struct err e;

	if (!q || q->ready == value)
		return;
	if (!value) {
		virtq_disable(q);
		return;
	}
	if (value != 1) {
		fault(v, (int)v->queue_sel, "QueueReady 0x%x (4.2.2)", value);
		return;
	}
	/* 3.1.1: queues are set up once the features are agreed upon, which
	 * decide what is in them. */
	if (!(v->status & VIRTIO_STATUS_FEATURES_OK)) {
		fault(v, (int)v->queue_sel,
		      "QueueReady without FEATURES_OK (3.1.1)");
		return;
	}
	if (virtq_enable(q, v->gm, v->ops->queue_max, v->driver_features, &e))
		fault(v, (int)v->queue_sel, "%s", e.msg);
}

/* Arrives here only where KVM did not ring kick_fd by itself. */
static void write_notify(struct virtio_mmio *v, uint32_t value)
{
	/* 4.2.3.3: the value written is the queue's index. */
	if (value >= v->ops->queues)
		fault(v, NO_QUEUE,
		      "QueueNotify %u, there are %u queues (4.2.2)", value,
		      v->ops->queues);
	else
		kick(v);
}

/* --- registers */

static uint32_t read_reg(struct virtio_mmio *v, uint32_t reg)
{
	const struct virtq *q = selected(v);

	switch (reg) {
	case VIRTIO_REG_MAGIC:
		return VIRTIO_MAGIC;
	case VIRTIO_REG_VERSION:
		return VIRTIO_VERSION;
	case VIRTIO_REG_DEVICE_ID:
		return v->ops->id;
	case VIRTIO_REG_VENDOR_ID:
		return VENDOR_ID;
	case VIRTIO_REG_DEVICE_FEATURES:
		return read_features(v);
	case VIRTIO_REG_QUEUE_NUM_MAX:
		return q ? v->ops->queue_max : 0;
	case VIRTIO_REG_QUEUE_READY:
		return q && q->ready;
	case VIRTIO_REG_INTERRUPT_STATUS:
		return v->interrupt_status;
	case VIRTIO_REG_STATUS:
		return v->status;
	case VIRTIO_REG_SHM_LEN:
	case VIRTIO_REG_SHM_LEN + 4:
	case VIRTIO_REG_SHM_BASE:
	case VIRTIO_REG_SHM_BASE + 4:
		/* "Reading from a non-existent region [...] results in a
		 * length of -1", and no region exists. */
		return UINT32_MAX;
	case VIRTIO_REG_CONFIG_GENERATION:
		return v->config_generation;
	default:
		return 0;
	}
}

static void write_reg(struct virtio_mmio *v, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case VIRTIO_REG_DEVICE_FEATURES_SEL:
		v->device_features_sel = value;
		break;
	case VIRTIO_REG_DRIVER_FEATURES:
		write_features(v, value);
		break;
	case VIRTIO_REG_DRIVER_FEATURES_SEL:
		v->driver_features_sel = value;
		break;
	case VIRTIO_REG_QUEUE_SEL:
		v->queue_sel = value;
		break;
	case VIRTIO_REG_QUEUE_NUM:
	case VIRTIO_REG_QUEUE_DESC:
	case VIRTIO_REG_QUEUE_DESC + 4:
	case VIRTIO_REG_QUEUE_DRIVER:
	case VIRTIO_REG_QUEUE_DRIVER + 4:
	case VIRTIO_REG_QUEUE_DEVICE:
	case VIRTIO_REG_QUEUE_DEVICE + 4:
		write_queue(v, reg, value);
		break;
	case VIRTIO_REG_QUEUE_READY:
		write_ready(v, value);
		break;
	case VIRTIO_REG_QUEUE_NOTIFY:
		write_notify(v, value);
		break;
	case VIRTIO_REG_INTERRUPT_ACK:
		v->interrupt_status &= ~value;
		break;
	case VIRTIO_REG_STATUS:
		write_status(v, value);
		break;
	default: /* read-only, or nothing */
		break;
	}
}

/* 4.2.2.2: "only use 32 bit wide and aligned reads and writes". */
static bool is_register(uint64_t off, unsigned size)
{
	return off < VIRTIO_REG_CONFIG && size == 4 && off % 4 == 0;
}

static uint64_t mmio_read(void *dev, uint64_t off, unsigned size)
{
	struct virtio_mmio *v = dev;
	uint64_t value = 0;

	pthread_mutex_lock(&v->lock);
	if (is_register(off, size))
		value = read_reg(v, (uint32_t)off);
	else if (off >= VIRTIO_REG_CONFIG && v->ops->read_config)
		value = v->ops->read_config(
			v->dev, (uint32_t)off - VIRTIO_REG_CONFIG, size);
	pthread_mutex_unlock(&v->lock);
	return value;
}

static void mmio_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct virtio_mmio *v = dev;

	pthread_mutex_lock(&v->lock);
	if (is_register(off, size))
		write_reg(v, (uint32_t)off, (uint32_t)value);
	else if (off >= VIRTIO_REG_CONFIG && v->ops->write_config)
		v->ops->write_config(v->dev, (uint32_t)off - VIRTIO_REG_CONFIG,
				     size, value);
	pthread_mutex_unlock(&v->lock);
}

const struct device_ops virtio_mmio_ops = {
	.name = "virtio",
	.width = 4,
	.read = mmio_read,
	.write = mmio_write,
	.locks_itself = true,
};

/* --- the device's side */

/* 2.1.2: "MUST NOT consume buffers [...] before DRIVER_OK"; 4.2.2.1: "MUST
 * NOT access virtual queue contents when QueueReady is zero". */
static bool may_use(const struct virtio_mmio *v, const struct virtq *q)
{
	const uint32_t stopped = VIRTIO_STATUS_FAILED |
				 VIRTIO_STATUS_NEEDS_RESET;

	return (v->status & VIRTIO_STATUS_DRIVER_OK) &&
	       !(v->status & stopped) && q->ready;
}

static enum virtio_left serve_chain(struct virtio_mmio *v, unsigned i)
{
	struct virtq *q = &v->queues[i];
	uint32_t written = 0;
	struct err e;
	int rc;

	if (!may_use(v, q))
		return VIRTIO_LEFT_NOTHING;
	rc = virtq_pop(q, v->gm, &v->chain, &e);
	if (!rc)
		return virtq_arm(q) ? VIRTIO_LEFT_MORE : VIRTIO_LEFT_NOTHING;
	if (rc > 0)
		rc = v->ops->serve(v->dev, i, &v->chain, &written, &e);
	if (rc == -EAGAIN) {
		virtq_unpop(q);
		return VIRTIO_LEFT_LATER;
	}
	if (rc < 0) {
		fault(v, (int)i, "%s", e.msg);
		return VIRTIO_LEFT_NOTHING;
	}
	if (virtq_push(q, v->chain.head, written))
		interrupt(v, VIRTIO_INT_USED);
	return VIRTIO_LEFT_MORE;
}

/* The lock is released between chains: a register access waits for one. */
static enum virtio_left serve_queue(struct virtio_mmio *v, unsigned i)
{
	enum virtio_left left = VIRTIO_LEFT_MORE;

	for (unsigned n = 0; left == VIRTIO_LEFT_MORE && n < v->ops->queue_max;
	     n++) {
		pthread_mutex_lock(&v->lock);
		left = serve_chain(v, i);
		pthread_mutex_unlock(&v->lock);
	}
	return left;
}

enum virtio_left virtio_mmio_serve(struct virtio_mmio *v)
{
	enum virtio_left most = VIRTIO_LEFT_NOTHING;

	for (unsigned i = 0; i < v->ops->queues; i++) {
		enum virtio_left left = serve_queue(v, i);

		if (left > most)
			most = left;
	}
	return most;
}

void virtio_mmio_config_changed(struct virtio_mmio *v)
{
	pthread_mutex_lock(&v->lock);
	/* 4.2.2.1: "MUST change value returned in ConfigGeneration if there
	 * is any risk of a driver seeing an inconsistent configuration". */
	v->config_generation++;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(v, VIRTIO_INT_CONFIG);
	pthread_mutex_unlock(&v->lock);
}
