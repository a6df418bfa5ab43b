/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/pushed_flags.h"

#define PUSHF	     0x9c
#define PREFIX_WIDTH 0x66
#define REX_W	     0x48
#define TF_BYTE	     1 /* of the flags */
#define TF_BIT	     0x01

unsigned pushed_flags_here(const struct guest_mem *gm, uint64_t gpa)
{
	const uint8_t *p = guest_mem_ptr(gm, gpa, 1);
	unsigned len = 1;

	if (p && (*p == PREFIX_WIDTH || *p == REX_W)) {
		p = guest_mem_ptr(gm, gpa + 1, 1);
		len = 2;
	}
	return p && *p == PUSHF ? len : 0;
}

void pushed_flags_clear_tf(const struct guest_mem *gm, const struct cpu_regs *r)
{
	const struct paging paging = cpu_paging(r);
	uint64_t sp = r->gpr[CPU_RSP], gpa, run;
	uint8_t *p;

	if (!r->code64)
		sp = (uint32_t)(r->ss_base + sp);
	if (!walk_linear(gm, &paging, sp + TF_BYTE, &gpa, &run))
		return;
	p = guest_mem_ptr(gm, gpa, 1);
	if (p)
		*p &= (uint8_t)~TF_BIT;
}
