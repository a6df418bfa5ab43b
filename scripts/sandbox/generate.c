/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes C arrays to stdout: the seccomp filters of every role of
 * launcher/sandbox/rules.h, for --sandbox on and log, and the names of system
 * calls for messages. Part of the build: the program itself does not need
 * libseccomp.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "sandbox/own_pid.h"

/* That of <asm/termbits.h>, which <termios.h> keeps out; its size is part of
 * the requests' numbers. */
struct termios2 {
	uint32_t flags[4];
	uint8_t line, chars[19];
	uint32_t speeds[2];
};

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* System calls that this machine's headers may not know have numbers below. */
#define CALLS_MAX 512

#define ANY UINT32_MAX

static const struct rule {
	const char *call;
	unsigned roles;
	unsigned arg; /* ANY: with any arguments */
	uint32_t mask, want;
	int error; /* 0: it is allowed */
} rules[] = {
#define RULE(call, roles) { #call, roles, ANY, 0, 0, 0 },
#define RULE_BITS(call, roles, arg, mask, want) \
	{ #call, roles, arg, mask, want, 0 },
#define REFUSE_BITS(call, roles, arg, mask, want, error) \
	{ #call, roles, arg, mask, want, error },
#define IOCTL(request, roles) \
	{ "ioctl", roles, 1, UINT32_MAX, (uint32_t)(request), 0 },
#include "sandbox/rules.h"
};

static const struct role {
	const char *name;
	unsigned bit;
} roles[] = {
	{ "load", LOAD },   { "wide", WIDE },	  { "main", MAIN },
	{ "vcpu", VCPU },   { "work", WORK },	  { "files", FILES },
	{ "read", READ },   { "tty", TTY },	  { "net", NET },
	{ "suite", SUITE }, { "reader", READER },
};

static void die(const char *what, int rc)
{
	fprintf(stderr, "generate: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static void add(scmp_filter_ctx ctx, const struct rule *r)
{
	int nr = seccomp_syscall_resolve_name(r->call);
	uint32_t act = r->error ? SCMP_ACT_ERRNO((unsigned)r->error)
				: SCMP_ACT_ALLOW;
	int rc;

	if (nr == __NR_SCMP_ERROR)
		die(r->call, -ENOSYS);
	if (r->arg == ANY)
		rc = seccomp_rule_add(ctx, act, nr, 0);
	else
		rc = seccomp_rule_add(
			ctx, act, nr, 1,
			SCMP_CMP(r->arg, SCMP_CMP_MASKED_EQ, r->mask, r->want));
	if (rc)
		die(r->call, rc);
}

/* glibc falls back to clone(), whose flags a filter can read. */
static void refuse_clone3(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
				  0);

	if (rc)
		die("clone3", rc);
}

/* A suite's launchers inherit its filter, and confine themselves further. */
static bool applies(const struct rule *r, unsigned role)
{
	return r->roles & role || (role == SUITE && !r->error);
}

static void print_filter(const char *name, const char *mode,
			 scmp_filter_ctx ctx)
{
	FILE *f = tmpfile();
	struct sock_filter insn;
	unsigned n = 0;
	int rc;

	if (!f)
		die("tmpfile", -errno);
	rc = seccomp_export_bpf(ctx, fileno(f));
	if (rc)
		die("seccomp_export_bpf", rc);
	rewind(f);
	printf("static const struct sock_filter %s_%s[] = {\n", name, mode);
	for (; fread(&insn, sizeof(insn), 1, f) == 1; n++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt,
		       insn.jf, insn.k);
	printf("};\n");
	fclose(f);
}

static void make_filter(const struct role *role, const char *mode,
			uint32_t action)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	if (!ctx)
		die("seccomp_init", -ENOMEM);
	/* A search tree over the calls instead of one comparison after the
	 * other. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (applies(&rules[i], role->bit))
			add(ctx, &rules[i]);
	refuse_clone3(ctx);
	print_filter(role->name, mode, ctx);
	seccomp_release(ctx);
}

static void print_names(void)
{
	printf("static const char *const call_names[] = {\n");
	for (int nr = 0; nr < CALLS_MAX; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64,
							      nr);

		if (name)
			printf("\t[%d] = \"%s\",\n", nr, name);
		free(name);
	}
	printf("};\n");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		make_filter(&roles[i], "on", SCMP_ACT_TRAP);
		make_filter(&roles[i], "log", SCMP_ACT_LOG);
	}
	print_names();
	return fflush(stdout) || ferror(stdout);
}
