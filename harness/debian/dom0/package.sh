# SPDX-License-Identifier: GPL-2.0
#
# shellcheck shell=dash disable=SC2034,SC2154 # variables are shared
#
# Our package comes and goes as users do that, with apt and GRUB.

# The entry of its menu that GRUB boots, which Debian's package of Xen gives a name.
default_entry()
{
	local title
	title=$(sed -n 's/^ *set default="\([^$]*\)"$/\1/p' /boot/grub/grub.cfg | tail -n 1)
	echo "default: $title"
	awk -v title="$title" '
		/^[ \t]*(menuentry|submenu) / { here = index($0, "menuentry \047" title "\047") != 0 }
		here' /boot/grub/grub.cfg
}

files_of_install()
{
	echo install
}

job_install()
{
	step "installing GRUB, and our package"
	report install 3 install_package
}

install_package()
{
	check "GRUB is installed, with a menu" install_grub
	check "apt installs the package" patiently 120 apt-get -q -y install /root/linux-image-*.deb
	check "GRUB is to boot Xen and that kernel" next_boot_is pv unpopulated
}

# What Debian's installer does.
install_grub()
{
	patiently 60 grub-install "$(lsblk -no PKNAME -p "$(findmnt -no SOURCE /)")" &&
	patiently 60 update-grub
}

#   next_boot_is STAGE PATTERN
next_boot_is()
{
	echo "$1" > "$state/stage"
	sync
	default_entry | tee /run/entry
	grep -q multiboot2 /run/entry && grep -q "vmlinuz-.*$2" /run/entry
}

files_of_choose_pvh()
{
	echo choose-pvh
}

job_choose_pvh()
{
	report choose-pvh 1 choose_pvh
}

choose_pvh()
{
	check "GRUB is to boot a PVH dom0" pvh_is_chosen
}

pvh_is_chosen()
{
	sed -i 's/^GRUB_CMDLINE_XEN="/&dom0=pvh /' /etc/default/grub &&
	patiently 120 update-grub && next_boot_is pvh unpopulated &&
	grep dom0=pvh /run/entry
}

files_of_remove()
{
	echo remove
}

job_remove()
{
	step "removing our package"
	report remove 2 remove_package
}

remove_package()
{
	check "apt removes the package" package_goes
	check "GRUB is to boot Xen and Debian's kernel" next_boot_is removed 'deb1[0-9]-amd64'
}

package_goes()
{
	sed -i 's/dom0=pvh //' /etc/default/grub &&
	patiently 120 apt-get -q -y remove "linux-image-$(uname -r)"
}
