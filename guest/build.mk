# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest side: freestanding code, built for 64, 32 and 16 bits.
#
#   build/guest/kernel64.elf, kernel32.elf    the small kernel
#   build/guest/kaslr64.elf                   the same with relocation lists
#   build/guest/stub.bin                      the decompressor stub
#   build/guest/setup.bin                     16-bit setup code and header
#   build/guest/bios.bin                      the calls that setup code makes
#   build/guest/init.elf                      the init of `launcher exec`
#
# Objects are in build/guest/64 and build/guest/32. Plain integer instructions
# only: an interpreting KVM knows few others.

OBJCOPY ?= objcopy

GUEST_WARN := $(filter-out -Wcast-align,$(WARN))
GUEST_CFLAGS := -std=gnu11 $(GUEST_WARN) -O2 -march=x86-64 -ffreestanding \
	-fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -fno-common -fcf-protection=none \
	-mgeneral-regs-only -mno-red-zone -fno-builtin
GUEST_CPPFLAGS := -Iinclude -Iguest -DGUEST_VERSION='"$(VERSION)"'
GUEST_LDFLAGS := -nostdlib -static --build-id=sha1 -z max-page-size=0x1000 \
	-z noexecstack

GUEST_FLAGS_64 := -m64 -mcmodel=kernel
# The oldest processor with CPUID: code for it can run on any other one, and say
# that the processor is not sufficient.
GUEST_MARCH_32 := -march=i586
GUEST_FLAGS_32 := -m32 $(GUEST_MARCH_32)
GUEST_DEFS_64 := -DKERNEL_64
GUEST_DEFS_32 :=
GUEST_LD_64 := -m elf_x86_64
GUEST_LD_32 := -m elf_i386

