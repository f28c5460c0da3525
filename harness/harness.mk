# SPDX-License-Identifier: GPL-2.0
#
# How to build and run a kernel with the series on Xen under QEMU.  Included
# by the Makefile at the top, which has the variables' defaults and meanings.
#
# In $(BUILD), for K = 6.12, 7.3 or custom-NAME and A = arm64 or x86_64, with -16K or -64K
# behind A when PAGES= is that, -kasan or -kcsan when DEBUG= is, and -config-NAME when
# CONFIG= is NAME.config:
#
#   linux-K/                Debian's source, or a copy of LINUX=, with the series
#                           in it (tree.sh)
#   linux-K-A/              its objects
#   kunit-K-A/              objects of the kernel with the KUnit tests
#   selftests-K-A/          the programs of tools/testing/selftests/xen
#   series-K/NAME/          the mails of one series; series-K/series has the order
#   native-K/               what harness/native builds and finds
#   bench-V-A/              the figures, table and pictures of make bench for version V
#   xen-X-A/                Xen and its tools (packages.sh)
#   linux-K.base/           for bench, series-test and bisect-check: links to linux-K/
#                           without the series
#   logs/                   what every step said
#
# boot.sh and its callers get what they need in the environment.

include $(CURDIR)/harness/arguments.mk

TREE      := $(BUILD)/linux-$(K)
PAGED     := $(filter-out 4K,$(PAGES))
MACHINE   := $(ARCH)$(PAGED:%=-%)
VARIANT   := $(MACHINE)$(DEBUG:%=-%)$(addprefix -config-,$(basename $(notdir $(CONFIG))))$(SUBJECT:%=-bench-%)
OBJECTS   := $(TREE)-$(VARIANT)
SOURCE    := $(TREE)$(if $(filter base,$(SUBJECT)),.base)
KUNIT     := $(BUILD)/kunit-$(K)-$(MACHINE)
PROGRAMS  := $(TOP)/tools/testing/selftests/xen
SELFTESTS := $(BUILD)/selftests-$(K)-$(VARIANT)
NATIVE    := $(BUILD)/native-$(K)
MAILS     := $(BUILD)/series-$(K)
XEN_ROOT  := $(BUILD)/xen-$(XEN)-$(ARCH)
CONFIGS   := $(HARNESS)/config/kernel.config $(HARNESS)/config/$(ARCH).config \
	     $(PROGRAMS)/config \
	     $(HARNESS)/config/$(if $(SUBJECT),bench,kunit).config \
	     $(if $(SUBJECT),,$(wildcard $(HARNESS)/config/test-$(ARCH).config)) \
	     $(PAGED:%=$(HARNESS)/config/pages-%.config)
ifneq ($(DEBUG),)
CONFIGS   += $(HARNESS)/config/debug-$(DEBUG).config $(HARNESS)/config/debug-dom0.config
endif

CONFIGS   += $(CONFIG)

# KCSAN watches the driver and those that it shares data with.  Races elsewhere
# in the kernel are not ours to find: they would hide those that are.
KCSAN_OPTIONS := KCSAN_SANITIZE=n $(patsubst %,KCSAN_SANITIZE_%.o=y, \
	$(basename $(notdir $(wildcard $(TOP)/drivers/xen/unpopulated-*.c \
		$(TOP)/drivers/xen/tests/unpopulated_*.c))) \
	balloon gntalloc gntdev gntdev-dmabuf grant-table mem-reservation \
	privcmd xlate_mmu)

CROSS_COMPILE_arm64  := aarch64-linux-gnu-
CROSS_COMPILE_x86_64 := x86_64-linux-gnu-
IMAGE_arm64          := arch/arm64/boot/Image
IMAGE_x86_64         := arch/x86/boot/bzImage
CROSS_COMPILE        := $(CROSS_COMPILE_$(ARCH))
IMAGE                := $(OBJECTS)/$(IMAGE_$(ARCH))

# Sorted lists are compared, and messages searched.
export LC_ALL := C

# What only some goals need of host/packages.
export PURPOSE := $(filter bench check bisect-check deb test-debian,$(MAKECMDGOALS)) \
	$(if $(filter native tsan coverage fuzz bench-native,$(MAKECMDGOALS)),native) \
	$(if $(filter test-needs,$(MAKECMDGOALS)),test)

export TOP HARNESS BUILD LOGS KERNEL XEN ARCH PAGES MACHINE VARIANT CROSS_COMPILE
export JOBS MEM DOM0_MEM CPUS XEN_ARGS LINUX_ARGS GUESTS DEBUG TREE KUNIT NATIVE MAILS SELFTESTS XEN_ROOT IMAGE TESTS KCSAN_OPTIONS
export SERIES SIGN_OFF

