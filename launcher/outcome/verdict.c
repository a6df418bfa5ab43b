/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/cmdline.h"
#include "pv/testport.h"
#include "outcome/kernel_words.h"

static void say(struct verdict *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Append to the line, cut to its room. */
static void say(struct verdict *v, const char *fmt, ...)
{
	size_t used = strlen(v->line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->line + used, sizeof(v->line) - used, fmt, ap);
	va_end(ap);
}

/* Limits of quoted names, lines and expressions, and of named places, so that
 * the rest of the sentence fits. */
#define QUOTE_MAX	240
#define REGEX_MAX	80
#define SYMBOL_SAID_MAX 48
#define CPUS_MAX	4
#define RUNS_MAX	8
/* Of the lines before the last, and of the last, when there are several. */
#define BEFORE_MAX 72
#define LAST_MAX   120

/* A foreign text, with control characters replaced. */
static void say_cleaned(struct verdict *v, const char *text, size_t max)
{
	size_t n = strnlen(text, max);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		say(v, "%c", c < 0x20 || c >= 0x7f ? '?' : c);
	}
	if (text[n])
		say(v, "...");
}

static void say_rip(struct verdict *v, const struct verdict_facts *f,
		    const struct vcpu_where *w)
{
	const char *name = symbols_name(f->symbols, w);

	if (!name && f->autopsy)
		name = autopsy_module_place(f->autopsy, w);
	say(v, " at rip 0x%" PRIx64 " (%s", w->rip, w->mode);
	if (name) {
		say(v, ", ");
		say_cleaned(v, name, SYMBOL_SAID_MAX);
	}
	say(v, ")");
}

static void say_where(struct verdict *v, const struct verdict_facts *f,
		      const struct vcpu_where *w)
{
	if (!w->known)
		return;
	if (w->was_reset) {
		say(v, "; it is not known where, since this host's KVM resets "
		       "a CPU that shuts down");
		return;
	}
	say_rip(v, f, w);
	if (w->insn_len)
		say(v, ", instruction bytes");
	for (unsigned i = 0; i < w->insn_len; i++)
		say(v, " %02x", w->insn[i]);
}

static void say_cut(struct verdict *v, const char *line, size_t max)
{
	say(v, "\"");
	say_cleaned(v, line, max);
	say(v, "\"");
}

static void say_quoted(struct verdict *v, const char *line)
{
	say_cut(v, line, QUOTE_MAX);
}

static bool is_same_place(const struct vcpu_where *a,
			  const struct vcpu_where *b)
{
	return a->known && b->known && a->rip == b->rip &&
	       !strcmp(a->mode, b->mode);
}

/* Whether an earlier vCPU is at the same place as vCPU @id. */
static bool is_said(const struct verdict_facts *f, unsigned id)
{
	for (unsigned i = 0; i < id; i++)
		if (is_same_place(&f->results[i].where, &f->results[id].where))
			return true;
	return false;
}

/* Of a trace; the report has more. */
#define FRAMES_MAX 12

static void say_frame(struct verdict *v, const struct verdict_facts *f,
		      const struct frame *frame)
{
	const char *name = autopsy_frame_name(f->autopsy, frame);

	if (frame->is_guess)
		say(v, "? ");
	if (name)
		say_cleaned(v, name, SYMBOL_SAID_MAX);
	else
		say(v, "0x%" PRIx64, frame->ip);
}

/* Bare addresses would say little. */
static bool has_names(const struct verdict_facts *f, const struct stack *s)
{
	for (unsigned i = 1; i < s->count; i++)
		if (autopsy_frame_name(f->autopsy, &s->frames[i]))
			return true;
	return false;
}

/* Who called what the vCPUs at the place of vCPU @id were in. */
static bool say_trace(struct verdict *v, const struct verdict_facts *f,
		      unsigned id)
{
	const struct stack *s = autopsy_stack(f->autopsy, id);

	if (!s || !has_names(f, s))
		return false;
	say(v, "; vCPU %u called from ", id);
	for (unsigned i = 1; i < s->count; i++) {
		if (i > FRAMES_MAX) {
			say(v, ", ...");
			break;
		}
		say(v, "%s", i > 1 ? ", " : "");
		say_frame(v, f, &s->frames[i]);
	}
	return true;
}

