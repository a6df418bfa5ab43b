/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dev/pc/serial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pv/x86.h"

/* Register offsets; with LCR.DLAB set, 0 and 1 are the divisor latch. */
enum {
	REG_DATA = 0,
	REG_IER = 1,
	REG_IIR_FCR = 2,
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCR = 7,
};

#define IER_RDI	 0x01
#define IER_THRI 0x02
#define IER_RLSI 0x04
#define IER_MSI	 0x08
#define IER_MASK 0x0f

#define IIR_MSI		 0x00
#define IIR_NONE	 0x01
#define IIR_THRI	 0x02
#define IIR_RDI		 0x04
#define IIR_RLSI	 0x06
#define IIR_FIFO_ENABLED 0xc0

#define FIFO_SIZE 16

#define FCR_ENABLE   0x01
#define FCR_CLEAR_RX 0x02

#define LCR_DLAB 0x80

#define MCR_DTR	 0x01
#define MCR_RTS	 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_MASK 0x1f

#define LSR_DR	 0x01
#define LSR_OE	 0x02
#define LSR_IDLE 0x60 /* THR empty, transmitter empty: always */

#define MSR_CTS 0x10
#define MSR_DSR 0x20
#define MSR_RI	0x40
#define MSR_DCD 0x80

void serial_init(struct serial *s, struct irq_line irq,
		 const struct line_host *host)
{
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	s->irq = irq;
	s->host = *host;
	s->mcr = MCR_OUT2;
	s->dll = 1;
}

/* In loopback mode the receiver hears the transmitter, not the line. */
static struct serial_queue *receiver(struct serial *s)
{
	return s->mcr & MCR_LOOP ? &s->loop : &s->line;
}

/* The pending interrupt of the highest priority (data sheet, table IV). */
static uint8_t pending_interrupt(struct serial *s)
{
	if ((s->ier & IER_RLSI) && s->lsr_errors)
		return IIR_RLSI;
	if ((s->ier & IER_RDI) && receiver(s)->count)
		return IIR_RDI;
	if ((s->ier & IER_THRI) && s->thr_interrupt)
		return IIR_THRI;
	if ((s->ier & IER_MSI) && s->msr_delta)
		return IIR_MSI;
	return IIR_NONE;
}

static void update_irq(struct serial *s)
{
	bool level = pending_interrupt(s) != IIR_NONE;

	if (level == s->irq_level)
		return;
	s->irq_level = level;
	irq_set(s->irq, level);
}

static bool queue_push(struct serial_queue *q, size_t limit, uint8_t byte)
{
	if (q->count >= limit)
		return false;
	q->bytes[(q->head + q->count++) % SERIAL_RX_QUEUE] = byte;
	return true;
}

static uint8_t receive(struct serial *s)
{
	struct serial_queue *q = receiver(s);
	uint8_t byte;

	if (!q->count)
		return 0;
	byte = q->bytes[q->head];
	q->head = (q->head + 1) % SERIAL_RX_QUEUE;
	q->count--;
	if (s->starved && s->line.count < SERIAL_RX_QUEUE / 2) {
		s->starved = false;
		s->host.room(s->host.ctx);
	}
	return byte;
}

static void transmit(struct serial *s, uint8_t byte)
{
	if ((s->mcr & MCR_LOOP) && !queue_push(&s->loop, FIFO_SIZE, byte))
		s->lsr_errors |= LSR_OE;
	s->thr_interrupt = true;
}

/* In loopback mode the modem inputs are the modem outputs. */
static uint8_t modem_status(const struct serial *s)
{
	uint8_t msr = 0;

	if (!(s->mcr & MCR_LOOP))
		return MSR_DCD | MSR_DSR | MSR_CTS;
	if (s->mcr & MCR_DTR)
		msr |= MSR_DSR;
	if (s->mcr & MCR_RTS)
		msr |= MSR_CTS;
	if (s->mcr & MCR_OUT1)
		msr |= MSR_RI;
	if (s->mcr & MCR_OUT2)
		msr |= MSR_DCD;
	return msr;
}

static uint8_t read_iir(struct serial *s)
{
	uint8_t iir = pending_interrupt(s);

	/* Reading IIR acknowledges this interrupt. */
	if (iir == IIR_THRI)
		s->thr_interrupt = false;
	if (s->fcr & FCR_ENABLE)
		iir |= IIR_FIFO_ENABLED;
	return iir;
}

static uint8_t read_reg(struct serial *s, unsigned reg)
{
	bool dlab = s->lcr & LCR_DLAB;
	uint8_t value;

	switch (reg) {
	case REG_DATA:
		return dlab ? s->dll : receive(s);
	case REG_IER:
		return dlab ? s->dlm : s->ier;
	case REG_IIR_FCR:
		return read_iir(s);
	case REG_LCR:
		return s->lcr;
	case REG_MCR:
		return s->mcr;
	case REG_LSR:
		value = LSR_IDLE | s->lsr_errors |
			(receiver(s)->count ? LSR_DR : 0);
		s->lsr_errors = 0;
		return value;
	case REG_MSR:
		value = modem_status(s) | s->msr_delta;
		s->msr_delta = 0;
		return value;
	default:
		return s->scr;
	}
}