# A make that is started from here must not take our command line for its own;
# all that it needs of that is in the environment.  And our files are
# links in the kernel's tree: with -L their own time counts as well, which tells
# that a file has been replaced by a link to an older one.
unexport MAKEFLAGS MFLAGS
kernel-make = flock $(OBJECTS).lock env -u DEBUG MAKEFLAGS=L make -j$(JOBS) \
	      $(if $(filter kcsan,$(DEBUG)),$(KCSAN_OPTIONS))

# Each step uses all processors, and their progress shares one terminal.
.NOTPARALLEL:

progress = sh $(HARNESS)/lib/progress.sh

# $(call need-space,MEGABYTES,PURPOSE)
need-space = free=$$(df -Pm $(BUILD) | awk 'NR == 2 { print $$4 }'); \
	[ $$free -ge $(1) ] || { echo "error: $(2) needs $(1) MB of disk space,\
	$(BUILD) has $$free MB" >&2; exit 1; }

# ---- what is built from ----

.PHONY: build-directory host-packages

# Programs that make backups know CACHEDIR.TAG; `make clean` looks for our line
# in it, as BUILD= may be anything.
ours := built for drivers/xen/unpopulated-alloc.c
is-ours = grep -qs '$(ours)' $(BUILD)/CACHEDIR.TAG

build-directory:
	@mkdir -p $(BUILD)
	@$(is-ours) || [ -z "$$(ls -A $(BUILD))" ] || { \
		echo 'error: $(BUILD) has files that were not built here' >&2; \
		exit 1; \
	}
	@$(is-ours) || printf '%s\n' \
		'Signature: 8a477f597d28d172789f06886806bc55' '# $(ours)' \
		>$(BUILD)/CACHEDIR.TAG
	@mkdir -p $(LOGS)

host-packages: build-directory
	@missing=$$(sh $(HARNESS)/host/packages.sh missing) || exit; \
	[ -z "$$missing" ] || $(progress) "Installing $$missing" $(LOGS)/host-packages.log \
		sh $(HARNESS)/host/packages.sh host

$(BUILD)/xen-%-$(ARCH): | host-packages
	@$(call need-space,250,fetching Xen $*)
	@PROGRESS_SIZE=$(BUILD)/packages $(progress) "Xen $*: fetching packages" \
		$(LOGS)/xen-$*-$(ARCH).log \
		sh $(HARNESS)/host/packages.sh xen $* $(ARCH)

packages: host-packages $(XENS:%=$(BUILD)/xen-%-$(ARCH))

ifeq ($(LINUX),)
source := $(BUILD)/linux-source-$(K).tar.xz

$(TREE): | host-packages
	@$(call need-space,2200,the source of Linux $(KERNEL))
	@PROGRESS_SIZE=$(BUILD)/packages $(progress) "Linux $(KERNEL): fetching the source" \
		$(LOGS)/source-$(K).log sh $(HARNESS)/host/packages.sh kernel $(K)
	@PROGRESS_SIZE=$(TREE).work $(progress) "Linux $(KERNEL): unpacking the source" \
		$(LOGS)/unpack-$(K).log sh $(HARNESS)/series/tree.sh unpack $(source) $(TREE)
	@rm -f $(source)
else
# Every time, for what may have changed there.
.PHONY: $(TREE)
$(TREE): host-packages
	@[ -e $(TREE) ] || { $(call need-space,2000,copying LINUX=$(LINUX)); }
	@PROGRESS_SIZE=$(TREE) $(progress) "Linux $(KERNEL): copying LINUX=$(LINUX)" \
		$(LOGS)/copy-$(K).log \
		sh $(HARNESS)/series/tree.sh copy '$(LINUX)' $(TREE)
endif

tree: host-packages $(TREE)
	@sh $(HARNESS)/series/tree.sh prepare $(TREE)

# ---- what is built ----

.PHONY: config bench-module test-needs

config: tree
	@[ '$(SUBJECT)' != base ] || sh $(HARNESS)/series/tree.sh base $(TREE) $(SOURCE)
	@sh $(HARNESS)/config/config.sh changed $(SOURCE) $(OBJECTS) $(CONFIGS) || exit 0; \
	$(call need-space,500,building Linux $(KERNEL)); \
	$(progress) "Linux $(KERNEL): configuring" $(LOGS)/config-$(K)-$(VARIANT).log \
		flock $(OBJECTS).lock sh $(HARNESS)/config/config.sh \
		$(SOURCE) $(OBJECTS) $(CONFIGS)

kernel: config
	@PROGRESS_OBJECTS=$(OBJECTS) $(progress) "Linux $(KERNEL): building" \
		$(LOGS)/kernel-$(K)-$(VARIANT).log \
		$(kernel-make) -C $(SOURCE) O=$(OBJECTS) $(notdir $(IMAGE)) headers \
		$(if $(SUBJECT),modules)

