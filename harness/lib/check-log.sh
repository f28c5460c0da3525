#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Does a console log hold a message by which the kernel or Xen say that they
# are broken? Called by judge.sh for the log of a boot, by test.sh for that of KUnit,
# and by bench.sh for those of the kernel without the series.
#
#   check-log.sh LOG		fails, and prints such lines, if there are any
#   check-log.sh --self-test	see whether it knows the lines below

set -eu
export LC_ALL=C

# What stands before a message: the time, and the name of the log in which dom0-init
# sends it, or Xen's when that passes on what a dom0less domU says.
prefix='s/\r$//
:again
s/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? //
t again
s/^xen-test: [a-z0-9_-]+\.log\| //
t again
s/^\(XEN\) DOM[0-9]+: //
t again'

# From the beginning of the message, as the words as such are innocent.
broken='^-+\[ cut here \]-+
^WARNING:
^(watchdog: )?BUG:
^kernel BUG at
^BUG [^ ]+ \(
^(Internal error|Oops):
^Unable to handle kernel
^Kernel panic - not syncing
^(rcu: )?INFO: (rcu|task|trying|possible|inconsistent|suspicious|lockdep)
^\[ (BUG|INFO):
^UBSAN:
^kmemleak: ([0-9]+ new suspected memory leak|Kernel memory leak detector disabled)
^Call [Tt]race:
^Out of memory:
^\*\* [0-9]+ printk messages dropped \*\*
^.{1,16}\[[0-9]+\]: (segfault at|unhandled exception)
^traps: .*(general protection|trap )
^\(XEN\) Watchdog timer detects
^\(XEN\) .*(Assertion .* failed at|Xen (BUG|WARN) at|FATAL|Panic on CPU)
^\(XEN\) .*(Unexpected Trap|Hardware Dom[0-9]+ crashed|Domain [0-9]+ .*crashed)'

# The report of a memmap that gntdev_fail_nth lets fail has a trace.
broken_lines()
{
	sed -E "$prefix" | awk '
		/^gntdev_fail_nth: vmemmap alloc failure: / { reported++ }
		/^Call [Tt]race:/ && reported == 1 { reported++; $0 = "" }
		{ print }' | grep -anE "$broken"
}

# One sample a line: whether it is broken, and the line.
samples()
{
	cat <<'END'
yes [    1.234567] ------------[ cut here ]------------
yes [    1.234567] WARNING: CPU: 0 PID: 1 at mm/memremap.c:204 pagemap_range+0x1/0x2
yes [    1.234567][    T1] WARNING: mm/memremap.c:204 at pagemap_range+0x1/0x2, CPU#0: init/1
yes [    1.234567] WARNING: possible circular locking dependency detected
yes [    1.234567] WARNING: possible recursive locking detected
yes [    1.234567] WARNING: inconsistent lock state
yes [    1.234567] WARNING: suspicious RCU usage
yes [    1.234567] INFO: possible recursive locking detected
yes [    1.234567] [ INFO: inconsistent lock state ]
yes [    1.234567] BUG: KASAN: slab-use-after-free in xen_free_unpopulated_pages+0x1/0x2
yes [    1.234567] BUG: KCSAN: data-race in a / b
yes [    1.234567] BUG: sleeping function called from invalid context at mm/slab.h:1
yes [    1.234567] BUG: scheduling while atomic: init/1/0x00000002
yes [    1.234567] BUG: Bad page state in process xl  pfn:40400
yes [    1.234567] BUG kmalloc-64 (Tainted: G                 N): Right Redzone overwritten
yes [    1.234567] BUG xen_unpopulated (Not tainted): Object already free
yes [    1.234567] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [xl:99]
yes [    1.234567] kernel BUG at drivers/xen/grant-table.c:1!
yes [    1.234567] Internal error: Oops - BUG: 00000000f2000800 [#1] SMP
yes [    1.234567] Oops: general protection fault [#1] SMP
yes [    1.234567] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000
yes [    1.234567] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100
yes [    1.234567] rcu: INFO: rcu_preempt self-detected stall on CPU
yes [    1.234567] INFO: task xenwatch:25 blocked for more than 120 seconds.
yes [    1.234567] UBSAN: array-index-out-of-bounds in drivers/xen/balloon.c:1:2
yes [    1.234567] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
yes [    1.234567] Call trace:
yes [    1.234567] Out of memory: Killed process 99 (gntdev_large)
yes [    1.234567] xen-test: domu.log| [    0.123456] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1
yes [    1.234567] xen-test: grants-pvh.log| [    0.123456] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1
yes [    1.234567] ** 123 printk messages dropped **
yes [    1.234567] gntdev_map[99]: segfault at 8 ip 0000000000401000 sp 00007ffc0 error 4 in gntdev_map[401000+1000]
yes [    1.234567] gntdev_map[99]: unhandled exception: DABT (lower EL), ESR 0x0000000092000006
yes [    1.234567] traps: xl[99] general protection fault ip:401000 sp:7ffc0 error:0 in xl[401000+1000]
yes [    1.234567] kmemleak: Kernel memory leak detector disabled
yes [    1.234567] xen-test: disk_not_persistent.log| [    0.123456] BUG: Bad page map in process dd
yes [    1.234567] xen-test: noncoherent-hole.log| [    0.123456] BUG: Bad page state in process dd  pfn:40400
yes [    1.234567] xen-test: dom0-init.log| Call trace:
yes (XEN) Watchdog timer detects that CPU0 is stuck!
yes (XEN) DOM1: [    0.123456] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1
yes (XEN) Assertion 'page_get_owner(pg)' failed at common/page_alloc.c:1
yes (XEN) Xen BUG at arch/arm/mm.c:1
yes (XEN) Xen WARN at arch/arm/p2m.c:1
yes (XEN) Panic on CPU 0:
yes (XEN) CPU0: Unexpected Trap: Data Abort
yes (XEN) FATAL PAGE FAULT
yes (XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.
yes (XEN) Domain 1 (vcpu#0) crashed on cpu#0:
no  [    0.000000] Kernel command line: console=hvc0 panic=-1 xen_test=run
no  [    0.000000] rcu: Preemptible hierarchical RCU implementation.
no  [    0.000000] kmemleak: Kernel memory leak detector initialized (mem pool available: 15822)
no  [    0.000000] Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
no  [    1.234567] EXT4-fs (xvda): warning: mounting unchecked fs, running e2fsck is recommended
no  [    1.234567] workqueue: round-robin CPU selection forced, expect performance impact
no  [    1.234567] xen-test: step: looking for a WARNING: or a BUG: in the log
no  [    1.234567] xen-test: gntdev_map| # WARNING: skipped
no  [    1.234567] xen-test: gntdev_map| ok 1 no BUG: seen
no  [    1.234567] xen-test: xl.log| Waiting for domain domu (domid 1) to die
no  [    1.234567] xen-test: gntdev_map| BUG: is no log of a kernel
no  [    1.234567] xen-test: gntdev_map| # child[7]: segfault at 8, as it should
no  [    1.234567] gntdev_fail_nth: vmemmap alloc failure: order:0, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL), nodemask=(null)
no  [    1.234567] Call trace:
no  [    1.234567] reboot: Power down
no  (XEN) WARNING: SILO mode is not enabled.
no  (XEN) d0v0: vGICD: unhandled word write 0x000000ffffffff to ICACTIVER4
no  (XEN) Hardware Dom0 halted: halting machine
END
}

self_test()
{
	found=$(samples | sed -n 's/^yes //p' | broken_lines |
		cut -d : -f 1 | tr '\n' ' ')
	expected=$(samples | grep -n '^yes ' | cut -d : -f 1 | tr '\n' ' ')
	if [ "$found" != "$expected" ]; then
		echo "broken samples: $expected" >&2
		echo "found to be:    $found" >&2
		exit 1
	fi
	if samples | sed -n 's/^no  //p' | broken_lines; then
		echo "nothing is wrong with the samples above" >&2
		exit 1
	fi
}

if [ "$1" = --self-test ]; then
	self_test
	exit
fi

if [ ! -s "$1" ]; then
	echo "$1: no log" >&2
	exit 1
fi
if broken_lines < "$1"; then
	echo "$1: the lines above tell of a defect" >&2
	exit 1
fi
