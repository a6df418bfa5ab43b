/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suite files: what they mean, and that each error names the line, the key and
 * the fault.
 */
#include "unit/suite_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#include <sys/resource.h>

static struct suite s;
static struct err e;

static const struct {
	const char *text, *message;
} mistakes[] = {
	/* YAML itself */
	{ "", "dir/s.yaml:1: the file is empty" },
	{ "# only a comment\n", "dir/s.yaml:1: the file is empty" },
	{ "cases: [\n", "dir/s.yaml:2: not YAML: " },
	{ "a: b: c\n", "dir/s.yaml:1: not YAML: mapping values" },
	{ "cases:\n\t- a\n", "dir/s.yaml:2: not YAML: " },
	{ "a: \x80\n", "dir/s.yaml:1: not YAML: " },
	{ "a:\n- \n- \x80\n- b\n", "dir/s.yaml:3: not YAML: " },
	{ "a:\n- b\001\n- b\n", "dir/s.yaml:2: not YAML: control char" },
	{ ONE_CASE "  cmdline: &x y\n", "dir/s.yaml:4: anchors (&), aliases" },
	{ ONE_CASE "  cmdline: *x\n", "dir/s.yaml:4: anchors (&), aliases" },
	{ ONE_CASE "  cmdline: !x y\n", "dir/s.yaml:4: anchors (&), aliases" },
	{ ONE_CASE "  console: &l [y]\n", "dir/s.yaml:4: anchors (&)" },
	{ ONE_CASE "  needs: &l {mem: 1}\n", "dir/s.yaml:4: anchors (&)" },
	{ ONE_CASE "  mem: 1G\n  mem: 2G\n",
	  "dir/s.yaml:5: duplicate key 'mem'" },
	{ "cases: []\ncases: []\n", "dir/s.yaml:2: duplicate key 'cases'" },
	{ ONE_CASE "  ? [a, b]\n  : c\n",
	  "dir/s.yaml:4: a key is one word, not a list" },
	{ ONE_CASE "---\nx\n", "dir/s.yaml:4: a second document" },
	{ ONE_CASE "  cmdline: \"a\\0b\"\n",
	  "dir/s.yaml:4: a value has a NUL" },
	{ "[[[[[[[[[1]]]]]]]]]", "dir/s.yaml:1: nested deeper than 8 levels" },
	/* the top */
	{ "hello\n", "dir/s.yaml:1: a suite is a mapping of 'defaults' and "
		     "'cases', not one value" },
	{ "- a\n", "dir/s.yaml:1: a suite is a mapping" },
	{ "defaults: {}\n", "dir/s.yaml:1: a suite needs the key 'cases'" },
	{ "case: []\n", "dir/s.yaml:1: key 'case': no such key here; there are "
			"defaults and cases" },
	{ "cases: []\n", "dir/s.yaml:1: key 'cases': is not a list of at" },
	{ "cases: x\n", "dir/s.yaml:1: key 'cases': is not a list of at" },
	{ "cases:\n- x\n", "dir/s.yaml:2: a case is a mapping, not one value" },
	{ "defaults: []\n" ONE_CASE,
	  "dir/s.yaml:1: key 'defaults': a list, where a mapping is allowed" },
	{ "defaults:\n  name: a\n" ONE_CASE,
	  "dir/s.yaml:2: key 'name': is a case's own, not a default" },
	{ "defaults:\n  matrix: {}\n" ONE_CASE,
	  "dir/s.yaml:2: key 'matrix': is a case's own" },
	{ "defaults:\n  meme: 1\n" ONE_CASE,
	  "dir/s.yaml:2: key 'meme': no such key for run; there are name, " },
	/* required keys, and keys that are not allowed */
	{ "cases:\n- image: i\n", "dir/s.yaml:2: a case needs the key 'name'" },
	{ "cases:\n- name: a\n", "dir/s.yaml:2: a case needs the key 'image'" },
	{ ONE_CASE "  mme: 1G\n",
	  "dir/s.yaml:4: key 'mme': no such key for run; there are name, "
	  "command, image, matrix, needs, input, dialogue, status, reason, "
	  "console, never, only, report, exec, mem, keep-free, cpus, expose, "
	  "initrd, cmdline, boot, kaslr, disk, share, terminal, port, net, "
	  "vsock, balloon, virtio, sandbox, timeout, expect, fail-on, send, symbols" },
	{ ONE_CASE "  flip: 1\n", "dir/s.yaml:4: key 'flip': no such key for "
				  "run" },
	{ ONE_CASE "  command: verify\n  cpus: 2\n",
	  "dir/s.yaml:5: key 'cpus': no such key for verify; there are name, "
	  "command, image, matrix, needs, input, dialogue, status, reason, "
	  "console, never, only, report, exec, mem, kaslr, sandbox, timeout, flip" },
	{ ONE_CASE "  command: exec\n",
	  "dir/s.yaml:2: a case needs the key 'exec'" },
	{ ONE_CASE "  command: run\n  exec: ls\n",
	  "dir/s.yaml:5: key 'exec': requires the command exec" },
	{ ONE_CASE "  exec: ls\n  expect: x\n",
	  "dir/s.yaml:5: key 'expect': no such key for exec" },
	{ ONE_CASE "  json: x\n", "dir/s.yaml:4: key 'json': no such key" },
	{ ONE_CASE "  report: x\n",
	  "key 'report': one value, where a mapping is allowed" },
	{ ONE_CASE "  report: {outcome: '('}\n",
	  "dir/s.yaml:4: key 'outcome': '(' is not a regular expression" },
	{ ONE_CASE "  report: {outcome: [a]}\n",
	  "key 'outcome': a list, where one value is allowed" },
	{ ONE_CASE "  command: inspect\n  report: {a: b}\n",
	  "dir/s.yaml:5: key 'report': inspect does not write a report" },
	{ ONE_CASE "  verbose: 1\n", "key 'verbose': no such key" },
	{ ONE_CASE "  command: pack\n",
	  "dir/s.yaml:4: key 'command': unknown value 'pack' "
	  "(expected run, exec, verify, inspect" },
	{ ONE_CASE "  command: ${x}\n  matrix: {x: [run, pack]}\n",
	  "dir/s.yaml:4: key 'command': unknown value 'pack' (expected run, exec, verify" },
	{ ONE_CASE "  command: ${y}\n",
	  "dir/s.yaml:4: key 'command': '${y}' is not set by this" },
	{ ONE_CASE "  command: [run]\n",
	  "dir/s.yaml:4: key 'command': a list, where one value is allowed" },
	/* values of the command line */
	{ ONE_CASE "  mem: 63M\n", "dir/s.yaml:4: key 'mem': '63M' is not 64M "
				   "to 512G in whole 4K pages" },
	{ ONE_CASE "  mem:\n", "dir/s.yaml:4: key 'mem': '' is not a size" },
	{ ONE_CASE "  mem: [1G]\n",
	  "dir/s.yaml:4: key 'mem': a list, where one value is allowed" },
	{ ONE_CASE "  cpus: 0\n", "key 'cpus': 0 is outside 1 to 1024" },
	{ ONE_CASE "  boot: bios\n",
	  "key 'boot': unknown protocol 'bios' (expected auto, pvh" },
	{ ONE_CASE "  timeout: 1h\n", "key 'timeout': '1h' is not a duration" },
	{ ONE_CASE "  expect: 'a('\n", "'a(' is not a regular expression" },
	{ ONE_CASE "  expect:\n  - a\n  - 'b('\n",
	  "dir/s.yaml:6: key 'expect': 'b(' is not a regular expression" },
	{ ONE_CASE "  expect: {a: b}\n", "dir/s.yaml:4: key 'expect': a "
					 "mapping, where a value or a list" },
	{ ONE_CASE "  expect: []\n", "key 'expect': the list is empty" },
	{ ONE_CASE "  expect: [[a]]\n", "a list, where one value is allowed" },
	{ ONE_CASE "  expect: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]\n",
	  "dir/s.yaml:2: --expect may be given at most 16 times" },
	{ ONE_CASE "  send: 'a\\q'\n", "dir/s.yaml:4: key 'send': " },
	{ ONE_CASE "  initrd: ''\n", "key 'initrd': '' is not a file's name" },
	{ ONE_CASE "  initrd: [a, '']\n",
	  "key 'initrd': '' is not a file's name" },
	{ ONE_CASE "  initrd: []\n", "key 'initrd': the list is empty" },
	{ ONE_CASE "  initrd: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]\n",
	  "dir/s.yaml:2: --initrd may be given at most 16 times" },
	{ ONE_CASE "  initrd: '-'\n",
	  "key 'initrd': '-' is not a file's name" },
	{ ONE_CASE "  disk: ''\n", "key 'disk': FILE is empty" },
	{ ONE_CASE "  disk: []\n", "key 'disk': the list is empty" },
	{ ONE_CASE "  disk: [a, 'b,c']\n",
	  "dir/s.yaml:4: key 'disk': unknown key 'c' (expected ro" },
	{ ONE_CASE "  disk: 'a,ro,snapshot'\n",
	  "key 'disk': only one of ro, rw and snapshot may be given" },
	{ ONE_CASE "  command: inspect\n  disk: a\n",
	  "dir/s.yaml:5: key 'disk': no such key for inspect" },
	{ ONE_CASE "  command: verify\n  flip: here\n",
	  "dir/s.yaml:5: key 'flip': 'here' is not an address" },
	/* the suite's own keys */
	{ ONE_CASE "  status: 256\n", "dir/s.yaml:4: key 'status': 256 is "
				      "outside 0 to 255" },
	{ ONE_CASE "  status: panic\n", "'panic' is not a whole number" },
	{ ONE_CASE "  reason: '['\n", "key 'reason': '[' is not a regular" },
	{ ONE_CASE "  console: [a, 'x*b', '(']\n",
	  "key 'console': '(' is not" },
	{ ONE_CASE "  never: '('\n", "key 'never': '(' is not a regular" },
	{ ONE_CASE "  only: '('\n", "key 'only': '(' is not a regular" },
	{ ONE_CASE "  needs: kvm\n",
	  "key 'needs': one value, where a mapping is allowed" },
	{ ONE_CASE "  needs:\n    disk: 1G\n",
	  "dir/s.yaml:5: key 'needs': "
	  "unknown value 'disk' (expected kvm, mem, "
	  "cpus, file, library)" },
	{ ONE_CASE "  needs: {library: [libslirp, libfoo]}\n",
	  "key 'library': unknown value 'libfoo' (expected zlib, libelf, " },
	{ ONE_CASE "  needs: {kvm: soft}\n",
	  "key 'kvm': unknown value 'soft' (expected any, hardware" },
	{ ONE_CASE "  needs: {mem: much}\n",
	  "key 'mem': 'much' is not a size" },
	{ ONE_CASE "  needs: {cpus: 0}\n", "key 'cpus': 0 is outside 1 to" },
	{ ONE_CASE "  needs: {cpus: [1]}\n",
	  "key 'cpus': a list, where one value is allowed" },
	{ ONE_CASE "  dialogue: a\n",
	  "key 'dialogue': one value, where a list is allowed" },
	{ ONE_CASE "  dialogue: []\n", "key 'dialogue': the list is empty" },
	{ ONE_CASE "  dialogue: [a]\n", "a step is one of 'expect: REGEX', "
					"'send: TEXT'" },
	{ ONE_CASE "  dialogue:\n  - expect: a\n    send: b\n",
	  "dir/s.yaml:5: key 'dialogue': a step is one of" },
	{ ONE_CASE "  dialogue:\n  - say: a\n",
	  "dir/s.yaml:5: key 'dialogue': unknown value 'say' (expected expect, send" },
	{ ONE_CASE "  dialogue:\n  - send: [a]\n",
	  "dir/s.yaml:5: key 'dialogue': a list, where one value is allowed" },
	{ ONE_CASE "  command: verify\n  dialogue:\n  - send: a\n",
	  "dir/s.yaml:6: key 'dialogue': verify has no --send" },
	/* names */
	{ "cases:\n- {name: '', image: i}\n", "key 'name': '' is not of let" },
	{ "cases:\n- {name: a b, image: i}\n", "key 'name': 'a b' is not of" },
	{ "cases:\n- {name: /a, image: i}\n", "key 'name': '/a' is not of" },
	{ "cases:\n- {name: a/, image: i}\n", "key 'name': 'a/' is not of" },
	{ "cases:\n- {name: a//b, image: i}\n", "'a//b' is not of letters" },
	{ "cases:\n- {name: ../a, image: i}\n", "'../a' is not of letters" },
	{ "cases:\n- {name: a/.., image: i}\n", "'a/..' is not of letters" },
	{ "cases:\n- {name: -a, image: i}\n", "'-a' is not of letters" },
	{ "cases:\n- {name: 'a#b', image: i}\n", "'a#b' is not of letters" },
	{ "cases:\n- {name: a, image: i}\n- {name: a, image: j}\n",
	  "dir/s.yaml:3: key 'name': 'a' is the name of the case at line 2" },
	/* one case needs a folder where another has a file */
	{ "cases:\n- {name: a, image: i}\n- {name: a.console/b, image: i}\n",
	  "dir/s.yaml:3: key 'name': 'a.console/b' makes a folder of a name "
	  "that ends like a result: .console" },
	{ "cases:\n- {name: x/a.stderr/b, image: i}\n",
	  "like a result: .stderr" },
	{ "cases:\n- {name: a.json/b, image: i}\n", "like a result: .json" },
	{ "cases:\n- {name: results.tap/b, image: i}\n",
	  "like a result: .tap" },
	{ "cases:\n- {name: junit.xml/b, image: i}\n", "like a result: .xml" },
	/* one case's files collide with another's attempts */
	{ "cases:\n- {name: a, image: i}\n- {name: a.attempt1, image: i}\n",
	  "dir/s.yaml:3: key 'name': 'a.attempt1' ends like the results of an "
	  "attempt: .attempt1" },
	{ ONE_CASE "  matrix: {x: [1.attempt12]}\n  cmdline: ${x}\n",
	  "'a/1.attempt12' ends like the results of an attempt: .attempt12" },
	/* the matrix */
	{ ONE_CASE "  matrix: mem\n", "dir/s.yaml:4: key 'matrix': is not a "
				      "mapping of at least one axis" },
	{ ONE_CASE "  matrix: {}\n", "key 'matrix': is not a mapping of at" },
	{ ONE_CASE "  matrix:\n    mem: 1G\n",
	  "dir/s.yaml:5: key 'mem': an axis is a list of values or a mapping" },
	{ ONE_CASE "  matrix: {mem: []}\n", "an axis is a list of values" },
	{ ONE_CASE "  matrix:\n    mem:\n    - [1G]\n",
	  "dir/s.yaml:6: key 'mem': a list, where one value is allowed" },
	{ ONE_CASE "  matrix:\n    mem:\n    - 1G\n    - 2T\n",
	  "dir/s.yaml:7: key 'mem': '2T' is not a size" },
	{ ONE_CASE "  mem: 1G\n  matrix: {mem: [2G]}\n",
	  "dir/s.yaml:4: key 'mem': is in the matrix, too" },
	{ ONE_CASE "  matrix: {name: [b]}\n", "key 'name': cannot be an axis" },
	{ ONE_CASE "  matrix: {needs: [b]}\n",
	  "key 'needs': cannot be an axis" },
	{ ONE_CASE "  matrix: {men: [1G]}\n",
	  "dir/s.yaml:4: key 'men': is neither a key of a case "
	  "nor used as ${men}" },
	{ ONE_CASE "  cmdline: ${x}\n",
	  "dir/s.yaml:4: key 'cmdline': '${x}' is not set by this case's " },
	{ ONE_CASE "  matrix: {cmdline: [a b]}\n",
	  "the value 'a b' of the axis 'cmdline' makes no valid name; write "
	  "{LABEL: VALUE, ...}" },
	{ ONE_CASE "  matrix: {cmdline: ['']}\n", "the value '' of the axis" },
	{ ONE_CASE "  matrix: {cmdline: {a b: c}}\n",
	  "the value 'a b' of the" },
	{ ONE_CASE "  matrix: {k: [{mem: 1G}]}\n",
	  "key 'k': a mapping, where one value is allowed" },
	{ ONE_CASE "  matrix:\n    k:\n      x: {mem: 1G}\n      y: 1G\n",
	  "dir/s.yaml:7: key 'k': one value, where the axis has a mapping" },
	{ ONE_CASE "  matrix:\n    k:\n      x: {mem: [1G]}\n",
	  "dir/s.yaml:6: key 'mem': a list, where one value is allowed" },
	{ ONE_CASE "  matrix:\n    k:\n      x: {men: 1G}\n",
	  "dir/s.yaml:6: key 'men': is neither a key of a case nor used" },
	{ ONE_CASE "  matrix:\n    k: {x: {mem: 1G}}\n    mem: [2G]\n",
	  "dir/s.yaml:6: key 'mem': the axis 'k' sets it, too" },
	{ ONE_CASE "  matrix:\n    k: {x: {name: n}}\n",
	  "key 'name': cannot be an axis" },
	{ ONE_CASE "  matrix: {cpus: [1, 2, 1]}\n",
	  "'a/1' is the name of the case at line 2, too" },
	{ ONE_CASE "  matrix: {a: [1], b: [1], c: [1], d: [1], e: [1], f: [1], "
		   "g: [1], h: [1], i: [1]}\n",
	  "key 'i': more than 8 axes" },
};

