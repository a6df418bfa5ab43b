/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/virtio/pci.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev/pci/host.h"

/* --- interrupts, with the core's lock */

/*
 * 4.1.4.5.1: "If MSI-X capability is disabled, the device MUST set the Queue
 * Interrupt bit in ISR status before sending a virtqueue notification".
 */
static void on_used(void *transport, unsigned queue)
{
	struct virtio_pci *p = transport;

	if (!p->msix.is_enabled)
		p->isr |= VIRTIO_INT_USED;
	msix_raise(&p->msix, p->queue_vectors[queue]);
}

/* 4.1.4.5.1: "MUST set the Device Configuration Interrupt bit in ISR status
 * before sending a device configuration change notification". */
static void on_config_changed(void *transport)
{
	struct virtio_pci *p = transport;

	p->isr |= VIRTIO_INT_CONFIG;
	msix_raise(&p->msix, p->config_vector);
}

/* 4.1.4.3: what the fields hold at a reset; 2.4.1: no notification comes after
 * it. The MSI-X table belongs to PCI, and stays. */
static void on_reset(void *transport)
{
	struct virtio_pci *p = transport;
	struct virtio *v = p->core;

	p->isr = 0;
	p->device_feature_select = p->driver_feature_select = 0;
	p->queue_select = 0;
	p->config_vector = VIRTIO_PCI_NO_VECTOR;
	for (unsigned i = 0; i < v->is.queues; i++) {
		p->queue_vectors[i] = VIRTIO_PCI_NO_VECTOR;
		v->queues[i].ring.num = v->is.queue_size;
	}
	msix_clear(&p->msix);
}

static const struct virtio_transport_ops transport_ops = {
	.used = on_used,
	.config_changed = on_config_changed,
	.reset = on_reset,
};

/* The driver wrote the status. */
static void insist_on_master(struct virtio_pci *p)
{
	if (p->core->is_live && !p->msix.is_master)
		virtio_fault(p->core, VIRTIO_NO_QUEUE,
			     "the driver is live, but the function may not be "
			     "a bus master (PCI 3.0, 6.2.2)");
}

/*
 * Software wrote the command register. A kernel that makes room for another
 * one, as Linux does for kexec, stops bus mastering without a reset of the
 * device: this ends the driver's life, but is not its fault.
 */
static void check_master(struct virtio_pci *p)
{
	if (p->core->is_live && !p->msix.is_master)
		virtio_need_reset(p->core);
}

/* --- common configuration */

enum access { READS = 1, WRITES = 2, BOTH = READS | WRITES };

/* 4.1.4.3: where fields are, how wide, and how a driver may access them. */
static const struct field {
	uint8_t off, size, access;
} fields[] = {
	{ VIRTIO_PCI_DEVICE_FEATURE_SELECT, 4, BOTH },
	{ VIRTIO_PCI_DEVICE_FEATURE, 4, READS },
	{ VIRTIO_PCI_DRIVER_FEATURE_SELECT, 4, BOTH },
	{ VIRTIO_PCI_DRIVER_FEATURE, 4, BOTH },
	{ VIRTIO_PCI_CONFIG_VECTOR, 2, BOTH },
	{ VIRTIO_PCI_NUM_QUEUES, 2, READS },
	{ VIRTIO_PCI_STATUS, 1, BOTH },
	{ VIRTIO_PCI_CONFIG_GENERATION, 1, READS },
	{ VIRTIO_PCI_QUEUE_SELECT, 2, BOTH },
	{ VIRTIO_PCI_QUEUE_SIZE, 2, BOTH },
	{ VIRTIO_PCI_QUEUE_VECTOR, 2, BOTH },
	{ VIRTIO_PCI_QUEUE_ENABLE, 2, BOTH },
	{ VIRTIO_PCI_QUEUE_NOTIFY_OFF, 2, READS },
	/* 4.1.3.1: halves of 64-bit fields are accessed by themselves. */
	{ VIRTIO_PCI_QUEUE_DESC, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_DESC + 4, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_DRIVER, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_DRIVER + 4, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_DEVICE, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_DEVICE + 4, 4, BOTH },
	{ VIRTIO_PCI_QUEUE_NOTIFY_DATA, 2, READS },
	{ VIRTIO_PCI_QUEUE_RESET, 2, READS },
};

/* 4.1.3.1: "MUST access each field using the "natural" access method". */
static bool is_field(uint64_t off, unsigned size, enum access access)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i].off == off)
			return fields[i].size == size &&
			       (fields[i].access & access);
	return false;
}