/* The traces of the places that say_cpus() names. */
static void say_traces(struct verdict *v, const struct verdict_facts *f)
{
	unsigned said = 0;

	for (unsigned i = 0; f->autopsy && i < f->cpus && said < CPUS_MAX; i++)
		if (f->results[i].where.known && !is_said(f, i))
			said += say_trace(v, f, i);
}

/* A line of the kernel's log. */
#define LOG_LINE_MAX 256

/* The lines that a console would have shown last, oldest first: out of the
 * guest's memory. False if there are none. */
static bool say_log(struct verdict *v, const struct verdict_facts *f)
{
	char line[LOG_LINE_MAX];
	size_t n = 0;

	if (!f->autopsy)
		return false;
	if (autopsy_complaint(f->autopsy, line, sizeof(line))) {
		say(v, "; its log in memory has ");
		say_cut(v, line, LAST_MAX);
	}
	while (n < WATCH_RECENT &&
	       autopsy_log_line(f->autopsy, n, line, sizeof(line)))
		n++;
	if (n)
		say(v, "; last lines of its log in memory: ");
	for (size_t i = n; i--;) {
		autopsy_log_line(f->autopsy, i, line, sizeof(line));
		say_cut(v, line, i ? BEFORE_MAX : LAST_MAX);
		say(v, "%s", i ? ", " : "");
	}
	return n;
}

/* Why a guest that ran may have printed nothing, and what it would have. False
 * if that is not known. */
static bool say_silence(struct verdict *v, const struct verdict_facts *f)
{
	say(v, "; the console stayed empty");
	if (f->cpus && f->cmdline && !cmdline_has(f->cmdline, CMDLINE_CONSOLE))
		say(v, ", and the command line has no " CMDLINE_CONSOLE);
	return say_log(v, f);
}

static void say_last_line(struct verdict *v, const struct verdict_facts *f)
{
	const char *line = watch_last_line(f->watch);

	if (!*line) {
		say_silence(v, f);
		return;
	}
	say(v, "; last console line: ");
	say_quoted(v, line);
}

/* As many as the watch remembers, oldest first. */
static void say_last_lines(struct verdict *v, const struct verdict_facts *f)
{
	size_t n = 0;

	while (watch_recent_line(f->watch, n))
		n++;
	if (n <= 1) {
		say_last_line(v, f);
		return;
	}
	say(v, "; last console lines: ");
	while (n--) {
		say_cut(v, watch_recent_line(f->watch, n),
			n ? BEFORE_MAX : LAST_MAX);
		if (n)
			say(v, ", ");
	}
}

/* "vCPU 0", "vCPUs 1, 3-7": all at the place of @first. */
static void say_group(struct verdict *v, const struct verdict_facts *f,
		      unsigned first)
{
	const struct vcpu_where *w = &f->results[first].where;
	unsigned from, to, n = 0, runs = 0;

	for (unsigned i = first; i < f->cpus; i++)
		n += is_same_place(w, &f->results[i].where);
	say(v, "%s", n > 1 ? "vCPUs " : "vCPU ");
	for (from = first; from < f->cpus; from = to + 1) {
		to = from;
		if (!is_same_place(w, &f->results[from].where))
			continue;
		while (to + 1 < f->cpus &&
		       is_same_place(w, &f->results[to + 1].where))
			to++;
		if (runs++ == RUNS_MAX) {
			say(v, ", ...");
			return;
		}
		say(v, "%s%u", from == first ? "" : ", ", from);
		if (to > from)
			say(v, "-%u", to);
	}
}

/* Where the vCPUs were; those at one place together. */
static void say_cpus(struct verdict *v, const struct verdict_facts *f)
{
	unsigned said = 0;

	for (unsigned i = 0; i < f->cpus; i++) {
		const struct vcpu_where *w = &f->results[i].where;

		if (!w->known || is_said(f, i))
			continue;
		if (said == CPUS_MAX) {
			say(v, ", others elsewhere (--report names all)");
			return;
		}
		say(v, "%s", said++ ? ", " : ": ");
		say_group(v, f, i);
		say_rip(v, f, w);
	}
}

static void say_failed_on(struct verdict *v, const struct verdict_facts *f)
{
	v->status = STATUS_REPORTED;
	say(v, "the guest's console met --fail-on ");
	say_cut(v, f->watch->failed_by, REGEX_MAX);
	say(v, ": ");
	say_quoted(v, f->watch->failed);
	say_cpus(v, f);
	say_traces(v, f);
	say(v, "; the console says what led to it");
}

