# mmsim: build, test and measure. `make help` lists the targets.

CC      ?= cc
CFLAGS  ?= -O3 -g
prefix  ?= /usr/local
B       := build

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
CPPFLAGS += -I. -D_GNU_SOURCE
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS)
LDLIBS  := -ltrace -lconfig -ljansson -lxxhash -lz -lpthread -lm

LIB_SRC := $(wildcard model/*/*.c traces/*.c traces/generate/*.c analysis/*.c plots/*.c)
CLI_SRC := $(wildcard cli/*.c)
REF_SRC := $(wildcard tests/ref/*.c)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

LIB     := $(B)/libmmsim.a
obj      = $(patsubst %.c,$(B)/%.o,$(1))

all: mmsim recorder

mmsim: $(call obj,$(CLI_SRC)) $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/tests/%: $(B)/tests/unit/%.o $(call obj,$(REF_SRC)) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

unit: $(UNIT)
	@set -e; for t in $^; do echo "$$t"; $$t; done

recorder:

clean:
	rm -rf $(B) mmsim demo

help:
	@echo 'all unit clean'

.PHONY: all unit recorder clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