START_TEST(suite__names_line_key_and_what_is_allowed)
{
	int rc = read_suite(&s, mistakes[_i].text, &e);

	ck_assert_msg(rc < 0, "accepted: %s", mistakes[_i].text);
	ck_assert_msg(strstr(e.msg, mistakes[_i].message),
		      "\"%s\" lacks \"%s\"", e.msg, mistakes[_i].message);
	ck_assert_msg(!strncmp(e.msg, "dir/s.yaml:", 11), "\"%s\"", e.msg);
	ck_assert_ptr_null(s.cases);
	ck_assert_ptr_null(s.pool.last);
}
END_TEST

/* The words of case @i's options, separated by blanks. */
static const char *words(size_t i)
{
	static char line[512];

	line[0] = '\0';
	for (size_t n = 0; n < s.cases[i].options.count; n++)
		strcat(strcat(line, n ? " " : ""), s.cases[i].options.at[n]);
	return line;
}

START_TEST(suite__a_case_with_everything)
{
	const struct suite_case *c;

	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- name: all/of-it_1.0+x\n"
			     "  image: /abs/i\n"
			     "  mem: 1G\n"
			     "  cpus: 2\n"
			     "  initrd: sub/rd\n"
			     "  cmdline: a b # c\n"
			     "  boot: pvh\n"
			     "  timeout: 1500ms\n"
			     "  expect: [x, y]\n"
			     "  fail-on: z\n"
			     "  send: 's\\n'\n"
			     "  symbols: map\n"
			     "  status: 6\n"
			     "  reason: r\n"
			     "  console: [c1, c2]\n"
			     "  never: n\n"
			     "  only: [o]\n"
			     "  report: {a.b: c, d: e}\n"
			     "  input: in\n"
			     "  needs: {kvm: hardware, mem: 6G, cpus: 3, "
			     "file: [f, /g], library: [zlib, libelf]}\n",
			     &e),
		  &e);
	ck_assert_uint_eq(s.count, 1);
	ck_assert_str_eq(s.name, "s");
	c = &s.cases[0];
	ck_assert_str_eq(c->name, "all/of-it_1.0+x");
	ck_assert_str_eq(c->command, "run");
	ck_assert_str_eq(c->image, "/abs/i");
	ck_assert_str_eq(words(0),
			 "--mem 1G --cpus 2 --initrd dir/sub/rd --cmdline a b "
			 "--boot pvh --timeout 1500ms --expect x --expect y "
			 "--fail-on z --send s\\n --symbols dir/map");
	ck_assert_uint_eq(c->timeout_ns, 1500000000);
	ck_assert_uint_eq(c->status, 6);
	ck_assert_str_eq(c->reason.at[0], "r");
	ck_assert_uint_eq(c->console.count, 2);
	ck_assert_str_eq(c->console.at[1], "c2");
	ck_assert_str_eq(c->never.at[0], "n");
	ck_assert_str_eq(c->only.at[0], "o");
	ck_assert_uint_eq(c->report.count, 4);
	ck_assert_str_eq(c->report.at[0], "a.b");
	ck_assert_str_eq(c->report.at[3], "e");
	ck_assert_str_eq(c->input, "dir/in");
	ck_assert_int_eq(c->needs.kvm, KVM_HARDWARE);
	ck_assert_uint_eq(c->needs.mem, UINT64_C(6) << 30);
	ck_assert_uint_eq(c->needs.cpus, 3);
	ck_assert_str_eq(c->needs.files.at[0], "dir/f");
	ck_assert_str_eq(c->needs.files.at[1], "/g");
	ck_assert_uint_eq(c->needs.libraries.count, 2);
	ck_assert_str_eq(c->needs.libraries.at[1], "libelf");
	/* Files that must exist: initrd, symbols, input and the image. */
	ck_assert_uint_eq(c->files.count, 4);
	suite_release(&s);
}
END_TEST