/* NULL if no queue has that number. */
static struct virtio_queue *selected(const struct virtio_pci *p)
{
	return virtio_queue(p->core, p->queue_select);
}

static uint64_t *address_of(struct virtq *ring, uint32_t off)
{
	if (off < VIRTIO_PCI_QUEUE_DRIVER)
		return &ring->desc_gpa;
	return off < VIRTIO_PCI_QUEUE_DEVICE ? &ring->driver_gpa
					     : &ring->device_gpa;
}

/* 4.1.4.3.1: queue_size reads 0 if the queue does not exist. So do the other
 * fields, except the vector, which reads NO_VECTOR. */
static uint32_t read_queue(const struct virtio_pci *p, uint32_t off)
{
	struct virtio_queue *q = selected(p);

	if (!q)
		return off == VIRTIO_PCI_QUEUE_VECTOR ? VIRTIO_PCI_NO_VECTOR
						      : 0;
	switch (off) {
	case VIRTIO_PCI_QUEUE_SIZE:
		return q->ring.num;
	case VIRTIO_PCI_QUEUE_VECTOR:
		return p->queue_vectors[p->queue_select];
	case VIRTIO_PCI_QUEUE_ENABLE:
		return q->ring.ready;
	case VIRTIO_PCI_QUEUE_NOTIFY_OFF:
		return p->queue_select;
	case VIRTIO_PCI_QUEUE_NOTIFY_DATA:
	case VIRTIO_PCI_QUEUE_RESET:
		return 0;
	default:
		return (uint32_t)(*address_of(&q->ring, off) >>
				  (off & 4 ? 32 : 0));
	}
}

static uint32_t read_common(const struct virtio_pci *p, uint32_t off)
{
	const struct virtio *v = p->core;

	switch (off) {
	case VIRTIO_PCI_DEVICE_FEATURE_SELECT:
		return p->device_feature_select;
	case VIRTIO_PCI_DEVICE_FEATURE:
		return virtio_offered_word(v, p->device_feature_select);
	case VIRTIO_PCI_DRIVER_FEATURE_SELECT:
		return p->driver_feature_select;
	case VIRTIO_PCI_DRIVER_FEATURE:
		return virtio_accepted_word(v, p->driver_feature_select);
	case VIRTIO_PCI_CONFIG_VECTOR:
		return p->config_vector;
	case VIRTIO_PCI_NUM_QUEUES:
		return v->is.queues;
	case VIRTIO_PCI_STATUS:
		return v->status;
	case VIRTIO_PCI_CONFIG_GENERATION:
		return v->config_generation;
	case VIRTIO_PCI_QUEUE_SELECT:
		return p->queue_select;
	default:
		return read_queue(p, off);
	}
}

/* Size and addresses. 4.1.4.3.2: "MUST configure the other virtqueue fields
 * before enabling the virtqueue". */
static void write_ring(struct virtio_pci *p, struct virtio_queue *q,
		       uint32_t off, uint32_t value)
{
	if (q->ring.ready)
		virtio_fault(p->core, p->queue_select,
			     "field 0x%x was written while the queue is "
			     "enabled (4.1.4.3.2)",
			     off);
	else if (off == VIRTIO_PCI_QUEUE_SIZE)
		q->ring.num = value;
	else
		virtq_set_half(address_of(&q->ring, off), off & 4, value);
}

/* 4.1.4.3.2: "MUST NOT write a 0 to queue_enable". */
static void write_enable(struct virtio_pci *p, struct virtio_queue *q,
			 uint32_t value)
{
	if (value != 1)
		virtio_fault(p->core, p->queue_select,
			     "queue_enable %u (4.1.4.3.2)", value);
	else if (!q->ring.ready)
		virtio_enable_queue(p->core, q, "queue_enable");
}

/* 4.1.5.1.2.1: a vector that does not exist cannot be mapped; the driver then
 * reads NO_VECTOR. */
static uint16_t map_vector(const struct virtio_pci *p, uint32_t value)
{
	return value < p->msix.count ? (uint16_t)value : VIRTIO_PCI_NO_VECTOR;
}

