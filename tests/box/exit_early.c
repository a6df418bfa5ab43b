/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Usage: exit_early OFFSET
 *
 * Runs in the box, beside everything else: lets each guest exit again as soon
 * as KVM has injected an interrupt into it.
 *
 * QEMU's emulated VMRUN delivers the interrupt that is to be injected and keeps
 * its number as that of an exception that is pending (exception_index, in 7.2
 * as in the sources of 2026). Usually the next exit from the guest clears it.
 * But if QEMU itself leaves its loop before, it delivers the interrupt a second
 * time, perhaps while the first is being handled with interrupts off: a lock is
 * then taken twice, or a stack overflows, or an end of interrupt acknowledges
 * another one, which is lost.
 *
 * So svm_vcpu_run() in the kernel of the box, which runs with interrupts off
 * until VMRUN, gets a probe that reads the VMCB's field for injections. As a
 * perf event that wakes its reader at each sample, the probe sends the
 * processor an interrupt. It is pending when the guest begins, which thus exits
 * at once, and the number is cleared. OFFSET is that of the pointer to the VMCB
 * in KVM's struct vcpu_svm.
 *
 * Exits only if something fails, with a message.
 *
 * Spec: AMD64 Architecture Programmer's Manual, volume 2, appendix B (VMCB);
 * Linux, Documentation/trace/kprobetrace.rst.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
#define ID	TRACING "events/kprobes/inject/id"

/* The field, and its bit V: an event is to be injected. */
#define EVENTINJ 0xa8
#define FILTER	 "event > 0x7fffffff"

static int fail(const char *what)
{
	fprintf(stderr, "exit_early: ");
	perror(what);
	return 1;
}

static int probe(const char *offset)
{
	FILE *f = fopen(TRACING "kprobe_events", "we");

	if (!f)
		return fail("kprobe_events");
	fprintf(f, "p:inject svm_vcpu_run event=+%#x(+%s(%%di)):u32\n",
		EVENTINJ, offset);
	return fclose(f) ? fail("kprobe_events") : 0;
}

static int watch(struct perf_event_attr *attr, int cpu)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return fail("perf_event_open");
	if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, FILTER))
		return fail("PERF_EVENT_IOC_SET_FILTER");
	/* Read-only, so that samples that are not read are overwritten. */
	if (mmap(NULL, 2 * (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED,
		 fd, 0) == MAP_FAILED)
		return fail("mmap");
	return 0;
}

int main(int argc, char **argv)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long long id;
	FILE *f;

	if (argc != 2 || probe(argv[1]))
		return 1;
	f = fopen(ID, "re");
	if (!f || fscanf(f, "%llu", &id) != 1)
		return fail(ID);
	fclose(f);
	attr.config = id;
	for (int cpu = 0; cpu < cpus; cpu++)
		if (watch(&attr, cpu))
			return 1;
	for (;;)
		pause();
}
