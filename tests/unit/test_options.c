/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: what each option sets, and the one-line error for a wrong
 * one. The commands are the test's own, so that this tests the option table and
 * not the program's list of commands.
 */
#include "unit/unit.h"
#include "cli/option_table.h"

#include <errno.h>
#include <stdio.h>

static int run_nothing(const struct options *o, struct err *e)
{
	(void)o, (void)e;
	return 0;
}

const struct command commands[] = {
	{ "run", "[OPTIONS] IMAGE", "boot it", OPT_COMMON | OPT_RUN,
	  run_nothing },
	{ "inspect", "[--json] IMAGE [IMAGE]", "show",
	  OPT_COMMON | OPT_INSPECT | OPT_MAP | TAKES_TWO_IMAGES, run_nothing },
	{ "extract", "[-o FILE] IMAGE", "take out", OPT_COMMON | OPT_EXTRACT,
	  run_nothing },
	{ "exec", "[OPTIONS] [COMMAND]", "run a command",
	  OPT_COMMON | OPT_RUN | OPT_EXEC, run_nothing },
	{ "verify", "[OPTIONS] BZIMAGE", "prove", OPT_COMMON | OPT_VERIFY,
	  run_nothing },
};
const size_t commands_count = COUNT(commands);

enum { RUN, INSPECT, EXTRACT, EXEC, VERIFY };

#define WORDS_MAX 40

static struct options o;
static struct err e;

/* Split @line at blanks; "''" is an empty word. */
static int split(char **argv, const char *line)
{
	static char copy[1024];
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		ck_assert_int_lt(argc, WORDS_MAX);
		argv[argc++] = strcmp(word, "''") ? word : word + 2;
	}
	return argc;
}

static int parse(unsigned command, const char *line)
{
	/* The options point to these. */
	static char *argv[WORDS_MAX + 1];
	int argc;

	memset(argv, 0, sizeof(argv));
	argv[0] = (char *)commands[command].name;
	argc = split(argv, line);
	return options_parse(&o, &commands[command], argc, argv, &e);
}

/* A run is as random as the kernel wants; verify compares without that, unless
 * it is asked for. */
START_TEST(options__kaslr_is_on_except_for_verify)
{
	assert_ok(parse(INSPECT, "bzImage"), &e);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_AUTO);
	assert_ok(parse(VERIFY, "bzImage"), &e);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_OFF);
	assert_ok(parse(VERIFY, "--kaslr bzImage"), &e);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_AUTO);
	assert_ok(parse(RUN, "--kaslr off bzImage"), &e);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_OFF);
}
END_TEST

START_TEST(options__defaults)
{
	assert_ok(parse(RUN, "bzImage"), &e);
	ck_assert_str_eq(o.image, "bzImage");
	ck_assert_uint_eq(o.mem, 256u << 20);
	ck_assert_uint_eq(o.cpus, 1);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_AUTO);
	/* the image's own, or the default */
	ck_assert_ptr_null(o.cmdline);
	ck_assert_uint_eq(o.initrd_count, 0);
	ck_assert_ptr_null(o.boot);
	ck_assert_uint_eq(o.timeout_ns, 0);
	ck_assert_uint_eq(o.expect_count, 0);
	ck_assert(!o.verbose && !o.help && !o.version && !o.json);
}
END_TEST