static void write_queue(struct virtio_pci *p, uint32_t off, uint32_t value)
{
	struct virtio_queue *q = selected(p);

	if (!q)
		return;
	switch (off) {
	case VIRTIO_PCI_QUEUE_VECTOR:
		p->queue_vectors[p->queue_select] = map_vector(p, value);
		break;
	case VIRTIO_PCI_QUEUE_ENABLE:
		write_enable(p, q, value);
		break;
	default:
		write_ring(p, q, off, value);
	}
}

static void write_common(struct virtio_pci *p, uint32_t off, uint32_t value)
{
	switch (off) {
	case VIRTIO_PCI_DEVICE_FEATURE_SELECT:
		p->device_feature_select = value;
		break;
	case VIRTIO_PCI_DRIVER_FEATURE_SELECT:
		p->driver_feature_select = value;
		break;
	case VIRTIO_PCI_DRIVER_FEATURE:
		virtio_accept_word(p->core, p->driver_feature_select, value);
		break;
	case VIRTIO_PCI_CONFIG_VECTOR:
		p->config_vector = map_vector(p, value);
		break;
	case VIRTIO_PCI_STATUS:
		virtio_set_status(p->core, value);
		insist_on_master(p);
		break;
	case VIRTIO_PCI_QUEUE_SELECT:
		p->queue_select = (uint16_t)value;
		break;
	default:
		write_queue(p, off, value);
	}
}

/* --- the memory behind the BAR */

enum area { COMMON, ISR, DEVICE, NOTIFY, TABLE, PBA, NOTHING };

/* How many bytes of its page @area uses. */
static uint32_t area_size(const struct virtio_pci *p, enum area area)
{
	switch (area) {
	case COMMON:
		return VIRTIO_PCI_COMMON_SIZE;
	case ISR:
		return 1;
	case DEVICE:
		return p->core->is.config_len;
	case NOTIFY:
		return p->core->is.queues * VIRTIO_PCI_NOTIFY_DISTANCE;
	case TABLE:
		return msix_table_size(&p->msix);
	case PBA:
		return msix_pba_size(&p->msix);
	case NOTHING:
		break;
	}
	return 0;
}

/* The area of an access; *@off becomes the offset inside it. */
static enum area find_area(const struct virtio_pci *p, uint64_t *off,
			   unsigned size)
{
	enum area area = (enum area)(*off / VIRTIO_PCI_AREA_SIZE);

	if (area >= NOTHING)
		return NOTHING;
	*off %= VIRTIO_PCI_AREA_SIZE;
	return *off + size <= area_size(p, area) ? area : NOTHING;
}

_Static_assert(COMMON == VIRTIO_PCI_COMMON / VIRTIO_PCI_AREA_SIZE, "COMMON");
_Static_assert(ISR == VIRTIO_PCI_ISR / VIRTIO_PCI_AREA_SIZE, "ISR");
_Static_assert(DEVICE == VIRTIO_PCI_DEVICE / VIRTIO_PCI_AREA_SIZE, "DEVICE");
_Static_assert(NOTIFY == VIRTIO_PCI_NOTIFY / VIRTIO_PCI_AREA_SIZE, "NOTIFY");
_Static_assert(TABLE == VIRTIO_PCI_MSIX_TABLE / VIRTIO_PCI_AREA_SIZE, "TABLE");
_Static_assert(PBA == VIRTIO_PCI_MSIX_PBA / VIRTIO_PCI_AREA_SIZE, "PBA");
_Static_assert((VIRTIO_QUEUES_MAX + 1) * MSIX_ENTRY_SIZE <=
		       VIRTIO_PCI_AREA_SIZE,
	       "the MSI-X table");

/* 6.8.2: of the MSI-X structures, doublewords only. */
static bool is_doubleword(uint64_t off, unsigned size)
{
	return size == 4 && off % 4 == 0;
}

/* Whether the access has a meaning; others are not carried out. */
static bool is_known(const struct virtio_pci *p, enum area area, uint64_t off,
		     unsigned size, bool write)
{
	switch (area) {
	case COMMON:
		return is_field(off, size, write ? WRITES : READS);
	case ISR:
		return !write;
	case DEVICE:
		return !write || p->core->is.ops->write_config;
	case NOTIFY:
		return write && off % VIRTIO_PCI_NOTIFY_DISTANCE == 0;
	case TABLE:
		return is_doubleword(off, size);
	case PBA:
		return !write && is_doubleword(off, size);
	case NOTHING:
		break;
	}
	return false;
}

/* 4.1.4.5.1: "MUST reset ISR status to 0 on driver read." */
static uint8_t take_isr(struct virtio_pci *p)
{
	uint8_t isr = p->isr;

	p->isr = 0;
	return isr;
}

