/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tells ThreadSanitizer what is a lock, so that it reports locks that are taken
 * in different orders, and does not look inside.
 */
#ifndef _NATIVE_TSAN_H
#define _NATIVE_TSAN_H

#ifdef __SANITIZE_THREAD__
void __tsan_mutex_pre_lock(void *addr, unsigned int flags);
void __tsan_mutex_post_lock(void *addr, unsigned int flags, int recursion);
int __tsan_mutex_pre_unlock(void *addr, unsigned int flags);
void __tsan_mutex_post_unlock(void *addr, unsigned int flags);

/* A lock that is in no list of known ones, but starts with its first use. */
#define TSAN_LINKER_INIT	(1 << 0)
#define TSAN_TRY_LOCK		(1 << 4)
#define TSAN_TRY_LOCK_FAILED	(1 << 5)

#define tsan_mutex_pre_lock(lock)					\
	__tsan_mutex_pre_lock(lock, TSAN_LINKER_INIT)
#define tsan_mutex_post_lock(lock)					\
	__tsan_mutex_post_lock(lock, TSAN_LINKER_INIT, 0)
#define tsan_mutex_pre_trylock(lock)					\
	__tsan_mutex_pre_lock(lock, TSAN_LINKER_INIT | TSAN_TRY_LOCK)
#define tsan_mutex_post_trylock(lock, locked)				\
	__tsan_mutex_post_lock(lock, TSAN_LINKER_INIT | TSAN_TRY_LOCK |	\
			       ((locked) ? 0 : TSAN_TRY_LOCK_FAILED), 0)
#define tsan_mutex_pre_unlock(lock)	__tsan_mutex_pre_unlock(lock, 0)
#define tsan_mutex_post_unlock(lock)	__tsan_mutex_post_unlock(lock, 0)
#else
#define tsan_mutex_pre_lock(lock)		do { } while (0)
#define tsan_mutex_post_lock(lock)		do { } while (0)
#define tsan_mutex_pre_trylock(lock)		do { } while (0)
#define tsan_mutex_post_trylock(lock, locked)	do { } while (0)
#define tsan_mutex_pre_unlock(lock)		do { } while (0)
#define tsan_mutex_post_unlock(lock)		do { } while (0)
#endif

#endif