START_TEST(suite__without_a_word)
{
	assert_ok(read_suite(&s, ONE_CASE, &e), &e);
	ck_assert_str_eq(s.cases[0].image, "dir/i");
	ck_assert_uint_eq(s.cases[0].timeout_ns, UINT64_C(300000000000));
	ck_assert_uint_eq(s.cases[0].status, 0);
	ck_assert_uint_eq(s.cases[0].options.count, 0);
	ck_assert_ptr_null(s.cases[0].input);
	ck_assert_int_eq(s.cases[0].needs.kvm, KVM_NOT_ASKED);
	suite_release(&s);
}
END_TEST

START_TEST(suite__names_that_only_look_like_results)
{
	static const char *const names[] = { "a.attempt",    "a.attempt1x",
					     "a.attempt/1",  "attempt1",
					     "a.attempt1/b", "a.console" };
	char text[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof(text), "cases: [{name: %s, image: i}]",
			 names[i]);
		assert_ok(read_suite(&s, text, &e), &e);
		suite_release(&s);
	}
}
END_TEST

START_TEST(suite__exec_is_a_command)
{
	assert_ok(read_suite(&s,
			     "defaults: {image: i, exec: 'exit 7'}\n"
			     "cases:\n"
			     "- {name: a, status: 7, modules: m, rw: [x, y]}\n"
			     "- {name: b, exec: true, user: root}\n"
			     "- {name: r, command: run, cpus: 2}\n",
			     &e),
		  &e);
	ck_assert_str_eq(s.cases[0].command, "exec");
	ck_assert_str_eq(s.cases[0].exec, "exit 7");
	ck_assert_uint_eq(s.cases[0].status, 7);
	ck_assert_str_eq(words(0), "--modules dir/m --rw dir/x --rw dir/y");
	ck_assert_str_eq(s.cases[1].exec, "true");
	ck_assert_str_eq(words(1), "--user root");
	ck_assert_str_eq(s.cases[2].command, "run");
	ck_assert_ptr_null(s.cases[2].exec);
	suite_release(&s);
	/* The default kernel is this machine's. */
	assert_ok(read_suite(&s, "cases: [{name: a, exec: ls}]\n", &e), &e);
	ck_assert_ptr_null(s.cases[0].image);
}
END_TEST

