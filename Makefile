# SPDX-License-Identifier: GPL-2.0-or-later
#
# One make for the whole tree; the guest's and the tests' rules are read in
# from guest/build.mk and tests/build.mk. Every product lies under build/:
#
#   build/launcher       the program
#   build/rel, build/san, build/tsan, build/fuzz
#                        objects: release, ASan+UBSan, ThreadSanitizer, libFuzzer
#
# `make help` lists the targets.

VERSION := 0.1.0

PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions

CC    ?= gcc
CLANG ?= clang
CFLAGS ?= -O2 -g

PKGS     := zlib libelf liblzma liblz4 libzstd lzo2 jansson yaml-0.1
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lbz2 -pthread

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wundef -Wwrite-strings -Wcast-align -Wno-unused-parameter
CPPFLAGS_ALL := -Iinclude -Ilauncher -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DLAUNCHER_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) -pthread -fno-common $(CFLAGS)

SAN_FLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# gcc warns of each fence, which this sanitizer does not look at.
TSAN_FLAGS := -O1 -g -fsanitize=thread -Wno-tsan -fno-omit-frame-pointer
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

# `make V=1` shows whole commands, `make -s` none.
Q := $(if $(V),,@)
quiet := $(findstring s,$(firstword -$(MAKEFLAGS)))
show = $(if $(V)$(quiet),@:,@printf '  %-6s %s\n' $(1) $@)

LAUNCHER_SRCS := $(sort $(wildcard launcher/*.c launcher/*/*.c launcher/*/*/*.c))
LIB_SRCS      := $(filter-out launcher/main.c,$(LAUNCHER_SRCS))
# Guest code that the launcher carries; see these files.
LIB_BLOBS     := $(sort $(wildcard launcher/*/*_blob.S))

.DEFAULT_GOAL := all
.PHONY: all
all: build/launcher

# $(call objs,VARIANT,SOURCES)
objs = $(patsubst %,build/$(1)/%.o,$(basename $(2)))

# What a blob includes with .incbin is a product, named in it as "build/...".
# One rule for each variant: a pattern rule of several targets makes them all
# at once.
define blob_rule
build/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(call show,AS)
	$$(Q)$$(CC) -c -o $$@ $$<
endef
$(foreach v,rel san tsan fuzz,$(eval $(call blob_rule,$(v))))
$(foreach b,$(LIB_BLOBS),$(foreach v,rel san tsan fuzz,$(eval \
	$(call objs,$(v),$(b)): $(shell sed -n 's/.*\.incbin[^"]*"\(.*\)"/\1/p' $(b)))))

build/rel/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

build/san/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

build/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(TSAN_FLAGS) -MMD -MP -c -o $@ $<

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(CLANG) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

# Everything but main.c, for the program, the tests and the fuzzers alike.
build/%/liblauncher.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call show,AR)
	$(Q)$(AR) rcs $@ $^
$(foreach v,rel san tsan fuzz,$(eval build/$(v)/liblauncher.a: $(call objs,$(v),$(LIB_SRCS) $(LIB_BLOBS))))

build/launcher: build/rel/launcher/main.o build/rel/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Without it, make would take the folder for the product.
.PHONY: launcher
launcher: build/launcher

build/san/launcher.san: build/san/launcher/main.o build/san/liblauncher.a
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS_ALL) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

-include guest/build.mk
-include tests/build.mk

# The two commands of the README, and what they are made of. Both install
# the Debian packages they miss when root, and name them otherwise.
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
	$(INSTALL) -D -m 644 launcher-suite.5 \
		"$(DESTDIR)$(MANDIR)/man5/launcher-suite.5"
	$(INSTALL) -D -m 644 scripts/completion/launcher.bash \
		"$(DESTDIR)$(BASHCOMPDIR)/launcher"
	$(INSTALL) -D -m 644 scripts/completion/_launcher \
		"$(DESTDIR)$(ZSHCOMPDIR)/_launcher"

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/launcher" \
		"$(DESTDIR)$(MANDIR)/man1/launcher.1" \
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
	@echo 'check-LANE   one lane: unit fuzz image cli guest loaders box lint'
	@echo 'check-tsan   of the unit lane, what runs under ThreadSanitizer'
	@echo 'fuzz         the fuzzers for long (FUZZ_LONG=-max_total_time=SECONDS)'
	@echo 'bench        load times and memory as ratios, boot in instructions'
	@echo 'install      into DESTDIR/PREFIX; uninstall takes it away again'
	@echo 'clean        remove build/'
	@echo
	@echo 'V=1 shows whole commands.'

.PHONY: clean
clean:
	rm -rf build

-include $(wildcard build/*/launcher/*.d build/*/launcher/*/*.d \
	build/*/launcher/*/*/*.d)
