/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug/gdb/regs.h"

#include <stdio.h>
#include <string.h>

/* Named bits of a register. */
struct flag {
	const char *name;
	unsigned bit;
};

struct flags {
	const char *feature; /* whose registers have them */
	const char *id;
	unsigned size;
	struct flag bits[24]; /* up to the first without a name */
};

static const struct flags flag_types[] = {
	{ GDB_FEATURE_CORE,
	  "i386_eflags",
	  4,
	  { { "CF", 0 },
	    { "", 1 },
	    { "PF", 2 },
	    { "AF", 4 },
	    { "ZF", 6 },
	    { "SF", 7 },
	    { "TF", 8 },
	    { "IF", 9 },
	    { "DF", 10 },
	    { "OF", 11 },
	    { "NT", 14 },
	    { "RF", 16 },
	    { "VM", 17 },
	    { "AC", 18 },
	    { "VIF", 19 },
	    { "VIP", 20 },
	    { "ID", 21 } } },
	{ GDB_FEATURE_SYSTEM,
	  "cr0_flags",
	  8,
	  { { "PE", 0 },
	    { "MP", 1 },
	    { "EM", 2 },
	    { "TS", 3 },
	    { "ET", 4 },
	    { "NE", 5 },
	    { "WP", 16 },
	    { "AM", 18 },
	    { "NW", 29 },
	    { "CD", 30 },
	    { "PG", 31 } } },
	{ GDB_FEATURE_SYSTEM,
	  "cr4_flags",
	  8,
	  { { "VME", 0 },    { "PVI", 1 },	   { "TSD", 2 },
	    { "DE", 3 },     { "PSE", 4 },	   { "PAE", 5 },
	    { "MCE", 6 },    { "PGE", 7 },	   { "PCE", 8 },
	    { "OSFXSR", 9 }, { "OSXMMEXCPT", 10 }, { "UMIP", 11 },
	    { "LA57", 12 },  { "VMXE", 13 },	   { "FSGSBASE", 16 },
	    { "PCIDE", 17 }, { "OSXSAVE", 18 },	   { "SMEP", 20 },
	    { "SMAP", 21 },  { "PKE", 22 },	   { "CET", 23 } } },
	{ GDB_FEATURE_SYSTEM,
	  "efer_flags",
	  8,
	  { { "SCE", 0 },
	    { "LME", 8 },
	    { "LMA", 10 },
	    { "NXE", 11 },
	    { "SVME", 12 },
	    { "FFXSR", 14 } } },
};

static void say(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

#define LINE_MAX_BYTES 192

static void add_flags(struct buf *out, const struct flags *f)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line), "<flags id=\"%s\" size=\"%u\">\n", f->id,
		 f->size);
	say(out, line);
	for (size_t i = 0;
	     i < sizeof(f->bits) / sizeof(*f->bits) && f->bits[i].name; i++) {
		snprintf(line, sizeof(line),
			 "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n",
			 f->bits[i].name, f->bits[i].bit, f->bits[i].bit);
		say(out, line);
	}
	say(out, "</flags>\n");
}

/* Types belong to a feature: each feature defines the types that it uses. */
static void add_types(struct buf *out, const char *feature)
{
	for (size_t i = 0; i < sizeof(flag_types) / sizeof(*flag_types); i++)
		if (!strcmp(feature, flag_types[i].feature))
			add_flags(out, &flag_types[i]);
	if (strcmp(feature, GDB_FEATURE_SSE))
		return;
	say(out, "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
		 "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
		 "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
		 "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
		 "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
		 "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
		 "<union id=\"vec128\">\n"
		 "<field name=\"v4_float\" type=\"v4f\"/>\n"
		 "<field name=\"v2_double\" type=\"v2d\"/>\n"
		 "<field name=\"v16_int8\" type=\"v16i8\"/>\n"
		 "<field name=\"v8_int16\" type=\"v8i16\"/>\n"
		 "<field name=\"v4_int32\" type=\"v4i32\"/>\n"
		 "<field name=\"v2_int64\" type=\"v2i64\"/>\n"
		 "<field name=\"uint128\" type=\"uint128\"/>\n"
		 "</union>\n");
}

void gdb_target_xml(const struct gdb_arch *arch, struct buf *out)
{
	char line[LINE_MAX_BYTES];

	snprintf(line, sizeof(line),
		 "<?xml version=\"1.0\"?>\n"
		 "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		 "<target>\n<architecture>%s</architecture>\n",
		 arch->name);
	say(out, line);
	for (unsigned i = 0; i < arch->count; i++) {
		const struct gdb_reg *r = &arch->regs[i];

		if (r->feature) {
			snprintf(line, sizeof(line),
				 "%s<feature name=\"%s\">\n",
				 i ? "</feature>\n" : "", r->feature);
			say(out, line);
			add_types(out, r->feature);
		}
		snprintf(line, sizeof(line),
			 "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
			 "regnum=\"%u\"/>\n",
			 r->name, r->size * 8u, r->type, i);
		say(out, line);
	}
	say(out, "</feature>\n</target>\n");
}
