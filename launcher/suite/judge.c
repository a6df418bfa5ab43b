/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "suite/judge.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/regex.h"
#include "base/status.h"
#include "base/term_line.h"

#define PREFIX	"launcher: "
#define WARNING "warning: "

/* How often to check whether the verdict is still wanted. */
#define ATTEND_NS 100000000

void judge_as(struct result *res, enum case_end end, const char *why, ...)
{
	va_list ap;

	res->end = end;
	va_start(ap, why);
	vsnprintf(res->why, sizeof(res->why), why, ap);
	va_end(ap);
	clean_text(res->why);
}

/* The patterns of one key, compiled. They were checked when the suite was read,
 * so only lack of memory can fail here. */
struct patterns {
	const struct texts *texts;
	struct regex **at;
	size_t count;
};

static bool patterns_init(struct patterns *p, const struct texts *t)
{
	struct err ignored;

	*p = (struct patterns){ .texts = t };
	p->at = t->count ? calloc(t->count, sizeof(*p->at)) : NULL;
	if (!p->at)
		return !t->count;
	for (; p->count < t->count; p->count++)
		if (regex_compile(&p->at[p->count], t->at[p->count], &ignored))
			return false;
	return true;
}

static void patterns_release(struct patterns *p)
{
	while (p->count)
		regex_free(p->at[--p->count]);
	free(p->at);
}

/* Which of the patterns @line matches; NULL: none. */
static const char *find_match(const struct patterns *p, const char *line)
{
	for (size_t i = 0; i < p->count; i++)
		if (regex_matches_text(p->at[i], line))
			return p->texts->at[i];
	return NULL;
}

/* The next line of @f, without its end and cut to the size of @line; false
 * if there is none. */
static bool next_line(FILE *f, char line[JUDGE_LINE_MAX])
{
	size_t len = 0;
	bool any = false;
	int c;

	while ((c = getc_unlocked(f)) != EOF) {
		any = true;
		if (c == '\n')
			break;
		if (len < JUDGE_LINE_MAX - 1)
			line[len++] = c ? (char)c : '?';
	}
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return any;
}

/* The last lines that are not empty. */
struct tail {
	char lines[JUDGE_TAIL][JUDGE_TAIL_LINE];
	size_t count;
};

static void tail_add(struct tail *t, const char *line)
{
	if (*line)
		snprintf(t->lines[t->count++ % JUDGE_TAIL], JUDGE_TAIL_LINE,
			 "%.*s", JUDGE_TAIL_LINE - 1, line);
}

static char *tail_text(struct tail *t)
{
	size_t n = t->count < JUDGE_TAIL ? t->count : JUDGE_TAIL;
	char *text = calloc(JUDGE_TAIL, JUDGE_TAIL_LINE + 1);

	for (size_t i = t->count - n; text && i < t->count; i++) {
		char *line = t->lines[i % JUDGE_TAIL];

		clean_text(line);
		strcat(strcat(text, line), "\n");
	}
	return text;
}

/* The state of reading the console. */
struct reading {
	struct patterns console, never, only;
	size_t met; /* of console's, in order */
	bool spent; /* the line has met one already */
	struct tail tail;
	uint64_t attended_ns;
};

static void judge_line(struct reading *r, const char *line, struct result *res)
{
	const char *forbidden;

	/* The error is known; the rest is only for the tail. */
	if (res->end != CASE_PASS)
		return;
	if (r->met < r->console.count && !r->spent &&
	    regex_matches_text(r->console.at[r->met], line)) {
		r->met++;
		r->spent = true;
	}
	forbidden = find_match(&r->never, line);
	if (forbidden)
		judge_as(res, CASE_FAIL,
			 "a console line matches the forbidden '%s': "
			 "%s",
			 forbidden, line);
	else if (r->only.count && *line && !find_match(&r->only, line))
		judge_as(res, CASE_FAIL,
			 "a console line matches no pattern of "
			 "'only': %s",
			 line);
}

/* Whether the verdict is no longer wanted, checked not too often. */
static bool is_given_up(struct reading *r, const struct leavings *left)
{
	uint64_t now = clock_ns();

	if (!left->give_up || now - r->attended_ns < ATTEND_NS)
		return false;
	r->attended_ns = now;
	return left->give_up(left->ctx);
}

