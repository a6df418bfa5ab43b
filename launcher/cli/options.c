/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option table, and --help, which is made from it.
 */
#include "cli/option_table.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/libraries.h"
#include "base/parse.h"
#include "base/regex.h"
#include "boot/cmdline.h"
#include "boot/plan.h"
#include "dev/virtio/balloon.h"
#include "dev/virtio/blk.h"
#include "dev/virtio/fs.h"
#include "dev/virtio/console.h"
#include "dev/virtio/ports.h"
#include "dev/virtio/net.h"
#include "dev/virtio/vsock.h"
#include "machine/plan.h"
#include "pack/compress.h"
#include "sandbox/sandbox.h"
#include "vm/cpuid.h"
#include "vm/guest_mem.h"

#define CPUS_MAX    1024
#define LEVEL_MAX   22 /* the highest of any format */
#define JOBS_MAX    256
#define RETRIES_MAX 10

static int check_mem(struct options *o, const char *arg, struct err *e)
{
	/* A plain number means bytes; the user meant megabytes. */
	if (o->mem < GUEST_MEM_MIN && arg[strspn(arg, "0123456789")] == 0)
		return err_set(e, EINVAL,
			       "'%s' is %s bytes; for mebibytes write %sM", arg,
			       arg, arg);
	if (o->mem < GUEST_MEM_MIN || o->mem > GUEST_MEM_MAX || o->mem % 4096)
		return err_set(e, EINVAL,
			       "'%s' is not 64M to 512G in whole 4K pages",
			       arg);
	return 0;
}

static int check_limit(struct options *o, const char *arg, struct err *e)
{
	return o->limit_output
		       ? 0
		       : err_set(e, EINVAL, "'%s' is not at least 1", arg);
}

static const char *boot_word(size_t i)
{
	if (!i)
		return "auto";
	return i <= BOOT_PROTOCOLS ? boot_protocols[i - 1].name : NULL;
}

static const char *format_word(size_t i)
{
	return i < compressors_count ? compressors[i].name : NULL;
}

static const char *virtio_word(size_t i)
{
	return machine_virtio_words[i];
}

/* What the guest's console is. */
static const char *const console_words[] = { "serial", "virtio", NULL };

static const char *console_word(size_t i)
{
	return console_words[i];
}

static bool has_virtio_console(const struct options *o)
{
	return o->console && !strcmp(o->console, "virtio");
}

static int add_console(struct options *o, const char *arg, struct err *e)
{
	const struct device_request r = { .type = &virtio_console_type };

	(void)arg;
	if (!has_virtio_console(o))
		return 0;
	return device_request_add(o->devices, &o->devices_count,
				  MACHINE_DEVICES_MAX, &r, e);
}

const char *options_consoles(const struct options *o)
{
	return has_virtio_console(o) ? CMDLINE_BOTH : CMDLINE_CONSOLE;
}

static int set_send(struct options *o, const char *arg, struct err *e)
{
	size_t len;

	o->send[o->send_count].text = arg;
	o->send[o->send_count++].after = o->expect_count;
	return send_parse(arg, NULL, &len, e);
}

static int set_expose(struct options *o, const char *arg, struct err *e)
{
	return cpuid_parse_features(arg, &o->exposed, e);
}

static int set_trace(struct options *o, const char *arg, struct err *e)
{
	return trace_parse(arg, &o->trace_kinds, e);
}

static int set_kaslr(struct options *o, const char *arg, struct err *e)
{
	return kaslr_parse(arg, &o->kaslr, e);
}

static int check_gdb(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	return gdb_line_check(o->gdb, e);
}

static int set_gdb_lost(struct options *o, const char *arg, struct err *e)
{
	return debugger_parse_lost(arg, &o->gdb_lost, e);
}

static int check_given(struct options *o, const char *arg, struct err *e)
{
	(void)o;
	return *arg ? 0 : err_set(e, EINVAL, "the argument is empty");
}

/* It is read twice, and standard input is the command's. */
static int check_kernel(struct options *o, const char *arg, struct err *e)
{
	(void)o;
	return strcmp(arg, "-")
		       ? 0
		       : err_set(e, EINVAL, "standard input is the command's");
}

static int need_json(struct options *o, const char *arg, struct err *e)
{
	(void)o, (void)arg;
	return libraries_need("jansson", e);
}

/* How many times: repeating a flag is harmless. */
#define ONCE 1
#define ANY  UINT_MAX

