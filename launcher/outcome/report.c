/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outcome/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/output.h"
#include "base/json.h"
#include "show/plan_json.h"

static const char *const outcome_names[] = {
	[OUTCOME_POWEROFF] = "poweroff", [OUTCOME_RESET] = "reset",
	[OUTCOME_REPORTED] = "reported", [OUTCOME_EXPECTED] = "expected",
	[OUTCOME_FAILED_ON] = "fail-on", [OUTCOME_PANIC] = "panic",
	[OUTCOME_CRASH] = "crash",	 [OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_SIGNAL] = "signal",	 [OUTCOME_HOST] = "host",
	[OUTCOME_HALTED] = "halted",	 [OUTCOME_SANDBOX] = "sandbox",
};

static json_t *evidence_json(const struct outcome *o)
{
	return o ? json_reason(o->evidence) : json_null();
}

/* A time as nanoseconds since the start; null if it was not reached. */
static json_t *time_json(const struct report_facts *f, uint64_t at_ns)
{
	return at_ns ? json_amount(at_ns - f->start_ns) : json_null();
}

/*
 * Every milestone, and when the kernel was entered. That is known where the
 * launcher itself enters it; an image that decompresses itself does so
 * unseen.
 */
static json_t *timeline_json(const struct report_facts *f)
{
	const struct boot_plan *plan = &f->plan->plan;
	uint64_t entry = milestone_ns(f->times, MILESTONE_FIRST_INSTRUCTION);
	json_t *all = json_object();

	for (unsigned i = 0; i < MILESTONES; i++) {
		uint64_t at = milestone_ns(f->times, i);

		if (i == MILESTONE_DECODED && !f->plan->decoded)
			at = 0;
		if (i == MILESTONE_END && !at)
			at = clock_ns();
		json_object_set_new(all, milestone_names[i], time_json(f, at));
	}
	if (!plan->possible || !boot_protocols[plan->chosen].loads_elf)
		entry = 0;
	json_object_set_new(all, "kernel_entry", time_json(f, entry));
	return all;
}

static json_t *plan_or_null(const struct report_facts *f)
{
	const struct boot_plan *plan = &f->plan->plan;

	/* Every protocol gives a reason once it has been asked. */
	if (!plan->fits[0].reason[0])
		return json_null();
	return plan_json(plan, f->boot, guest_mem_size(&f->machine->gm),
			 plan->possible ? "" : f->reason);
}

/* Where KASLR has put the kernel; the seed does it again. */
static json_t *kaslr_json(const struct report_facts *f)
{
	return f->plan->plan.possible ? placement_json(&f->plan->kaslr, true)
				      : json_null();
}

static json_t *exits_json(const unsigned long *exits)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < VCPU_EXITS; i++)
		json_object_set_new(all, vcpu_exit_names[i],
				    json_amount(exits[i]));
	return all;
}

static json_t *frame_json(struct autopsy *a, const struct frame *frame)
{
	return json_pack("{s:o, s:o, s:b}", "address", json_hex(frame->ip),
			 "symbol", json_text(autopsy_frame_name(a, frame)),
			 "guess", frame->is_guess);
}

/* A run that ended well has no traces. */
static json_t *stack_json(const struct report_facts *f, unsigned id)
{
	const struct stack *s = NULL;
	json_t *all;

	if (f->autopsy && f->status)
		s = autopsy_stack(f->autopsy, id);
	if (!s)
		return json_null();
	all = json_array();
	for (unsigned i = 0; i < s->count; i++)
		all = json_push(all, frame_json(f->autopsy, &s->frames[i]));
	return all;
}

static const char *place_name(const struct report_facts *f,
			      const struct vcpu_where *w)
{
	const char *name = symbols_name(f->symbols, w);

	if (!name && f->autopsy)
		name = autopsy_module_place(f->autopsy, w);
	return name;
}

static json_t *vcpu_json(const struct report_facts *f, unsigned id)
{
	const struct vcpu_where *w = &f->machine->results[id].where;

	return json_pack("{s:i, s:o, s:s?, s:o, s:o, s:o}", "id", (int)id,
			 "rip", w->known ? json_hex(w->rip) : json_null(),
			 "mode", w->known ? w->mode : NULL, "symbol",
			 json_text(place_name(f, w)), "stack",
			 stack_json(f, id), "exits",
			 exits_json(f->machine->vcpus[id].exits));
}

static json_t *vcpus_json(const struct report_facts *f)
{
	const struct machine *m = f->machine;
	json_t *all = json_array();

	for (unsigned i = 0; m->vcpus && m->results && i < m->cpus; i++)
		all = json_push(all, vcpu_json(f, i));
	return all;
}

static json_t *all_exits_json(const struct machine *m)
{
	unsigned long sum[VCPU_EXITS] = { 0 };

	for (unsigned i = 0; m->vcpus && i < m->cpus; i++)
		for (unsigned kind = 0; kind < VCPU_EXITS; kind++)
			sum[kind] += m->vcpus[i].exits[kind];
	return exits_json(sum);
}

/* The addresses of @bus without a device. */
static json_t *unknown_json(const struct bus *bus)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < bus->unknown_count; i++) {
		const struct bus_unknown *u = &bus->unknown[i];
		json_t *one = json_pack("{s:o, s:o, s:o}", "address",
					json_hex(u->addr), "reads",
					json_amount(u->reads), "writes",
					json_amount(u->writes));

		all = json_push(all, one);
	}
	return json_pack("{s:o, s:o}", "addresses", all, "others",
			 json_amount(bus->unknown_others));
}

