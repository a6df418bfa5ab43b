/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/plan_json.h"

#include "base/json.h"

static json_t *protocols_json(const struct boot_plan *plan)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < BOOT_PROTOCOLS; i++) {
		const struct boot_fit *fit = &plan->fits[i];
		json_t *one = json_pack(
			"{s:s, s:b, s:o}", "name", boot_protocols[i].name,
			"fits", fit->fits, "reason", json_text(fit->reason));

		all = json_push(all, one);
	}
	return all;
}

json_t *plan_json(const struct boot_plan *plan, const char *requested,
		  uint64_t memory, const char *error)
{
	return json_pack(
		"{s:s, s:o, s:s?, s:o, s:o}", "requested", requested, "memory",
		json_amount(memory), "chosen",
		plan->possible ? boot_protocols[plan->chosen].name : NULL,
		"error", json_reason(error), "protocols", protocols_json(plan));
}

static json_t *hex_if(bool known, uint64_t value)
{
	return known ? json_hex(value) : json_null();
}

static json_t *amount_if(bool known, uint64_t value)
{
	return known ? json_amount(value) : json_null();
}

json_t *placement_json(const struct placement *p, bool known)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o}", "seed",
		hex_if(known && kaslr_moves(p), p->seed), "physical",
		hex_if(known && p->phys_moved, p->phys), "virtual",
		hex_if(known && p->virt_moved, p->virt), "physical_places",
		amount_if(p->phys_moved, p->phys_slots), "virtual_places",
		amount_if(p->virt_moved, p->virt_slots), "reason",
		json_reason(p->reason));
}
