/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_ASM_RWONCE_H
#define _NATIVE_ASM_RWONCE_H

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
#endif

#endif
