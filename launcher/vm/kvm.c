/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/kvm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kvm.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pv/x86.h"
#include "vm/cpuid.h"
#include "vm/firmware.h"
#include "vm/irq.h"

/* Pages in the hole for old Intel hosts. */
#define IDENTITY_MAP_GPA KVM_PAGES_GPA
#define TSS_GPA		 (KVM_PAGES_GPA + 0x1000ul)

static const struct {
	int cap;
	const char *name;
} needed_caps[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR" },
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
	{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
};

static const struct {
	const char *module;
	enum kvm_host host;
} host_modules[] = {
	{ "/sys/module/kvm_intel", KVM_HOST_INTEL },
	{ "/sys/module/kvm_amd", KVM_HOST_AMD },
	{ "/sys/module/kvm_pvm", KVM_HOST_SOFTWARE },
};

const char *kvm_host_name(enum kvm_host host)
{
	static const char *const names[] = {
		[KVM_HOST_INTEL] = "hardware KVM (kvm_intel)",
		[KVM_HOST_AMD] = "hardware KVM (kvm_amd)",
		[KVM_HOST_SOFTWARE] = "software KVM (kvm_pvm)",
		[KVM_HOST_UNKNOWN] = "an unknown type of KVM",
	};

	return names[host];
}

static enum kvm_host find_host(void)
{
	for (size_t i = 0; i < sizeof(host_modules) / sizeof(*host_modules);
	     i++)
		if (!access(host_modules[i].module, F_OK))
			return host_modules[i].host;
	return KVM_HOST_UNKNOWN;
}

/* What this user has to do, as commands. */
static int denied(struct err *e)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = NULL;
	struct stat st;

	if (!stat("/dev/kvm", &st) && (st.st_mode & 060) == 060)
		group = getgrgid(st.st_gid);
	if (group && st.st_gid)
		return err_set(
			e, EACCES,
			"/dev/kvm: permission denied: join its group "
			"with 'sudo usermod -aG %s %s' and log in again, "
			"or run as root",
			group->gr_name, user ? user->pw_name : "USER");
	return err_set(e, EACCES,
		       "/dev/kvm: permission denied: let a group use it with "
		       "'sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm' "
		       "and join that, or run as root");
}

static int open_dev_kvm(struct err *e)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return err_set(e, ENOENT,
			       "/dev/kvm does not exist: load kvm_intel or "
			       "kvm_amd, or let scripts/box provide one");
	if (errno == EACCES || errno == EPERM)
		return denied(e);
	return err_sys(e, "/dev/kvm");
}