/* The kind of the value, and the member of struct options that stores it. */
#define FLAG(member)   .value = VALUE_FLAG_AT(struct options, member)
#define TIMES(member)  .value = VALUE_TIMES_AT(struct options, member)
#define TEXT(member)   .value = VALUE_TEXT_AT(struct options, member)
#define REGEX(member)  .value = VALUE_REGEX_AT(struct options, member)
#define INPUT(member)  .value = VALUE_INPUT_AT(struct options, member)
#define OUTPUT(member) .value = VALUE_OUTPUT_AT(struct options, member)
#define NEW_FILE(member) \
	.value = VALUE_NEW_FILE_AT(struct options, member, NULL)
#define SIZE(member)	 .value = VALUE_SIZE_AT(struct options, member)
#define DURATION(member) .value = VALUE_DURATION_AT(struct options, member)
#define ADDRESS(member)	 .value = VALUE_ADDRESS_AT(struct options, member)
#define NUMBER(member, min, max) \
	.value = VALUE_NUMBER_AT(struct options, member, min, max)
#define CHOICE(member, noun, word) \
	.value = VALUE_CHOICE_AT(struct options, member, noun, word)
#define MANY(kind, member) \
	.value = VALUES_AT(kind, struct options, member, member##_count)
#define GIVEN(member) .given = VALUE_OFFSET(struct options, member, bool)

const struct option_row option_rows[] = {
	{ "mem", 'm', "SIZE", ONCE,
	  OPT_RUN | OPT_INSPECT | OPT_VERIFY | OPT_SUITE,
	  "guest memory, 64M to 512G (default 256M)", SIZE(mem),
	  .set = check_mem, .hints = "64M 128M 256M 512M 1G 2G 4G 8G" },
	{ "keep-free", 0, "SIZE", ONCE, OPT_RUN | OPT_SUITE,
	  "start only if this much of the host's memory stays available",
	  SIZE(keep_free), GIVEN(keep_free_given), .hints = "0 512M 1G" },
	{ "cpus", 'c', "N", ONCE, OPT_RUN | OPT_SUITE,
	  "number of vCPUs (default 1)", NUMBER(cpus, 1, CPUS_MAX) },
	{ "expose", 0, "FEATURES", ONCE, OPT_RUN | OPT_SUITE,
	  "CPU features that guests do not see otherwise: nested, pmu",
	  .set = set_expose, .hints = "nested pmu nested,pmu" },
	{ "initrd", 'i', "FILE", INITRD_PARTS_MAX,
	  OPT_RUN | OPT_MAP | OPT_SUITE,
	  "initial RAM disk; repeatable, joined in order",
	  MANY(VALUE_INPUT, initrd) },
	{ "cmdline", 'p', "TEXT", ONCE, OPT_RUN | OPT_SUITE,
	  "kernel command line (" CMDLINE_CONSOLE
	  " is added unless it names a console)",
	  TEXT(cmdline) },
	{ "boot", 'b', "PROTOCOL", ONCE, OPT_RUN | OPT_INSPECT | OPT_SUITE,
	  "auto, pvh, elf64, elf32, linux64, linux32 or linux16",
	  CHOICE(boot, "protocol", boot_word) },
	{ "kaslr", 0, "[WAY]", ONCE,
	  OPT_RUN | OPT_INSPECT | OPT_VERIFY | OPT_SUITE,
	  "a random place for the kernel: auto (default; verify: off), off, "
	  "seed:N",
	  .set = set_kaslr, .missing = "auto", .hints = "auto off seed:1" },
	{ "disk", 'd', "FILE[,KEY...]", MACHINE_DEVICES_MAX,
	  OPT_RUN | OPT_MAP | OPT_SUITE,
	  "add a disk, a raw image or block device",
	  .device = &virtio_blk_type },
	{ "share", 0, "DIR[,KEY...]", MACHINE_DEVICES_MAX,
	  OPT_RUN | OPT_MAP | OPT_SUITE,
	  "share a folder of this machine with the guest, by virtio-fs",
	  .device = &virtio_fs_type },
	{ "console", 0, "DEVICE", ONCE,
	  OPT_RUN | OPT_MAP | OPT_SUITE | OPT_NOT_EXEC,
	  "what stdin and stdout are: serial (ttyS0) or virtio (hvc0)",
	  CHOICE(console, "device", console_word), .set = add_console },
	{ "port", 0, "NAME=PLACE[,KEY...]", PORTS_MAX,
	  OPT_RUN | OPT_MAP | OPT_SUITE,
	  "a byte stream to a FILE, fd=N or unix:PATH for a guest's program",
	  .device = &virtio_ports_type },
	{ "net", 'n', "KEY[,KEY...]", MACHINE_DEVICES_MAX,
	  OPT_RUN | OPT_MAP | OPT_SUITE, "add a network card",
	  .device = &virtio_net_type },
	{ "name", 0, "TEXT", ONCE, OPT_RUN,
	  "the guest's name, of which its MAC addresses are made", TEXT(name) },
	{ "vsock", 0, "cid=N[,KEY...]", ONCE, OPT_RUN | OPT_MAP | OPT_SUITE,
	  "streams between the guest's programs and UNIX sockets",
	  .device = &virtio_vsock_type },
	{ "balloon", 0, "SIZE", ONCE, OPT_RUN | OPT_MAP | OPT_SUITE,
	  "memory that the guest frees returns; SIZE of it at once (0: none)",
	  .device = &virtio_balloon_type, .hints = "0 64M 256M 1G" },
	{ "virtio", 0, "WAY", ONCE, OPT_RUN | OPT_MAP | OPT_SUITE,
	  "how virtio devices are reached: auto, pci or mmio",
	  CHOICE(virtio, "transport", virtio_word) },
	{ "sandbox", 0, "MODE", ONCE,
	  OPT_RUN | OPT_SUITE | OPT_INSPECT | OPT_EXTRACT | OPT_PACK |
		  OPT_VERIFY | OPT_TEST,
	  "confine the launcher before it reads the image: on, log or off",
	  CHOICE(sandbox, "mode", sandbox_word) },
	{ "run-as", 0, "USER[:GROUP]", ONCE, OPT_RUN,
	  "for root: open everything, then run the guest as this user",
	  TEXT(run_as), .set = check_given, .hints = "daemon" },
	{ "timeout", 0, "DUR", ONCE, OPT_RUN | OPT_VERIFY | OPT_SUITE,
	  "end the run after this long: 500ms, 30s, 2m", DURATION(timeout_ns),
	  .hints = "10s 30s 1m 5m" },
	{ "limit-output", 0, "SIZE", ONCE, OPT_RUN,
	  "write at most this much of the console, and of the trace",
	  SIZE(limit_output), .set = check_limit, .hints = "1M 16M 100M" },
	{ "expect", 0, "REGEX", WATCH_EXPECT_MAX,
	  OPT_RUN | OPT_SUITE | OPT_NOT_EXEC,
	  "succeed once a console line matches; repeatable, in order",
	  MANY(VALUE_REGEX, expect) },
	{ "fail-on", 0, "REGEX", WATCH_EXPECT_MAX, OPT_RUN | OPT_SUITE,
	  "fail once a console line matches; repeatable",
	  MANY(VALUE_REGEX, fail_on) },
	{ "send", 0, "TEXT", SEND_MAX, OPT_RUN | OPT_SUITE | OPT_NOT_EXEC,
	  "type this (\\n, \\xNN) after the --expect before it; repeatable",
	  .set = set_send },
	{ "symbols", 0, "FILE", ONCE, OPT_RUN | OPT_SUITE,
	  "an ELF or a System.map to name the places where vCPUs stood",
	  INPUT(symbols) },
	{ "report", 0, "FILE", ONCE, OPT_RUN,
	  "write outcome, plan, timeline and counts as JSON",
	  .value = VALUE_NEW_FILE_AT(struct options, report,
				     "standard output is the guest's console"),
	  .set = need_json },
	{ "timeline", 0, "FILE", ONCE, OPT_RUN,
	  "draw where time and memory went, as SVG", NEW_FILE(timeline) },
	{ "dmesg", 0, "FILE", ONCE, OPT_RUN,
	  "write the kernel's log out of the guest's memory when it ends",
	  NEW_FILE(dmesg) },
	{ "core", 0, "FILE", ONCE, OPT_RUN,
	  "write the guest as a vmcore if it ends badly, or at SIGUSR1",
	  NEW_FILE(core) },
	{ "trace", 0, "KINDS FILE", ONCE, OPT_RUN,
	  "write events, a line each: pio,mmio,exits,irq", .set = set_trace,
	  .second = VALUE_OUTPUT_AT(struct options, trace),
	  .hints = "pio,mmio,exits,irq" },
	{ "gdb", 0, "[ADDR]", ONCE, OPT_RUN,
	  "wait for gdb at unix:PATH, :PORT, HOST:PORT (default: a socket)",
	  TEXT(gdb), .set = check_gdb, .missing = GDB_LINE_DEFAULT,
	  .hints = "unix: :1234" },
	{ "gdb-lost", 0, "WHAT", ONCE, OPT_RUN,
	  "if gdb goes without detaching: continue (default), kill, stop",
	  .set = set_gdb_lost, .hints = "continue kill stop" },
	{ "kernel", 'k', "IMAGE", ONCE, OPT_EXEC,
	  "the kernel to run (default: this machine's)", INPUT(kernel),
	  .set = check_kernel },
	{ "modules", 0, "DIR", ONCE, OPT_EXEC | OPT_SUITE | OPT_FOLDER,
	  "its modules (default: /lib/modules/VERSION)", TEXT(modules),
	  .set = check_given },
	{ "root", 0, "DIR", ONCE, OPT_EXEC | OPT_SUITE | OPT_FOLDER,
	  "the folder that is the guest's root (default: /)", TEXT(root),
	  .set = check_given },
	{ "rw", 0, "DIR", EXEC_SHARES_MAX, OPT_EXEC | OPT_SUITE | OPT_FOLDER,
	  "a folder in which changes stay; repeatable", MANY(VALUE_TEXT, rw),
	  .set = check_given },
	{ "user", 0, "USER[:GROUP]", ONCE, OPT_EXEC | OPT_SUITE,
	  "whose the command is, by name or number (default: yours)",
	  TEXT(user), .set = check_given, .hints = "root" },
	{ "map", 0, "FILE", ONCE, OPT_INSPECT,
	  "draw what would lie where in memory (-m, -i), as SVG",
	  NEW_FILE(map) },
	{ "json", 0, NULL, ANY, OPT_INSPECT | OPT_VERIFY,
	  "print one JSON object", FLAG(json), .set = need_json },
	{ "drivers", 0, NULL, ANY, OPT_INSPECT,
	  "print which drivers the kernel has built in", FLAG(drivers) },
	{ "symbols", 0, NULL, ANY, OPT_INSPECT | OPT_EXTRACT,
	  "print the kernel's symbols as nm does; extract: put them in",
	  FLAG(with_symbols) },
	{ "output", 'o', "FILE", ONCE, OPT_EXTRACT | OPT_PACK | OPT_TEST,
	  "write the result here instead of to stdout; test: the folder",
	  OUTPUT(output) },
	{ "keep-relocs", 0, NULL, ANY, OPT_EXTRACT,
	  "keep what follows the ELF in the payload", FLAG(keep_relocs) },
	{ "format", 0, "NAME", ONCE, OPT_PACK,
	  "gzip (default), bzip2, lzma, xz, lzo, lz4, zstd or none",
	  CHOICE(format, "format", format_word) },
	{ "level", 0, "N", ONCE, OPT_PACK,
	  "how hard to compress (gzip: 1 to 9)", NUMBER(level, 0, LEVEL_MAX),
	  GIVEN(level_given), .hints = "1 2 3 4 5 6 7 8 9" },
	{ "flip", 0, "ADDR", ONCE, OPT_VERIFY | OPT_SUITE,
	  "invert this byte of the guest's result, to see the proof fail",
	  ADDRESS(flip_gpa), GIVEN(flip) },
	{ "jobs", 'j', "N", ONCE, OPT_TEST,
	  "run this many cases at once (default 1)",
	  NUMBER(jobs, 1, JOBS_MAX) },
	{ "filter", 0, "REGEX", ONCE, OPT_TEST, "only cases whose name matches",
	  REGEX(filter) },
	{ "list", 0, NULL, ANY, OPT_TEST, "print the cases' names and run none",
	  FLAG(list) },
	{ "retries", 0, "N", ONCE, OPT_TEST,
	  "run what has not passed again, so often (default 0)",
	  NUMBER(retries, 0, RETRIES_MAX), .hints = "0 1 2 3" },
	{ "tap", 0, NULL, ANY, OPT_TEST, "print TAP 13 instead of text",
	  FLAG(tap) },
	{ "verbose", 'v', NULL, ANY, OPT_COMMON,
	  "show each step with its time on stderr", TIMES(verbose) },
	{ "help", 'h', NULL, ANY, OPT_COMMON, "print this help", FLAG(help) },
	{ "version", 'V', NULL, ANY, OPT_COMMON,
	  "print the version; with -v, the libraries in it", FLAG(version) },
};

const size_t option_rows_count = sizeof(option_rows) / sizeof(option_rows[0]);

_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= OPTION_ROWS_MAX,
	       "OPTION_ROWS_MAX is too small");

