/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest proof that /dev/kvm runs a guest: three real-mode instructions
 * that say a byte on port 0x3f8 and halt. Prints the byte, and on stderr what
 * the host's KVM answered; exits 0 only if both came to pass. It stands apart
 * from the launcher so that a box in doubt can be told from a launcher in
 * doubt.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUEST_GPA 0x1000

static const uint8_t code[] = {
	0xba, 0xf8, 0x03, /* mov $0x3f8,%dx */
	0xb0, 'K',	  /* mov $'K',%al */
	0xee,		  /* out %al,(%dx) */
	0xf4,		  /* hlt */
};

static int xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

static void enter_at(int vcpu, uint64_t gpa)
{
	struct kvm_regs regs = { .rip = gpa, .rflags = 2 };
	struct kvm_sregs sregs;

	xioctl(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	xioctl(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	xioctl(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		err(1, "/dev/kvm");
	int vm = xioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	int run_size = xioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "mmap size");

	uint8_t *page = mmap(NULL, 0x1000, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		err(1, "guest memory");
	memcpy(page, code, sizeof(code));
	struct kvm_userspace_memory_region slot = {
		.guest_phys_addr = GUEST_GPA,
		.memory_size = 0x1000,
		.userspace_addr = (uintptr_t)page,
	};
	xioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot, "guest memory slot");

	int vcpu = xioctl(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	struct kvm_run *run = mmap(NULL, (size_t)run_size,
				   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "kvm_run");
	enter_at(vcpu, GUEST_GPA);

	for (;;) {
		xioctl(vcpu, KVM_RUN, NULL, "KVM_RUN");
		if (run->exit_reason == KVM_EXIT_HLT)
			break;
		if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x3f8)
			errx(1, "unexpected exit %u", run->exit_reason);
		putchar(((uint8_t *)run)[run->io.data_offset]);
	}
	putchar('\n');
	warnx("a guest ran and halted");
	return 0;
}
