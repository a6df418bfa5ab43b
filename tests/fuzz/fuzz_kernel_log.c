/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log: whatever memory says, reading it ends soon, and what comes
 * out are whole lines of bounded size.
 *
 * The first byte says what kernel the others are the memory of: bit 0, one of
 * 32 bits; bit 1, one of the old form; bit 2, a VMCOREINFO is looked for.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "autopsy/kernel_log.h"
#include "support/flat_memory.h"
#include "support/log_builder.h"
#include "support/tight.h"

static void check(const struct kernel_log *log)
{
	struct bytes text = buf_bytes(&log->text), line;
	size_t at = text.len, lines = 0;

	if (!text.len || text.data[0] != '<' || text.data[at - 1] != '\n' ||
	    text.len > 3 * KERNEL_LOG_MAX)
		abort();
	while (kernel_log_line_before(text, &at, &line))
		lines++;
	if (lines < log->records)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_log_names names = { 0 };
	struct flat_memory flat = { 0 };
	struct err e = ERR_EMPTY;
	struct vmcoreinfo info = { .len = 0 };
	struct kernel_log log;
	struct memory m;

	if (!size)
		return -1;
	m = flat_memory(&flat, !(data[0] & 1));
	flat.base = data[0] & 1 ? TEST_LOG_BASE32 : TEST_LOG_BASE64;
	flat.bytes = tight(data + 1, size - 1);
	if (data[0] & 2) {
		names.log_buf = flat.base + TEST_LOG_BUF;
		names.log_buf_len = flat.base + TEST_LOG_BUF_LEN;
		names.log_first_idx = flat.base + TEST_LOG_FIRST;
		names.log_next_idx = flat.base + TEST_LOG_NEXT;
	} else {
		names.prb = flat.base + TEST_LOG_PRB;
	}
	if (data[0] & 4)
		vmcoreinfo_read(&info, &m, flat.base + TEST_LOG_INFO,
				flat.base + TEST_LOG_INFO_SIZE);
	if (!kernel_log_read(&log, &m, &info, &names, &e)) {
		check(&log);
		kernel_log_release(&log);
	} else if (!e.msg[0]) {
		abort();
	}
	tight_free(flat.bytes);
	return 0;
}

static void seed(const char *name, struct test_log t)
{
	static const struct test_log_record records[] = {
		{ .prio = 6, .ts_ns = 1000, .text = "a line" },
		{ .prio = 30, .ts_ns = 2000, .text = "two\nlines" },
		{ .prio = 0, .ts_ns = 3000, .text = "" },
	};
	struct buf memory = { 0 }, out = { 0 };
	uint8_t kind = (uint8_t)(t.is32 | t.old << 1 | !!t.info << 2);

	t.buf_size = 64;
	t.records = records;
	t.records_count = 3;
	test_log_build(&t, &memory);
	buf_add(&out, &kind, 1);
	buf_add(&out, memory.data, memory.len);
	fuzz_seed(name, out.data, out.len);
	buf_release(&memory);
	buf_release(&out);
}

void fuzz_seeds(void)
{
	seed("old", (struct test_log){ .old = true });
	seed("old32", (struct test_log){ .old = true, .is32 = true });
	seed("ring", (struct test_log){ .skip = 3 });
	seed("ring32", (struct test_log){ .is32 = true });
	seed("later", (struct test_log){ .later = true });
	seed("info", (struct test_log){ .info = "OSRELEASE=6.1\n"
						"SIZE(printk_info)=88\n" });
}