const struct option_row *option_by_name(const char *name)
{
	for (size_t i = 0; i < option_rows_count; i++)
		if (!strcmp(name, option_rows[i].name))
			return &option_rows[i];
	return NULL;
}

int options_add_device(struct options *o, const struct device_type *type,
		       const char *arg, struct err *e)
{
	struct device_request r;
	int rc = device_request_parse(&r, type, arg, e);

	if (rc)
		return rc;
	rc = device_request_add(o->devices, &o->devices_count,
				MACHINE_DEVICES_MAX, &r, e);
	if (rc)
		device_request_release(&r);
	return rc;
}

int option_store(const struct option_row *r, struct options *o, const char *arg,
		 const char *second, struct err *e)
{
	int rc;

	if (!arg)
		arg = r->missing;
	if (r->given)
		*(bool *)((char *)o + r->given) = true;
	rc = r->device ? options_add_device(o, r->device, arg, e)
		       : value_store(&r->value, o, arg, e);
	if (!rc && second)
		rc = value_store(&r->second, o, second, e);
	return rc || !r->set ? rc : r->set(o, arg, e);
}

void options_release(struct options *o)
{
	while (o->devices_count)
		device_request_release(&o->devices[--o->devices_count]);
}

void options_abandon_devices(const struct options *o)
{
	for (size_t i = 0; i < o->devices_count; i++)
		device_request_abandon(&o->devices[i]);
}