static int check_caps(struct kvm *kvm, struct err *e)
{
	int version = ioctl(kvm->fd, KVM_GET_API_VERSION, 0);
	int n;

	if (version < 0)
		return err_sys(e, "/dev/kvm is not a KVM device");
	if (version != KVM_API_VERSION)
		return err_set(e, EOPNOTSUPP,
			       "/dev/kvm has API version %d, needed is %d",
			       version, KVM_API_VERSION);
	for (size_t i = 0; i < sizeof(needed_caps) / sizeof(*needed_caps); i++)
		if (ioctl(kvm->fd, KVM_CHECK_EXTENSION, needed_caps[i].cap) <=
		    0)
			return err_set(e, EOPNOTSUPP,
				       "this host's KVM lacks %s",
				       needed_caps[i].name);
	n = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (n < (int)sizeof(struct kvm_run))
		return err_set(e, EOPNOTSUPP,
			       "KVM_GET_VCPU_MMAP_SIZE gives %d bytes, needed "
			       "are %zu",
			       n, sizeof(struct kvm_run));
	kvm->run_size = (size_t)n;
	n = ioctl(kvm->fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	kvm->max_vcpus = n > 0 ? (unsigned)n : 1;
	kvm->tsc_deadline = ioctl(kvm->fd, KVM_CHECK_EXTENSION,
				  KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	return 0;
}

int kvm_open(struct kvm *kvm, struct err *e)
{
	struct kvm k = KVM_EMPTY;
	int rc;

	*kvm = k;
	rc = open_dev_kvm(e);
	if (rc < 0)
		return rc;
	k.fd = rc;
	rc = check_caps(&k, e);
	if (rc) {
		kvm_release(&k);
		return rc;
	}
	k.host = find_host();
	*kvm = k;
	return 0;
}

static int add_slot(struct kvm *kvm, unsigned slot, uint64_t gpa, uint64_t size,
		    void *host, struct err *e)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)host,
	};

	if (ioctl(kvm->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return err_sys(e,
			       "KVM_SET_USER_MEMORY_REGION slot %u at 0x%llx",
			       slot, (unsigned long long)gpa);
	return 0;
}

static int create_chips(struct kvm *kvm, struct err *e)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = IDENTITY_MAP_GPA;

	if (ioctl(kvm->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0)
		return err_sys(e, "KVM_SET_IDENTITY_MAP_ADDR");
	if (ioctl(kvm->vm, KVM_SET_TSS_ADDR, TSS_GPA) < 0)
		return err_sys(e, "KVM_SET_TSS_ADDR");
	if (ioctl(kvm->vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return err_sys(e, "KVM_CREATE_IRQCHIP");
	if (ioctl(kvm->vm, KVM_CREATE_PIT2, &pit) < 0)
		return err_sys(e, "KVM_CREATE_PIT2");
	return firmware_setup_chips(kvm->vm, e);
}

/* Slots around a page that gets none. */
static int add_low_slots(struct kvm *kvm, const struct guest_mem *gm,
			 uint64_t trap_gpa, struct err *e)
{
	uint64_t after = trap_gpa + PAGE_4K;
	int rc = 0;

	if (trap_gpa == KVM_NO_TRAP)
		return add_slot(kvm, 0, 0, gm->low_size, gm->view, e);
	assert(trap_gpa % PAGE_4K == 0 && after <= gm->low_size);
	if (trap_gpa)
		rc = add_slot(kvm, 0, 0, trap_gpa, gm->view, e);
	if (!rc && after < gm->low_size)
		rc = add_slot(kvm, 2, after, gm->low_size - after,
			      gm->view + after, e);
	return rc;
}

/* Report MSRs that KVM does not know. A host without this works as well. */
static void ask_for_unknown_msrs(struct kvm *kvm)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { KVM_MSR_EXIT_REASON_UNKNOWN },
	};

	(void)ioctl(kvm->vm, KVM_ENABLE_CAP, &cap);
}

/* MSRs of the features that vm/cpuid.h hides. KVM refuses most of them by the
 * CPUID alone, but some hosts ignore an access that they do not know. */
static const struct hidden_msrs {
	unsigned feature;
	uint32_t first, count;
} hidden_msrs[] = {
	{ CPUID_NESTED, 0x480, 0x14 },	 /* VMX capabilities */
	{ CPUID_NESTED, 0xc0010114, 4 }, /* VM_CR to VM_HSAVE_PA */
	{ CPUID_PMU, 0x0c1, 8 },	 /* counters */
	{ CPUID_PMU, 0x186, 8 },	 /* event selectors */
	{ CPUID_PMU, 0x309, 4 },	 /* fixed counters */
	{ CPUID_PMU, 0x345, 1 },	 /* PERF_CAPABILITIES */
	{ CPUID_PMU, 0x38d, 4 },	 /* counter control */
	{ CPUID_PMU, 0x3f1, 1 },	 /* PEBS_ENABLE */
	{ CPUID_PMU, 0x4c1, 8 },	 /* full-width counters */
	{ CPUID_PMU, 0x600, 1 },	 /* DS_AREA */
	{ CPUID_PMU, 0xc0010200, 12 },	 /* AMD's counters */
	{ CPUID_PMU, 0xc0011030, 0x0c }, /* IBS */
};
_Static_assert(sizeof(hidden_msrs) / sizeof(*hidden_msrs) <=
		       KVM_MSR_FILTER_MAX_RANGES,
	       "KVM has room for every range");

/* An access to a hidden MSR is a #GP. A host without filters works as well. */
static void filter_msrs(struct kvm *kvm)
{
	static uint8_t none[8]; /* no bit of a range is set: none is allowed */
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
	};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(hidden_msrs) / sizeof(*hidden_msrs); i++)
		if (!(hidden_msrs[i].feature & kvm->exposed))
			filter.ranges[n++] = (struct kvm_msr_filter_range){
				.flags = KVM_MSR_FILTER_READ |
					 KVM_MSR_FILTER_WRITE,
				.base = hidden_msrs[i].first,
				.nmsrs = hidden_msrs[i].count,
				.bitmap = none,
			};
	(void)ioctl(kvm->vm, KVM_X86_SET_MSR_FILTER, &filter);
}

int kvm_create_vm(struct kvm *kvm, const struct guest_mem *gm,
		  uint64_t trap_gpa, struct err *e)
{
	int rc;

	kvm->vm = ioctl(kvm->fd, KVM_CREATE_VM, 0);
	if (kvm->vm < 0)
		return err_sys(e, "KVM_CREATE_VM");
	ask_for_unknown_msrs(kvm);
	filter_msrs(kvm);
	rc = create_chips(kvm, e);
	if (!rc)
		rc = add_low_slots(kvm, gm, trap_gpa, e);
	if (!rc && gm->high_size)
		rc = add_slot(kvm, 1, GUEST_MEM_HIGH, gm->high_size,
			      gm->view + gm->low_size, e);
	return rc;
}

void kvm_release(struct kvm *kvm)
{
	if (kvm->vm >= 0)
		close(kvm->vm);
	if (kvm->fd >= 0)
		close(kvm->fd);
	*kvm = (struct kvm)KVM_EMPTY;
}

struct irq_line kvm_irq_line(const struct kvm *kvm, unsigned gsi)
{
	return (struct irq_line){ .observer = kvm->observer,
				  .vm = kvm->vm,
				  .gsi = gsi };
}

void irq_set(struct irq_line line, bool level)
{
	struct kvm_irq_level irq = { .irq = line.gsi, .level = level };

	/* A device could not handle a failure, and it cannot fail once the
	 * irqchip exists. */
	if (line.observer)
		line.observer->saw(line.observer->ctx, line.gsi, level);
	if (line.vm >= 0)
		(void)ioctl(line.vm, KVM_IRQ_LINE, &irq);
}
