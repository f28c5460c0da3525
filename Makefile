# SPDX-License-Identifier: GPL-2.0
#
# The one entry to the series: build a Linux kernel with it, run that as dom0
# on Xen under QEMU, test it, put the series into a kernel tree.
#
# What the user may ask for stands here; how it is done stands in harness/harness.mk.

KERNEL   ?= 6.12
LINUX    ?=
XEN      ?= 4.17
ARCH     ?= arm64
PAGES    ?= 4K
MEM      ?= 4G
DOM0_MEM ?= 1G
CPUS     ?= 1
XEN_ARGS ?=
LINUX_ARGS ?=
GUESTS   ?= pv pvh
JOBS     ?= $(shell nproc)
DEBUG    ?=
CONFIG   ?=
SUITE    ?= 12
TESTS    ?=
CHECKS   ?=
SERIES   ?=
SIGN_OFF ?=
FUZZ_SECONDS ?= 600
BUILD    ?= build

KERNELS := 6.12 7.3
XENS    := 4.17 4.20
ARCHS   := arm64 x86_64
DEBUGS  := kasan kcsan
GUEST_KINDS := pv pvh hvm
PAGE_SIZES_arm64  := 4K 16K 64K
PAGE_SIZES_x86_64 := 4K

define HELP
make run      boot Xen and a dom0 under QEMU, start a domU whose disk dom0 serves,
              report which memory was mapped where and what that cost
make test     KUnit, and the selftests in dom0 on every Xen and memory layout
make test-all the same on each architecture, and part of it on the other kernel;
              make check, series-test, tsan and coverage
make test-field
              the layouts with what dom0s do all day: disks and networks of guests,
              memory that goes up and down; one is not in make test, as it is long
make nightly  all tests on both kernels, some with DEBUG=kasan, and test-debian for both
              suites: some hours
make kunit    the KUnit tests only, without Xen
make bench    what mappings cost, beside the kernel's own driver
make native   the driver as a program of this machine, tested with sanitizers;
              tsan, coverage, bench-native: what else is done with that program
make fuzz     random input for it, for FUZZ_SECONDS
make shell    a shell in dom0
make deb      packages of the kernel for Debian 12 and 13, in Debian's configuration
make test-debian
              install them in a Debian dom0, PV and PVH, on an emulated x86-64 machine:
              systemd, GRUB, LVM, guests; beside Debian's own kernel
make series   write all series as mails, or SERIES=, for LINUX= or the KERNEL's own
              source
make apply LINUX=TREE
              put it into the kernel tree TREE, as commits if that has git;
              make unapply takes it out again
make fit LINUX=TREE
              tell which patches do not fit a kernel, and where
make series-test
              try git am, make apply and make unapply on small trees
make check    the series and our files by checkpatch, sparse, coccinelle and others
make bisect-check
              build every commit of the series, on and off, for four architectures
make clean    remove the build directory
              (steps of the above: packages, tree, kernel, selftests)

KERNEL=$(KERNEL)    Linux version: $(KERNELS)
LINUX=$(LINUX)         any kernel tree to use instead; it is copied, never changed
XEN=$(XEN)       Xen version: $(XENS)
ARCH=$(ARCH)     architecture: $(ARCHS)
PAGES=$(PAGES)        size of the kernel's pages: $(PAGE_SIZES_$(ARCH))
MEM=$(MEM)         memory of the machine, as QEMU takes it
DOM0_MEM=$(DOM0_MEM)    memory of dom0, as Xen takes it
CPUS=$(CPUS)         processors of the machine, and of dom0
XEN_ARGS=$(XEN_ARGS)      more for the command line of Xen, such as ext_regions=0
LINUX_ARGS=$(LINUX_ARGS)    ... of dom0's kernel, such as rodata=off
DEBUG=$(DEBUG)         kasan: the kernels report bad accesses, wrong locking, leaks,
              kcsan: they report data races; either takes several times longer
CONFIG=$(CONFIG)        a file with options for dom0's kernel over all others, such as
              harness/config/hardened.config; its name tells the kernels apart.
              With make deb the whole configuration: one of Debian's, cloud (the
              default), amd64 or arm64, or a file
SUITE=$(SUITE)       the Debian of make test-debian: 12 or 13
GUESTS=$(GUESTS)  with ARCH=x86_64, the kinds of domU to start: $(GUEST_KINDS)
TESTS=$(TESTS)         what of make test to run: harness, native, kunit, layouts
CHECKS=$(CHECKS)        what of make check to run, by the names that it prints
SERIES=$(SERIES)        what of make series to write: a folder of patches/
SIGN_OFF=$(SIGN_OFF)      "Name <mail>" of the person who has reviewed the patches and signs
FUZZ_SECONDS=$(FUZZ_SECONDS)  how long make fuzz looks for failures
JOBS=$(JOBS)         compilers that run at a time
BUILD=$(BUILD)    the build directory
endef

.PHONY: help run test test-field test-all nightly kunit bench native tsan coverage fuzz \
	bench-native shell deb test-debian series series-test apply unapply fit check \
	bisect-check clean packages tree kernel selftests

help:
	$(info $(HELP))
	@:

include harness/harness.mk