GUEST_LIB_SRCS := $(sort $(wildcard guest/lib/*.c))
GUEST_KERNEL_SRCS := $(sort $(wildcard guest/kernel/*.c)) \
	guest/kernel/notes.S guest/kernel/trap_entry.S guest/kernel/ap_entry.S
GUEST_KERNEL_LIBS := $(addprefix guest/lib/,crc32.c say.c serial.c string.c)

GUEST_KERNELS := build/guest/kernel64.elf build/guest/kernel32.elf \
	build/guest/kaslr64.elf

.PHONY: guest
guest: $(GUEST_KERNELS) build/guest/stub.bin build/guest/setup.bin \
	build/guest/bios.bin build/guest/init.elf

# $(call guest_objs,BITS,SOURCES)
guest_objs = $(patsubst %,build/guest/$(1)/%.o,$(basename $(2)))

# $(eval $(call guest_rules,BITS))
define guest_rules
build/guest/$(1)/%.o: %.c guest/build.mk
	@mkdir -p $$(@D)
	$$(call show,CC)
	$$(Q)$$(CC) $$(GUEST_CPPFLAGS) $$(GUEST_DEFS_$(1)) $$(GUEST_CFLAGS) $$(GUEST_FLAGS_$(1)) -MMD -MP -c -o $$@ $$<

build/guest/$(1)/%.o: %.S guest/build.mk
	@mkdir -p $$(@D)
	$$(call show,CC)
	$$(Q)$$(CC) $$(GUEST_CPPFLAGS) $$(GUEST_DEFS_$(1)) -m$(1) -MMD -MP -c -o $$@ $$<

build/guest/$(1)/%.lds: %.lds.S guest/build.mk
	@mkdir -p $$(@D)
	$$(call show,CPP)
	$$(Q)$$(CC) $$(GUEST_CPPFLAGS) $$(GUEST_DEFS_$(1)) -E -P -D__ASSEMBLER__ -MMD -MP -MT $$@ -o $$@ $$<

build/guest/kernel$(1).elf: build/guest/$(1)/guest/kernel/kernel.lds \
		$$(call guest_objs,$(1),guest/kernel/head$(1).S $$(GUEST_KERNEL_SRCS) $$(GUEST_KERNEL_LIBS)) \
		build/guest/selfsum
	$$(call show,LD)
	$$(Q)$$(LD) $$(GUEST_LD_$(1)) $$(GUEST_LDFLAGS) -T $$< -o $$@.tmp $$(filter %.o,$$^)
	$$(Q)build/guest/selfsum $$@.tmp
	$$(Q)mv $$@.tmp $$@
endef
$(eval $(call guest_rules,64))
$(eval $(call guest_rules,32))

# The same kernel with what KASLR takes: relocation lists behind its ELF.
build/guest/64/guest/kernel/kaslr.lds: guest/kernel/kernel.lds.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CPP)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_DEFS_64) -DSELFRELOCS_ROOM=8192 -E -P -D__ASSEMBLER__ -MMD -MP -MT $@ -o $@ $<

build/guest/kaslr64.elf: build/guest/64/guest/kernel/kaslr.lds \
		$(call guest_objs,64,guest/kernel/head64.S $(GUEST_KERNEL_SRCS) $(GUEST_KERNEL_LIBS)) \
		build/guest/selfsum build/guest/relocs
	$(call show,LD)
	$(Q)$(LD) $(GUEST_LD_64) $(GUEST_LDFLAGS) --emit-relocs -T $< -o $@.tmp $(filter %.o,$^)
	$(Q)build/guest/relocs $@.tmp
	$(Q)build/guest/selfsum $@.tmp
	$(Q)mv $@.tmp $@

# The stub is 32-bit code that runs wherever it was loaded: -pie so that the
# linker would show, as a relocation, any address that was compiled in.
GUEST_STUB_SRCS := guest/stub/head.S guest/stub/enter.S \
	$(sort $(wildcard guest/stub/*.c)) \
	$(addprefix guest/lib/,crc32.c gunzip.c huffman.c inflate.c say.c \
		serial.c string.c)
GUEST_FLAGS_stub := -m32 $(GUEST_MARCH_32) -fpie -fvisibility=hidden -fno-jump-tables

build/guest/stub/%.o: %.c guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) $(GUEST_FLAGS_stub) -MMD -MP -c -o $@ $<

build/guest/stub/%.o: %.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -m32 -MMD -MP -c -o $@ $<

build/guest/stub/%.lds: %.lds.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CPP)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -E -P -D__ASSEMBLER__ -MMD -MP -MT $@ -o $@ $<

build/guest/stub.elf: build/guest/stub/guest/stub/stub.lds \
		$(call guest_objs,stub,$(GUEST_STUB_SRCS))
	$(call show,LD)
	$(Q)$(LD) -m elf_i386 -nostdlib -pie --no-dynamic-linker -z text \
		-z noexecstack -T $< -o $@ $(filter %.o,$^)

build/guest/stub.bin: build/guest/stub.elf
	$(call show,BIN)
	$(Q)$(OBJCOPY) -O binary $< $@

GUEST_SETUP_SRCS := $(addprefix guest/setup/,header.S bios.S protected.S) \
	$(sort $(wildcard guest/setup/*.c)) \
	$(addprefix guest/lib/,say.c serial.c string.c)
GUEST_FLAGS_setup := -m16 $(GUEST_MARCH_32) -Os

build/guest/setup/%.o: %.c guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) $(GUEST_FLAGS_setup) -MMD -MP -c -o $@ $<

build/guest/setup/%.o: %.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -m32 -MMD -MP -c -o $@ $<

build/guest/setup/%.lds: %.lds.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CPP)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -E -P -D__ASSEMBLER__ -MMD -MP -MT $@ -o $@ $<

build/guest/setup.elf: build/guest/setup/guest/setup/setup.lds \
		$(call guest_objs,setup,$(GUEST_SETUP_SRCS))
	$(call show,LD)
	$(Q)$(LD) -m elf_i386 -nostdlib -static -z noexecstack -T $< -o $@ \
		$(filter %.o,$^)

build/guest/setup.bin: build/guest/setup.elf
	$(call show,BIN)
	$(Q)$(OBJCOPY) -O binary $< $@

# Fixed offsets do not need a linker script: the code is at 0 of its segment.
build/guest/bios.o: guest/bios/bios.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -m32 -MMD -MP -c -o $@ $<

build/guest/bios.bin: build/guest/bios.o
	$(call show,BIN)
	$(Q)$(LD) -m elf_i386 -Ttext=0 -e bios_start -o $@.elf $<
	$(Q)$(OBJCOPY) -O binary -j .text $@.elf $@

# An ordinary program, but without a library.
GUEST_INIT_SRCS := guest/init/start.S $(sort $(wildcard guest/init/*.c)) \
	$(addprefix guest/lib/,say.c string.c)
GUEST_FLAGS_init := -m64

build/guest/init/%.o: %.c guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) $(GUEST_FLAGS_init) -MMD -MP -c -o $@ $<

build/guest/init/%.o: %.S guest/build.mk
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -m64 -MMD -MP -c -o $@ $<

build/guest/init.elf: $(call guest_objs,init,$(GUEST_INIT_SRCS))
	$(call show,LD)
	$(Q)$(LD) $(GUEST_LD_64) -nostdlib -static --gc-sections -s -z noexecstack \
		-z max-page-size=0x1000 -o $@ $^

build/guest/relocs: guest/tools/relocs.c guest/kernel/selfsum.h
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $<

build/guest/selfsum: guest/tools/selfsum.c guest/kernel/selfsum.h
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $<

# The parts that the host tests too are compiled like the launcher for that.
GUEST_INFLATE_SRCS := $(addprefix guest/lib/,inflate.c huffman.c gunzip.c crc32.c)
GUEST_DECIDE_SRCS := guest/stub/elf.c guest/stub/place.c
$(foreach v,$(VARIANTS),build/$(v)/guest/%): \
	private EXTRA_INCLUDE := -Iguest
build/rel/tests/unit/test_inflate: $(call objs,rel,$(GUEST_INFLATE_SRCS))
build/san/tests/unit/test_inflate: $(call objs,san,$(GUEST_INFLATE_SRCS))
build/fuzz/tests/fuzz/fuzz_inflate: $(call objs,fuzz,$(GUEST_INFLATE_SRCS))
build/rel/tests/unit/test_stub build/rel/tests/unit/test_pack_fit: \
	$(call objs,rel,$(GUEST_DECIDE_SRCS))
build/san/tests/unit/test_stub build/san/tests/unit/test_pack_fit: \
	$(call objs,san,$(GUEST_DECIDE_SRCS))
build/rel/tests/unit/test_exec: build/rel/guest/init/words.o
build/san/tests/unit/test_exec: build/san/guest/init/words.o
build/fuzz/tests/fuzz/fuzz_pack: $(call objs,fuzz,$(GUEST_DECIDE_SRCS))
build/rel/tests/unit/test_setup_memory: build/rel/guest/setup/memory.o
build/san/tests/unit/test_setup_memory: build/san/guest/setup/memory.o

-include $(wildcard build/*/guest/*/*.d build/guest/*/guest/*/*.d)