static uint32_t read_area(struct virtio_pci *p, enum area area, uint32_t off,
			  unsigned size)
{
	switch (area) {
	case COMMON:
		return read_common(p, off);
	case ISR:
		return take_isr(p);
	case DEVICE:
		return virtio_read_config(p->core, off, size);
	case TABLE:
		return msix_read(&p->msix, off);
	case PBA:
		return msix_read_pba(&p->msix, off);
	default:
		return 0;
	}
}

/* Fails only if the host fails. */
static int write_area(struct virtio_pci *p, enum area area, uint32_t off,
		      unsigned size, uint32_t value, struct err *e)
{
	switch (area) {
	case COMMON:
		write_common(p, off, value);
		return 0;
	case DEVICE:
		virtio_write_config(p->core, off, size, value);
		return 0;
	case NOTIFY:
		/* Only if KVM did not ring it by itself. */
		virtio_notify(
			&p->core->queues[off / VIRTIO_PCI_NOTIFY_DISTANCE]);
		return 0;
	case TABLE:
		return msix_write(&p->msix, off, value, e);
	default:
		return 0;
	}
}

static uint64_t memory_read(void *dev, uint64_t off, unsigned size)
{
	struct virtio_pci *p = dev;
	enum area area = find_area(p, &off, size);
	uint32_t value = 0;

	virtio_lock(p->core);
	if (is_known(p, area, off, size, false))
		value = read_area(p, area, (uint32_t)off, size);
	virtio_unlock(p->core);
	return value;
}

static void memory_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct virtio_pci *p = dev;
	enum area area = find_area(p, &off, size);
	struct err e;
	int rc = 0;

	virtio_lock(p->core);
	if (is_known(p, area, off, size, true))
		rc = write_area(p, area, (uint32_t)off, size, (uint32_t)value,
				&e);
	virtio_unlock(p->core);
	if (rc)
		virtio_host_error(p->core, VIRTIO_NO_QUEUE, &e);
}

static bool memory_knows(const void *dev, uint64_t off, unsigned size,
			 bool write)
{
	const struct virtio_pci *p = dev;
	enum area area = find_area(p, &off, size);

	return is_known(p, area, off, size, write);
}

static const struct device_ops memory_ops = {
	.name = "virtio",
	.width = 4,
	.read = memory_read,
	.write = memory_write,
	.knows = memory_knows,
	.locks_itself = true,
};

/* --- configuration space, with the bridge's lock */

/* 4.1.4.9.1: the access that the PCI_CFG capability describes. Returns false
 * if the driver wrote no valid bar, offset and length. */
static bool decode_pci_cfg(const struct virtio_pci *p, uint32_t *off,
			   uint32_t *len)
{
	const struct pci_function *f = &p->function;

	*off = pci_function_get(f, p->pci_cfg + VIRTIO_PCI_CAP_OFFSET, 4);
	*len = pci_function_get(f, p->pci_cfg + VIRTIO_PCI_CAP_LENGTH, 4);
	return !pci_function_get(f, p->pci_cfg + VIRTIO_PCI_CAP_BAR, 1) &&
	       (*len == 1 || *len == 2 || *len == 4) && *off % *len == 0 &&
	       *off <= VIRTIO_PCI_BAR_SIZE - *len;
}

static bool touches(unsigned off, unsigned size, unsigned field, unsigned len)
{
	return off < field + len && field < off + size;
}

/* 4.1.4.5.1: the "Interrupt Status bit in the PCI Status register" follows
 * the ISR status. */
static void fill_status(struct virtio_pci *p)
{
	uint32_t status = pci_function_get(&p->function, PCI_STATUS, 2) &
			  ~(uint32_t)PCI_STATUS_INTERRUPT;

	virtio_lock(p->core);
	if (p->isr && !p->msix.is_enabled)
		status |= PCI_STATUS_INTERRUPT;
	virtio_unlock(p->core);
	pci_function_put(&p->function, PCI_STATUS, 2, status);
}

static void on_reading(void *dev, unsigned off, unsigned size)
{
	struct virtio_pci *p = dev;
	unsigned data = p->pci_cfg + VIRTIO_PCI_CAP_MORE;
	uint32_t at, len;

	if (touches(off, size, PCI_STATUS, 2))
		fill_status(p);
	if (touches(off, size, data, 4) && decode_pci_cfg(p, &at, &len))
		pci_function_put(&p->function, data, len,
				 (uint32_t)memory_read(p, at, len));
}