# A program that is no longer in the Makefile must not be run again.
selftests: kernel
	@[ $(SELFTESTS) -nt $(PROGRAMS)/Makefile ] || rm -rf $(SELFTESTS)
	@mkdir -p $(SELFTESTS)
	@$(progress) "Linux $(KERNEL): building the selftests" \
		$(LOGS)/selftests-$(K)-$(VARIANT).log \
		$(kernel-make) -C $(TREE)/tools/testing/selftests/xen \
		OUTPUT=$(SELFTESTS) KHDR_INCLUDES='-isystem $(OBJECTS)/usr/include'

# Out of tree, so that it is built for both kernels in the same way.
bench-module: selftests
	@rm -rf $(OBJECTS)/bench
	@mkdir $(OBJECTS)/bench
	@ln -s $(TOP)/drivers/xen/tests/unpopulated_bench.c $(OBJECTS)/bench/
	@echo 'obj-m := unpopulated_bench.o' >$(OBJECTS)/bench/Kbuild
	@$(progress) "Linux $(KERNEL)$(if $(filter base,$(SUBJECT)), as it is): building the benchmark" \
		$(LOGS)/bench-module-$(K)-$(VARIANT).log \
		$(kernel-make) -C $(OBJECTS) M=$(OBJECTS)/bench modules
	@cp $(OBJECTS)/bench/unpopulated_bench.ko $(SELFTESTS)/

# ---- what is run ----

run: selftests $(XEN_ROOT)
	@sh $(HARNESS)/boot/run.sh

shell: selftests $(XEN_ROOT)
	@sh $(HARNESS)/boot/boot.sh shell shell

kunit: tree
	@[ -e $(KUNIT)$(DEBUG:%=-%) ] || { \
		$(call need-space,500,building Linux $(KERNEL)); }
	@sh $(HARNESS)/boot/kunit.sh $(DEBUG)

# The driver as a program of this machine.
native-make = make --no-print-directory -j$(JOBS) \
	      -C $(HARNESS)/native LINUX=$(TREE) \
	      BUILD=$(NATIVE) FUZZ_SECONDS=$(FUZZ_SECONDS)

native: tree
	@$(native-make) test

coverage fuzz tsan: tree
	@$(native-make) $@

bench-native: tree
	@$(native-make) bench

ifneq ($(filter bench,$(MAKECMDGOALS)),)
$(if $(DEBUG),$(error what checks itself is not worth measuring: bench takes no DEBUG=))
$(call one-of,PAGES,4K)
endif

bench: $(XEN_ROOT)
	@for subject in base ours; do \
		make --no-print-directory bench-module SUBJECT=$$subject || exit; \
	done
	@sh $(HARNESS)/boot/bench.sh

test-needs: packages selftests

test:
	@sh $(HARNESS)/boot/test.sh check-names
	@make --no-print-directory test-needs || { \
		echo 'no test was run, as something above failed'; \
		echo '0 passed, 1 failed'; \
		exit 1; \
	}
	@sh $(HARNESS)/boot/test.sh

# The layouts in which dom0 does what dom0s do all day.
test-field:
	@make --no-print-directory test TESTS="$$(awk '$$1 == "$(ARCH)" && $$6 == "field" \
		{ print $$2 }' $(HARNESS)/boot/layouts | paste -s -d ' ')"

test-all nightly: build-directory
	@sh $(HARNESS)/boot/test-all.sh $@ $(firstword $(KERNELS)) $(lastword $(KERNELS))

# ---- the rest ----

include $(HARNESS)/debian/debian.mk

# The series, as mails and in the user's own tree.
.PHONY: mails

series: tree
	@LINUX='$(LINUX)' sh $(HARNESS)/series/series.sh mails $(TREE) $(MAILS) "$$SERIES"

# All of them as they are, whatever SERIES= and SIGN_OFF= are.
mails: tree
	@SIGN_OFF= LINUX='$(LINUX)' sh $(HARNESS)/series/series.sh mails $(TREE) $(MAILS)

apply unapply fit: host-packages
	@sh $(HARNESS)/series/series.sh $@ '$(LINUX)'

series-test: mails
	@sh $(HARNESS)/series/tree.sh base $(TREE) $(TREE).base
	@sh $(HARNESS)/series/test.sh $(TREE) $(TREE).base $(MAILS)

check: mails
	@sh $(HARNESS)/check/check.sh $(CHECKS)

bisect-check: mails
	@sh $(HARNESS)/series/tree.sh base $(TREE) $(TREE).base
	@sh $(HARNESS)/check/bisect-check.sh

# A mount point stays.
clean:
	@[ ! -d $(BUILD) ] || $(is-ours) || { \
		echo 'error: $(BUILD) has files that were not built here' >&2; \
		exit 1; \
	}
	@[ ! -d $(BUILD) ] || find $(BUILD)/ -mindepth 1 -delete
	@[ ! -d $(BUILD) ] || rmdir $(BUILD) 2>/dev/null || :
