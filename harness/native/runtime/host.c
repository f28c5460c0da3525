// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's side of this program needs of the C library.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

void *host_malloc(size_t size, int zero)
{
	return zero ? calloc(1, size) : malloc(size);
}

void *host_realloc(void *p, size_t size)
{
	return realloc(p, size);
}

void host_free(void *p)
{
	free(p);
}

void *host_reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int host_populate(void *start, size_t size)
{
	return mprotect(start, size, PROT_READ | PROT_WRITE);
}

/* Whoever comes there from now on faults. */
void host_depopulate(void *start, size_t size)
{
	if (madvise(start, size, MADV_DONTNEED) ||
	    mprotect(start, size, PROT_NONE))
		host_abort();
}

struct start {
	void (*function)(void *data);
	void *data;
};

static void *run_thread(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	start.function(start.data);
	return NULL;
}

int host_thread_start(void (*function)(void *data), void *data)
{
	struct start *start = malloc(sizeof(*start));
	pthread_t thread;
	int ret;

	if (!start)
		return -ENOMEM;
	start->function = function;
	start->data = data;
	ret = pthread_create(&thread, NULL, run_thread, start);
	if (ret) {
		free(start);
		return -ret;
	}
	pthread_detach(thread);
	return 0;
}

void host_thread_exit(void)
{
	pthread_exit(NULL);
}

void host_yield(void)
{
	sched_yield();
}

void host_sleep_us(unsigned long us)
{
	usleep(us);
}

void host_futex_wait(unsigned int *word, unsigned int value, long ms)
{
	struct timespec timeout = {
		.tv_sec		= ms / 1000,
		.tv_nsec	= ms % 1000 * 1000000,
	};

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value,
		ms < 0 ? NULL : &timeout, NULL, 0);
}

void host_futex_wake(unsigned int *word, int nr_threads)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, nr_threads, NULL, NULL, 0);
}

long host_time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

int host_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = vsnprintf(buf, size, fmt, args);
	va_end(args);

	return ret;
}

void host_write(const char *text, size_t len)
{
	fwrite(text, 1, len, stdout);
	fflush(stdout);
}

void host_abort(void)
{
	abort();
}