/* Behind the first word that is not an option, all words are the command's. */
START_TEST(options__command_of_exec)
{
	static const struct {
		const char *line, *command, *last;
	} rows[] = {
		{ "ls", "ls", "ls" },
		{ "ls -v --rw", "ls", "--rw" },
		{ "-- -v", "-v", "-v" },
		{ "-m 2G -k img --user root -- ls --", "ls", "--" },
		{ "ls -- a", "ls", "a" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = 0;

		assert_ok(parse(EXEC, rows[i].line), &e);
		ck_assert_str_eq(o.command[0], rows[i].command);
		while (o.command[n + 1])
			n++;
		ck_assert_str_eq(o.command[n], rows[i].last);
		ck_assert_uint_eq(o.verbose, 0);
		ck_assert_ptr_null(o.image);
	}
	assert_ok(parse(EXEC, ""), &e);
	ck_assert_ptr_null(o.command);
	ck_assert_uint_eq(o.mem, 1u << 30);
	ck_assert_int_eq((int)o.kaslr.mode, KASLR_AUTO);
	assert_ok(parse(EXEC, "--rw a --rw b --kernel=k --"), &e);
	ck_assert_ptr_null(o.command);
	ck_assert_uint_eq(o.rw_count, 2);
	ck_assert_str_eq(o.kernel, "k");
}
END_TEST

static void expect_all(void)
{
	ck_assert_str_eq(o.image, "img");
	ck_assert_uint_eq(o.mem, UINT64_C(1) << 30);
	ck_assert_uint_eq(o.cpus, 4);
	ck_assert_uint_eq(o.initrd_count, 1);
	ck_assert_str_eq(o.initrd[0], "ramdisk");
	ck_assert_str_eq(o.cmdline, "quiet");
	ck_assert_str_eq(o.boot, "elf64");
	ck_assert_uint_eq(o.verbose, 1);
}

static const char *const spellings[] = {
	"-m 1G -c 4 -i ramdisk -p quiet -b elf64 -v img",
	"--mem 1G --cpus 4 --initrd ramdisk --cmdline quiet --boot elf64 "
	"--verbose img",
	"--mem=1G --cpus=4 --initrd=ramdisk --cmdline=quiet --boot=elf64 -v "
	"img",
	"-m1G -c4 -iramdisk -pquiet -belf64 -v img",
	"-vm 1G -vc4 -i ramdisk -p quiet -b elf64 img",
	/* abbreviations, as long as only one option fits */
	"--me 1G --cp 4 --i ramdisk --cm quiet --bo elf64 --verb img",
	/* IMAGE before options, and among them */
	"img -m 1G -c 4 -i ramdisk -p quiet -b elf64 -v",
	"-m 1G -c 4 img -i ramdisk -p quiet -b elf64 -v",
	"-m 1G -c 4 -i ramdisk -p quiet -b elf64 -v -- img",
};

START_TEST(options__spellings)
{
	assert_ok(parse(RUN, spellings[_i]), &e);
	if (_i == 4)
		o.verbose--; /* given twice */
	expect_all();
}
END_TEST

static const char *const two_images[] = {
	"a b --json",	 "a --json b",	  "--json a b",
	"a --json -- b", "--json -- a b", "a -b auto b --json",
};

START_TEST(options__two_images)
{
	assert_ok(parse(INSPECT, two_images[_i]), &e);
	ck_assert_str_eq(o.image, "a");
	ck_assert_str_eq(o.other, "b");
	ck_assert(o.json);
}
END_TEST

START_TEST(options__standard_input_as_one_of_two)
{
	assert_ok(parse(INSPECT, "- b"), &e);
	ck_assert_str_eq(o.image, "-");
	assert_ok(parse(INSPECT, "a -"), &e);
	ck_assert_str_eq(o.other, "-");
	assert_ok(parse(INSPECT, "a"), &e);
	ck_assert_ptr_null(o.other);
}
END_TEST

START_TEST(options__timeout_and_expect)
{
	assert_ok(parse(RUN, "--timeout 500ms --expect a --expect b img"), &e);
	ck_assert_uint_eq(o.timeout_ns, 500000000);
	ck_assert_uint_eq(o.expect_count, 2);
	ck_assert_str_eq(o.expect[0], "a");
	ck_assert_str_eq(o.expect[1], "b");
}
END_TEST

START_TEST(options__send_between_expectations)
{
	assert_ok(parse(RUN, "--send a --expect x --send \\n --fail-on f "
			     "--expect y --expect z --send c --fail-on g img"),
		  &e);
	ck_assert_uint_eq(o.expect_count, 3);
	ck_assert_uint_eq(o.send_count, 3);
	ck_assert_str_eq(o.send[0].text, "a");
	ck_assert_uint_eq(o.send[0].after, 0);
	ck_assert_str_eq(o.send[1].text, "\\n");
	ck_assert_uint_eq(o.send[1].after, 1);
	ck_assert_uint_eq(o.send[2].after, 3);
	ck_assert_uint_eq(o.fail_on_count, 2);
	ck_assert_str_eq(o.fail_on[0], "f");
	ck_assert_str_eq(o.fail_on[1], "g");
}
END_TEST

static const char *const traces[] = {
	"--trace pio,irq file img",    "--trace=pio,irq file img",
	"img --trace irq,pio file",    "--trace pio,irq,pio file img",
	"--trace pio,irq file -- img",
};

START_TEST(options__trace_takes_two_words)
{
	assert_ok(parse(RUN, traces[_i]), &e);
	ck_assert_uint_eq(o.trace_kinds, TRACE_PIO | TRACE_IRQ);
	ck_assert_str_eq(o.trace, "file");
	ck_assert_str_eq(o.image, "img");
}
END_TEST

START_TEST(options__of_inspect)
{
	assert_ok(parse(INSPECT, "--json img --boot pvh"), &e);
	ck_assert(o.json);
	ck_assert_str_eq(o.boot, "pvh");
	ck_assert_ptr_null(o.map);
	assert_ok(parse(INSPECT, "--map m.svg -m 6G -i initrd img"), &e);
	ck_assert_str_eq(o.map, "m.svg");
	ck_assert_uint_eq(o.mem, UINT64_C(6) << 30);
	ck_assert_uint_eq(o.initrd_count, 1);
	ck_assert_str_eq(o.initrd[0], "initrd");
}
END_TEST

START_TEST(options__of_extract)
{
	assert_ok(parse(EXTRACT, "-o out --keep-relocs -"), &e);
	ck_assert_str_eq(o.output, "out");
	ck_assert_str_eq(o.image, "-");
	ck_assert(o.keep_relocs);
}
END_TEST

/* An argument in IMAGE's place, whatever it looks like. */
static const struct {
	const char *line, *image;
} images[] = {
	{ "-", "-" },
	{ "-- -", "-" },
	{ "-- -v", "-v" },
	{ "-- --help", "--help" },
	{ "-v -- run", "run" },
	{ "img --", "img" },
	{ "''", "" },
	/* an option's argument may be "--" */
	{ "-p -- img", "img" },
	{ "-p -- img -c 2", "img" },
	{ "-p -- -- -c", "-c" },
};

START_TEST(options__image)
{
	assert_ok(parse(RUN, images[_i].line), &e);
	ck_assert_str_eq(o.image, images[_i].image);
}
END_TEST

/* An optional argument: after a "=", or the next word if it is valid. */
static const struct {
	const char *line, *gdb;
} debugged[] = {
	{ "img", NULL },
	{ "--gdb=unix img", "unix" },
	{ "--gdb img", "unix" },
	{ "img --gdb", "unix" },
	{ "--gdb -v img", "unix" },
	{ "--gdb -- img", "unix" },
	{ "--gdb=:5 img", ":5" },
	{ "--gdb :5 img", ":5" },
	{ "img --gdb :5", ":5" },
	{ "--gdb localhost:5 img", "localhost:5" },
	{ "--gdb 127.0.0.1:5 img", "127.0.0.1:5" },
	{ "--gdb unix:/tmp/s img", "unix:/tmp/s" },
	{ "--gdb=unix:s img", "unix:s" },
};

START_TEST(options__gdb)
{
	assert_ok(parse(RUN, debugged[_i].line), &e);
	ck_assert_str_eq(o.image, "img");
	if (debugged[_i].gdb)
		ck_assert_str_eq(o.gdb, debugged[_i].gdb);
	else
		ck_assert_ptr_null(o.gdb);
	ck_assert_int_eq(o.gdb_lost, DEBUGGER_LOST_CONTINUE);
}
END_TEST

/* An image whose name looks like an address needs a folder in front. */
START_TEST(options__gdb_takes_no_image)
{
	assert_ok(parse(RUN, "--gdb ./img:5"), &e);
	ck_assert_str_eq(o.image, "./img:5");
	ck_assert_str_eq(o.gdb, "unix");
}
END_TEST

START_TEST(options__gdb_lost)
{
	assert_ok(parse(RUN, "--gdb-lost stop --gdb img"), &e);
	ck_assert_int_eq(o.gdb_lost, DEBUGGER_LOST_STOP);
	assert_ok(parse(RUN, "--gdb --gdb-lost=kill img"), &e);
	ck_assert_int_eq(o.gdb_lost, DEBUGGER_LOST_KILL);
}
END_TEST

static const struct {
	unsigned command;
	const char *line;
	bool help;
} questions[] = {
	{ RUN, "--help", true },      { EXTRACT, "-h", true },
	{ RUN, "-m 1G -h", true },    { RUN, "a --help", true },
	{ RUN, "--version", false },  { INSPECT, "-V", false },
	{ INSPECT, "-V a b", false },
};

START_TEST(options__help_and_version_need_no_image)
{
	assert_ok(parse(questions[_i].command, questions[_i].line), &e);
	ck_assert_int_eq(o.help, questions[_i].help);
	ck_assert_int_eq(o.version, !questions[_i].help);
}
END_TEST

static const struct {
	unsigned command;
	const char *line, *message;
} wrong[] = {
	{ RUN, "", "run requires an IMAGE" },
	{ RUN, "--gdb-lost stop img", "--gdb-lost requires --gdb" },
	{ RUN, "--gdb name:1 img", "--gdb: unknown address 'name:1'" },
	{ RUN, "img --gdb :65536", "PORT is 0 to 65535" },
	{ INSPECT, "", "inspect requires an IMAGE" },
	{ EXTRACT, "-o x", "extract requires an IMAGE" },
	{ EXTRACT, "-o '' img", "--output: the file's name is empty" },
	{ RUN, "-v --", "run requires an IMAGE" },
	{ RUN, "a b", "unexpected argument 'b': run takes one IMAGE" },
	{ INSPECT, "a b c",
	  "unexpected argument 'c': inspect takes one IMAGE or two" },
	{ INSPECT, "a -- b -v",
	  "unexpected argument '-v': inspect takes one IMAGE or two" },
	{ INSPECT, "- -", "'-' (standard input) may be named only once" },
	{ RUN, "-i - -", "'-' (standard input) may be named only once" },
	{ RUN, "-i - -i - a", "'-' (standard input) may be named only once" },
	{ RUN, "--symbols - -", "'-' (standard input) may be named only once" },
	{ RUN, "-i '' a", "--initrd: the file's name is empty" },
	{ INSPECT, "a b --map c", "--map draws one IMAGE, not two" },
	{ INSPECT, "-i a img", "--initrd of inspect requires --map" },
	{ INSPECT, "img --virtio pci", "--virtio of inspect requires --map" },
	{ EXTRACT, "--symbols --keep-relocs img",
	  "--symbols and --keep-relocs exclude each other: both add to the "
	  "end of the ELF" },
	{ INSPECT, "--drivers --symbols img",
	  "--symbols and --drivers exclude each other" },
	{ INSPECT, "--drivers --map m img",
	  "--drivers prints the drivers of one IMAGE and nothing else" },
	{ RUN, "a -v b", "unexpected argument 'b': run takes one IMAGE" },
	{ RUN, "a -- b", "unexpected argument 'b': run takes one IMAGE" },
	{ RUN, "-- a -v", "unexpected argument '-v': run takes one IMAGE" },
	{ RUN, "--frobnicate img", "unknown option --frobnicate" },
	{ RUN, "-k img", "unknown option -k: give IMAGE without an option" },
	{ RUN, "--kernel img", "unknown option --kernel: give IMAGE" },
	{ RUN, "--kernel=img", "unknown option --kernel=img: give IMAGE" },
	{ RUN, "-kernel img", "unknown option -kernel: give IMAGE" },
	{ RUN, "--append x img", "unknown option --append: use --cmdline" },
	{ RUN, "--params x img", "unknown option --params: use --cmdline" },
	{ RUN, "-smp 2 img", "unknown option -smp: use --cpus" },
	{ RUN, "-initrd x img", "unknown option -initrd: use --initrd" },
	{ RUN, "-nographic img", "unknown option -nographic: leave it out" },
	{ RUN, "-drive x img", "unknown option -drive: use --disk" },
	{ RUN, "-hda x img", "unknown option -hda: use --disk" },
	{ RUN, "-enable-kvm img", "unknown option -enable-kvm: leave it out" },
	{ RUN, "-cpu host img", "unknown option -cpu: leave it out" },
	{ RUN, "-m 512 img",
	  "--mem: '512' is 512 bytes; for mebibytes write 512M" },
	{ RUN, "-m 63M img", "--mem: '63M' is not 64M to 512G" },
	{ RUN, "-x img", "unknown option -x" },
	{ RUN, "-vx img", "unknown option -vx" },
	{ RUN, "img -x", "unknown option -x" },
	{ RUN, "--gdb=1234 img", "--gdb: unknown address '1234'" },
	{ RUN, "--gdb=:65536 img", "--gdb: unknown address ':65536'" },
	{ RUN, "--gdb= img", "--gdb: unknown address ''" },
	{ RUN, "--gdb=unix: img", "--gdb: the path has 0 bytes" },
	{ RUN, "--gdb", "run requires an IMAGE" },
	{ RUN, "--gdb :1234", "run requires an IMAGE" },
	{ RUN, "--gdb 1234 img",
	  "unexpected argument 'img': run takes one IMAGE" },
	{ RUN, "--gdb-lost img", "--gdb-lost: unknown action 'img'" },
	{ RUN, "--gdb-lost", "--gdb-lost requires an argument" },
	{ INSPECT, "--gdb img", "--gdb is not an option of inspect" },
	{ RUN, "--ver img", "--ver is ambiguous" },
	{ RUN, "--ver=3 img", "--ver=3 is ambiguous" },
	{ RUN, "--verbose=3 img", "--verbose=3: --verbose takes no argument" },
	{ INSPECT, "img --js=1", "--js=1: --json takes no argument" },
	{ RUN, "--frob=1 img", "unknown option --frob=1" },
	{ RUN, "--mem", "--mem requires an argument" },
	{ RUN, "img -m", "-m requires an argument" },
	{ RUN, "img --initrd", "--initrd requires an argument" },
	{ RUN, "--mem '' img", "--mem: '' is not a size" },
	{ RUN, "-m lots img", "--mem: 'lots' is not a size" },
	{ RUN, "-m 63M img", "--mem: '63M' is not 64M to 512G" },
	{ RUN, "-m 513G img", "--mem: '513G' is not 64M to 512G" },
	{ RUN, "-m 67108865 img",
	  "--mem: '67108865' is not 64M to 512G in "
	  "whole 4K pages" },
	{ RUN, "-m 99999999999G img", "--mem: '99999999999G' is too large" },
	{ RUN, "-m -1 img", "--mem: '-1' is not a size" },
	{ RUN, "-c 0 img", "--cpus: 0 is outside 1 to 1024" },
	{ RUN, "-c 1025 img", "--cpus: 1025 is outside 1 to 1024" },
	{ RUN, "--cpus two img", "--cpus: 'two' is not a whole number" },
	{ RUN, "-b nonsense img",
	  "--boot: unknown protocol 'nonsense' (expected auto, pvh, elf64, elf32, linux64, "
	  "linux32, linux16" },
	{ RUN, "--timeout 0 img", "--timeout: '0': a duration must not be" },
	{ RUN, "--timeout soon img", "--timeout: 'soon' is not a duration" },
	{ RUN, "--expect ( img", "--expect: '(' is not a regular expression" },
	{ RUN, "--fail-on ( img",
	  "--fail-on: '(' is not a regular expression" },
	{ RUN, "--send a\\q img",
	  "--send: unknown escape '\\q' (expected \\n, \\r" },
	{ RUN, "--timeline f --report f img",
	  "--report and --timeline: 'f' cannot be the file of both" },
	{ RUN, "--report f --trace pio f img",
	  "--report and --trace: 'f' cannot be the file of both" },
	{ RUN, "--timeline f --trace pio f img",
	  "--timeline and --trace: 'f' cannot be the file of both" },
	{ RUN, "--trace", "--trace requires an argument" },
	{ RUN, "img --trace pio",
	  "--trace requires two arguments: KINDS FILE" },
	{ RUN, "--trace all file img",
	  "--trace: unknown kind 'all' (expected pio, mmio, exits or irq)" },
	{ RUN, "--trace pio, file img",
	  "--trace: unknown kind '' (expected pio" },
	{ RUN, "--trace '' file img",
	  "--trace: unknown kind '' (expected pio" },
	{ RUN, "--trace pio,pi file img",
	  "--trace: unknown kind 'pi' (expected pio" },
	{ RUN, "--trace pio '' img", "--trace: the file's name is empty" },
	{ RUN, "--symbols '' img", "--symbols: the file's name is empty" },
	{ RUN, "--report - img",
	  "--report: '-' is not a file; standard output is the guest's console" },
	{ RUN, "--report '' img", "--report: '' is not a file" },
	{ INSPECT, "--report x img", "--report is not an option of inspect" },
	{ EXTRACT, "--send x img", "--send is not an option of extract" },
	{ RUN, "--json img", "--json is not an option of run" },
	{ RUN, "-o out img", "--output is not an option of run" },
	{ INSPECT, "-c 2 img", "--cpus is not an option of inspect" },
	{ INSPECT, "--map - img", "--map: '-' is not a file" },
	{ INSPECT, "--map '' img", "--map: '' is not a file" },
	{ INSPECT, "--timeline x img",
	  "--timeline is not an option of inspect" },
	{ RUN, "--timeline - img", "--timeline: '-' is not a file" },
	{ RUN, "--dmesg - img", "--dmesg: '-' is not a file" },
	{ RUN, "--core - img", "--core: '-' is not a file" },
	{ RUN, "--dmesg f --core f img",
	  "--dmesg and --core: 'f' cannot be the file of both" },
	{ RUN, "--dmesg f --trace pio f img",
	  "--dmesg and --trace: 'f' cannot be the file of both" },
	{ INSPECT, "--dmesg x img", "--dmesg is not an option of inspect" },
	{ RUN, "--map x img", "--map is not an option of run" },
	{ EXTRACT, "-m 1G img", "--mem is not an option of extract" },
	{ INSPECT, "--timeout 1 img", "--timeout is not an option of" },
	{ EXTRACT, "--boot pvh img", "--boot is not an option of extract" },
	{ EXTRACT, "--expect x img", "--expect is not an option of extract" },
	{ EXEC, "--expect x ls", "--expect is not an option of exec" },
	{ EXEC, "--console virtio ls", "--console is not an option of exec" },
	{ EXEC, "--append x ls", "unknown option --append: use --cmdline" },
	{ EXEC, "-k - ls", "--kernel: standard input is the command's" },
	{ EXEC, "--root '' ls", "--root: the argument is empty" },
	{ RUN, "--kernel x img",
	  "unknown option --kernel: give IMAGE without an option" },
	{ RUN, "-k x img", "unknown option -k: give IMAGE without an option" },
	{ RUN, "--rw x img", "--rw is not an option of run" },
};

START_TEST(options__refuse)
{
	int rc = parse(wrong[_i].command, wrong[_i].line);

	ck_assert_int_lt(rc, 0);
	assert_err(rc, rc, &e, wrong[_i].message);
	ck_assert_ptr_null(strchr(e.msg, '\n'));
}
END_TEST

/* Repeatable options, with a limit: one less, exactly that, one more. */
static const struct {
	const char *option;
	int limit;
	const char *message;
} repeatable[] = {
	{ "--expect", 16, "--expect may be given at most 16 times" },
	{ "--fail-on", 16, "--fail-on may be given at most 16 times" },
	{ "--send", 16, "--send may be given at most 16 times" },
	{ "-i", 16, "--initrd may be given at most 16 times" },
};

START_TEST(options__repeatable)
{
	for (int n = 0; n <= repeatable[_i].limit + 1; n++) {
		char line[512] = "";
		int rc;

		for (int i = 0; i < n; i++) {
			strcat(line, repeatable[_i].option);
			strcat(line, " x ");
		}
		strcat(line, "img");
		rc = parse(RUN, line);
		if (n <= repeatable[_i].limit)
			assert_ok(rc, &e);
		else
			assert_err(rc, -E2BIG, &e, repeatable[_i].message);
	}
}
END_TEST

START_TEST(options__initrds_keep_their_order)
{
	assert_ok(parse(RUN, "-i a --initrd=b img --initrd a -ic"), &e);
	ck_assert_uint_eq(o.initrd_count, 4);
	ck_assert_str_eq(o.initrd[0], "a");
	ck_assert_str_eq(o.initrd[1], "b");
	ck_assert_str_eq(o.initrd[2], "a");
	ck_assert_str_eq(o.initrd[3], "c");
}
END_TEST

/* Every other option with an argument: repeating the same value is an error. */
static const struct {
	unsigned command;
	const char *option, *name;
} once[] = {
	{ RUN, "-m 1G", "mem" },
	{ RUN, "--mem=1G", "mem" },
	{ RUN, "-c 2", "cpus" },
	{ RUN, "-p x", "cmdline" },
	{ RUN, "-b pvh", "boot" },
	{ RUN, "--timeout 1s", "timeout" },
	{ RUN, "--symbols x", "symbols" },
	{ RUN, "--trace pio x", "trace" },
	{ RUN, "--gdb :1", "gdb" },
	{ RUN, "--gdb", "gdb" },
	{ RUN, "--gdb --gdb-lost stop --gdb-lost kill", "gdb-lost" },
	{ RUN, "--report x", "report" },
	{ RUN, "--timeline x", "timeline" },
	{ RUN, "--dmesg x", "dmesg" },
	{ RUN, "--core x", "core" },
	{ INSPECT, "--map x", "map" },
	{ INSPECT, "-b pvh", "boot" },
	{ EXTRACT, "-o x", "output" },
};

START_TEST(options__only_once)
{
	char line[128], want[64];

	snprintf(line, sizeof(line), "%s img %s", once[_i].option,
		 once[_i].option);
	snprintf(want, sizeof(want), "--%s may be given only once",
		 once[_i].name);
	assert_err(parse(once[_i].command, line), -EINVAL, &e, want);
}
END_TEST

START_TEST(options__flags_may_be_repeated)
{
	assert_ok(parse(INSPECT, "--json -v --json -v img"), &e);
	ck_assert(o.json);
	ck_assert_uint_eq(o.verbose, 2);
	assert_ok(parse(EXTRACT, "--keep-relocs --keep-relocs img"), &e);
	ck_assert(o.keep_relocs);
}
END_TEST

/* Which command a whole line selects, and what is left of the line. */
static const struct {
	const char *line;
	unsigned command;
	const char *left;
} found[] = {
	{ "", RUN, "" },
	{ "img", RUN, "img" },
	{ "run", RUN, "" },
	{ "run run", RUN, "run" },
	{ "inspect img", INSPECT, "img" },
	{ "inspect --json extract", INSPECT, "--json extract" },
	{ "-v inspect img", INSPECT, "-v img" },
	{ "-v --boot pvh inspect img", INSPECT, "-v --boot pvh img" },
	{ "--json inspect", INSPECT, "--json" },
	{ "-vo out extract img", EXTRACT, "-vo out img" },
	/* an option's argument is not a command */
	{ "-o inspect img", RUN, "-o inspect img" },
	{ "--cmdline inspect img", RUN, "--cmdline inspect img" },
	{ "--cmdline=x inspect img", INSPECT, "--cmdline=x img" },
	/* nor is a word after "--" */
	{ "-- inspect", RUN, "-- inspect" },
	{ "exec -- inspect img", EXEC, "-- inspect img" },
	{ "-v exec inspect -v", EXEC, "-v inspect -v" },
	{ "-v -- inspect img", RUN, "-v -- inspect img" },
	/* what options_parse() refuses */
	{ "img -v -x img", RUN, "img -v -x img" },
	{ "img -m", RUN, "img -m" },
	{ "img -- img", RUN, "img -- img" },
	{ "- img", RUN, "- img" },
	{ "/dev/null img", RUN, "/dev/null img" },
};

START_TEST(command__found)
{
	char *argv[WORDS_MAX + 1] = { (char *)"launcher" }, **left = argv;
	int argc = split(argv, found[_i].line);
	const struct command *cmd = NULL;
	char text[256] = "";

	assert_ok(command_find(&cmd, &argc, &left, &e), &e);
	ck_assert_str_eq(cmd->name, commands[found[_i].command].name);
	ck_assert_ptr_null(left[argc]);
	for (int i = 1; i < argc; i++) {
		strcat(text, i > 1 ? " " : "");
		strcat(text, left[i]);
	}
	ck_assert_str_eq(text, found[_i].left);
}
END_TEST

static const char *const misspelt[] = {
	"insepct img",	      "-v insepct img",
	"insepct --json img", "insepct --boot pvh img",
	"insepct inspect",
};

START_TEST(command__misspelt)
{
	char *argv[WORDS_MAX + 1] = { (char *)"launcher" }, **left = argv;
	int argc = split(argv, misspelt[_i]);
	const struct command *cmd;

	assert_err(
		command_find(&cmd, &argc, &left, &e), -EINVAL, &e,
		"unknown command 'insepct' (expected run, inspect, extract, exec, verify)");
}
END_TEST

/* --- the table itself */

START_TEST(options__rows_are_sound)
{
	const struct option_row *r = &option_rows[_i];
	bool is_counted = r->value.kind == VALUE_FLAG ||
			  r->value.kind == VALUE_TIMES;

	ck_assert(*r->name && *r->help && r->times && r->groups);
	ck_assert_msg(!r->arg == is_counted, "--%s: its kind and its argument",
		      r->name);
	ck_assert_msg(r->value.kind != VALUE_NONE || r->set || r->device,
		      "--%s: nothing stores it", r->name);
	ck_assert_msg(is_counted || r->times == 1 || r->value.count || r->set ||
			      r->device,
		      "--%s: only its last value is kept", r->name);
}
END_TEST

/* Help lists every word of a choice, and the option accepts each of them. */
START_TEST(options__help_names_the_choices)
{
	const struct option_row *r = &option_rows[_i];
	const char *word;

	for (size_t i = 0; r->value.word && (word = r->value.word(i)); i++) {
		ck_assert_msg(strstr(r->help, word), "--%s: help lacks %s",
			      r->name, word);
		o = (struct options){ 0 };
		assert_ok(option_store(r, &o, word, NULL, &e), &e);
		options_release(&o);
	}
}
END_TEST

/* Completion offers only what the option accepts. */
START_TEST(options__take_the_hints)
{
	const struct option_row *r = &option_rows[_i];
	char hints[128];

	snprintf(hints, sizeof(hints), "%s", r->hints ? r->hints : "");
	for (char *word = strtok(hints, " ,"); word;
	     word = strtok(NULL, " ,")) {
		/* The beginning of an address. */
		if (!strcmp(word, "unix:"))
			continue;
		o = (struct options){ 0 };
		assert_ok(option_store(r, &o, word, NULL, &e), &e);
		options_release(&o);
	}
}
END_TEST

/* --- options that add devices */

struct thing {
	const char *file, *id;
	bool ro;
	uint64_t size;
};

static const struct keyword thing_keys[] = {
	{ "ro", NULL, VALUE_FLAG_AT(struct thing, ro), .help = "" },
	{ "id", "TEXT", VALUE_TEXT_AT(struct thing, id), .help = "" },
	{ "size", "SIZE", VALUE_SIZE_AT(struct thing, size), .help = "" },
};

static int check_thing(const void *config, struct err *why)
{
	const struct thing *t = config;

	return t->ro && t->size
		       ? err_set(why, EINVAL, "ro and size exclude each other")
		       : 0;
}

static const struct device_option thing_option = {
	.keywords = { .first = "FILE",
		      .first_value = VALUE_INPUT_AT(struct thing, file),
		      .keys = thing_keys,
		      .count = COUNT(thing_keys) },
	.config_size = sizeof(struct thing),
	.check = check_thing,
};

static const struct device_type thing_type = { .name = "thing",
					       .option = &thing_option };

static const struct option_row thing_row = {
	.name = "thing",
	.arg = "FILE[,KEY...]",
	.times = MACHINE_DEVICES_MAX,
	.groups = OPT_RUN,
	.device = &thing_type,
};

static int add_thing(const char *text)
{
	return option_store(&thing_row, &o, text, NULL, &e);
}

START_TEST(options__add_devices)
{
	char text[] = "a\\,b.img,id=x";
	struct machine_config config;
	const struct thing *t;

	assert_ok(parse(RUN, "img"), &e);
	assert_ok(add_thing(text), &e);
	/* The device has a copy. */
	memset(text, '#', sizeof(text) - 1);
	assert_ok(add_thing("b.img,ro"), &e);
	config = options_machine(&o);
	ck_assert_uint_eq(config.devices_count, 2);
	ck_assert_ptr_eq(config.devices[0].type, &thing_type);
	t = config.devices[0].config;
	ck_assert_str_eq(t->file, "a,b.img");
	ck_assert_str_eq(t->id, "x");
	ck_assert(!t->ro);
	t = config.devices[1].config;
	ck_assert_str_eq(t->file, "b.img");
	ck_assert_ptr_null(t->id);
	ck_assert(t->ro);
	options_release(&o);
	ck_assert_uint_eq(o.devices_count, 0);
	options_release(&o);
}
END_TEST

static const char *const wrong_things[][2] = {
	{ "", "FILE is empty" },
	{ "a,cache=off", "unknown key 'cache' (expected ro, id=TEXT, size=" },
	{ "a,ro,size=1M", "ro and size exclude each other" },
};

START_TEST(options__refuse_devices)
{
	assert_ok(parse(RUN, "img"), &e);
	assert_err(add_thing(wrong_things[_i][0]), -EINVAL, &e,
		   wrong_things[_i][1]);
	ck_assert_uint_eq(o.devices_count, 0);
}
END_TEST

START_TEST(options__devices_have_a_limit)
{
	assert_ok(parse(RUN, "img"), &e);
	for (unsigned i = 0; i < MACHINE_DEVICES_MAX; i++)
		assert_ok(add_thing("a"), &e);
	assert_err(add_thing("a"), -E2BIG, &e,
		   "at most 32 devices may be added");
	ck_assert_uint_eq(o.devices_count, MACHINE_DEVICES_MAX);
	options_release(&o);
}
END_TEST

/* In a command, each name and each letter belongs to one option. */
START_TEST(options__rows_are_told_apart)
{
	for (size_t i = 0; i < option_rows_count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct option_row *a = &option_rows[i];
			const struct option_row *b = &option_rows[j];
			unsigned both = a->groups & b->groups;

			ck_assert_msg(strcmp(a->name, b->name) ||
					      !(both & ~(unsigned)OPT_SUITE),
				      "two rows of --%s", a->name);
			ck_assert_msg(!a->letter || a->letter != b->letter,
				      "two rows of -%c", a->letter);
		}
}
END_TEST

START_TEST(options__symbols_are_one_thing_for_run_and_another_for_inspect)
{
	assert_ok(parse(RUN, "--symbols map img"), &e);
	ck_assert_str_eq(o.symbols, "map");
	ck_assert_str_eq(o.image, "img");
	ck_assert(!o.with_symbols);
	assert_ok(parse(INSPECT, "--symbols img"), &e);
	ck_assert_ptr_null(o.symbols);
	ck_assert_str_eq(o.image, "img");
	ck_assert(o.with_symbols);
	/* Abbreviated: one option, although it has two rows. */
	assert_ok(parse(EXTRACT, "img --sym"), &e);
	ck_assert(o.with_symbols);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");

	tcase_add_loop_test(t, options__gdb, 0, COUNT(debugged));
	tcase_add_test(t, options__gdb_takes_no_image);
	tcase_add_test(t, options__gdb_lost);
	tcase_add_test(t, options__rows_are_told_apart);
	tcase_add_test(
		t,
		options__symbols_are_one_thing_for_run_and_another_for_inspect);
	tcase_add_test(t, options__defaults);
	tcase_add_test(t, options__kaslr_is_on_except_for_verify);
	tcase_add_test(t, options__command_of_exec);
	tcase_add_loop_test(t, options__spellings, 0, COUNT(spellings));
	tcase_add_loop_test(t, options__two_images, 0, (int)COUNT(two_images));
	tcase_add_test(t, options__standard_input_as_one_of_two);
	tcase_add_test(t, options__timeout_and_expect);
	tcase_add_test(t, options__send_between_expectations);
	tcase_add_loop_test(t, options__trace_takes_two_words, 0,
			    COUNT(traces));
	tcase_add_test(t, options__of_inspect);
	tcase_add_test(t, options__of_extract);
	tcase_add_loop_test(t, options__image, 0, COUNT(images));
	tcase_add_loop_test(t, options__help_and_version_need_no_image, 0,
			    COUNT(questions));
	tcase_add_loop_test(t, options__refuse, 0, COUNT(wrong));
	tcase_add_loop_test(t, options__repeatable, 0, COUNT(repeatable));
	tcase_add_test(t, options__initrds_keep_their_order);
	tcase_add_loop_test(t, options__only_once, 0, COUNT(once));
	tcase_add_test(t, options__flags_may_be_repeated);
	tcase_add_loop_test(t, options__rows_are_sound, 0,
			    (int)option_rows_count);
	tcase_add_loop_test(t, options__help_names_the_choices, 0,
			    (int)option_rows_count);
	tcase_add_loop_test(t, options__take_the_hints, 0,
			    (int)option_rows_count);
	tcase_add_test(t, options__add_devices);
	tcase_add_loop_test(t, options__refuse_devices, 0, COUNT(wrong_things));
	tcase_add_test(t, options__devices_have_a_limit);
	tcase_add_loop_test(t, command__found, 0, COUNT(found));
	tcase_add_loop_test(t, command__misspelt, 0, COUNT(misspelt));
	suite_add_tcase(s, t);
	return s;
}