/* Whether a device reported a panic; the evidence on the console is a line. */
static bool device_saw_panic(const struct verdict_facts *f)
{
	const struct outcome *o = f->outcome;

	return o->kind == OUTCOME_PANIC && o->evidence[0] &&
	       strncmp(o->evidence, f->watch->panic, sizeof(o->evidence) - 1);
}

/* The panic in the log of a guest whose console stayed empty; false if there is
 * none. */
static bool find_panic_in_log(const struct verdict_facts *f, char *line,
			      size_t size)
{
	return !f->watch->bytes && f->autopsy &&
	       autopsy_panic(f->autopsy, line, size);
}

/* There are two sources of evidence, the kernel's line and pvpanic; both are
 * used. */
static void say_panic(struct verdict *v, const struct verdict_facts *f)
{
	char in_log[LOG_LINE_MAX], lacks[ROOT_WORDS_MAX];
	const char *line = f->watch->panic;
	bool said, missed;

	if (!*line && find_panic_in_log(f, in_log, sizeof(in_log)))
		line = in_log;
	said = *line;
	v->status = STATUS_PANIC;
	say(v, "the guest panicked: ");
	if (said)
		say_quoted(v, line);
	if (device_saw_panic(f))
		say(v, "%s%s", said ? ", and " : "", f->outcome->evidence);
	say_cpus(v, f);
	missed = f->root && root_was_missed(f->root, line, lacks);
	/* In front of what may be long, since the end may be cut. */
	if (missed)
		say(v, "; %s", lacks);
	if (!f->watch->bytes)
		say_silence(v, f);
	say_traces(v, f);
	if (missed)
		return;
	say(v, "; try another --cmdline or --initrd");
	if (f->watch->bytes)
		say(v, ": the console says what it missed");
}

/* It matched --fail-on, or panicked: which of the two came first counts. */
static bool say_downfall(struct verdict *v, const struct verdict_facts *f)
{
	char ignored[LOG_LINE_MAX];

	if (f->watch->failed_by)
		say_failed_on(v, f);
	else if (f->watch->panic[0] ||
		 find_panic_in_log(f, ignored, sizeof(ignored)))
		say_panic(v, f);
	else
		return false;
	return true;
}

static bool unmet(const struct verdict_facts *f)
{
	const struct watch *w = f->watch;

	return w->expect_met < w->expect_count || w->is_ready < w->wants_ready;
}

/* The guest ended well, but too early. */
static void say_unmet(struct verdict *v, const struct verdict_facts *f)
{
	v->status = STATUS_UNEXPECTED;
	if (f->watch->expect_met == f->watch->expect_count) {
		say(v, " before it said by vsock that it has booted");
		say_cpus(v, f);
		say_last_line(v, f);
		say(v, "; that takes systemd 254 or later, and a vsock driver");
		return;
	}
	say(v, " before --expect number %zu of %zu matched",
	    f->watch->expect_met + 1, f->watch->expect_count);
	say_cpus(v, f);
	say_last_line(v, f);
	say_traces(v, f);
	say(v, "; compare the expression with the console, or try -v");
}

static void judge_ended(struct verdict *v, const struct verdict_facts *f)
{
	const struct outcome *o = f->outcome;

	if (say_downfall(v, f))
		return;
	v->status = STATUS_OK;
	say(v, "the guest %s (%s)",
	    o->kind == OUTCOME_POWEROFF ? "powered off" : "reset itself",
	    o->evidence);
	if (unmet(f)) {
		say_unmet(v, f);
	} else if (!f->watch->bytes) {
		v->silent = true;
		if (!say_silence(v, f))
			say(v, ": nothing shows whether it did what it should");
	}
}

static void judge_reported(struct verdict *v, const struct verdict_facts *f)
{
	bool success = f->outcome->value == TESTPORT_SUCCESS;

	if (f->watch->failed_by) {
		say_failed_on(v, f);
		return;
	}
	v->status = success ? STATUS_OK : STATUS_REPORTED;
	say(v, "the guest reported %s (%s)", success ? "success" : "failure",
	    f->outcome->evidence);
	if (!success) {
		say_cpus(v, f);
		say_last_line(v, f);
		say_traces(v, f);
		if (f->watch->bytes)
			say(v, "; the console says what failed");
	} else if (unmet(f))
		say_unmet(v, f);
}

