/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest that uses the ports and the window of a PCI host bridge with
 * two virtio-rng functions.
 *
 * Beyond not crashing: exactly the doorbells of BARs that are enabled and in
 * the window are connected, and never two at one address; a function sends a
 * message only if it may; the random source is read only while a driver is
 * live; and a BAR outside the window leaves what is there unchanged.
 *
 * The input is a list of steps, each a byte for its kind and then
 *
 *   configuration   device8 offset8 size8 value32
 *   register        device8 offset16 size8 value32   in its BAR
 *   anywhere        offset32 size8 value32           in the window
 *   memory          gpa16 len8 bytes
 *   start           device8                          as the specification says
 *   serve
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "dev/pci/host.h"
#include "dev/virtio/pci.h"
#include "dev/virtio/rng.h"

#define MEMORY	  0xc000
#define FUNCTIONS 2
#define DESC	  0x1000
#define AVAIL	  0x2000
#define USED	  0x3000
#define BUFFER	  0x8000

enum {
	OP_CONFIG,
	OP_REGISTER,
	OP_ANYWHERE,
	OP_MEMORY,
	OP_START,
	OP_SERVE,
	OP_COUNT
};

struct input {
	const uint8_t *data;
	size_t left;
};

static struct {
	uint8_t *memory;
	struct outcome_latch latch;
	struct worker worker;
	struct pci_host bridge;
	struct bus ports, mmio;
	struct virtio_rng rng[FUNCTIONS];
	struct virtio_pci pci[FUNCTIONS];
	uint64_t bells[FUNCTIONS]; /* 0: not connected */
	unsigned served;
} m;

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t take(struct input *in, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < n && in->left; i++, in->left--)
		v |= (uint32_t)*in->data++ << 8 * i;
	return v;
}

static ssize_t source(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	m.served++;
	memset(buf, 0x11, len);
	return (ssize_t)len;
}

/* --- the host */

static uint64_t *bell_of(const struct doorbell *bell)
{
	for (unsigned i = 0; i < FUNCTIONS; i++)
		if (m.rng[i].core.queues[0].bell_fd == bell->fd)
			return &m.bells[i];
	abort();
}

static int connect_bell(void *ctx, const struct doorbell *bell, struct err *e)
{
	(void)ctx, (void)e;
	for (unsigned i = 0; i < FUNCTIONS; i++)
		claim(m.bells[i] != bell->gpa);
	claim(!*bell_of(bell));
	*bell_of(bell) = bell->gpa;
	return 0;
}

static void disconnect_bell(void *ctx, const struct doorbell *bell)
{
	(void)ctx;
	claim(*bell_of(bell) == bell->gpa);
	*bell_of(bell) = 0;
}

static int add_msi(void *ctx, struct irq_msi *msi, struct err *e)
{
	(void)ctx, (void)e;
	*msi = (struct irq_msi){ .fd = eventfd(0, EFD_NONBLOCK) };
	claim(msi->fd >= 0);
	return 0;
}

static const struct device_host host = { .connect = connect_bell,
					 .disconnect = disconnect_bell,
					 .add_msi = add_msi };

/* --- invariants, whatever the guest did */

static void check_bar(const struct virtio_pci *p, uint64_t bell)
{
	uint64_t gpa = p->function.gpa;

	claim(bell == (gpa == PCI_NOWHERE ? 0 : gpa + VIRTIO_PCI_NOTIFY));
	claim(gpa == PCI_NOWHERE ||
	      (gpa >= PCI_WINDOW_GPA &&
	       gpa + VIRTIO_PCI_BAR_SIZE <=
		       (uint64_t)PCI_WINDOW_GPA + PCI_WINDOW_SIZE));
	claim(gpa == PCI_NOWHERE || gpa == pci_function_bar(&p->function));
}

static void check_vectors(const struct virtio_pci *p)
{
	const struct msix *x = &p->msix;
	bool may_send = x->is_enabled && x->is_master && !x->is_masked;

	for (unsigned i = 0; i < x->count; i++) {
		const struct msix_vector *v = &x->vectors[i];
		eventfd_t n;

		if (!eventfd_read(v->msi.fd, &n))
			claim(v->msi.address >> 20 == 0xfee);
		claim(!v->is_pending || !may_send ||
		      (v->entry[3] & MSIX_ENTRY_MASKED));
	}
	claim(p->config_vector < x->count ||
	      p->config_vector == VIRTIO_PCI_NO_VECTOR);
	claim(p->queue_vectors[0] < x->count ||
	      p->queue_vectors[0] == VIRTIO_PCI_NO_VECTOR);
}

