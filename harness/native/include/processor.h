/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processor: memory accesses, atomic variables, strings, the size of a page.
 */
#ifndef _INCLUDE_PROCESSOR_H
#define _INCLUDE_PROCESSOR_H

#include <linux/byteorder/little_endian.h>
#include <linux/compiler.h>
#include <linux/const.h>
#include <linux/types.h>

/* ---- <asm/rwonce.h> ---- */

/*
 * ThreadSanitizer does not know volatile accesses for marked ones.  As KCSAN
 * does by default, let a marked read race with a plain write of a word, but a
 * plain read with nothing: reads are hidden from it, writes are atomic.
 */
#ifdef __SANITIZE_THREAD__
#define __NATIVE_READ(type)						\
static noinline __maybe_unused __attribute__((no_sanitize("thread")))	\
type native_read_##type(const volatile void *p)				\
{									\
	return *(const volatile type *)p;				\
}
typedef unsigned char native_u8;
typedef unsigned short native_u16;
typedef unsigned int native_u32;
typedef unsigned long native_u64;
__NATIVE_READ(native_u8)
__NATIVE_READ(native_u16)
__NATIVE_READ(native_u32)
__NATIVE_READ(native_u64)

#define __READ_ONCE(x)							\
({									\
	union {								\
		__unqual_scalar_typeof(x) value;			\
		native_u8 u8;						\
		native_u16 u16;						\
		native_u32 u32;						\
		native_u64 u64;						\
	} __once;							\
									\
	switch (sizeof(x)) {						\
	case 1: __once.u8 = native_read_native_u8(&(x)); break;	\
	case 2: __once.u16 = native_read_native_u16(&(x)); break;	\
	case 4: __once.u32 = native_read_native_u32(&(x)); break;	\
	default: __once.u64 = native_read_native_u64(&(x)); break;	\
	}								\
	__once.value;							\
})
#endif

#include <asm-generic/rwonce.h>

#ifdef __SANITIZE_THREAD__
#undef __WRITE_ONCE
#define __WRITE_ONCE(x, val)						\
do {									\
	typeof(x) __new = (val);					\
	__atomic_store(&(x), &__new, __ATOMIC_RELAXED);		\
} while (0)

/* Hide the accesses in data_race() from ThreadSanitizer, as KCSAN does. */
void __tsan_ignore_thread_begin(void);
void __tsan_ignore_thread_end(void);

#undef __kcsan_disable_current
#undef __kcsan_enable_current
#define __kcsan_disable_current()	__tsan_ignore_thread_begin()
#define __kcsan_enable_current()	__tsan_ignore_thread_end()
#endif

/* ---- <asm/barrier.h> ---- */

#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()		smp_mb()
#define rmb()		smp_rmb()
#define wmb()		smp_wmb()
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

/* ---- <linux/atomic.h> ---- */

#define ATOMIC_INIT(i)		{ (i) }