static void configure_msix(struct virtio_pci *p)
{
	struct err e;
	int rc;

	virtio_lock(p->core);
	rc = msix_configure(&p->msix, &p->function, &e);
	check_master(p);
	virtio_unlock(p->core);
	if (rc)
		virtio_host_error(p->core, VIRTIO_NO_QUEUE, &e);
}

static void on_written(void *dev, unsigned off, unsigned size)
{
	struct virtio_pci *p = dev;
	unsigned data = p->pci_cfg + VIRTIO_PCI_CAP_MORE;
	uint32_t at, len;

	if (touches(off, size, PCI_COMMAND, 2) ||
	    touches(off, size, p->msix.capability + MSIX_CONTROL, 2))
		configure_msix(p);
	if (touches(off, size, data, 4) && decode_pci_cfg(p, &at, &len))
		memory_write(p, at, len,
			     pci_function_get(&p->function, data, len));
}

/*
 * The BAR has moved: connect its doorbells there. They match any width and
 * value, so that some hosts can ring them without decoding the instruction. A
 * doorbell that cannot be connected still works, by an exit.
 */
static void on_moved(void *dev, uint64_t gpa)
{
	struct virtio_pci *p = dev;
	uint64_t before = p->bells_gpa;
	struct err e;

	p->bells_gpa = gpa;
	for (unsigned i = 0; i < p->core->is.queues; i++) {
		uint64_t off = VIRTIO_PCI_NOTIFY +
			       i * VIRTIO_PCI_NOTIFY_DISTANCE;
		struct doorbell bell = { .gpa = before + off,
					 .fd = p->core->queues[i].bell_fd };

		if (before != PCI_NOWHERE)
			p->host->disconnect(p->host->ctx, &bell);
		bell.gpa = gpa + off;
		if (gpa != PCI_NOWHERE)
			(void)p->host->connect(p->host->ctx, &bell, &e);
	}
}

static const struct pci_function_ops function_ops = {
	.memory = &memory_ops,
	.reading = on_reading,
	.written = on_written,
	.moved = on_moved,
};

/* --- making one */

/* The class of each device type for software that does not know virtio (PCI
 * Code and ID Assignment). */
static const struct {
	uint32_t type, class_code;
} classes[] = {
	{ 1, 0x020000 },  /* network: Ethernet */
	{ 2, 0x018000 },  /* block: another mass storage controller */
	{ 3, 0x078000 },  /* console: another communication controller */
	{ 26, 0x018000 }, /* file system */
};
#define CLASS_OTHER 0x00ff00

static uint32_t class_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (classes[i].type == type)
			return classes[i].class_code;
	return CLASS_OTHER;
}

/* 4.1.2.1: a device that is not transitional. */
static void init_function(struct virtio_pci *p, uint64_t gpa)
{
	uint32_t type = p->core->is.id;
	const struct pci_ids ids = {
		.vendor = VIRTIO_PCI_VENDOR_ID,
		.device = (uint16_t)(VIRTIO_PCI_DEVICE_ID + type),
		.subvendor = VIRTIO_PCI_VENDOR_ID,
		.subsystem = (uint16_t)(VIRTIO_PCI_DEVICE_ID + type),
		.class_code = class_of(type),
		.revision = 1,
	};

	pci_function_init(&p->function, &ids, &function_ops, p);
	pci_function_set_bar(&p->function, gpa, VIRTIO_PCI_BAR_SIZE);
}

/* 4.1.4: a structure of @len bytes at @off of BAR 0. @more: the bytes after
 * it. */
static unsigned add_capability(struct virtio_pci *p, uint8_t type, uint32_t off,
			       uint32_t len, const uint32_t *more)
{
	uint8_t cap[VIRTIO_PCI_CAP_SIZE + 4] = { 0 };
	unsigned size = sizeof(cap) - (more ? 0 : 4);

	cap[VIRTIO_PCI_CAP_LEN] = (uint8_t)size;
	cap[VIRTIO_PCI_CAP_TYPE] = type;
	memcpy(cap + VIRTIO_PCI_CAP_OFFSET, &off, sizeof(off));
	memcpy(cap + VIRTIO_PCI_CAP_LENGTH, &len, sizeof(len));
	if (more)
		memcpy(cap + VIRTIO_PCI_CAP_MORE, more, sizeof(*more));
	return pci_function_add_capability(&p->function, PCI_CAP_VENDOR,
					   cap + VIRTIO_PCI_CAP_LEN, size);
}