START_TEST(suite__defaults_are_replaced)
{
	assert_ok(read_suite(&s,
			     "defaults:\n"
			     "  image: i\n"
			     "  mem: 1G\n"
			     "  initrd: rd\n"
			     "  console: [a, b]\n"
			     "  report: {outcome: reset}\n"
			     "cases:\n"
			     "- name: a\n"
			     "- {name: b, image: j, mem: 2G, console: c}\n"
			     "- {name: v, command: verify}\n"
			     "- {name: m, matrix: {mem: [3G]}}\n",
			     &e),
		  &e);
	ck_assert_str_eq(words(0), "--mem 1G --initrd dir/rd");
	ck_assert_uint_eq(s.cases[0].console.count, 2);
	ck_assert_str_eq(s.cases[1].image, "dir/j");
	ck_assert_str_eq(words(1), "--initrd dir/rd --mem 2G");
	ck_assert_uint_eq(s.cases[1].console.count, 1);
	/* verify has no initrd, so one from the defaults does not apply */
	ck_assert_str_eq(words(2), "--mem 1G");
	ck_assert_uint_eq(s.cases[1].report.count, 2);
	ck_assert_uint_eq(s.cases[2].report.count, 0);
	ck_assert_str_eq(words(3), "--initrd dir/rd --mem 3G");
	suite_release(&s);
}
END_TEST