#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_set(v, i)						\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_set_release(v, i)					\
	__atomic_store_n(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_fetch_add_relaxed(i, v)					\
	__atomic_fetch_add(&(v)->counter, i, __ATOMIC_RELAXED)
#define atomic_fetch_sub_release(i, v)					\
	__atomic_fetch_sub(&(v)->counter, i, __ATOMIC_RELEASE)
#define atomic_add(i, v)	((void)atomic_fetch_add_relaxed(i, v))
#define atomic_inc(v)		atomic_add(1, v)
#define atomic_add_return(i, v)						\
	__atomic_add_fetch(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic_dec_return(v)	atomic_add_return(-1, v)
#define atomic_dec_and_test(v)	(atomic_dec_return(v) == 0)
#define atomic_try_cmpxchg_relaxed(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define atomic_try_cmpxchg_acquire(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_try_cmpxchg_release(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED)

typedef struct {
	long counter;
} atomic_long_t;

#define atomic_long_read(v)	atomic_read(v)
#define atomic_long_set(v, i)	atomic_set(v, i)
#define atomic_long_inc(v)	atomic_inc(v)
#define atomic_long_add(i, v)	atomic_add(i, v)
#define atomic_long_sub(i, v)	atomic_add(-(i), v)
#define atomic_long_try_cmpxchg(v, old, new)				\
	__atomic_compare_exchange_n(&(v)->counter, old, new, false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#define smp_acquire__after_ctrl_dep()	smp_rmb()

/* ---- <linux/preempt.h> ---- */

#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
extern __thread int native_preempt_count;

#define preempt_count()		native_preempt_count
#define preempt_disable()	do { native_preempt_count++; } while (0)
#define preempt_enable()	do { native_preempt_count--; } while (0)
#else
#define preempt_count()		0
#define preempt_disable()	barrier()
#define preempt_enable()	barrier()
#endif

/* ---- <linux/jump_label.h> ---- */

/* For <linux/once.h> */
struct module;

struct static_key_false {
	int enabled;
};

struct static_key_true {
	int disabled;
};

#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define static_branch_unlikely(key)					\
	unlikely(__atomic_load_n(&(key)->enabled, __ATOMIC_RELAXED))
#define static_branch_inc(key)						\
	__atomic_fetch_add(&(key)->enabled, 1, __ATOMIC_RELAXED)
#define static_branch_dec(key)						\
	__atomic_fetch_sub(&(key)->enabled, 1, __ATOMIC_RELAXED)

/* ---- <asm/page.h> ---- */

/* Of the kernel that is imitated, whatever pages the machine has. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT	12
#endif
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

/* ---- <asm/string.h> ---- */

/* What the C library has as well, and a sanitizer looks at there. */
#define __HAVE_ARCH_MEMCHR
#define __HAVE_ARCH_MEMCMP
#define __HAVE_ARCH_MEMCPY
#define __HAVE_ARCH_MEMMOVE
#define __HAVE_ARCH_MEMSET
#define __HAVE_ARCH_STRCASECMP
#define __HAVE_ARCH_STRCAT
#define __HAVE_ARCH_STRCHR
#define __HAVE_ARCH_STRCMP
#define __HAVE_ARCH_STRCPY
#define __HAVE_ARCH_STRCSPN
#define __HAVE_ARCH_STRLEN
#define __HAVE_ARCH_STRNCASECMP
#define __HAVE_ARCH_STRNCAT
#define __HAVE_ARCH_STRNCMP
#define __HAVE_ARCH_STRNCPY
#define __HAVE_ARCH_STRNLEN
#define __HAVE_ARCH_STRPBRK
#define __HAVE_ARCH_STRRCHR
#define __HAVE_ARCH_STRSEP
#define __HAVE_ARCH_STRSPN
#define __HAVE_ARCH_STRSTR

void *memchr(const void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *s, int c, size_t n);
int strcasecmp(const char *a, const char *b);
char *strcat(char *to, const char *from);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
char *strcpy(char *to, const char *from);
size_t strcspn(const char *s, const char *reject);
size_t strlen(const char *s);
int strncasecmp(const char *a, const char *b, size_t n);
char *strncat(char *to, const char *from, size_t n);
int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *to, const char *from, size_t n);
size_t strnlen(const char *s, size_t n);
char *strpbrk(const char *s, const char *accept);
char *strrchr(const char *s, int c);
char *strsep(char **s, const char *delimiters);
size_t strspn(const char *s, const char *accept);
char *strstr(const char *s, const char *wanted);

/* ---- <linux/percpu.h> ---- */

#ifndef __percpu
#define __percpu
#endif
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < 1; (cpu)++)
#define per_cpu_ptr(ptr, cpu)		((void)(cpu), (ptr))

/* ---- <linux/cpumask.h> ---- */

/* For kthread_bind(), which is imitated. */
#define num_online_cpus()	2U
#define cpu_online_mask		NULL
#define cpumask_nth(nr, mask)	((void)(mask), (nr))

#endif