static void check(void)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		const struct virtio_pci *p = &m.pci[i];

		check_bar(p, m.bells[i]);
		check_vectors(p);
		claim(!p->core->is_live || p->msix.is_master);
		claim(p->core->status || !p->isr);
		claim(pci_function_get(&p->function, PCI_VENDOR_ID, 2) ==
		      VIRTIO_PCI_VENDOR_ID);
	}
	claim(m.pci[0].function.gpa == PCI_NOWHERE ||
	      m.pci[0].function.gpa != m.pci[1].function.gpa);
}

/* --- steps */

static void access(struct bus *bus, uint64_t addr, unsigned size,
		   uint32_t value)
{
	uint8_t data[8] = { 0 };

	memcpy(data, &value, sizeof(value));
	bus_access(bus, addr, data, size, true);
	bus_access(bus, addr, data, size, false);
}

static void select_config(uint32_t device, uint32_t off)
{
	uint32_t address = PCI_ADDRESS(device, off);

	bus_access(&m.ports, PCI_CONFIG_PORT, (uint8_t *)&address, 4, true);
}

static void config(uint32_t device, uint32_t off, unsigned size, uint32_t value)
{
	select_config(device, off);
	access(&m.ports, PCI_DATA_PORT + off % 4, size, value);
}

static void reg(const struct virtio_pci *p, uint32_t off, unsigned size,
		uint32_t value)
{
	if (p->function.gpa != PCI_NOWHERE)
		access(&m.mmio, p->function.gpa + off, size, value);
}

static void write_memory(struct input *i)
{
	uint32_t gpa = take(i, 2) % MEMORY, n = take(i, 1);

	for (; n && i->left && gpa < MEMORY; n--)
		m.memory[gpa++] = (uint8_t)take(i, 1);
}

static void serve(void)
{
	unsigned before = m.served;
	bool is_live = false;

	for (unsigned i = 0; i < FUNCTIONS; i++)
		is_live |= m.rng[i].core.is_live;
	for (unsigned n = 0; n < 4; n++)
		loop_turn(&m.worker.loop, false);
	claim(is_live || m.served == before);
}

/* A reset is complete once the worker has run. */
static void start(uint32_t device)
{
	const struct virtio_pci *p = &m.pci[device];
	const struct virtq_desc desc = { BUFFER, 64, VIRTQ_DESC_WRITE, 0 };
	static const uint16_t avail[] = { 0, 1, 0 };
	static const struct {
		uint32_t off;
		unsigned size;
		uint32_t value;
	} writes[] = {
		{ VIRTIO_PCI_STATUS, 1, 3 },
		{ VIRTIO_PCI_DRIVER_FEATURE_SELECT, 4, 1 },
		{ VIRTIO_PCI_DRIVER_FEATURE, 4, 1 },
		{ VIRTIO_PCI_STATUS, 1, 11 },
		{ VIRTIO_PCI_QUEUE_SIZE, 2, 8 },
		{ VIRTIO_PCI_QUEUE_DESC, 4, DESC },
		{ VIRTIO_PCI_QUEUE_DRIVER, 4, AVAIL },
		{ VIRTIO_PCI_QUEUE_DEVICE, 4, USED },
		{ VIRTIO_PCI_QUEUE_VECTOR, 2, 1 },
		{ VIRTIO_PCI_QUEUE_ENABLE, 2, 1 },
		{ VIRTIO_PCI_STATUS, 1, 15 },
		{ VIRTIO_PCI_NOTIFY, 2, 0 },
	};

	memcpy(m.memory + DESC, &desc, sizeof(desc));
	memcpy(m.memory + AVAIL, avail, sizeof(avail));
	config(device + 1, PCI_BAR0, 4,
	       PCI_WINDOW_GPA + device * VIRTIO_PCI_BAR_SIZE);
	config(device + 1, PCI_BAR1, 4, 0);
	config(device + 1, PCI_COMMAND, 2,
	       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	reg(p, VIRTIO_PCI_STATUS, 1, 0);
	serve();
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
		reg(p, writes[i].off, writes[i].size, writes[i].value);
	/* The other BAR may overlap it. */
	if (p->function.gpa != PCI_NOWHERE)
		claim(p->core->is_live);
}

static void step(struct input *i)
{
	static const unsigned sizes[] = { 1, 2, 4, 8 };
	uint32_t device, off;
	unsigned size;

	switch (take(i, 1) % OP_COUNT) {
	case OP_CONFIG:
		device = take(i, 1) % (FUNCTIONS + 2);
		off = take(i, 1);
		size = sizes[take(i, 1) & 3];
		config(device, off, size, take(i, 4));
		break;
	case OP_REGISTER:
		device = take(i, 1) % FUNCTIONS;
		off = take(i, 2) % (VIRTIO_PCI_BAR_SIZE + 8);
		size = sizes[take(i, 1) & 3];
		reg(&m.pci[device], off, size, take(i, 4));
		break;
	case OP_ANYWHERE:
		off = take(i, 4) % PCI_WINDOW_SIZE;
		size = sizes[take(i, 1) & 3];
		access(&m.mmio, PCI_WINDOW_GPA + off, size, take(i, 4));
		break;
	case OP_MEMORY:
		write_memory(i);
		break;
	case OP_START:
		start(take(i, 1) % FUNCTIONS);
		break;
	case OP_SERVE:
		serve();
		break;
	}
	check();
}

static void set_up(const struct guest_mem *gm)
{
	struct err e;

	claim(!outcome_latch_init(&m.latch, &e));
	claim(!worker_init(&m.worker, &e));
	pci_host_init(&m.bridge, &m.latch);
	bus_init(&m.ports, "port");
	bus_init(&m.mmio, "MMIO");
	claim(!bus_add(&m.ports, PCI_CONFIG_PORT, PCI_CONFIG_LEN, &pci_host_ops,
		       &m.bridge, &e));
	claim(!bus_add(&m.mmio, PCI_WINDOW_GPA, PCI_WINDOW_SIZE,
		       &pci_window_ops, &m.bridge, &e));
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		claim(!virtio_rng_init(&m.rng[i], gm, &m.worker, &e));
		m.rng[i].source = source;
		claim(!virtio_pci_init(&m.pci[i], &m.rng[i].core,
				       PCI_WINDOW_GPA + i * VIRTIO_PCI_BAR_SIZE,
				       &host, &e));
		pci_host_add(&m.bridge, i + 1, &m.pci[i].function);
	}
}

