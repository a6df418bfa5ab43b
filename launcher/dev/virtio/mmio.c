/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/mmio.h"

#include <errno.h>
#include <stdlib.h>

#define VENDOR_ID 0x48434e4c /* "LNCH" */

/* --- interrupts, with the core's lock */

/* 4.2.2.1: "present each event by setting the corresponding bit in
 * InterruptStatus from the moment it takes place". */
static void interrupt(struct virtio_mmio *m, uint32_t events)
{
	m->interrupt_status |= events;
	irq_edge_raise(&m->irq);
}

static void on_used(void *transport, unsigned queue)
{
	(void)queue;
	interrupt(transport, VIRTIO_INT_USED);
}

static void on_config_changed(void *transport)
{
	interrupt(transport, VIRTIO_INT_CONFIG);
}

/* 4.2.2.1: "Upon reset, the device MUST clear all bits in InterruptStatus and
 * ready bits in the QueueReady register for all queues": the core's part. */
static void on_reset(void *transport)
{
	struct virtio_mmio *m = transport;

	m->interrupt_status = 0;
	m->device_features_sel = m->driver_features_sel = m->queue_sel = 0;
}

static const struct virtio_transport_ops transport_ops = {
	.used = on_used,
	.config_changed = on_config_changed,
	.reset = on_reset,
};

/* --- queues */

/* NULL if no queue has that number. */
static struct virtio_queue *selected(const struct virtio_mmio *m)
{
	return virtio_queue(m->core, m->queue_sel);
}

/* Size and addresses. */
static void write_queue(struct virtio_mmio *m, uint32_t reg, uint32_t value)
{
	struct virtio_queue *q = selected(m);
	bool high = reg & 4;

	if (!q)
		return;
	/* 4.2.2.2: "When QueueReady is not zero, the driver MUST NOT
	 * access" these. */
	if (q->ring.ready) {
		virtio_fault(m->core, (int)m->queue_sel,
			     "register 0x%x was written while the queue is "
			     "ready (4.2.2.2)",
			     reg);
		return;
	}
	if (reg == VIRTIO_REG_QUEUE_NUM)
		q->ring.num = value;
	else if (reg < VIRTIO_REG_QUEUE_DRIVER)
		virtq_set_half(&q->ring.desc_gpa, high, value);
	else if (reg < VIRTIO_REG_QUEUE_DEVICE)
		virtq_set_half(&q->ring.driver_gpa, high, value);
	else
		virtq_set_half(&q->ring.device_gpa, high, value);
}

static void write_ready(struct virtio_mmio *m, uint32_t value)
{
	struct virtio_queue *q = selected(m);

	if (!q || q->ring.ready == value)
		return;
	if (value > 1) {
		virtio_fault(m->core, (int)m->queue_sel,
			     "QueueReady 0x%x (4.2.2)", value);
	} else if (value) {
		virtio_enable_queue(m->core, q, "QueueReady");
	} else {
		virtio_disable_queue(m->core, q);
		virtio_wait(m->core);
	}
}

/* Called only if KVM did not ring the queue's bell by itself. */
static void write_notify(struct virtio_mmio *m, uint32_t value)
{
	struct virtio_queue *q = virtio_queue(m->core, value);

	/* 4.2.3.3: the value written is the queue's index. */
	if (q)
		virtio_notify(q);
	else
		virtio_fault(m->core, VIRTIO_NO_QUEUE,
			     "QueueNotify %u, there are %u queues (4.2.2)",
			     value, m->core->is.queues);
}

/* --- registers */

