# SPDX-License-Identifier: GPL-2.0
#
# The benchmark: this driver and that of the kernel as it is without the series,
# both compiled as distributions compile their kernels, in one program.

BASE ?= $(LINUX).series/pristine

ifneq ($(filter bench,$(MAKECMDGOALS)),)
ifeq ($(wildcard $(BASE)/drivers/xen/unpopulated-alloc.c),)
$(error BASE=$(BASE) has no drivers/xen/unpopulated-alloc.c)
endif
endif

.PHONY: bench

BENCH_TREE := kernel/range kernel/resource lib/bitmap lib/ctype lib/find_bit \
	lib/interval_tree lib/rbtree lib/sort lib/string lib/xarray

# No vector registers, no position independence: as in any kernel.
FLAGS_bench := -O2 -g -fno-pie -mgeneral-regs-only -fstack-protector-strong \
	-include $(here)/bench/config.h \
	$(if $(filter x86_64,$(shell uname -m)),-DCONFIG_XEN_HAVE_PVMMU)
FLAGS_bench_host := -O2 -g -fno-pie -Wall -pthread
RENAME_BASE := -Dxen_alloc_unpopulated_pages=base_alloc_pages \
	-Dxen_free_unpopulated_pages=base_free_pages \
	-Dxen_unpopulated_pages=base_unpopulated_pages \
	-include $(here)/bench/base.h

dir_bench := $(BUILD)/$(notdir $(CC))-bench
bench_kernel := $(BENCH_TREE:%=$(dir_bench)/tree/%.o) \
	$(patsubst %,$(dir_bench)/driver/%.o,$(filter-out unpopulated-of,$(OURS) $(OURS_PV))) \
	$(addprefix $(dir_bench)/runtime/,log.o mm.o sched.o xen.o) \
	$(dir_bench)/base.o $(dir_bench)/bench/pools.o
bench_host := $(dir_bench)/runtime/host.o $(dir_bench)/bench/bench.o
bench_made_by := $(made_by) $(here)/bench/bench.mk
bench_cc = $(call cmd,CC) $(CC) $(call INCLUDES,$(CC)) $(KERNEL_FLAGS) \
	$(call per_compiler,$(CC)) $(FLAGS_bench) -MMD -MP -c -o $@ $<

$(bench_kernel): $(bench_made_by) | $(BUILD)/generic/asm
$(dir_bench)/tree/%.o: FLAGS_bench += $(TREE_FLAGS)
$(dir_bench)/tree/%.o: $(LINUX)/%.c
	@mkdir -p $(@D)
	$(bench_cc)
$(dir_bench)/driver/%.o: $(DRIVER)/%.c
	@mkdir -p $(@D)
	$(bench_cc)
$(dir_bench)/base.o: FLAGS_bench += $(RENAME_BASE)
$(dir_bench)/base.o: $(BASE)/drivers/xen/unpopulated-alloc.c
	@mkdir -p $(@D)
	$(bench_cc)
$(filter $(dir_bench)/runtime/% $(dir_bench)/bench/%,$(bench_kernel)): \
$(dir_bench)/%.o: $(here)/%.c
	@mkdir -p $(@D)
	$(bench_cc)
$(bench_host): $(dir_bench)/%.o: $(here)/%.c $(bench_made_by)
	@mkdir -p $(@D)
	$(call cmd,CC) $(CC) $(FLAGS_bench_host) -MMD -MP -c -o $@ $<
$(dir_bench)/unpopulated-bench: $(bench_kernel) $(bench_host)
	$(call cmd,LD) $(CC) -no-pie -pthread -o $@ $^ -Wl,--gc-sections \
		-Wl,--wrap=native_spin_wait -Wl,--wrap=native_mutex_wait \
		-Wl,--wrap=host_malloc

-include $(bench_kernel:.o=.d) $(bench_host:.o=.d)

bench: $(dir_bench)/unpopulated-bench
	@echo 'base: $(BASE)/drivers/xen/unpopulated-alloc.c'
	@$< $(if $(ONLY),'$(ONLY)')

# Link it before the suites run as well, or a change that breaks it is not seen.
ifneq ($(wildcard $(BASE)/drivers/xen/unpopulated-alloc.c),)
test: $(if $(ONLY),,$(dir_bench)/unpopulated-bench)
endif