START_TEST(suite__defaults_stand_before_all_keys)
{
	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- {name: a, image: i, send: s}\n"
			     "- {name: b, image: i, matrix: {expect: [y]}}\n"
			     "defaults: {expect: x, send: t}\n",
			     &e),
		  &e);
	ck_assert_str_eq(words(0), "--expect x --send s");
	ck_assert_str_eq(words(1), "--send t --expect y");
	suite_release(&s);
}
END_TEST

START_TEST(suite__options_keep_the_order_of_keys)
{
	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- name: before\n"
			     "  image: i\n"
			     "  send: s\n"
			     "  expect: [x, y]\n"
			     "- name: after\n"
			     "  image: i\n"
			     "  expect: [x, y]\n"
			     "  send: s\n"
			     "- name: between\n"
			     "  image: i\n"
			     "  dialogue:\n"
			     "  - expect: x\n"
			     "  - send: s\n"
			     "  - expect: y\n"
			     "- name: matrix-first\n"
			     "  image: i\n"
			     "  matrix: {expect: [x]}\n"
			     "  send: s\n"
			     "- name: matrix-last\n"
			     "  image: i\n"
			     "  send: s\n"
			     "  matrix: {expect: [x]}\n",
			     &e),
		  &e);
	ck_assert_str_eq(words(0), "--send s --expect x --expect y");
	ck_assert_str_eq(words(1), "--expect x --expect y --send s");
	ck_assert_str_eq(words(2), "--expect x --send s --expect y");
	ck_assert_str_eq(words(3), "--expect x --send s");
	ck_assert_str_eq(words(4), "--send s --expect x");
	suite_release(&s);
}
END_TEST

START_TEST(suite__initrds_are_a_list)
{
	assert_ok(read_suite(&s,
			     "defaults:\n"
			     "  initrd: [one, two]\n"
			     "cases:\n"
			     "- {name: a, image: i}\n"
			     "- {name: b, image: i, initrd: [x, /y, x]}\n"
			     "- {name: c, image: i, initrd: z}\n",
			     &e),
		  &e);
	ck_assert_str_eq(words(0), "--initrd dir/one --initrd dir/two");
	ck_assert_str_eq(words(1), "--initrd dir/x --initrd /y --initrd dir/x");
	ck_assert_str_eq(words(2), "--initrd dir/z");
	/* All of them must exist, and so must the image. */
	ck_assert_uint_eq(s.cases[1].files.count, 4);
	suite_release(&s);
}
END_TEST

START_TEST(suite__ports_are_in_its_folder)
{
	static const char text[] =
		"cases:\n"
		"- {name: a, image: i, port: [x=out, 'y=unix:s,eof', z=fd=3, "
		"w=/log]}\n";
	const struct bytes bytes = { (const uint8_t *)text, strlen(text) };

	assert_ok(suite_parse(&s, "d/s.yaml", bytes, &suite_words, &e), &e);
	ck_assert_str_eq(words(0), "--port x=d/out --port y=unix:d/s,eof "
				   "--port z=fd=3 --port w=/log");
	suite_release(&s);
}
END_TEST

/* A case's name is its guest's, of which MAC addresses are made. */
START_TEST(suite__cards_are_in_its_folder)
{
	static const char text[] =
		"cases:\n"
		"- {name: a, image: i, net: ['user,pcap=p', stream=s, tap=t]}\n"
		"- {name: b, image: i, command: verify}\n";
	const struct bytes bytes = { (const uint8_t *)text, strlen(text) };

	assert_ok(suite_parse(&s, "d/s.yaml", bytes, &suite_words, &e), &e);
	ck_assert_str_eq(words(0), "--net user,pcap=d/p --net stream=d/s "
				   "--net tap=t");
	ck_assert(s.cases[0].named);
	ck_assert(!s.cases[1].named);
	suite_release(&s);
}
END_TEST

/* Their paths are; a comma in the folder's name does not end them. */
START_TEST(suite__devices_are_in_its_folder)
{
	static const char text[] =
		"defaults: {image: i, disk: 'one,ro'}\n"
		"cases:\n"
		"- {name: a}\n"
		"- {name: b, disk: [../x, '/y,id=a/b', 'u\\,v,snapshot']}\n"
		"- {name: c, disk: 'd.${n}', matrix: {n: [1, 2]}}\n"
		"- {name: d}\n"
		"- {name: e, disk: /y, net: ['user,restrict', 'stream=s,mtu=70'],\n"
		"   vsock: 'cid=3,socket=v', share: 'f,tag=t'}\n";
	const struct bytes bytes = { (const uint8_t *)text, strlen(text) };

	assert_ok(suite_parse(&s, "d,1/s.yaml", bytes, &suite_words, &e), &e);
	ck_assert_str_eq(words(0), "--disk d\\,1/one,ro");
	ck_assert_str_eq(words(1), "--disk d\\,1/../x --disk /y,id=a/b "
				   "--disk d\\,1/u\\,v,snapshot");
	ck_assert_str_eq(words(2), "--disk d\\,1/d.1");
	ck_assert_str_eq(words(3), "--disk d\\,1/d.2");
	ck_assert_str_eq(words(4), "--disk d\\,1/one,ro");
	ck_assert_str_eq(words(5), "--disk /y --net user,restrict "
				   "--net stream=d\\,1/s,mtu=70 "
				   "--vsock cid=3,socket=d\\,1/v "
				   "--share d\\,1/f,tag=t");
	suite_release(&s);
	assert_ok(suite_parse(&s, "s.yaml", bytes, &suite_words, &e), &e);
	ck_assert_str_eq(words(0), "--disk one,ro");
	suite_release(&s);
}
END_TEST