/* The shown line is about to end or to change. */
static void judge_shown(struct reading *r, enum term_change change,
			const char *line, struct result *res)
{
	judge_line(r, line, res);
	if (change != LINE_ENDS)
		return;
	tail_add(&r->tail, line);
	r->spent = false;
}

static void judge_lines(struct reading *r, const struct leavings *left,
			struct result *res)
{
	char line[JUDGE_LINE_MAX];
	struct term_line t;
	int c;

	term_line_init(&t, line, sizeof(line));
	while ((c = getc_unlocked(left->console)) != EOF) {
		enum term_change change = term_line_next(&t, (uint8_t)c);

		if (change != LINE_STAYS && is_given_up(r, left)) {
			judge_as(res, CASE_ERROR,
				 "interrupted while its console was read");
			return;
		}
		if (change != LINE_STAYS)
			judge_shown(r, change, line, res);
		term_line_put(&t, (uint8_t)c);
	}
	if (t.len)
		judge_shown(r, LINE_ENDS, line, res);
	if (ferror(left->console))
		judge_as(res, CASE_ERROR, "the console log cannot be read");
}

static void judge_console(const struct suite_case *c,
			  const struct leavings *left, struct result *res)
{
	struct reading r = { .met = 0 };

	if (patterns_init(&r.console, &c->console) &&
	    patterns_init(&r.never, &c->never) &&
	    patterns_init(&r.only, &c->only)) {
		judge_lines(&r, left, res);
		if (res->end == CASE_PASS && r.met < r.console.count)
			judge_as(res, CASE_FAIL,
				 "no console line matches%s "
				 "'%s'",
				 r.met ? ", after those before it," : "",
				 c->console.at[r.met]);
	} else {
		judge_as(res, CASE_ERROR, "no memory for the patterns");
	}
	if (res->end != CASE_PASS)
		res->tail = tail_text(&r.tail);
	patterns_release(&r.console);
	patterns_release(&r.never);
	patterns_release(&r.only);
}

/* Behind @start, if @line begins with it. */
static const char *skip(const char *line, const char *start)
{
	size_t len = strlen(start);

	return strncmp(line, start, len) ? line : line + len;
}

/* The run's own messages. */
struct messages {
	size_t lines;
	size_t warnings; /* before the last line */
	char last[JUDGE_LINE_MAX];
};

static void read_messages(FILE *errors, struct messages *m)
{
	char line[JUDGE_LINE_MAX];
	bool was_warning = false;

	*m = (struct messages){ .last = "" };
	for (; next_line(errors, line); m->lines++) {
		const char *text = skip(line, PREFIX);

		m->warnings += was_warning;
		was_warning = text != line && skip(text, WARNING) != text;
		strcpy(m->last, skip(text, WARNING));
	}
	clean_text(m->last);
}

/*
 * A failed run has one line, a successful one none. If its case expects a
 * reason, a failed run may have warned beforehand, and a warning of a
 * successful run is accepted if it is the reason.
 */
static void judge_messages(const struct suite_case *c, const struct messages *m,
			   int status, const char *reason, struct result *res)
{
	size_t lines = m->lines - (c->reason.count ? m->warnings : 0);
	bool wanted = c->reason.count && m->lines == 1 && reason &&
		      !strcmp(m->last, reason);

	if (status == STATUS_OK && m->lines && !wanted)
		judge_as(res, CASE_FAIL, "stderr is not empty: %s", m->last);
	else if (lines > 1)
		judge_as(res, CASE_FAIL, "stderr has %zu lines, the last: %s",
			 m->lines, m->last);
}

static void judge_reason(const struct suite_case *c, const char *reason,
			 struct result *res)
{
	struct patterns p;

	if (!patterns_init(&p, &c->reason))
		judge_as(res, CASE_ERROR, "no memory for the patterns");
	for (size_t i = 0; i < p.count && res->end == CASE_PASS; i++)
		if (!regex_matches_text(p.at[i], reason))
			judge_as(res, CASE_FAIL,
				 "the reason does not match '%s': %s",
				 c->reason.at[i], reason);
	patterns_release(&p);
}