static uint32_t read_reg(const struct virtio_mmio *m, uint32_t reg)
{
	const struct virtio *v = m->core;
	const struct virtio_queue *q = selected(m);

	switch (reg) {
	case VIRTIO_REG_MAGIC:
		return VIRTIO_MAGIC;
	case VIRTIO_REG_VERSION:
		return VIRTIO_VERSION;
	case VIRTIO_REG_DEVICE_ID:
		return v->is.id;
	case VIRTIO_REG_VENDOR_ID:
		return VENDOR_ID;
	case VIRTIO_REG_DEVICE_FEATURES:
		return virtio_offered_word(v, m->device_features_sel);
	case VIRTIO_REG_QUEUE_NUM_MAX:
		return q ? v->is.queue_size : 0;
	case VIRTIO_REG_QUEUE_READY:
		return q && q->ring.ready;
	case VIRTIO_REG_INTERRUPT_STATUS:
		return m->interrupt_status;
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

static void write_reg(struct virtio_mmio *m, uint32_t reg, uint32_t value)
{
	switch (reg) {
	case VIRTIO_REG_DEVICE_FEATURES_SEL:
		m->device_features_sel = value;
		break;
	case VIRTIO_REG_DRIVER_FEATURES:
		virtio_accept_word(m->core, m->driver_features_sel, value);
		break;
	case VIRTIO_REG_DRIVER_FEATURES_SEL:
		m->driver_features_sel = value;
		break;
	case VIRTIO_REG_QUEUE_SEL:
		m->queue_sel = value;
		break;
	case VIRTIO_REG_QUEUE_NUM:
	case VIRTIO_REG_QUEUE_DESC:
	case VIRTIO_REG_QUEUE_DESC + 4:
	case VIRTIO_REG_QUEUE_DRIVER:
	case VIRTIO_REG_QUEUE_DRIVER + 4:
	case VIRTIO_REG_QUEUE_DEVICE:
	case VIRTIO_REG_QUEUE_DEVICE + 4:
		write_queue(m, reg, value);
		break;
	case VIRTIO_REG_QUEUE_READY:
		write_ready(m, value);
		break;
	case VIRTIO_REG_QUEUE_NOTIFY:
		write_notify(m, value);
		break;
	case VIRTIO_REG_INTERRUPT_ACK:
		m->interrupt_status &= ~value;
		break;
	case VIRTIO_REG_STATUS:
		virtio_set_status(m->core, value);
		if (!value)
			virtio_wait(m->core);
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
	const struct virtio_mmio *m = dev;
	uint32_t value = 0;

	virtio_lock(m->core);
	if (is_register(off, size))
		value = read_reg(m, (uint32_t)off);
	else if (off >= VIRTIO_REG_CONFIG)
		value = virtio_read_config(
			m->core, (uint32_t)off - VIRTIO_REG_CONFIG, size);
	virtio_unlock(m->core);
	return value;
}

static void mmio_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct virtio_mmio *m = dev;

	virtio_lock(m->core);
	if (is_register(off, size))
		write_reg(m, (uint32_t)off, (uint32_t)value);
	else if (off >= VIRTIO_REG_CONFIG)
		virtio_write_config(m->core, (uint32_t)off - VIRTIO_REG_CONFIG,
				    size, (uint32_t)value);
	virtio_unlock(m->core);
}

enum { READS = 1, WRITES = 2 };

/*
 * 4.2.2: which registers can be read and written; 0: no register. Queue reset
 * is a feature that is not offered.
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
	const struct virtio_mmio *m = dev;
	const struct virtio_setup *is = &m->core->is;

	if (off >= VIRTIO_REG_CONFIG)
		return write ? is->ops->write_config != NULL
			     : is->config_len != 0;
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

void virtio_mmio_init(struct virtio_mmio *m, struct virtio *core,
		      struct irq_edge irq)
{
	*m = (struct virtio_mmio){ .core = core, .irq = irq };
	virtio_attach(core, &transport_ops, m);
}

void virtio_mmio_release(struct virtio_mmio *m)
{
	if (!m->core)
		return;
	irq_edge_release(&m->irq);
	m->core = NULL;
}

/* --- as a device of the machine */

static void release_core(struct virtio *v)
{
	v->is.ops->release(v->is.dev);
}

/* Let KVM handle a doorbell without an exit, if it can. */
static int wire_bells(struct virtio *v, const struct device_slot *slot,
		      const struct device_env *env, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < v->is.queues; i++) {
		const struct doorbell bell = {
			.gpa = slot->ranges[0].start + VIRTIO_REG_QUEUE_NOTIFY,
			.size = 4,
			.value = i,
			.fd = v->queues[i].bell_fd,
		};

		rc = env->host->connect(env->host->ctx, &bell, e);
	}
	return rc;
}

static int create_device(void **dev, const struct device_slot *slot,
			 struct device_env *env, struct err *e)
{
	struct virtio_mmio *m = device_alloc(slot, sizeof(*m), e);
	struct virtio *v;
	int rc;

	if (!m)
		return -ENOMEM;
	rc = slot->type->virtio(&v, slot, env, e);
	if (!rc) {
		rc = wire_bells(v, slot, env, e);
		if (rc)
			release_core(v);
	}
	if (rc) {
		free(m);
		return rc;
	}
	virtio_mmio_init(m, v, env->edge);
	env->edge.fd = -1;
	*dev = m;
	return 0;
}

static void stop_device(void *dev)
{
	struct virtio_mmio *m = dev;

	virtio_stop(m->core);
}

static void release_device(void *dev)
{
	struct virtio_mmio *m = dev;

	release_core(m->core);
	virtio_mmio_release(m);
	free(m);
}

static void report_device(void *dev, struct device_counters *c)
{
	struct virtio_mmio *m = dev;

	virtio_report(m->core, c);
}

/* No EISA id: kernels match virtio over MMIO by this name. */
const struct device_type virtio_mmio_type = {
	.name = "virtio-mmio",
	.mmio_len = VIRTIO_MMIO_SIZE,
	.irq = DEVICE_IRQ_EDGE,
	.acpi_hid = "LNRO0005",
	.acpi_name = "VRT#",
	.ops = &virtio_mmio_ops,
	.create = create_device,
	.stop = stop_device,
	.release = release_device,
	.report = report_device,
};