/* Each combination once; the last axis changes fastest. */
START_TEST(suite__matrix_is_a_product)
{
	static const struct {
		const char *name, *words, *image, *console;
	} want[] = {
		{ "m/lz4/64M/one", "--mem 64M --cpus 1", "dir/k/lz4",
		  "^cpus 1$" },
		{ "m/lz4/64M/2", "--mem 64M --cpus 2", "dir/k/lz4",
		  "^cpus 2$" },
		{ "m/lz4/6G/one", "--mem 6G --cpus 1", "dir/k/lz4",
		  "^cpus 1$" },
		{ "m/lz4/6G/2", "--mem 6G --cpus 2", "dir/k/lz4", "^cpus 2$" },
		{ "m/xz/64M/one", "--mem 64M --cpus 1", "dir/k/xz",
		  "^cpus 1$" },
		{ "m/xz/64M/2", "--mem 64M --cpus 2", "dir/k/xz", "^cpus 2$" },
		{ "m/xz/6G/one", "--mem 6G --cpus 1", "dir/k/xz", "^cpus 1$" },
		{ "m/xz/6G/2", "--mem 6G --cpus 2", "dir/k/xz", "^cpus 2$" },
	};

	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- name: m\n"
			     "  console: ^cpus ${cpus}$\n"
			     "  matrix:\n"
			     "    image: [k/lz4, k/xz]\n"
			     "    mem: [64M, 6G]\n"
			     "    cpus: {one: 1, 2: 2}\n",
			     &e),
		  &e);
	ck_assert_uint_eq(s.count, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		ck_assert_str_eq(s.cases[i].name, want[i].name);
		ck_assert_str_eq(words(i), want[i].words);
		ck_assert_str_eq(s.cases[i].image, want[i].image);
		ck_assert_str_eq(s.cases[i].console.at[0], want[i].console);
	}
	suite_release(&s);
}
END_TEST

/* A label that sets several keys, and what texts refer to. */
START_TEST(suite__matrix_of_labels_that_set_many)
{
	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- name: m\n"
			     "  console: ['${kernel} ${is}', '${mem}']\n"
			     "  matrix:\n"
			     "    kernel:\n"
			     "      old: {image: a, is: five}\n"
			     "      new: {image: b, is: six, boot: pvh}\n"
			     "    mem: [1G, 2G]\n",
			     &e),
		  &e);
	ck_assert_uint_eq(s.count, 4);
	ck_assert_str_eq(s.cases[1].name, "m/old/2G");
	ck_assert_str_eq(s.cases[1].image, "dir/a");
	ck_assert_str_eq(words(1), "--mem 2G");
	ck_assert_str_eq(s.cases[2].name, "m/new/1G");
	ck_assert_str_eq(s.cases[2].image, "dir/b");
	ck_assert_str_eq(words(2), "--boot pvh --mem 1G");
	ck_assert_str_eq(s.cases[2].console.at[0], "new six");
	ck_assert_str_eq(s.cases[2].console.at[1], "1G");
	suite_release(&s);
}
END_TEST

START_TEST(suite__matrix_of_a_name_of_its_own)
{
	assert_ok(read_suite(&s,
			     "cases:\n"
			     "- name: x-${k}-y\n"
			     "  image: ${k}/vmlinuz-${k}\n"
			     "  cmdline: a$k$ {k} ${k}\n"
			     "  matrix: {k: [5.10, 6.1]}\n",
			     &e),
		  &e);
	ck_assert_uint_eq(s.count, 2);
	ck_assert_str_eq(s.cases[1].name, "x-6.1-y");
	ck_assert_str_eq(s.cases[1].image, "dir/6.1/vmlinuz-6.1");
	ck_assert_str_eq(words(1), "--cmdline a$k$ {k} 6.1");
	suite_release(&s);
}
END_TEST

START_TEST(suite__a_command_is_a_value_too)
{
	assert_ok(read_suite(&s,
			     "defaults: {command: '${how}', image: i}\n"
			     "cases:\n"
			     "- name: d\n"
			     "  matrix: {how: [run, verify]}\n"
			     "- name: own\n"
			     "  command: ${k}spect\n"
			     "  matrix: {k: [in]}\n",
			     &e),
		  &e);
	ck_assert_uint_eq(s.count, 3);
	ck_assert_str_eq(s.cases[0].command, "run");
	ck_assert_str_eq(s.cases[1].command, "verify");
	ck_assert_str_eq(s.cases[2].command, "inspect");
	suite_release(&s);
}
END_TEST

static const struct {
	const char *text, *cmdline; /* with k set to 1 */
} dollars[] = {
	{ "$${k}", "${k}" },
	{ "$${k} ${k}", "${k} 1" },
	{ "${k}$${k}", "1${k}" },
	{ "a$$${k}", "a$${k}" },
	{ "$${k", "${k" },
	{ "$${${k}", "${1" },
	{ "$k $$ $$k ${k}", "$k $$ $$k 1" },
	{ "${k} ${k", "1 ${k" },
};

START_TEST(suite__a_dollar_more_is_itself)
{
	char text[256], want[64];

	snprintf(text, sizeof(text),
		 ONE_CASE "  cmdline: '%s'\n  input: '${k}'\n"
			  "  matrix: {k: [1]}\n",
		 dollars[_i].text);
	assert_ok(read_suite(&s, text, &e), &e);
	snprintf(want, sizeof(want), "--cmdline %s", dollars[_i].cmdline);
	ck_assert_str_eq(words(0), want);
	suite_release(&s);
}
END_TEST

/* "cases: [{name: a, image: i, matrix: {x: [0, 1, ... @n - 1], ...}}]" */
static char *matrix_of(unsigned n, unsigned more)
{
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "cases:\n- name: a\n  image: ${x}\n  matrix:\n    x: [0");
	for (unsigned i = 1; i < n; i++)
		fprintf(f, ", %u", i);
	fprintf(f, "]\n");
	for (unsigned i = 0; i < more; i++)
		fprintf(f, "- {name: b%u, image: i}\n", i);
	fclose(f);
	return text;
}

static const struct {
	unsigned n, more;
	const char *message; /* NULL: fits */
} sizes[] = {
	{ 10000, 0, NULL },
	{ 10001, 0, "dir/s.yaml:5: key 'x': the matrix makes more than 10000" },
	{ 9999, 1, NULL },
	{ 9999, 2,
	  "dir/s.yaml:7: with this case there are 10001; 10000 are "
	  "allowed" },
};

