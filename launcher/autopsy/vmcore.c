/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "autopsy/vmcore.h"

#include <assert.h>
#include <elf.h>
#include <string.h>

#include "autopsy/vmcoreinfo.h"

#define ALIGN 4096

/* struct elf_prstatus: its size, and where the CPU's number and its registers
 * are. */
#define PRSTATUS_64	 336
#define PRSTATUS_64_PID	 32
#define PRSTATUS_64_REGS 112
#define PRSTATUS_32	 144
#define PRSTATUS_32_PID	 24
#define PRSTATUS_32_REGS 72

static void add_note(struct buf *out, const char *name, uint32_t type,
		     const void *desc, size_t len)
{
	static const uint8_t zeros[4];
	const Elf64_Nhdr h = { .n_namesz = (uint32_t)strlen(name) + 1,
			       .n_descsz = (uint32_t)len,
			       .n_type = type };

	buf_add(out, &h, sizeof(h));
	buf_add(out, name, h.n_namesz);
	buf_add(out, zeros, -h.n_namesz & 3);
	buf_add(out, desc, len);
	buf_add(out, zeros, -len & 3);
}

static void add_cpu_64(struct buf *out, const struct vmcore_cpu *cpu,
		       uint32_t pid)
{
	uint8_t status[PRSTATUS_64] = { 0 };

	memcpy(status + PRSTATUS_64_PID, &pid, sizeof(pid));
	memcpy(status + PRSTATUS_64_REGS, cpu->regs, sizeof(cpu->regs));
	add_note(out, "CORE", NT_PRSTATUS, status, sizeof(status));
}

static void add_cpu_32(struct buf *out, const struct vmcore_cpu *cpu,
		       uint32_t pid)
{
	static const uint8_t order[] = {
		VMCORE_RBX, VMCORE_RCX, VMCORE_RDX,    VMCORE_RSI,
		VMCORE_RDI, VMCORE_RBP, VMCORE_RAX,    VMCORE_DS,
		VMCORE_ES,  VMCORE_FS,	VMCORE_GS,     VMCORE_ORIG_RAX,
		VMCORE_RIP, VMCORE_CS,	VMCORE_RFLAGS, VMCORE_RSP,
		VMCORE_SS,
	};
	uint8_t status[PRSTATUS_32] = { 0 };

	memcpy(status + PRSTATUS_32_PID, &pid, sizeof(pid));
	for (size_t i = 0; i < sizeof(order); i++) {
		uint32_t word = (uint32_t)cpu->regs[order[i]];

		memcpy(status + PRSTATUS_32_REGS + 4 * i, &word, sizeof(word));
	}
	add_note(out, "CORE", NT_PRSTATUS, status, sizeof(status));
}

static void add_notes(const struct vmcore *v, struct buf *out)
{
	for (unsigned i = 0; i < v->cpus_count; i++)
		(v->is64 ? add_cpu_64 : add_cpu_32)(out, &v->cpus[i], i + 1);
	if (v->info.len)
		add_note(out, VMCOREINFO_NOTE, 0, v->info.data, v->info.len);
}

static void add_header(const struct vmcore *v, struct buf *out)
{
	Elf64_Ehdr h = {
		.e_type = ET_CORE,
		.e_machine = v->is64 ? EM_X86_64 : EM_386,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(1 + v->loads_count),
	};

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	buf_add(out, &h, sizeof(h));
}

static void add_segments(const struct vmcore *v, uint64_t notes_len,
			 struct buf *out)
{
	const uint64_t notes = sizeof(Elf64_Ehdr) +
			       (1 + v->loads_count) * sizeof(Elf64_Phdr);
	const uint64_t ram = (notes + notes_len + ALIGN - 1) / ALIGN * ALIGN;
	const Elf64_Phdr note = { .p_type = PT_NOTE,
				  .p_offset = notes,
				  .p_filesz = notes_len,
				  .p_memsz = notes_len,
				  .p_align = 4 };

	buf_add(out, &note, sizeof(note));
	for (unsigned i = 0; i < v->loads_count; i++) {
		const struct vmcore_load *l = &v->loads[i];
		const Elf64_Phdr load = { .p_type = PT_LOAD,
					  .p_flags = PF_R | PF_W | PF_X,
					  .p_offset = ram + l->off,
					  .p_vaddr = l->vaddr,
					  .p_paddr = l->paddr,
					  .p_filesz = l->size,
					  .p_memsz = l->size };

		buf_add(out, &load, sizeof(load));
	}
}

void vmcore_head(const struct vmcore *v, struct buf *out)
{
	struct buf notes = { 0 };
	uint8_t *pad;
	size_t len;

	assert(v->loads_count <= VMCORE_LOADS_MAX && !out->len);
	add_notes(v, &notes);
	add_header(v, out);
	add_segments(v, notes.len, out);
	buf_add(out, notes.data, notes.len);
	out->failed |= notes.failed;
	buf_release(&notes);
	len = -out->len & (ALIGN - 1);
	pad = buf_extend(out, len);
	if (pad)
		memset(pad, 0, len);
}
