/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest's console, as the watch judges it.
 *
 * Beyond not crashing: all lines stay within their buffers; and what a kernel
 * has said by the end - a panic, its init, a line that --fail-on forbids - does
 * not depend on how the console came in pieces.
 */
#include "fuzz/fuzz.h"
#include "outcome/kernel_words.h"
#include "outcome/watch.h"

#include <stdlib.h>
#include <string.h>

#define FORBIDDEN "BUG|x[0-9]+y"

/* Some lines: a line that is too long is fuzz_term_line's. */
#define CONSOLE_MAX 400

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static bool is_line(const char *line)
{
	return strnlen(line, WATCH_LINE_MAX) < WATCH_LINE_MAX;
}

/* What is found in a line is in it. */
static void check_words(const char *line)
{
	const char *panic = kernel_message(line, KERNEL_PANIC);

	claim(!panic || (panic >= line && panic <= line + strlen(line) &&
			 !strncmp(panic, KERNEL_PANIC, strlen(KERNEL_PANIC))));
	for (int order = KERNEL_RESTART; order <= KERNEL_HALT; order++) {
		const char *last = kernel_obeys(line, (enum kernel_order)order);

		claim(!last || strstr(line, last));
	}
	(void)kernel_complains(line);
}

static void look(struct watch *w, const uint8_t *data, size_t size,
		 size_t piece)
{
	static struct regex *forbidden; /* to compile it takes longest */
	struct err e = ERR_EMPTY;
	const char *line;

	watch_init(w);
	claim(forbidden || !regex_compile(&forbidden, FORBIDDEN, &e));
	w->fail_on[w->fail_on_count] = forbidden;
	w->fail_on_text[w->fail_on_count++] = FORBIDDEN;
	for (size_t at = 0; at < size; at += piece)
		watch_feed(w, data + at, piece < size - at ? piece : size - at);
	watch_end(w);
	claim(w->bytes == size);
	claim(is_line(w->panic) && is_line(w->failed));
	for (size_t n = 0; (line = watch_recent_line(w, n)); n++) {
		claim(is_line(line));
		check_words(line);
	}
	claim(is_line(watch_last_line(w)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct watch whole, bytes;

	if (size > CONSOLE_MAX)
		return -1;
	look(&whole, data, size, size ? size : 1);
	look(&bytes, data, size, 1);
	claim(!strcmp(whole.panic, bytes.panic) &&
	      whole.panic_over == bytes.panic_over &&
	      whole.init_started == bytes.init_started &&
	      !whole.failed_by == !bytes.failed_by &&
	      !strcmp(whole.failed, bytes.failed) &&
	      whole.lines == bytes.lines);
	return 0;
}

void fuzz_seeds(void)
{
	static const char *const seeds[] = {
		"[    1.2] Run /init as init process\r\n<0>[ 2.0] " KERNEL_PANIC
		": a\n---[ end " KERNEL_PANIC "\n",
		"a line\nx12y\rreboot: Restarting system\n",
		"[T1] [    0.1][    T0] BUG: unable\n\033[2Kreboot: System halted",
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		fuzz_seed((char[]){ (char)('a' + i), '\0' }, seeds[i],
			  strlen(seeds[i]));
}