/* How many of the devices before number @n have its type. */
static unsigned instance_of(const struct options *o, size_t n)
{
	unsigned instance = 0;

	for (size_t i = 0; i < n; i++)
		instance += o->devices[i].type == o->devices[n].type;
	return instance;
}

/* The guest is called after its image unless --name says otherwise. */
static const char *guest_name(const struct options *o)
{
	const char *slash = strrchr(o->image, '/');

	return o->name ?: slash ? slash + 1 : o->image;
}

int options_open_devices(const struct options *o, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < o->devices_count; i++) {
		rc = device_request_open(&o->devices[i], guest_name(o),
					 instance_of(o, i), e);
		for (size_t n = 0; rc && n < option_rows_count; n++)
			if (option_rows[n].device == o->devices[i].type)
				err_prefix(e, rc, "--%s", option_rows[n].name);
	}
	return rc;
}

struct machine_config options_machine(const struct options *o)
{
	struct machine_config config = {
		.mem_size = o->mem,
		.cpus = (unsigned)o->cpus,
		.exposed = o->exposed,
		.devices_count = o->devices_count,
		.virtio = machine_virtio_of(o->virtio),
	};

	memcpy(config.devices, o->devices, sizeof(config.devices));
	return config;
}

/* --- --help */

/* The keys of a device's option. */
static void print_keys(const struct keywords *k)
{
	for (size_t i = 0; i < k->count; i++) {
		const struct keyword *key = &k->keys[i];
		char name[40];

		snprintf(name, sizeof(name), "        ,%s%s%s", key->name,
			 key->arg ? "=" : "", key->arg ? key->arg : "");
		printf("  %-24s %s\n", name, key->help);
	}
}