START_TEST(suite__bounds_the_number_of_cases)
{
	char *text = matrix_of(sizes[_i].n, sizes[_i].more);
	int rc = read_suite(&s, text, &e);

	if (sizes[_i].message)
		assert_err(rc, -EINVAL, &e, sizes[_i].message);
	else
		assert_ok(rc, &e);
	if (!rc)
		ck_assert_uint_eq(s.count, 10000);
	suite_release(&s);
	free(text);
}
END_TEST

/* Each of @n labels sets this many names. */
static char *sets_of(unsigned n, unsigned names)
{
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	fputs(ONE_CASE "  cmdline: '", f);
	for (unsigned i = 0; i < names; i++)
		fprintf(f, "${x%u}", i);
	fputs("'\n  matrix:\n    x:\n", f);
	for (unsigned i = 0; i < n; i++) {
		fprintf(f, "      l%u: {x0: 1", i);
		for (unsigned j = 1; j < names; j++)
			fprintf(f, ", x%u: 1", j);
		fputs("}\n", f);
	}
	fclose(f);
	return text;
}

START_TEST(suite__bounds_what_a_label_sets)
{
	char *fits = sets_of(2, 64), *more = sets_of(2, 65);

	assert_ok(read_suite(&s, fits, &e), &e);
	ck_assert_uint_eq(s.count, 2);
	suite_release(&s);
	assert_err(read_suite(&s, more, &e), -EINVAL, &e,
		   "dir/s.yaml:7: key 'l0': sets 65 names; 64 are allowed");
	free(fits);
	free(more);
}
END_TEST

/* 8 axes of 1000 values overflow any integer. */
START_TEST(suite__bounds_a_product_that_overflows)
{
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	fputs(ONE_CASE "  cmdline: '", f);
	for (char c = 'a'; c < 'i'; c++)
		fprintf(f, "${%c}", c);
	fputs("'\n  matrix:\n", f);
	for (char c = 'a'; c < 'i'; c++) {
		fprintf(f, "    %c: [0", c);
		for (int i = 1; i < 1000; i++)
			fprintf(f, ",%d", i);
		fputs("]\n", f);
	}
	fclose(f);
	assert_err(read_suite(&s, text, &e), -EINVAL, &e,
		   "key 'b': the matrix makes more than 10000 cases");
	free(text);
}
END_TEST

static const struct {
	size_t len;
	int rc;
	const char *message;
} lengths[] = {
	{ 1 << 20, 0, "" },
	{ (1 << 20) + 1, -E2BIG,
	  "dir/s.yaml:1: the suite has 1048577 bytes; "
	  "1048576 are allowed" },
};

START_TEST(suite__bounds_the_file)
{
	size_t len = lengths[_i].len;
	char *text = malloc(len + 1);
	int rc;

	memset(text, '\n', len);
	memcpy(text, ONE_CASE, strlen(ONE_CASE));
	text[len] = '\0';
	rc = read_suite(&s, text, &e);
	if (lengths[_i].rc)
		assert_err(rc, lengths[_i].rc, &e, lengths[_i].message);
	else
		assert_ok(rc, &e);
	suite_release(&s);
	free(text);
}
END_TEST

/* The number of bytes that the host's malloc() has allocated. */
static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/*
 * Repeated text: @before, then @part @times times, then @after, then the rest
 * of a case. Covers a text that differs in each case, with and without names in
 * it, and lists and names of files that do not.
 */
static const struct {
	const char *before, *part, *after;
	int times, cases;
	int rc;	    /* -E2BIG if each case needs a long text */
	size_t kib; /* otherwise, how much is enough; 0: the limit */
} costs[] = {
	{ "  cmdline: '${x}", "y", "'\n", 100000, 1000, -E2BIG, 0 },
	{ "  cmdline: '", "${x}", "'\n", 1000, 1000, 0, 6 << 10 },
	{ "  cmdline: '${x}", "y", "'\n", 1000, 10000, 0, 20 << 10 },
	{ "  never: [a", ",b", "]\n", 50000, 1000, 0, 10 << 10 },
	{ "  console: [a", ",b", "]\n", 50000, 1000, 0, 10 << 10 },
	{ "  report: {a: b", ",KEY", "}\n", 900, 1000, 0, 2 << 10 },
	{ "  input: a", "/a", "\n", 2000, 5000, 0, 5 << 10 },
	{ "", "", "", 0, 10000, 0, 10 << 10 },
};

START_TEST(suite__bounds_memory)
{
	size_t len, before, limit;
	char *text, message[64];
	FILE *f = open_memstream(&text, &len);
	int rc;

	fputs(ONE_CASE "  reason: '${x}'\n  matrix: {x: [0", f);
	for (int i = 1; i < costs[_i].cases; i++)
		fprintf(f, ",%d", i);
	fprintf(f, "]}\n%s", costs[_i].before);
	for (int i = 0; i < costs[_i].times; i++)
		if (!strcmp(costs[_i].part, ",KEY"))
			fprintf(f, ",c%d: d", i);
		else
			fputs(costs[_i].part, f);
	fputs(costs[_i].after, f);
	fclose(f);
	limit = SUITE_MEMORY + SUITE_MEMORY_BY_BYTE * len;
	before = in_use();
	rc = read_suite(&s, text, &e);
	if (costs[_i].rc) {
		snprintf(message, sizeof(message),
			 "dir/s.yaml:2: the suite takes more than %zu MiB",
			 limit >> 20);
		assert_err(rc, costs[_i].rc, &e, message);
		ck_assert_ptr_null(s.pool.last);
	} else {
		assert_ok(rc, &e);
		ck_assert_uint_le(in_use() - before, costs[_i].kib << 10);
	}
	suite_release(&s);
	/* malloc() keeps a little for the next call. */
	ck_assert_uint_le(in_use(), before + (64 << 10));
	free(text);
}
END_TEST