static void write_mcr(struct serial *s, uint8_t value)
{
	uint8_t before = modem_status(s);
	uint8_t changed;

	if (!(value & MCR_LOOP))
		s->loop.count = 0;
	s->mcr = value & MCR_MASK;
	/* DCTS, DDSR and DDCD lie four bits below CTS, DSR and DCD; TERI
	 * counts falling edges only. */
	changed = before ^ modem_status(s);
	if (!(before & MSR_RI))
		changed &= (uint8_t)~MSR_RI;
	s->msr_delta |= changed >> 4;
}

static void write_reg(struct serial *s, unsigned reg, uint8_t value)
{
	bool dlab = s->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		if (dlab)
			s->dll = value;
		else
			transmit(s, value);
		break;
	case REG_IER:
		if (dlab) {
			s->dlm = value;
			break;
		}
		/* Enabling THRI while THR is empty raises it at once. */
		if (!(s->ier & IER_THRI) && (value & IER_THRI))
			s->thr_interrupt = true;
		s->ier = value & IER_MASK;
		break;
	case REG_IIR_FCR:
		s->fcr = value;
		/*
		 * Keep the received bytes: on a real line they would arrive
		 * later, and drivers clear the FIFO several times before they
		 * first read it.
		 */
		if (value & FCR_CLEAR_RX)
			s->loop.count = 0;
		break;
	case REG_LCR:
		s->lcr = value;
		break;
	case REG_MCR:
		write_mcr(s, value);
		break;
	case REG_SCR:
		s->scr = value;
		break;
	default: /* LSR and MSR are read-only */
		break;
	}
}

/* Whether a write to @reg goes out on the line. */
static bool is_sending(const struct serial *s, unsigned reg)
{
	return reg == REG_DATA && !(s->lcr & LCR_DLAB) && !(s->mcr & MCR_LOOP);
}

static uint64_t serial_read(void *dev, uint64_t off, unsigned size)
{
	struct serial *s = dev;
	uint8_t value;

	(void)size;
	pthread_mutex_lock(&s->lock);
	value = read_reg(s, (unsigned)off);
	update_irq(s);
	pthread_mutex_unlock(&s->lock);
	return value;
}

static void serial_write(void *dev, uint64_t off, unsigned size, uint64_t value)
{
	struct serial *s = dev;

	(void)size;
	pthread_mutex_lock(&s->lock);
	if (is_sending(s, (unsigned)off)) {
		/* Call this without the lock: it may wait for the terminal, and
		 * the event loop that serves the terminal needs the lock. */
		pthread_mutex_unlock(&s->lock);
		s->host.output(s->host.ctx, (uint8_t)value);
		pthread_mutex_lock(&s->lock);
	}
	write_reg(s, (unsigned)off, (uint8_t)value);
	update_irq(s);
	pthread_mutex_unlock(&s->lock);
}

const struct device_ops serial_ops = {
	.name = "serial",
	.width = 1,
	.read = serial_read,
	.write = serial_write,
	.locks_itself = true,
};

size_t serial_room(struct serial *s)
{
	size_t room;

	pthread_mutex_lock(&s->lock);
	room = SERIAL_RX_QUEUE - s->line.count;
	s->starved = !room;
	pthread_mutex_unlock(&s->lock);
	return room;
}

size_t serial_receive(struct serial *s, const uint8_t *data, size_t n)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < n && queue_push(&s->line, SERIAL_RX_QUEUE, data[i]);
	     i++)
		;
	update_irq(s);
	pthread_mutex_unlock(&s->lock);
	return i;
}

static size_t line_end_room(void *ctx)
{
	return serial_room(ctx);
}

static size_t line_end_receive(void *ctx, const uint8_t *data, size_t n)
{
	return serial_receive(ctx, data, n);
}

static int serial_create(void **dev, const struct device_slot *slot,
			 struct device_env *env, struct err *e)
{
	struct serial *s = device_alloc(slot, sizeof(*s), e);

	if (!s)
		return -ENOMEM;
	serial_init(s, env->line, env->console);
	*dev = s;
	if (env->console_input)
		*env->console_input = (struct line_guest){
			.ctx = s,
			.room = line_end_room,
			.receive = line_end_receive,
		};
	return 0;
}

const struct device_type serial_type = {
	.name = "serial",
	.fixed = { DEVICE_PORTS_AT(COM1_PORT, SERIAL_PORTS) },
	.irq = DEVICE_IRQ_LEGACY,
	.gsi = COM1_IRQ,
	.acpi_hid = "PNP0501",
	.acpi_name = "COM1",
	.ops = &serial_ops,
	.create = serial_create,
	.release = free,
};
