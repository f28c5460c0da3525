// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's side of the benchmark: it starts the drivers, and has the two
 * kinds of locks that they use wait in the same way.
 */
#include <linux/bug.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <xen/features.h>
#include <xen/xen.h>

#include "../runtime/host.h"
#include "../runtime/xen.h"
#include "bench.h"

int initcall_xen_unpopulated_init(void);
int initcall_xen_unpopulated_late_init(void);
int initcall_unpopulated_init(void);

/* As on x86: any hole in the machine's address space. */
static int use_iomem(struct resource **res)
{
	*res = &iomem_resource;

	return 0;
}

void bench_start(void)
{
	native_arch_init = use_iomem;
	/* All domains but PV ones: base has more to do for a page there. */
	xen_features[XENFEAT_auto_translated_physmap] = 1;

	BUG_ON(initcall_unpopulated_init());
	BUG_ON(initcall_xen_unpopulated_init());
	BUG_ON(initcall_xen_unpopulated_late_init());
}

unsigned long bench_sizeof_page(void)
{
	return sizeof(struct page);
}

static void relax(void)
{
#ifdef __x86_64__
	asm volatile("pause" ::: "memory");
#elif defined(__aarch64__)
	asm volatile("yield" ::: "memory");
#endif
}

/*
 * Wait as the kernel does on a spinlock, and on a mutex whose owner is running:
 * spin.  Its owner may not be running here, so let it, now and then.
 */
static void spin(unsigned int *word)
{
	unsigned int unlocked, spins = 0;

	do {
		while (READ_ONCE(*word)) {
			relax();
			if (++spins % 1024 == 0)
				host_yield();
		}
		unlocked = 0;
	} while (!__atomic_compare_exchange_n(word, &unlocked, 1, false,
					      __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
}

/* In place of those of runtime/sched.c, of which a mutex would always sleep. */
void __wrap_native_spin_wait(spinlock_t *lock);
void __wrap_native_spin_wait(spinlock_t *lock)
{
	spin(&lock->locked);
}

void __wrap_native_mutex_wait(struct mutex *mutex);
void __wrap_native_mutex_wait(struct mutex *mutex)
{
	spin(&mutex->state);
}
