# SPDX-License-Identifier: GPL-2.0-or-later
#
# One make for the whole tree; the guest's and the tests' rules are read in
# from guest/build.mk and tests/build.mk. Every product lies under build/:
#
#   build/launcher       the program
#   build/rel, ...       objects, a folder for each variant; see below
#
# `make help` lists the targets.

VERSION := 0.2.0

PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions

# make's own default for CC is cc; a CC from the command line or the environment
# is used.
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CFLAGS ?= -O2 -g

# --- libraries
#
# zlib and libelf are required. The others are optional: a library that is not
# installed, or named by `make WITHOUT="lz4 yaml"`, is left out. `launcher
# --version -v` lists the libraries of a build, and a command that needs another
# one names it.

PKG_CONFIG ?= pkg-config
WITHOUT ?=

REQUIRED := zlib libelf
OPTIONAL := bzip2 lzma lzo lz4 zstd json yaml kmod slirp seccomp
PKG_lzma := liblzma
PKG_lzo  := lzo2
PKG_lz4  := liblz4
PKG_zstd := libzstd
PKG_json := jansson
PKG_yaml := yaml-0.1
PKG_kmod := libkmod
PKG_seccomp := libseccomp
# Only needed to build: it writes the filters of the sandbox.
BUILD_ONLY := seccomp

