# SPDX-License-Identifier: GPL-2.0
#
# Included by arguments.mk when packages for Debian are made. CONFIG= is then a whole
# configuration: one of Debian's, by the name of its flavour, or a file. Sets FLAVOUR,
# ARCH, and CONFIG_FILE if it is a file.

FLAVOURS := cloud amd64 arm64
DEBIAN_NAME_cloud := amd64_none_cloud-amd64
DEBIAN_NAME_amd64 := amd64_none_amd64
DEBIAN_NAME_arm64 := arm64_none_arm64

$(call chosen-by,deb,ARCH PAGES DEBUG XEN MEM DOM0_MEM CPUS XEN_ARGS LINUX_ARGS GUESTS \
	TESTS)
$(call chosen-by,test-debian,ARCH PAGES DEBUG XEN MEM DOM0_MEM CPUS XEN_ARGS LINUX_ARGS \
	GUESTS TESTS)
$(call one-of,SUITE,12 13)

$(if $(LINUX),$(if $(CONFIG),,$(error with LINUX= give CONFIG=, a configuration for that kernel)))

override CONFIG := $(or $(CONFIG),cloud)
$(if $(and $(filter 1,$(words $(CONFIG))),$(if $(findstring ',$(CONFIG)),,1)),,$(error \
	CONFIG=$(CONFIG) has a blank or a quote in it; link the file to another name))
ifneq ($(filter $(FLAVOURS),$(CONFIG)),)
FLAVOUR := $(CONFIG)
override ARCH := $(if $(filter arm64,$(CONFIG)),arm64,x86_64)
else
# The third line that the kernel's own build writes.
config_arch := $(shell sed -nE 's,^\# Linux/(x86|x86_64|arm64) [^ ]+ Kernel Configuration$$,\1,p' \
	'$(CONFIG)' 2>/dev/null)
$(if $(filter x86 x86_64 arm64,$(config_arch)),,$(error \
	CONFIG=$(CONFIG) is none of $(FLAVOURS), and no configuration of a kernel for x86 or arm64))
CONFIG_FILE := $(abspath $(CONFIG))
# Part of the names of packages.
FLAVOUR := $(shell basename '$(CONFIG)' .config | tr 'A-Z_' 'a-z-' | tr -cd 'a-z0-9.-')
$(if $(filter $(FLAVOURS) .%,$(FLAVOUR) $(notdir $(CONFIG))),$(error \
	CONFIG=$(CONFIG): the file has the name of a flavour, or none; give it another))
override ARCH := $(config_arch:x86=x86_64)
endif
$(if $(filter test-debian,$(MAKECMDGOALS)),$(if $(filter x86_64,$(ARCH)),,$(error \
	make test-debian is for x86-64: there is no firmware here that boots a Debian on Arm)))
override CONFIG :=
