# SPDX-License-Identifier: GPL-2.0
#
# Included by harness.mk. `make deb`: the kernel as packages of Debian, in Debian's own
# configuration. `make test-debian`: these packages in a Debian dom0. In $(BUILD), for K as
# there, and FLAVOUR = cloud, amd64, arm64 or the name of CONFIG=:
#
#   debian-K-FLAVOUR/            the packages
#   debian-K-FLAVOUR/objects/    what they were built from
#   debian-K-FLAVOUR/source/     their source: links to linux-K/, our files as copies, since
#                                the package with the headers must not have links to them
#   debian-K-FLAVOUR/config      Debian's configuration of that flavour
#   debian-SUITE.tar             a Debian with Xen and Debian's own kernel

PACKAGES := $(BUILD)/debian-$(K)-$(FLAVOUR)
PACKAGE_CONFIGS := $(HARNESS)/config/debian.config \
		   $(wildcard $(HARNESS)/config/debian-$(ARCH).config)
DEBIAN_CONFIG := $(or $(CONFIG_FILE),$(PACKAGES)/config)

# In MB; with objects and packages.
PACKAGE_SPACE := $(if $(filter cloud,$(FLAVOUR)),4000,9000)

package = sh $(HARNESS)/debian/package.sh

# The version of Xen that a suite has.
XEN_IN_12 := 4.17
XEN_IN_13 := 4.20
NAME_OF_12 := bookworm
NAME_OF_13 := trixie
DEBIAN_TAR := $(BUILD)/debian-$(SUITE).tar

.PHONY: deb test-debian

deb: tree
	@[ -e $(PACKAGES)/objects/vmlinux ] || { \
		$(call need-space,$(PACKAGE_SPACE),building packages of Linux $(KERNEL)); }
	@mkdir -p $(PACKAGES)/objects
	@[ -e $(DEBIAN_CONFIG) ] || PROGRESS_SIZE=$(BUILD)/packages \
		$(progress) "Linux $(KERNEL): fetching Debian's configuration" \
		$(LOGS)/debian-config-$(K)-$(FLAVOUR).log \
		sh $(HARNESS)/host/packages.sh config $(KERNEL) $(ARCH) \
		$(DEBIAN_NAME_$(FLAVOUR)) $(DEBIAN_CONFIG)
	@flock $(PACKAGES)/lock \
		sh $(HARNESS)/series/tree.sh plain $(TREE) $(PACKAGES)/source
	@BASE_CONFIG=$(DEBIAN_CONFIG) $(package) is-configured $(PACKAGES) $(PACKAGE_CONFIGS) || \
		BASE_CONFIG=$(DEBIAN_CONFIG) $(progress) "Linux $(KERNEL): configuring" \
		$(LOGS)/debian-configure-$(K)-$(FLAVOUR).log \
		$(package) configure $(PACKAGES) $(PACKAGE_CONFIGS)
	@PROGRESS_OBJECTS=$(PACKAGES)/objects \
		$(progress) "Linux $(KERNEL) for Debian, $(FLAVOUR): building" \
		$(LOGS)/debian-$(K)-$(FLAVOUR).log \
		$(package) build $(PACKAGES) $(FLAVOUR)
	@$(package) show $(PACKAGES)

# Before the kernel is built: what is missing for the Debian is told at once.
$(DEBIAN_TAR): $(HARNESS)/debian/root.sh | host-packages
	@[ "$$(id -u)" = 0 ] || { echo 'error: only root can make a root file system' >&2; exit 1; }
	@$(call need-space,6000,a Debian $(SUITE))
	@PROGRESS_SIZE=$(BUILD)/packages \
		$(progress) "Debian $(SUITE): fetching and unpacking" \
		$(LOGS)/debian-$(SUITE).log sh $(HARNESS)/debian/root.sh \
		$(NAME_OF_$(SUITE)) $(XEN_IN_$(SUITE)) $@

# The programs of tools/testing/selftests/xen are static, and run on any kernel.
test-debian: $(DEBIAN_TAR) deb
	@[ "$$(id -u)" = 0 ] || { echo 'error: only root can make a disk' >&2; exit 1; }
	@$(call need-space,5000,the disk of a Debian)
	@$(progress) "Linux $(KERNEL): building the selftests" \
		$(LOGS)/debian-selftests-$(K)-$(FLAVOUR).log \
		$(package) selftests $(PACKAGES)
	@SUITE=$(SUITE) XEN=$(XEN_IN_$(SUITE)) SELFTESTS=$(PACKAGES)/selftests sh $(HARNESS)/debian/test.sh \
		$(DEBIAN_TAR) $(PACKAGES)
