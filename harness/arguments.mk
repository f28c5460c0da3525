# SPDX-License-Identifier: GPL-2.0
#
# What the user asks for, included by harness.mk: refuses what there is not, and sets TOP,
# HARNESS, BUILD, LOGS, KERNEL, and K, the kernel's name in $(BUILD).

# $(call one-of,VARIABLE,VALUES)
one-of = $(if $(and $(filter 1,$(words $($1))),$(filter $2,$($1))),,$(error \
	$1=$($1) is unknown, choose one of: $2))

# Goals that choose these by themselves would take no notice of another choice.
# $(call chosen-by,GOAL,VARIABLES)
chosen-by = $(if $(filter $1,$(MAKECMDGOALS)),$(foreach variable,$2, \
	$(if $(filter command%,$(origin $(variable))),$(error \
		$(variable)= has no meaning with make $1, which chooses it by itself))))

ifneq ($(filter deb test-debian,$(MAKECMDGOALS)),)
include $(CURDIR)/harness/debian/config.mk
endif

$(call one-of,XEN,$(XENS))
$(call one-of,ARCH,$(ARCHS))
$(call one-of,PAGES,$(PAGE_SIZES_$(ARCH)))
$(if $(DEBUG),$(call one-of,DEBUG,$(DEBUGS)))
$(if $(CONFIG),$(if $(and $(filter 1,$(words $(CONFIG))),$(shell test -f '$(CONFIG)' && echo yes)),,$(error \
	CONFIG=$(CONFIG): there is no such file)))
$(if $(filter-out $(GUEST_KINDS),$(GUESTS)),$(error \
	GUESTS=$(GUESTS) is unknown, choose some of: $(GUEST_KINDS)))

# $(call must-match,VARIABLE,PATTERN,MEANING)
must-match = $(if $(shell echo '$($1)' | grep -xE '$2'),,$(error \
	$1=$($1) is no $3))

$(call must-match,MEM,[1-9][0-9]*[MG],amount of memory such as 4G or 2176M)
$(call must-match,DOM0_MEM,[1-9][0-9]*[MG],amount of memory such as 1G or 512M)
$(call must-match,CPUS,[1-8],number of processors from 1 to 8)
$(call must-match,JOBS,[1-9][0-9]*,number)
$(call must-match,FUZZ_SECONDS,[1-9][0-9]*,number of seconds)

machines := XEN MEM DOM0_MEM CPUS XEN_ARGS GUESTS
$(call chosen-by,test,$(machines))
$(call chosen-by,test-field,$(machines) TESTS)
$(call chosen-by,test-all,$(machines) KERNEL LINUX ARCH CONFIG)
$(call chosen-by,nightly,$(machines) KERNEL LINUX ARCH CONFIG DEBUG TESTS SUITE PAGES LINUX_ARGS)
$(foreach goal,kunit native tsan check bisect-check,$(call chosen-by,$(goal),CONFIG))
override CONFIG := $(abspath $(CONFIG))

TOP     := $(CURDIR)
HARNESS := $(TOP)/harness

override BUILD := $(abspath $(BUILD))
$(if $(filter-out 11,$(words $(TOP))$(words $(BUILD)))$(findstring :,$(TOP)$(BUILD)),$(error \
	the kernel cannot be built where a path has a space or colon: $(TOP), BUILD=$(BUILD)))
LOGS    := $(BUILD)/logs

ifeq ($(LINUX),)
$(foreach goal,$(filter apply unapply fit,$(MAKECMDGOALS)),$(error \
	make $(goal) needs LINUX=, the kernel tree that is meant))
$(call one-of,KERNEL,$(KERNELS))
K := $(KERNEL)
else
$(if $(filter command%,$(origin KERNEL)),$(error \
	KERNEL= has no meaning with LINUX=, give one of them))
identity := $(shell sh $(HARNESS)/series/tree.sh identify '$(LINUX)' 2>&1)
$(if $(filter 0,$(.SHELLSTATUS)),,$(error \
	$(subst error: ,,$(identity))))
override KERNEL := $(word 1,$(identity))
K := $(word 2,$(identity))
endif