static json_t *ranges_json(const struct device_slot *slot)
{
	static const char *const spaces[] = { [DEVICE_PORTS] = "ports",
					      [DEVICE_MMIO] = "mmio",
					      [DEVICE_PCI] = "bar" };
	json_t *all = json_array();

	for (unsigned i = 0; i < slot->ranges_count; i++) {
		const struct device_range *r = &slot->ranges[i];
		json_t *one = json_pack(
			"{s:s, s:o, s:o}", "space", spaces[r->space], "address",
			json_hex(r->start), "size", json_amount(r->len));

		all = json_push(all, one);
	}
	return all;
}

/* What the device has counted; null if it counts nothing, or was not made. */
static json_t *counters_json(const struct device_type *type, void *dev)
{
	struct device_counters c = { .count = 0 };
	json_t *all;

	if (!type->report || !dev)
		return json_null();
	type->report(dev, &c);
	all = json_object();
	for (unsigned i = 0; i < c.count; i++)
		json_object_set_new(all, c.of[i].name,
				    json_amount(c.of[i].value));
	return all;
}

/* The ports that lead to the guest; null if such a device has none. */
static json_t *forwards_json(const struct device_slot *slot)
{
	const struct device_option *o = slot->type->option;
	struct device_forward f;
	json_t *all;

	if (!o || !o->forward)
		return json_null();
	all = json_array();
	for (unsigned i = 0; o->forward(slot->config, i, &f); i++) {
		json_t *one = json_pack("{s:s, s:s, s:i, s:i}", "protocol",
					f.protocol, "address", f.address,
					"port", (int)f.port, "guest_port",
					(int)f.guest_port);

		all = json_push(all, one);
	}
	return all;
}

static json_t *device_json(const struct device_slot *slot, void *dev)
{
	char pci[16];

	snprintf(pci, sizeof(pci), "00:%02x.0", slot->pci_number);
	return json_pack(
		"{s:s, s:o, s:o, s:s?, s:s?, s:o, s:o}", "name",
		slot->type->name, "ranges", ranges_json(slot), "interrupt",
		slot->via->irq == DEVICE_NO_IRQ ? json_null()
						: json_amount(slot->gsi),
		"acpi", *slot->acpi_name ? slot->acpi_name : NULL, "pci",
		slot->pci_number ? pci : NULL, "counters",
		counters_json(slot->via, dev), "forwards", forwards_json(slot));
}

static json_t *devices_json(const struct machine *m)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < m->plan.count; i++)
		all = json_push(all, device_json(&m->plan.slots[i],
						 m->devices[i].state));
	return all;
}

/* null: the run ended before it was confined. */
static json_t *sandbox_json(const struct report_facts *f)
{
	json_t *weaker;
	const char *what;

	if (!f->sandbox.mode)
		return json_null();
	weaker = json_array();
	for (size_t i = 0; (what = f->sandbox.weakness(i)); i++)
		weaker = json_push(weaker, json_string(what));
	return json_pack("{s:s, s:i, s:o, s:o}", "mode", f->sandbox.mode,
			 "landlock", f->sandbox.landlock, "uid",
			 json_amount(f->sandbox.uid), "weaker", weaker);
}

static json_t *memory_json(const struct machine *m)
{
	const struct guest_mem *gm = &m->gm;

	if (!gm->base)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "size",
			 json_amount(guest_mem_size(gm)), "touched",
			 json_amount(guest_mem_touched(gm)), "returned",
			 json_amount(machine_returned(m)));
}

static json_t *lines_json(const struct watch *w)
{
	json_t *all = json_array();
	size_t n = 0;

	while (watch_recent_line(w, n))
		n++;
	while (n--)
		all = json_push(all, json_text(watch_recent_line(w, n)));
	return all;
}

static json_t *console_json(const struct report_facts *f)
{
	const struct watch *w = f->watch;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "bytes",
			 json_amount(w->bytes), "dropped",
			 json_amount(f->dropped), "expected",
			 json_amount(w->expect_count), "met",
			 json_amount(w->expect_met), "failed_on",
			 w->failed_by ? json_text(w->failed) : json_null(),
			 "last_lines", lines_json(w));
}

void report_prepare(void)
{
	json_object_seed(0);
}

int report_json(const struct report_facts *f, char **out, struct err *e)
{
	const struct machine *m = f->machine;
	char *text = NULL;
	json_t *all;

	all = json_pack(
		"{s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o, s:o, s:o}",
		"image", json_text(f->image), "outcome",
		f->outcome ? outcome_names[f->outcome->kind]
			   : outcome_names[OUTCOME_HOST],
		"status", f->status, "reason", json_reason(f->reason),
		"evidence", evidence_json(f->outcome), "sandbox",
		sandbox_json(f), "plan", plan_or_null(f), "kaslr",
		kaslr_json(f), "timeline", timeline_json(f), "console",
		console_json(f), "vcpus", vcpus_json(f), "exits",
		all_exits_json(m), "unknown_ports", unknown_json(&m->ports),
		"unknown_mmio", unknown_json(&m->mmio), "unknown_msrs",
		unknown_json(&m->msrs), "memory", memory_json(m), "devices",
		devices_json(m));
	if (all)
		text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		return err_set(e, ENOMEM, "no memory for the report");
	*out = text;
	return 0;
}

int report_write(struct output *o, const struct report_facts *f,
		 struct patience *p, struct err *e)
{
	struct bytes parts[2] = { { 0 },
				  { .data = (const uint8_t *)"\n", .len = 1 } };
	char *text;
	int rc = report_json(f, &text, e);

	if (rc) {
		output_discard(o);
		return rc;
	}
	parts[0] = (struct bytes){ .data = (const uint8_t *)text,
				   .len = strlen(text) };
	rc = output_finish(o, parts, 2, p, e);
	free(text);
	return rc;
}