static const char *group_title(unsigned groups)
{
	if (groups & OPT_COMMON)
		return "Any command";
	if (groups & OPT_RUN)
		return "run";
	if (groups & OPT_EXEC)
		return "exec";
	if (groups & OPT_INSPECT)
		return "inspect";
	if (groups & OPT_EXTRACT)
		return "extract";
	if (groups & OPT_PACK)
		return "pack";
	return groups & OPT_VERIFY ? "verify" : "test";
}

void options_print_help(void)
{
	const char *title = "";

	printf("launcher boots Linux kernels from the ELF inside the bzImage "
	       "on /dev/kvm.\n\nUsage:\n");
	for (size_t i = 0; i < commands_count; i++)
		printf("  launcher %s %s\n      %s\n", commands[i].name,
		       commands[i].args, commands[i].summary);
	printf("\nIMAGE is a bzImage, an ELF, a compressed ELF, or - for "
	       "standard input.\n");
	for (size_t i = 0; i < option_rows_count; i++) {
		const struct option_row *r = &option_rows[i];
		char name[40];

		if (strcmp(title, group_title(r->groups))) {
			title = group_title(r->groups);
			printf("\n%s:\n", title);
		}
		snprintf(name, sizeof(name), "%c%c%s--%s%s%s",
			 r->letter ? '-' : ' ', r->letter ? r->letter : ' ',
			 r->letter ? ", " : "  ", r->name, r->arg ? " " : "",
			 r->arg ? r->arg : "");
		printf("  %-24s %s\n", name, r->help);
		if (r->device)
			print_keys(&r->device->option->keywords);
	}
	printf("\nExit status of run: 0 the guest ended well, 1 the launcher "
	       "failed, 2 usage,\n3 the guest panicked, 4 it crashed or halted, "
	       "5 it ended before --expect\nmatched, 6 it reported failure or met "
	       "--fail-on, 124 timed out, 128+N signal N.\n"
	       "While stdin is a terminal, Ctrl-A x ends the run.\n");
}