has_pkg = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
# Not every distribution's bzip2 has a file for pkg-config.
has_bzip2 := $(shell echo '\#include <bzlib.h>' | \
	$(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo yes)
# libslirp's file for pkg-config asks for GLib's, which a program that uses
# libslirp does not need.
has_slirp := $(shell echo '\#include <slirp/libslirp.h>' | \
	$(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo yes)
has = $(if $(filter bzip2 slirp,$(1)),$(has_$(1)),$(call has_pkg,$(PKG_$(1))))

MISSING := $(strip $(foreach p,$(REQUIRED),$(if $(call has_pkg,$(p)),,$(p))))
WITH    := $(strip $(foreach l,$(filter-out $(WITHOUT),$(OPTIONAL)),$(if $(call has,$(l)),$(l))))
ifneq ($(filter-out $(OPTIONAL),$(WITHOUT)),)
$(error WITHOUT=$(WITHOUT): unknown library (expected $(OPTIONAL)))
endif

# The sources that need an optional library.
JSON_SRCS := launcher/base/json.c $(addprefix launcher/show/,drivers_json.c \
	inspect_diff.c inspect_json.c diff_text.c names_json.c notes_json.c plan_json.c \
	symbols_json.c tree_diff.c) \
	launcher/outcome/report.c launcher/verify/print_json.c
SUITE_SRCS := $(wildcard launcher/suite/*.c) launcher/cli/cmd_test.c \
	launcher/cli/suite_words.c
SRCS_bzip2 := launcher/image/decode_bzip2.c launcher/pack/compress_bzip2.c
SRCS_lzma  := launcher/image/decode_lzma.c launcher/pack/compress_lzma.c
SRCS_lzo   := launcher/image/decode_lzo.c launcher/pack/compress_lzo.c
SRCS_lz4   := launcher/image/decode_lz4.c launcher/pack/compress_lz4.c
SRCS_zstd  := launcher/image/decode_zstd.c launcher/pack/compress_zstd.c
SRCS_json  := $(JSON_SRCS) $(SUITE_SRCS)
SRCS_yaml  := $(SUITE_SRCS)
SRCS_slirp := launcher/dev/net/slirp.c
SRCS_kmod  := launcher/exec/modules.c

upper = $(shell echo $(1) | tr a-z A-Z)
# $(call defs,LIBRARIES), $(call libs,LIBRARIES), $(call lib_cflags,LIBRARIES)
defs = $(foreach l,$(OPTIONAL),-DHAVE_$(call upper,$(l))=$(if $(filter $(l),$(1)),1,0))
pkgs = $(REQUIRED) $(foreach l,$(filter-out $(BUILD_ONLY),$(1)),$(PKG_$(l)))
libs = $(shell $(PKG_CONFIG) --libs $(call pkgs,$(1)) 2>/dev/null) \
	$(if $(filter bzip2,$(1)),-lbz2) $(if $(filter slirp,$(1)),-lslirp) \
	-pthread
lib_cflags = $(shell $(PKG_CONFIG) --cflags $(call pkgs,$(1)) 2>/dev/null)

PKG_LIBS := $(call libs,$(WITH))

# --- variants
#
# The same sources, compiled in several ways, each under build/NAME:
#
#   rel    the program            san    with ASan and UBSan
#   tsan   with ThreadSanitizer   fuzz   for libFuzzer
#   clang  by the other compiler  least  with the required libraries alone
#
# WERROR=1 makes warnings errors, as continuous integration does.

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wundef -Wwrite-strings -Wcast-align -Wno-unused-parameter
# The kernel's headers have structs that end in an array of any length. Only
# clang warns that such a struct inside another struct is an extension.
CLANG_WARN := -Wno-gnu-variable-sized-type-not-at-end
CPPFLAGS_ALL := -Iinclude -Ilauncher -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DLAUNCHER_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) $(if $(WERROR),-Werror) -pthread -fno-common \
	$(CFLAGS)

# Against a stranger who finds a fault: tests/image/hardening checks the result.
# The sanitized variants have checks of their own. Without optimisation there is
# no _FORTIFY_SOURCE.
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=full $(if $(filter -O0 -Og,$(CFLAGS)),,-U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=3)
LINK_HARDENED := -pie -Wl,-z,relro,-z,now,-z,noexecstack

SAN_FLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# gcc warns of each fence, because this sanitizer ignores fences.
TSAN_FLAGS := -O1 -g -fsanitize=thread -Wno-tsan -fno-omit-frame-pointer
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

VARIANTS := rel san tsan fuzz clang least
CC_rel   = $(CC)
CC_san   = $(CC)
CC_tsan  = $(CC)
CC_fuzz  = $(CLANG)
CC_clang = $(CLANG)
CC_least = $(CC)
FLAGS_rel  := $(HARDEN)
FLAGS_least := $(HARDEN)
FLAGS_san  := $(SAN_FLAGS)
FLAGS_tsan := $(TSAN_FLAGS)
FLAGS_fuzz := $(FUZZ_FLAGS) $(CLANG_WARN)
FLAGS_clang := $(HARDEN) $(CLANG_WARN)
$(foreach v,$(VARIANTS),$(eval WITH_$(v) := $(if $(filter least,$(v)),,$(WITH))))

# `make V=1` shows whole commands, `make -s` none.
Q := $(if $(V),,@)
quiet := $(findstring s,$(firstword -$(MAKEFLAGS)))
show = $(if $(V)$(quiet),@:,@printf '  %-6s %s\n' $(1) $@)

LAUNCHER_SRCS := $(sort $(wildcard launcher/*.c launcher/*/*.c launcher/*/*/*.c))
# $(call lib_srcs,LIBRARIES): everything but main.c, for the program, the tests
# and the fuzzers, without the sources that need other libraries.
lib_srcs = $(filter-out launcher/main.c \
	$(foreach l,$(filter-out $(1),$(OPTIONAL)),$(SRCS_$(l))),$(LAUNCHER_SRCS))
# Guest code that the launcher carries; see these files.
LIB_BLOBS := $(sort $(wildcard launcher/*/*_blob.S))

.DEFAULT_GOAL := all
.PHONY: all
all: build/launcher

# A missing library is named before the compiler misses its header.
.PHONY: required
required:
	@$(if $(MISSING),echo 'missing libraries: $(MISSING); scripts/deps install \
	build installs what Debian calls them' >&2; exit 1,:)

# The command that objects are compiled with: when it changes, they are compiled
# again.
# $(call flags_of,VARIANT)
flags_of = $(CC_$(1)) $(CPPFLAGS_ALL) $(call defs,$(WITH_$(1))) \
	$(call lib_cflags,$(WITH_$(1))) $(CFLAGS_ALL) $(FLAGS_$(1))

.PHONY: FORCE
FORCE:

# $(call objs,VARIANT,SOURCES)
objs = $(patsubst %,build/$(1)/%.o,$(basename $(2)))

# What a blob includes with .incbin is a product, named in it as "build/...".
# One rule for each variant: a pattern rule of several targets makes them all
# at once.
define variant_rules
COMPILE_$(1) := $$(call flags_of,$(1))

build/$(1)/flags: FORCE | required
	@mkdir -p $$(@D)
	@echo '$$(subst ','\'',$$(COMPILE_$(1)))' | cmp -s - $$@ || \
		echo '$$(subst ','\'',$$(COMPILE_$(1)))' >$$@

build/$(1)/%.o: %.c build/$(1)/flags
	@mkdir -p $$(@D)
	$$(call show,CC)
	$$(Q)$$(COMPILE_$(1)) $$(EXTRA_INCLUDE) -MMD -MP -c -o $$@ $$<

build/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(call show,AS)
	$$(Q)$$(CC_$(1)) $$(filter -fcf-protection%,$$(FLAGS_$(1))) -c -o $$@ $$<

build/$(1)/liblauncher.a: $$(call objs,$(1),$$(call lib_srcs,$$(WITH_$(1))) $$(LIB_BLOBS))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call show,AR)
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach v,$(VARIANTS),$(eval $(call variant_rules,$(v))))
$(foreach b,$(LIB_BLOBS),$(foreach v,$(VARIANTS),$(eval \
	$(call objs,$(v),$(b)): $(shell sed -n 's/.*\.incbin[^"]*"\(.*\)"/\1/p' $(b)))))

build/launcher: build/rel/launcher/main.o build/rel/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(HARDEN) $(LINK_HARDENED) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

build/san/launcher.san: build/san/launcher/main.o build/san/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

build/clang/launcher.clang: build/clang/launcher/main.o build/clang/liblauncher.a
	$(call show,LD)
	$(Q)$(CLANG) $(CFLAGS_ALL) $(LINK_HARDENED) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

build/least/launcher.least: build/least/launcher/main.o build/least/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LINK_HARDENED) $(LDFLAGS) -o $@ $^ $(call libs,)

# The filters of the sandbox, for the kernel to read as they are.
SANDBOX_FILTERS := build/gen/sandbox/filters.h
SANDBOX_GENERATE := build/gen/sandbox/generate

$(SANDBOX_GENERATE): scripts/sandbox/generate.c launcher/sandbox/rules.h \
		launcher/sandbox/own_pid.h
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -o $@ $< \
		$(shell $(PKG_CONFIG) --cflags --libs libseccomp 2>/dev/null)

$(SANDBOX_FILTERS): $(SANDBOX_GENERATE)
	$(call show,GEN)
	$(Q)$< >$@.tmp && mv $@.tmp $@

$(foreach v,$(VARIANTS),$(if $(filter seccomp,$(WITH_$(v))),$(eval \
	build/$(v)/launcher/sandbox/sandbox.o: $(SANDBOX_FILTERS))))
build/%/launcher/sandbox/sandbox.o: EXTRA_INCLUDE += -Ibuild/gen

# The completions of shells are made from the tables of commands and options,
# and kept: they can be installed without running anything.
COMPLETE := build/rel/scripts/completion/generate

$(COMPLETE): $(COMPLETE).o build/rel/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

.PHONY: completions
completions: $(COMPLETE)
	$(COMPLETE) <scripts/completion/launcher.bash.in >scripts/completion/launcher.bash
	$(COMPLETE) <scripts/completion/_launcher.in >scripts/completion/_launcher

-include $(COMPLETE).d

# Without it, make would take the folder for the product.
.PHONY: launcher
launcher: build/launcher

-include guest/build.mk
-include tests/build.mk

# The two commands of the README, and what they are made of. As root, both
# install missing Debian packages; otherwise they name them.
.PHONY: check demo check-lint
check:
	@scripts/check

demo:
	@scripts/demo

check-lint:
	@scripts/lint

INSTALL ?= install

.PHONY: install uninstall
install: build/launcher
	$(INSTALL) -D -m 755 build/launcher "$(DESTDIR)$(BINDIR)/launcher"
	$(INSTALL) -D -m 644 launcher.1 "$(DESTDIR)$(MANDIR)/man1/launcher.1"
	for page in json suite; do \
		$(INSTALL) -D -m 644 launcher-$$page.5 \
			"$(DESTDIR)$(MANDIR)/man5/launcher-$$page.5" || \
			exit 1; \
	done
	$(INSTALL) -D -m 644 scripts/completion/launcher.bash \
		"$(DESTDIR)$(BASHCOMPDIR)/launcher"
	$(INSTALL) -D -m 644 scripts/completion/_launcher \
		"$(DESTDIR)$(ZSHCOMPDIR)/_launcher"

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/launcher" \
		"$(DESTDIR)$(MANDIR)/man1/launcher.1" \
		"$(DESTDIR)$(MANDIR)/man5/launcher-json.5" \
		"$(DESTDIR)$(MANDIR)/man5/launcher-suite.5" \
		"$(DESTDIR)$(BASHCOMPDIR)/launcher" \
		"$(DESTDIR)$(ZSHCOMPDIR)/_launcher"

.PHONY: help
help:
	@echo 'demo         launch a stock Debian kernel to a greeting from userspace'
	@echo 'check        run every test; the last line is the count'
	@echo
	@echo 'all          build/launcher (default)'
	@echo 'guest        the small kernel, the decompressor stub, the setup code'
	@echo 'check-LANE   one lane: build unit fuzz image cli guest loaders box lint'
	@echo 'check-exec   all that exec does, with stock kernels; not part of check'
	@echo 'check-net    networks and streams of stock kernels; not part of check'
	@echo 'check-debian Debian from its disk in all ways; not part of check'
	@echo 'check-shares shared folders with each kernel; not part of check'
	@echo 'check-autopsy call traces, logs, cores of stock kernels; not part of check'
	@echo 'check-kallsyms  the names of five stock kernels; not part of check'
	@echo 'check-tsan   of the unit lane, what runs under ThreadSanitizer'
	@echo 'fuzz         the fuzzers for long (FUZZ_LONG=-max_total_time=SECONDS)'
	@echo 'fuzz-gain    what mutation that knows the structure of inputs is worth'
	@echo 'faults       every allocation and system call fails once in turn'
	@echo 'sandbox-coverage  what the sandbox allows and no test needs'
	@echo 'long         10,000 boots, which must gain no memory or descriptors'
	@echo 'kaslr        the small kernel at 1000 random places'
	@echo 'bench        load times and memory as ratios, boot in instructions'
	@echo 'completions  write scripts/completion anew from the option table'
	@echo 'install      into DESTDIR/PREFIX; uninstall takes it away again'
	@echo 'clean        remove build/'
	@echo
	@echo 'V=1 shows whole commands; WERROR=1 makes warnings errors.'
	@echo 'WITHOUT="lz4 yaml" builds without these libraries.'

.PHONY: clean
clean:
	rm -rf build

-include $(wildcard build/*/launcher/*.d build/*/launcher/*/*.d \
	build/*/launcher/*/*/*.d)
