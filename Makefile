# mmsim: build, test and measure. `make help` lists the targets.
#
# Another build beside the usual one: make B=build/asan BIN=build/asan/mmsim CC=clang CFLAGS='-O1 -g ...'

CC      ?= cc
CFLAGS  ?= -O3 -g1
prefix  ?= /usr/local
B       ?= build
BIN     ?= mmsim

WARN      := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
CPPFLAGS  += -I. -D_GNU_SOURCE
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS)
COMPILE    = $(CC) $(CPPFLAGS) $(ALL_CFLAGS)
LDLIBS    := -ltrace -lconfig -ljansson -lsqlite3 -lxxhash -lz -lbz2 -llzma -lpthread -lm

LIB_SRC := $(wildcard model/*/*.c traces/*.c traces/generate/*.c analysis/*.c plots/*.c)
CLI_SRC := $(wildcard cli/*.c)
REF_SRC := $(wildcard tests/ref/*.c)
UNIT    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,$(B)/targets/%,$(wildcard tests/fuzz/fuzz_*.c))

LIB     := $(B)/libmmsim.a
obj      = $(patsubst %.c,$(B)/%.o,$(1))

# On every processor, unless make was told how many.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# Recipes are named, not shown; make V=1 shows them.
Q := $(if $(V),,@)

all: $(BIN) recorder

$(BIN): $(call obj,$(CLI_SRC)) $(LIB)
	@echo '  LINK $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(call obj,$(LIB_SRC)) $(B)/builtin.o $(B)/page.o
	@echo '  AR   $@'
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# The configurations in configs/ are part of the program.
BUILTIN := $(sort $(wildcard configs/machines/*.cfg configs/kernels/*.cfg))

$(B)/builtin.c: configs/builtin.awk $(BUILTIN)
	@mkdir -p $(@D)
	@echo '  GEN  $@'
	$(Q)awk -f configs/builtin.awk $(BUILTIN) >$@.tmp && mv $@.tmp $@

# So is the page of mmsim report.
PAGE := plots/page/page.html plots/page/page.css plots/page/page.js

$(B)/page.c: plots/page/page.awk $(PAGE)
	@mkdir -p $(@D)
	@echo '  GEN  $@'
	$(Q)awk -f plots/page/page.awk $(PAGE) >$@.tmp && mv $@.tmp $@

$(B)/builtin.o $(B)/page.o: $(B)/%.o: $(B)/%.c $(B)/flags
	@echo '  CC   $<'
	$(Q)$(COMPILE) -c -o $@ $<

$(B)/tests/%: $(B)/tests/unit/%.o $(call obj,$(REF_SRC)) $(LIB)
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(B)/%.o: %.c $(B)/flags | $(B)/found
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# Holds how things are compiled; newer than the objects when that has changed.
$(B)/flags: always
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' >$@

# Says what is missing before the compiler does.
$(B)/found:
	@mkdir -p $(@D)
	@./deps.sh --check build
	@touch $@

units: $(UNIT) $(B)/check-recording $(B)/validate/kmap

# Says whether a recording is possible; for tests/record.sh.
$(B)/check-recording: tests/record/check.c $(LIB)
	@echo '  LINK $@'
	$(Q)$(COMPILE) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Programs that build a machine of their own to show something; configs/experiments/ runs them.
$(B)/validate/%: tests/validate/%.c $(LIB)
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(COMPILE) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Only with the flags that tests/fuzz/run gives: the fuzzer's own main() is linked in.
$(B)/targets/%: $(B)/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

fuzz-targets: $(FUZZ)

$(B)/measure: tests/bench/measure.c
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(COMPILE) -o $@ $<

# What charging costs: lines on the machine that the unit tests have, page faults on one of its own.
$(B)/charge $(B)/faults $(B)/walks: $(B)/%: $(B)/tests/bench/%.o $(call obj,$(REF_SRC)) $(LIB)
	@echo '  LINK $@'
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The plugin is loaded into QEMU and shares no code with the binary but these files.
PLUGIN_SRC := $(wildcard traces/recorder/*.c) traces/program.c
# Vector loads of addresses that were stored one by one a moment ago would wait for those stores: twice the
# time. And QEMU has no sanitizer's runtime.
PLUGIN_COMPILE = $(filter-out -fsanitize%,$(COMPILE)) $(PLUGIN_FLAGS)
PLUGIN_FLAGS := -fPIC -fvisibility=hidden -fno-tree-vectorize -fno-tree-slp-vectorize
PLUGIN_OBJ := $(patsubst %.c,$(B)/plugin/%.o,$(PLUGIN_SRC))

recorder: $(B)/mmsim-recorder.so

$(B)/mmsim-recorder.so: $(PLUGIN_OBJ)
	@echo '  LINK $@'
	$(Q)$(PLUGIN_COMPILE) -shared $(LDFLAGS) -o $@ $^

$(B)/plugin/%.o: %.c $(B)/flags | $(B)/found
	@mkdir -p $(@D)
	@echo '  CC   $< (plugin)'
	$(Q)$(PLUGIN_COMPILE) -MMD -MP -c -o $@ $<

$(B)/cli/record.o: CPPFLAGS += -DMMSIM_LIBDIR='"$(prefix)/lib/mmsim"'

clean:
	rm -rf $(B) $(BIN) demo

deps:
	@./deps.sh

# From a bare system to a table and plots of a replayed recording.
demo: deps
	@+$(MAKE) --no-print-directory all
	./mmsim replay traces/samples/sort.mmtrace.gz -o demo --plot
	@echo; echo 'Plots (SVG and PNG) are in demo/plots; README.md says how to read them and the table.'

test: deps
	@+$(MAKE) --no-print-directory all units
	@tests/run

check: deps
	@./deps.sh check
	@+tests/check/run

fuzz: deps
	@./deps.sh check
	@+tests/fuzz/run

bench: deps
	@./deps.sh bench
	@+$(MAKE) --no-print-directory all $(B)/measure $(B)/charge $(B)/faults $(B)/walks
	@tests/bench/run

# Published tables of the kernel and of the machines, measured again; up to two hours.
validate: deps
	@+$(MAKE) --no-print-directory all
	@tests/validate/run $(B)/published

# Takes what the samples give now for right: look at the diff as at code.
bless: deps
	@+$(MAKE) --no-print-directory all
	@tests/golden/bless

install: all
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/mmsim $(DESTDIR)$(prefix)/share/man/man1
	install -m 755 $(BIN) $(DESTDIR)$(prefix)/bin/mmsim
	install -m 644 $(B)/mmsim-recorder.so $(DESTDIR)$(prefix)/lib/mmsim/mmsim-recorder.so
	install -m 644 docs/mmsim.1 $(DESTDIR)$(prefix)/share/man/man1/mmsim.1
	install -d $(DESTDIR)$(prefix)/share/bash-completion/completions
	install -d $(DESTDIR)$(prefix)/share/zsh/site-functions
	install -m 644 completion/mmsim.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/mmsim
	install -m 644 completion/_mmsim $(DESTDIR)$(prefix)/share/zsh/site-functions/_mmsim

uninstall:
	rm -f $(DESTDIR)$(prefix)/bin/mmsim $(DESTDIR)$(prefix)/share/man/man1/mmsim.1
	rm -f $(DESTDIR)$(prefix)/share/bash-completion/completions/mmsim
	rm -f $(DESTDIR)$(prefix)/share/zsh/site-functions/_mmsim
	rm -rf $(DESTDIR)$(prefix)/lib/mmsim

help:
	@echo 'make             build ./mmsim and the recorder'
	@echo 'make demo        install what is needed, build, replay a recording, write plots to demo/'
	@echo 'make test        install what is needed, build, run all tests'
	@echo 'make check       sanitizers, two compilers, clang-tidy, long tests'
	@echo 'make fuzz        every fuzz target for FUZZ_SECONDS (60) each'
	@echo 'make bench       speed of decoding and replaying, beside cachegrind'
	@echo 'make validate    published tables, measured again into docs/validation.md; up to two hours'
	@echo 'make bless       take the present results of the samples as the expected ones'
	@echo 'make install     to $$(DESTDIR)$$(prefix); make uninstall removes it'
	@echo 'make deps        install the packages that build and tests need (apt-get, sudo)'
	@echo 'make clean       remove what was built'

.PHONY: all units fuzz-targets recorder clean deps demo test check fuzz bench validate bless install
.PHONY: uninstall
.PHONY: help always
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
