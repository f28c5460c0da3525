/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's side of this program needs of the C library.  The one is
 * compiled against the kernel's headers and the other against those of the
 * library, which cannot be mixed; this is where they meet.
 */
#ifndef _NATIVE_HOST_H
#define _NATIVE_HOST_H

#ifndef __KERNEL__
#include <stdarg.h>
#include <stddef.h>
#endif

void *host_malloc(size_t size, int zero);
void *host_realloc(void *p, size_t size);
void host_free(void *p);

/* Address space that cannot be accessed, and making parts of it memory. */
void *host_reserve(size_t size);
int host_populate(void *start, size_t size);
void host_depopulate(void *start, size_t size);

int host_thread_start(void (*function)(void *data), void *data);
void __attribute__((noreturn)) host_thread_exit(void);
void host_yield(void);
void host_sleep_us(unsigned long us);

/* Until *@word differs from @value, or is woken, or for @ms; < 0: for ever. */
void host_futex_wait(unsigned int *word, unsigned int value, long ms);
void host_futex_wake(unsigned int *word, int nr_threads);

long host_time_ns(void);

int host_snprintf(char *buf, size_t size, const char *fmt, ...);
void host_write(const char *text, size_t len);
void __attribute__((noreturn)) host_abort(void);

#endif
