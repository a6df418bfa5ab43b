/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550A serial port: the guest's console.
 *
 * Sending is instant: a byte written to THR is handed to the output callback
 * and the transmitter is empty again. Received bytes wait in a queue that is
 * longer than the real FIFO's 16, so that pasted input is not lost; the
 * source asks serial_room() first.
 *
 * The vCPU threads access the registers and the event loop delivers the input;
 * one lock protects both. The output callback is called without the lock and
 * may block, so a slow terminal slows the guest down.
 *
 * Spec: National Semiconductor PC16550D data sheet.
 */
#ifndef DEV_PC_SERIAL_H
#define DEV_PC_SERIAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/device.h"

#define SERIAL_PORTS	8
#define SERIAL_RX_QUEUE 4096

struct serial_queue {
	uint8_t bytes[SERIAL_RX_QUEUE];
	size_t head, count;
};

struct serial {
	pthread_mutex_t lock;
	struct irq_line irq;
	struct line_host host;
	bool irq_level;
	bool thr_interrupt; /* THR became empty, not yet read from IIR */
	bool starved;	    /* serial_room() has returned 0 */
	uint8_t ier, lcr, mcr, scr, fcr;
	uint8_t dll, dlm;
	uint8_t lsr_errors; /* overrun in loopback mode */
	uint8_t msr_delta;
	struct serial_queue line; /* received, not yet read */
	struct serial_queue loop; /* sent in loopback mode */
};

extern const struct device_ops serial_ops;
extern const struct device_type serial_type;

void serial_init(struct serial *s, struct irq_line irq,
		 const struct line_host *host);

/* How many more received bytes fit in the queue. Call it from the event
 * loop. */
size_t serial_room(struct serial *s);

/* Queue up to @n received bytes; returns how many were taken. */
size_t serial_receive(struct serial *s, const uint8_t *data, size_t n);

#endif