static void add_capabilities(struct virtio_pci *p)
{
	static const uint32_t distance = VIRTIO_PCI_NOTIFY_DISTANCE, none = 0;
	struct pci_function *f = &p->function;

	add_capability(p, VIRTIO_PCI_CAP_COMMON, VIRTIO_PCI_COMMON,
		       area_size(p, COMMON), NULL);
	add_capability(p, VIRTIO_PCI_CAP_NOTIFY, VIRTIO_PCI_NOTIFY,
		       area_size(p, NOTIFY), &distance);
	add_capability(p, VIRTIO_PCI_CAP_ISR, VIRTIO_PCI_ISR, area_size(p, ISR),
		       NULL);
	if (p->core->is.config_len)
		add_capability(p, VIRTIO_PCI_CAP_DEVICE, VIRTIO_PCI_DEVICE,
			       area_size(p, DEVICE), NULL);
	p->pci_cfg = add_capability(p, VIRTIO_PCI_CAP_PCI, 0, 0, &none);
	pci_function_let_write(f, p->pci_cfg + VIRTIO_PCI_CAP_BAR, 1, 0xff);
	pci_function_let_write(f, p->pci_cfg + VIRTIO_PCI_CAP_OFFSET, 4,
			       UINT32_MAX);
	pci_function_let_write(f, p->pci_cfg + VIRTIO_PCI_CAP_LENGTH, 4,
			       UINT32_MAX);
	pci_function_let_write(f, p->pci_cfg + VIRTIO_PCI_CAP_MORE, 4,
			       UINT32_MAX);
	msix_add_capability(&p->msix, f, VIRTIO_PCI_MSIX_TABLE,
			    VIRTIO_PCI_MSIX_PBA);
}

int virtio_pci_init(struct virtio_pci *p, struct virtio *core, uint64_t gpa,
		    const struct device_host *host, struct err *e)
{
	int rc;

	assert(core->is.config_len <= VIRTIO_PCI_AREA_SIZE);
	*p = (struct virtio_pci){ .core = core,
				  .host = host,
				  .bells_gpa = PCI_NOWHERE };
	p->queue_vectors = calloc(core->is.queues, sizeof(*p->queue_vectors));
	if (!p->queue_vectors)
		rc = err_set(e, ENOMEM, "%s: no memory", core->is.name);
	else
		rc = msix_init(&p->msix, core->is.queues + 1, host, e);
	if (rc) {
		virtio_pci_release(p);
		return rc;
	}
	init_function(p, gpa);
	add_capabilities(p);
	on_reset(p);
	virtio_attach(core, &transport_ops, p);
	return 0;
}

void virtio_pci_release(struct virtio_pci *p)
{
	if (!p->core)
		return;
	msix_release(&p->msix);
	free(p->queue_vectors);
	*p = (struct virtio_pci){ 0 };
}

/* --- as a device of the machine */

static int create_device(void **dev, const struct device_slot *slot,
			 struct device_env *env, struct err *e)
{
	struct virtio_pci *p = device_alloc(slot, sizeof(*p), e);
	struct virtio *v;
	int rc;

	if (!p)
		return -ENOMEM;
	rc = slot->type->virtio(&v, slot, env, e);
	if (!rc) {
		rc = virtio_pci_init(p, v, slot->ranges[0].start, env->host, e);
		if (rc)
			v->is.ops->release(v->is.dev);
	}
	if (rc) {
		free(p);
		return rc;
	}
	pci_host_add(env->bridge, slot->pci_number, &p->function);
	*dev = p;
	return 0;
}

static void stop_device(void *dev)
{
	struct virtio_pci *p = dev;

	virtio_stop(p->core);
}

static void release_device(void *dev)
{
	struct virtio_pci *p = dev;

	p->core->is.ops->release(p->core->is.dev);
	virtio_pci_release(p);
	free(p);
}

static void report_device(void *dev, struct device_counters *c)
{
	struct virtio_pci *p = dev;

	virtio_report(p->core, c);
}

const struct device_type virtio_pci_type = {
	.name = "virtio-pci",
	.bar_len = VIRTIO_PCI_BAR_SIZE,
	.create = create_device,
	.stop = stop_device,
	.release = release_device,
	.report = report_device,
};