static void judge_expected(struct verdict *v, const struct verdict_facts *f)
{
	const struct watch *w = f->watch;

	v->status = STATUS_OK;
	if (w->wants_ready)
		say(v, "the guest has booted (READY=1 by vsock)%s",
		    w->expect_count ? ", and " : "");
	if (!w->expect_count)
		return;
	say(v, "every --expect matched, the last one ");
	say_quoted(v, w->met);
}

static void judge_crash(struct verdict *v, const struct verdict_facts *f)
{
	const struct vcpu_result *r = &f->results[f->outcome->value];

	if (say_downfall(v, f))
		return;
	v->status = STATUS_CRASH;
	say(v, "the guest crashed: %s", f->outcome->evidence);
	say_where(v, f, &r->where);
	say_last_line(v, f);
	say_traces(v, f);
	if (r->end != VCPU_INTERNAL_ERROR)
		say(v, "; try -v, or another --boot");
	else if (!r->where.insn_len)
		say(v, "; no instruction can be read there: the guest went "
		       "where there is no memory");
	else if (f->host == KVM_HOST_SOFTWARE)
		say(v,
		    "; this host has %s, which interprets guest kernel code "
		    "and knows only the common integer instructions: try a "
		    "host with hardware KVM, or scripts/box",
		    kvm_host_name(f->host));
	else
		say(v,
		    "; this host has %s: try another --boot, or a newer "
		    "host kernel",
		    kvm_host_name(f->host));
}

/* A kernel that halts on request has ended as wanted. */
static void judge_halted(struct verdict *v, const struct verdict_facts *f)
{
	const char *words = kernel_obeys(watch_last_line(f->watch),
					 KERNEL_HALT);

	if (say_downfall(v, f))
		return;
	if (words) {
		v->status = STATUS_OK;
		say(v, "the guest halted (%s after \"%s\")",
		    f->outcome->evidence, words);
		if (unmet(f))
			say_unmet(v, f);
		return;
	}
	v->status = STATUS_CRASH;
	say(v, "the guest halted and cannot wake (%s)", f->outcome->evidence);
	say_cpus(v, f);
	say_last_lines(v, f);
	say_traces(v, f);
	say(v, "; %slook with --gdb",
	    f->watch->bytes ? "the console says why, or " : "");
}

static void judge_timeout(struct verdict *v, const struct verdict_facts *f)
{
	if (say_downfall(v, f))
		return;
	v->status = STATUS_TIMEOUT;
	say(v, "timed out after %" PRIu64 ".%03" PRIu64 " s",
	    f->timeout_ns / 1000000000, f->timeout_ns / 1000000 % 1000);
	if (!f->cpus) /* before there was a guest */
		say(v, ", %s", f->outcome->evidence);
	say_cpus(v, f);
	say_last_lines(v, f);
	say_traces(v, f);
	say(v, "; try a longer --timeout, or -v");
}

static void judge_signal(struct verdict *v, const struct verdict_facts *f)
{
	v->status = STATUS_SIGNAL + (int)f->outcome->value;
	say(v, "interrupted by %s", f->outcome->evidence);
	say_cpus(v, f);
	say_last_line(v, f);
	say_traces(v, f);
	say(v, "; --timeout lets a run end by itself");
}

static void judge_host(struct verdict *v, const struct verdict_facts *f)
{
	v->status = STATUS_FAILED;
	say(v, "%s", f->outcome->evidence);
	say_last_line(v, f);
}

static void (*const judges[])(struct verdict *v,
			      const struct verdict_facts *f) = {
	[OUTCOME_POWEROFF] = judge_ended,
	[OUTCOME_RESET] = judge_ended,
	[OUTCOME_REPORTED] = judge_reported,
	[OUTCOME_EXPECTED] = judge_expected,
	[OUTCOME_FAILED_ON] = say_failed_on,
	[OUTCOME_PANIC] = say_panic,
	[OUTCOME_CRASH] = judge_crash,
	[OUTCOME_HALTED] = judge_halted,
	[OUTCOME_TIMEOUT] = judge_timeout,
	[OUTCOME_SIGNAL] = judge_signal,
	[OUTCOME_HOST] = judge_host,
};

void verdict_make(struct verdict *v, const struct verdict_facts *f)
{
	v->line[0] = '\0';
	v->silent = false;
	judges[f->outcome->kind](v, f);
}
