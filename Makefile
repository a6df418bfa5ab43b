# SPDX-License-Identifier: GPL-2.0-or-later
#
# One make for the whole tree; the guest's and the tests' rules are read in
# from guest/build.mk and tests/build.mk. Every product lies under build/:
#
#   build/launcher       the program
#   build/rel, build/san, build/fuzz    objects: release, ASan+UBSan, libFuzzer
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

PKGS     := zlib libelf liblzma liblz4 libzstd lzo2 jansson
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lbz2 -pthread

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wundef -Wwrite-strings -Wcast-align -Wno-unused-parameter
CPPFLAGS_ALL := -Iinclude -Ilauncher -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DLAUNCHER_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) -pthread -fno-common $(CFLAGS)

SAN_FLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer

LAUNCHER_SRCS := $(sort $(wildcard launcher/*.c launcher/*/*.c))
LIB_SRCS      := $(filter-out launcher/main.c,$(LAUNCHER_SRCS))

.DEFAULT_GOAL := all
.PHONY: all
all: build/launcher

# $(call objs,VARIANT,SOURCES)
objs = $(patsubst %.c,build/$(1)/%.o,$(2))

build/rel/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

build/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SAN_FLAGS) -MMD -MP -c -o $@ $<

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

# Everything but main.c, for the program, the tests and the fuzzers alike.
build/%/liblauncher.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^
$(foreach v,rel san fuzz,$(eval build/$(v)/liblauncher.a: $(call objs,$(v),$(LIB_SRCS))))

build/launcher: build/rel/launcher/main.o build/rel/liblauncher.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

build/san/launcher.san: build/san/launcher/main.o build/san/liblauncher.a
	$(CC) $(CFLAGS_ALL) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

-include guest/build.mk
-include tests/build.mk

.PHONY: help
help:
	@echo 'all      build/launcher (default)'
	@echo 'clean    remove build/'

.PHONY: clean
clean:
	rm -rf build

-include $(wildcard build/*/launcher/*.d build/*/launcher/*/*.d)
