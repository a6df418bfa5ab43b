/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: exit_early
 *
 * Runs in the box, beside everything else: lets each guest leave again as soon
 * as KVM has injected an interrupt into it.
 *
 * QEMU's emulated VMRUN delivers the interrupt that is to be injected and keeps
 * its number as that of an exception that is pending (exception_index; all
 * versions up to 11). Usually the next exit from the guest clears it. But if
 * QEMU itself leaves its loop before, it delivers the interrupt a second time,
 * perhaps while the first is being handled with interrupts off: a lock is then
 * taken twice, or a stack overflows, or an end of interrupt acknowledges
 * another one, which is lost.
 *
 * The kernel of the box calls the tracepoint kvm_inj_virq before such a VMRUN,
 * with interrupts off. As a perf event that wakes its reader at each sample, it
 * sends the processor an interrupt, which is pending when the guest begins: so
 * the guest exits at once, and the number is cleared.
 *
 * Exits only if something fails, with a message.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ID "/sys/kernel/tracing/events/kvm/kvm_inj_virq/id"

static int watch(struct perf_event_attr *attr, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd < 0) {
		perror("exit_early: perf_event_open");
		return 1;
	}
	/* Read-only: what nobody reads is overwritten. */
	if (mmap(NULL, 2 * (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED,
		 fd, 0) == MAP_FAILED) {
		perror("exit_early: mmap");
		return 1;
	}
	return 0;
}

int main(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	FILE *f = fopen(ID, "re");
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long long id;

	if (!f || fscanf(f, "%llu", &id) != 1) {
		perror("exit_early: " ID);
		return 1;
	}
	fclose(f);
	attr.config = id;
	for (int cpu = 0; cpu < cpus; cpu++)
		if (watch(&attr, cpu))
			return 1;
	for (;;)
		pause();
}