/* A sanitizer takes all addresses and does not report what it has allocated. */
#ifndef __SANITIZE_ADDRESS__
START_TEST(suite__reads_in_little_memory)
{
	const struct rlimit limit = { 192 << 20, 192 << 20 };
	size_t len;
	char *text;
	FILE *f = open_memstream(&text, &len);

	fputs(ONE_CASE "  matrix: {x: [0", f);
	for (int i = 1; i < 20; i++)
		fprintf(f, ",%d", i);
	fputs("]}\n  cmdline: '", f);
	for (int i = 0; i < 180000; i++)
		fputs("${x}", f);
	fputs("'\n", f);
	fclose(f);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	assert_ok(read_suite(&s, text, &e), &e);
	ck_assert_uint_eq(s.count, 20);
	suite_release(&s);
	free(text);
}
END_TEST
#endif

/* How often a suite asks about one value; the answers are the real ones. */
static unsigned checks;

static int count_check(const char *option, const char *value, struct err *err)
{
	checks++;
	return suite_words.check(option, value, err);
}

static const struct {
	const char *text;
	unsigned checks;
} asked[] = {
	/* 2 patterns, one of the report's, and 3 values of options */
	{ "defaults:\n"
	  "  image: i\n"
	  "  never: [a, b]\n"
	  "  report: {outcome: x}\n"
	  "  expect: [c, d]\n"
	  "  cmdline: k\n"
	  "cases:\n"
	  "- {name: a, matrix: {v: [1, 2, 3]}, status: '${v}'}\n"
	  "- {name: b}\n"
	  "- {name: c}\n",
	  6 },
	/* each has its own text */
	{ "defaults: {image: i, never: '${v}', only: a}\n"
	  "cases:\n"
	  "- {name: a, matrix: {v: [1, 2, 3]}}\n",
	  4 },
	/* the values of an axis */
	{ ONE_CASE "  matrix: {mem: [1G, 2G], cpus: [1, 2, 3]}\n", 5 },
	{ ONE_CASE "  dialogue: [{expect: a}, {send: '${v}'}]\n"
		   "  matrix: {v: [1, 2, 3]}\n",
	  4 },
};

START_TEST(suite__checks_a_value_once)
{
	struct suite_words words = suite_words;

	words.check = count_check;
	checks = 0;
	assert_ok(suite_parse(&s, "dir/s.yaml",
			      (struct bytes){ (const uint8_t *)asked[_i].text,
					      strlen(asked[_i].text) },
			      &words, &e),
		  &e);
	ck_assert_uint_eq(checks, asked[_i].checks);
	suite_release(&s);
}
END_TEST

START_TEST(suite__filter)
{
	assert_ok(read_suite(&s,
			     "defaults: {image: i}\n"
			     "cases:\n"
			     "- name: a1\n"
			     "- name: b1\n"
			     "- name: a2\n",
			     &e),
		  &e);
	assert_ok(suite_filter(&s, "^a", &e), &e);
	ck_assert_uint_eq(s.count, 2);
	ck_assert_str_eq(s.cases[1].name, "a2");
	assert_err(suite_filter(&s, "^b", &e), -ENOENT, &e,
		   "'^b' does not match the name of any of 2 cases");
	suite_release(&s);
}
END_TEST

/* The command line has every option that suites may use. */
START_TEST(suite__words_are_those_of_the_command_line)
{
	static const char *const most[] = {
		"mem",	    "keep-free", "cpus",    "expose", "initrd",
		"cmdline",  "boot",	 "kaslr",   "disk",   "share",
		"terminal", "port",	 "net",	    "vsock",  "balloon",
		"virtio",   "sandbox",	 "timeout", "expect", "fail-on",
		"send",	    "symbols"
	};
	struct suite_option o;

	for (size_t i = 0; i < COUNT(most); i++)
		ck_assert_str_eq(suite_words.option_at("run", i), most[i]);
	ck_assert_ptr_null(suite_words.option_at("run", COUNT(most)));
	ck_assert(suite_words.option("verify", "flip", &o));
	ck_assert(suite_words.option("inspect", "mem", &o));
	ck_assert(suite_words.option("run", "terminal", &o));
	ck_assert_str_eq(o.name, "console");
	/* only for inspect's map, which no case draws */
	ck_assert(!suite_words.option("inspect", "initrd", &o));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("suite");
	TCase *t = tcase_create("suite");

	tcase_add_loop_test(t, suite__names_line_key_and_what_is_allowed, 0,
			    COUNT(mistakes));
	tcase_add_test(t, suite__a_case_with_everything);
	tcase_add_test(t, suite__without_a_word);
	tcase_add_test(t, suite__names_that_only_look_like_results);
	tcase_add_test(t, suite__exec_is_a_command);
	tcase_add_test(t, suite__defaults_are_replaced);
	tcase_add_test(t, suite__defaults_stand_before_all_keys);
	tcase_add_test(t, suite__options_keep_the_order_of_keys);
	tcase_add_test(t, suite__initrds_are_a_list);
	tcase_add_test(t, suite__cards_are_in_its_folder);
	tcase_add_test(t, suite__devices_are_in_its_folder);
	tcase_add_test(t, suite__ports_are_in_its_folder);
	tcase_add_test(t, suite__matrix_is_a_product);
	tcase_add_test(t, suite__matrix_of_labels_that_set_many);
	tcase_add_test(t, suite__matrix_of_a_name_of_its_own);
	tcase_add_test(t, suite__a_command_is_a_value_too);
	tcase_add_loop_test(t, suite__a_dollar_more_is_itself, 0,
			    COUNT(dollars));
	tcase_add_loop_test(t, suite__bounds_the_number_of_cases, 0,
			    COUNT(sizes));
	tcase_add_test(t, suite__bounds_what_a_label_sets);
	tcase_add_test(t, suite__bounds_a_product_that_overflows);
	tcase_add_loop_test(t, suite__bounds_the_file, 0, COUNT(lengths));
	tcase_add_loop_test(t, suite__bounds_memory, 0, COUNT(costs));
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(t, suite__reads_in_little_memory);
#endif
	tcase_add_loop_test(t, suite__checks_a_value_once, 0, COUNT(asked));
	tcase_add_test(t, suite__filter);
	tcase_add_test(t, suite__words_are_those_of_the_command_line);
	suite_add_tcase(suite, t);
	return suite;
}
