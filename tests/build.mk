# SPDX-License-Identifier: GPL-2.0-or-later
#
# Adding a test is adding a file, or a row to a table:
#
#   tests/unit/test_X.c    a libcheck suite; becomes the runner
#                          build/{rel,san}/tests/unit/test_X (see unit.h);
#                          if it has threads, name it in UNIT_THREADS
#   tests/fuzz/fuzz_X.c    a libFuzzer target with its own seeds; becomes
#                          build/fuzz/tests/fuzz/fuzz_X (see fuzz.h)
#   tests/support/*.c      shared by all of them
#   tests/build/           the build itself
#   tests/image/           shell tests against independent tools
#   tests/cli/table        bad input and wrong options
#   tests/faults/run       every call fails once in turn
#   tests/long/run         thousands of boots; not part of make check
#   tests/guest/boots.yaml the small kernel on this host's KVM
#   tests/box/*.yaml       stock kernels on a hardware-style KVM
#   tests/loaders/         packed images under QEMU's, GRUB's, ... loaders
#
# Each runner's last line is `N passed, N failed, N skipped`.

UNIT_SRCS    := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SRCS    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
SUPPORT_SRCS := $(sort $(wildcard tests/support/*.c))

# libcheck's own flags are asked for only when a test is linked.
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)

# The suites that start threads: these run under ThreadSanitizer, too.
UNIT_THREADS := bus console containers crew debugger early fs_threads \
	guest loop outcome pause prefault session signals thread trace \
	virtio_balloon virtio_blk virtio_core virtio_fs virtio_pci \
	virtio_ports virtio_rng virtio_vsock

UNIT_REL  := $(UNIT_SRCS:%.c=build/rel/%)
UNIT_SAN  := $(UNIT_SRCS:%.c=build/san/%)
UNIT_TSAN := $(UNIT_THREADS:%=build/tsan/tests/unit/test_%)
FUZZERS   := $(FUZZ_SRCS:%.c=build/fuzz/%)

# $(1): variant. Objects first: the archive provides what they still need.
test_objs = build/$(1)/tests/$(2).o $(call objs,$(1),$(SUPPORT_SRCS)) \
	build/$(1)/liblauncher.a

$(UNIT_REL): %: %.o $(call test_objs,rel,unit/unit)
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(PKG_LIBS)

$(UNIT_SAN): %: %.o $(call test_objs,san,unit/unit)
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) \
		$(PKG_LIBS)

$(UNIT_TSAN): %: %.o $(call test_objs,tsan,unit/unit)
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(TSAN_FLAGS) $(LDFLAGS) -o $@ $^ \
		$(CHECK_LIBS) $(PKG_LIBS)

FUZZ_MUTATORS := $(wildcard tests/fuzz/mutate*.c)

$(FUZZERS): %: %.o $(call objs,fuzz,$(FUZZ_MUTATORS)) \
		$(call test_objs,fuzz,fuzz/fuzz)
	$(call show,LD)
	$(Q)$(CLANG) $(CFLAGS_ALL) $(FUZZ_FLAGS) -fsanitize=fuzzer $(LDFLAGS) \
		-o $@ $^ $(PKG_LIBS)

# Tests include "unit/unit.h", "support/payloads.h".
$(foreach v,$(VARIANTS),build/$(v)/tests/%): \
	private EXTRA_INCLUDE := -Itests

.PHONY: tests check-unit check-tsan check-fuzz fuzz
tests: $(UNIT_REL) $(UNIT_SAN) $(UNIT_TSAN)

check-unit: needs-unit
	@tests/unit/run $(sort $(UNIT_REL) $(UNIT_SAN) $(UNIT_TSAN))
check-tsan: $(UNIT_TSAN)
	@tests/unit/run $(sort $(UNIT_TSAN))

FUZZ_SHORT := -runs=20000 -max_total_time=10
FUZZ_LONG  ?= -max_total_time=600

# libFuzzer is part of clang; without it the run script says what it skips.
FUZZ_NEEDS := $(if $(shell command -v $(CLANG)),$(FUZZERS))

# What a lane needs to be built. scripts/check makes that of all lanes first:
# two lanes side by side must not build the same thing at once.
needs-unit: $(UNIT_REL) $(UNIT_SAN) $(UNIT_TSAN)
needs-fuzz: $(FUZZ_NEEDS)
needs-image needs-loaders: build/launcher guest
needs-image: $(COMPLETE)
needs-build needs-cli needs-guest needs-box: build/launcher $(GUEST_KERNELS)
needs-cli: build/san/launcher.san
.PHONY: needs-build needs-unit needs-fuzz needs-image needs-loaders needs-cli \
	needs-guest needs-box needs-lint
needs-lint:

check-fuzz: needs-fuzz
	@tests/fuzz/run '$(FUZZ_SHORT)' $(FUZZERS)

# What is found is kept outside the tree, for the next run.
FUZZ_CORPUS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/launcher/corpus

# What tests/fuzz/mutate.h is worth: coverage with it and without.
.PHONY: fuzz-gain
fuzz-gain: $(FUZZ_NEEDS)
	@tests/fuzz/gain 5000 $(addprefix build/fuzz/tests/fuzz/fuzz_,virtio fs \
		gdb image kernel_elf)

fuzz: $(FUZZ_NEEDS)
	@FUZZ_CORPUS='$(FUZZ_CORPUS)' tests/fuzz/run '$(FUZZ_LONG)' $(FUZZERS)

# Programs that the shell tests use.
TEST_TOOLS := $(addprefix build/rel/tests/,cli/bounded cli/make_images \
	guest/make_uki guest/net_peer guest/pty guest/tiny_elf \
	box/consoles_host box/net_tool faults/faults)

needs-cli needs-guest needs-box: $(TEST_TOOLS)

$(TEST_TOOLS): %: %.o $(call objs,rel,$(SUPPORT_SRCS)) \
		build/rel/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The build itself: other compiler, fewest libraries, changed flags.
.PHONY: check-build
check-build: needs-build
	@tests/build/run

# Bad input and wrong options, as released and sanitized.
.PHONY: check-cli
check-cli: needs-cli
	@rc=0; tests/cli/run build/launcher build/san/launcher.san || rc=1; \
		tests/faults/run --sample 3 || rc=1; exit $$rc

# Every allocation and every system call fails once in turn: that takes long, so
# check-cli has a sample of it. tests/faults/run NAME for one command.
FAULT_LIB := build/rel/tests/faults/fail.so

$(FAULT_LIB): tests/faults/fail.c tests/faults/fault.h
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) -D_GNU_SOURCE -Itests $(CFLAGS_ALL) -fPIC -shared -o $@ $< -ldl

needs-cli: $(FAULT_LIB)

.PHONY: faults
faults: needs-cli
	@tests/faults/run

# The small kernel on this host's KVM; `tests/guest/run SUITE` for one suite.
.PHONY: check-guest
check-guest: needs-guest
	@tests/guest/run

# 1000 starts at random places; KASLR_STARTS=N makes it fewer. Then 50 of stock
# kernels, in the box.
.PHONY: kaslr
kaslr: needs-guest
	@rc=0; tests/guest/run kaslr || rc=1; tests/box/kaslr || rc=1; exit $$rc

# Entries of launcher/sandbox/rules.h that no run of these needs; by strace.
.PHONY: sandbox-coverage
sandbox-coverage: needs-guest needs-cli needs-image needs-box
	@scripts/sandbox/coverage

# 10,000 boots by one process, which must not gain anything: an hour or more.
# BOOTS=N makes it fewer.
.PHONY: long
long: needs-guest
	@tests/long/run $(or $(BOOTS),10000)

# Shell tests of the commands that read images; `make check-image` of one
# suite: tests/image/run SUITE.
.PHONY: check-image
check-image: needs-image
	@tests/image/run

# Stock kernels on a hardware-style KVM; tests/box/run NAME for one case.
.PHONY: check-box
# One after another: guests with several CPUs lose time when boxes share ours.
BOX_SUITES := run debian shares exec disks streams consoles gdb kallsyms selftest

check-box: needs-box
	@tests/support/suites -j 1 $(BOX_SUITES:%=tests/box/%) \
		'tests/box/autopsy --short'

# Debian with each kernel, transport and number of CPUs: too long for check-box,
# which takes the first of each.
.PHONY: check-debian
check-debian: needs-box
	@tests/box/debian --all

# The names of stock kernels of every kind; check-box has those of three.
.PHONY: check-kallsyms
check-kallsyms: needs-box
	@tests/box/kallsyms --all

# What is found in the memory of stock kernels that ended badly, of two versions
# and by crash and drgn, which need 600 MB of debug data: too long for check-box,
# which has one boot of it.
.PHONY: check-autopsy
check-autopsy: needs-box
	@-scripts/fetch-debug 6.1-cloud >/dev/null
	@tests/box/autopsy

# Shared folders with each kernel, as root and as a user, and a day's work in
# them: too long for check-box. tests/box/shares alone is the short form.
.PHONY: check-shares
check-shares: needs-box
	@rc=0; tests/box/shares --all || rc=1; tests/box/work || rc=1; exit $$rc

# Commands in guests: users, roots, terminals, signals, suites. check-box has
# the first of them.
.PHONY: check-exec
check-exec: needs-box
	@tests/box/exec --all

# Networks and streams, with each kernel and transport and 100 MiB each way; and
# a Debian 13 that says by itself that it has booted. The better part of an hour.
.PHONY: check-net
check-net: needs-box
	@rc=0; tests/box/net --all || rc=1; tests/box/streams --all || rc=1; \
		tests/box/booted || rc=1; exit $$rc

# Packed images under the boot loaders of other projects; tests/loaders/run NAME
# for one row.
.PHONY: check-loaders
check-loaders: needs-loaders
	@tests/loaders/run

# One program measures in this process, scripts/bench the rest and the whole.
# BENCH=quick leaves out the box, which takes minutes.
BENCH_PROG := build/rel/tests/bench/bench
BENCH_SRCS := $(sort $(wildcard tests/bench/*.c))

$(BENCH_PROG): $(call objs,rel,$(BENCH_SRCS)) build/rel/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

.PHONY: bench bench-box
bench: build/launcher $(BENCH_PROG) $(GUEST_KERNELS)
	@scripts/bench $(if $(filter quick,$(BENCH)),load names kaslr disk \
		footprint start sandbox)

bench-box: build/launcher
	@scripts/bench box

-include $(wildcard build/*/tests/*/*.d)