/* After a failure, a usage error or a signal, the launcher's status does not
 * say anything about the guest. */
static bool tells_nothing(const struct suite_case *c, int status)
{
	if (c->exec)
		return status == STATUS_EXEC_FAILED;
	return status == STATUS_FAILED || status == STATUS_USAGE ||
	       status == JUDGE_NOT_STARTED || status > STATUS_SIGNAL;
}

static void judge_status(const struct suite_case *c, int wait_status,
			 const char *line, struct result *res)
{
	int status = WEXITSTATUS(wait_status);

	if (WIFSIGNALED(wait_status))
		judge_as(res, CASE_ERROR,
			 "the launcher was ended by signal %d (%s)",
			 WTERMSIG(wait_status),
			 strsignal(WTERMSIG(wait_status)));
	else if ((unsigned long)status != c->status)
		judge_as(res, tells_nothing(c, status) ? CASE_ERROR : CASE_FAIL,
			 "status %d, wanted %lu%s%s", status, c->status,
			 *line ? ": " : "", line);
}

/* Whether the text of the value @v matches @regex. */
static void judge_value(json_t *v, const char *path, const char *regex,
			struct result *res)
{
	char *text = json_is_string(v)
			     ? strdup(json_string_value(v))
			     : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	struct regex *r = NULL;
	struct err ignored;

	if (!text || regex_compile(&r, regex, &ignored))
		judge_as(res, CASE_ERROR, "no memory for the report");
	else if (!regex_matches_text(r, text))
		judge_as(res, CASE_FAIL,
			 "%s in the report does not match '%s': %s", path,
			 regex, text);
	regex_free(r);
	free(text);
}

/* "vcpus.0.rip": a name in an object, a number in an array. */
static json_t *find_value(json_t *v, const char *path)
{
	while (v && *path) {
		size_t len = strcspn(path, ".");

		v = json_is_array(v) && isdigit((unsigned char)*path)
			    ? json_array_get(v, strtoul(path, NULL, 10))
			    : json_object_getn(v, path, len);
		path += len + (path[len] != '\0');
	}
	return v;
}

/* A report says how the run ended, as its status and its line do. */
static void judge_account(json_t *report, int status, const char *reason,
			  const char *line, struct result *res)
{
	json_int_t told = json_integer_value(json_object_get(report, "status"));

	if (told != status)
		judge_as(res, CASE_FAIL, "status %d, and %lld in the report",
			 status, (long long)told);
	else if (*line && strcmp(line, reason ?: ""))
		judge_as(res, CASE_FAIL,
			 "stderr and the report give two reasons: %s", line);
}

static void judge_report(const struct suite_case *c, json_t *report,
			 struct result *res)
{
	for (size_t i = 0; i < c->report.count && res->end == CASE_PASS;
	     i += 2) {
		const char *path = c->report.at[i];
		json_t *v = find_value(report, path);

		if (v)
			judge_value(v, path, c->report.at[i + 1], res);
		else
			judge_as(res, CASE_FAIL, "the report has no '%s'%s",
				 path, report ? "" : ": there is none");
	}
}

void judge(const struct suite_case *c, const struct leavings *left,
	   struct result *res)
{
	json_t *report = left->report ? json_loadf(left->report, 0, NULL)
				      : NULL;
	const char *reason =
		json_string_value(json_object_get(report, "reason"));
	struct messages m;

	read_messages(left->errors, &m);
	res->end = CASE_PASS;
	res->why[0] = '\0';
	judge_status(c, left->wait_status, m.last, res);
	/* The standard error of exec is its command's. */
	if (res->end == CASE_PASS && !c->exec)
		judge_messages(c, &m, WEXITSTATUS(left->wait_status), reason,
			       res);
	if (res->end == CASE_PASS && report)
		judge_account(report, WEXITSTATUS(left->wait_status), reason,
			      c->exec ? "" : m.last, res);
	if (res->end == CASE_PASS)
		judge_reason(c, reason ?: m.last, res);
	judge_report(c, report, res);
	judge_console(c, left, res);
	json_decref(report);
}