static void tear_down(void)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		virtio_stop(&m.rng[i].core);
		virtio_pci_release(&m.pci[i]);
		virtio_rng_release(&m.rng[i]);
	}
	worker_release(&m.worker);
	pci_host_release(&m.bridge);
	outcome_latch_release(&m.latch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_mem gm = { .low_size = MEMORY };
	struct input i = { data, size };

	memset(&m, 0, sizeof(m));
	m.memory = calloc(1, MEMORY);
	claim(m.memory);
	gm.base = m.memory;
	set_up(&gm);
	while (i.left)
		step(&i);
	tear_down();
	free(m.memory);
	return 0;
}

/* clang-format off */ /* one step a line */
#define VALUE(v) (uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16), \
	(uint8_t)((v) >> 24)
#define CONFIG(device, off, size, v) \
	OP_CONFIG, (device), (off), (size), VALUE(v)
#define REG(device, off, size, v) \
	OP_REGISTER, (device), (uint8_t)(off), (uint8_t)((off) >> 8), (size), \
	VALUE(v)
#define MSIX 0x94 /* where the capability is */

static const uint8_t plain[] = {
	OP_START, 0,
	OP_SERVE,
	OP_START, 1,
	OP_SERVE,
};

/* Masked while a request is served, then not. */
static const uint8_t masked[] = {
	CONFIG(1, MSIX + 2, 1, 0xc000),
	OP_START, 0,
	REG(0, VIRTIO_PCI_MSIX_TABLE + 16, 2, 0xfee00000u),
	REG(0, VIRTIO_PCI_MSIX_TABLE + 24, 2, 0x41),
	OP_SERVE,
	CONFIG(1, MSIX + 2, 1, 0x8000),
	REG(0, VIRTIO_PCI_MSIX_TABLE + 28, 2, 0),
	CONFIG(1, PCI_COMMAND, 1, 2),
};

/* One BAR over the other, out of the window and back. */
static const uint8_t moved[] = {
	OP_START, 0,
	OP_START, 1,
	CONFIG(2, PCI_BAR0, 2, PCI_WINDOW_GPA),
	CONFIG(1, PCI_BAR0, 2, 0xffffffffu),
	CONFIG(1, PCI_BAR1, 2, 0xffffffffu),
	CONFIG(1, PCI_BAR0, 2, PCI_WINDOW_GPA + 0x8000),
	CONFIG(1, PCI_BAR1, 2, 0),
	OP_ANYWHERE, VALUE(0x8014), 0, VALUE(0),
	OP_SERVE,
};

/* Through the window in configuration space. */
static const uint8_t window[] = {
	CONFIG(1, 0x88, 2, VIRTIO_PCI_STATUS),
	CONFIG(1, 0x8c, 2, 1),
	CONFIG(1, 0x90, 2, 3),
	CONFIG(1, 0x88, 2, VIRTIO_PCI_DEVICE_FEATURE),
	CONFIG(1, 0x8c, 2, 4),
	CONFIG(1, 0x90, 2, 0),
};
/* clang-format on */

void fuzz_seeds(void)
{
	fuzz_seed("plain", plain, sizeof(plain));
	fuzz_seed("masked", masked, sizeof(masked));
	fuzz_seed("moved", moved, sizeof(moved));
	fuzz_seed("window", window, sizeof(window));
}
