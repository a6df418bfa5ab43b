/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio_mmio.h"

#include <string.h>

#define VENDOR_ID 0x48434e4c /* "LNCH" */

/* 6.2: "A device MUST offer VIRTIO_F_VERSION_1." */
#define TRANSPORT_FEATURES (UINT64_C(1) << VIRTIO_F_VERSION_1 | VIRTQ_FEATURES)

/* The status bits a driver sets; the others are ours or nobody's. */
#define DRIVER_STATUS                                          \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |    \
	 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
	 VIRTIO_STATUS_FAILED)

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
		virtio_mmio_fault(v, VIRTIO_NO_QUEUE,
				  "status 0x%x was written over 0x%x (2.1.1)",
				  value, before);
		return;
	}
	added = value & ~before;
	if ((added & VIRTIO_STATUS_FEATURES_OK) && !features_fit(v))
		added &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	/* 3.1.1: a driver that finds FEATURES_OK clear gives up. */
	if ((added & VIRTIO_STATUS_DRIVER_OK) &&
	    !((before | added) & VIRTIO_STATUS_FEATURES_OK)) {
		virtio_mmio_fault(v, VIRTIO_NO_QUEUE,
				  "DRIVER_OK without FEATURES_OK (3.1.1)");
		return;
	}
	v->status |= added;
	/* Some drivers notify first, when we must not consume (2.1.2). */
	if (added & VIRTIO_STATUS_DRIVER_OK)
		virtio_mmio_kick(v);
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
		virtio_mmio_fault(v, VIRTIO_NO_QUEUE,
				  "features after FEATURES_OK (3.1.1)");
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
		virtio_mmio_fault(
			v, (int)v->queue_sel,
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
		virtio_mmio_fault(v, (int)v->queue_sel,
				  "QueueReady 0x%x (4.2.2)", value);
		return;
	}
	/* 3.1.1: queues are set up once the features are agreed upon, which
	 * decide what is in them. */
	if (!(v->status & VIRTIO_STATUS_FEATURES_OK)) {
		virtio_mmio_fault(v, (int)v->queue_sel,
				  "QueueReady without FEATURES_OK (3.1.1)");
		return;
	}
	if (virtq_enable(q, v->gm, v->ops->queue_max, v->driver_features, &e))
		virtio_mmio_fault(v, (int)v->queue_sel, "%s", e.msg);
}

/* Arrives here only where KVM did not ring kick_fd by itself. */
static void write_notify(struct virtio_mmio *v, uint32_t value)
{
	/* 4.2.3.3: the value written is the queue's index. */
	if (value >= v->ops->queues)
		virtio_mmio_fault(v, VIRTIO_NO_QUEUE,
				  "QueueNotify %u, there are %u queues (4.2.2)",
				  value, v->ops->queues);
	else
		virtio_mmio_kick(v);
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

enum { READS = 1, WRITES = 2 };

/*
 * 4.2.2: which register can be read, which written; 0: there is none. Queue
 * reset is a feature that is not offered, so nobody asks for it.
 */
static const uint8_t registers[VIRTIO_REG_CONFIG / 4] = {
	[VIRTIO_REG_MAGIC / 4] = READS,
	[VIRTIO_REG_VERSION / 4] = READS,
	[VIRTIO_REG_DEVICE_ID / 4] = READS,
	[VIRTIO_REG_VENDOR_ID / 4] = READS,
	[VIRTIO_REG_DEVICE_FEATURES / 4] = READS,
	[VIRTIO_REG_DEVICE_FEATURES_SEL / 4] = WRITES,
	[VIRTIO_REG_DRIVER_FEATURES / 4] = WRITES,
	[VIRTIO_REG_DRIVER_FEATURES_SEL / 4] = WRITES,
	[VIRTIO_REG_QUEUE_SEL / 4] = WRITES,
	[VIRTIO_REG_QUEUE_NUM_MAX / 4] = READS,
	[VIRTIO_REG_QUEUE_NUM / 4] = WRITES,
	[VIRTIO_REG_QUEUE_READY / 4] = READS | WRITES,
	[VIRTIO_REG_QUEUE_NOTIFY / 4] = WRITES,
	[VIRTIO_REG_INTERRUPT_STATUS / 4] = READS,
	[VIRTIO_REG_INTERRUPT_ACK / 4] = WRITES,
	[VIRTIO_REG_STATUS / 4] = READS | WRITES,
	[VIRTIO_REG_QUEUE_DESC / 4] = WRITES,
	[VIRTIO_REG_QUEUE_DESC / 4 + 1] = WRITES,
	[VIRTIO_REG_QUEUE_DRIVER / 4] = WRITES,
	[VIRTIO_REG_QUEUE_DRIVER / 4 + 1] = WRITES,
	[VIRTIO_REG_QUEUE_DEVICE / 4] = WRITES,
	[VIRTIO_REG_QUEUE_DEVICE / 4 + 1] = WRITES,
	[VIRTIO_REG_SHM_SEL / 4] = WRITES,
	[VIRTIO_REG_SHM_LEN / 4] = READS,
	[VIRTIO_REG_SHM_LEN / 4 + 1] = READS,
	[VIRTIO_REG_SHM_BASE / 4] = READS,
	[VIRTIO_REG_SHM_BASE / 4 + 1] = READS,
	[VIRTIO_REG_CONFIG_GENERATION / 4] = READS,
};

static bool mmio_knows(const void *dev, uint64_t off, unsigned size, bool write)
{
	const struct virtio_mmio *v = dev;

	if (off >= VIRTIO_REG_CONFIG)
		return write ? v->ops->write_config != NULL
			     : v->ops->read_config != NULL;
	return is_register(off, size) &&
	       registers[off / 4] & (write ? WRITES : READS);
}

const struct device_ops virtio_mmio_ops = {
	.name = "virtio",
	.width = 4,
	.read = mmio_read,
	.write = mmio_write,
	.knows = mmio_knows,
	.locks_itself = true,
};
