// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel prints, warns of, shows in debugfs and traces.
 */
#include <linux/bug.h>
#include <linux/debugfs.h>
#include <linux/ctype.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/of.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "host.h"
#include "log.h"

unsigned int native_warnings;
bool native_quiet;

#define LOG_SIZE	(1 << 16)
static char log_buf[LOG_SIZE];
static size_t log_len;
static DEFINE_SPINLOCK(log_lock);

/*
 * The C library formats numbers and strings, one at a time.  Of what the kernel
 * adds to that there is what occurs: %pV, %pR, %pOF, and plain pointers.
 */
static int format_pointer(char *buf, size_t size, const char **fmt, void *p)
{
	if ((*fmt)[0] == 'V') {
		struct va_format *format = p;
		va_list args;
		int ret;

		*fmt += 1;
		va_copy(args, *format->va);
		ret = vsnprintf(buf, size, format->fmt, args);
		va_end(args);
		return ret;
	}
	if ((*fmt)[0] == 'R') {
		struct resource *res = p;

		*fmt += 1;
		return snprintf(buf, size, "[mem %#010llx-%#010llx]",
				(u64)res->start, (u64)res->end);
	}
	if ((*fmt)[0] == 'O' && (*fmt)[1] == 'F') {
		struct device_node *np = p;

		*fmt += 2;
		return snprintf(buf, size, "%s", np->full_name);
	}
	/* Nothing is to be hidden here. */
	if ((*fmt)[0] == 'x')
		*fmt += 1;
	BUG_ON(isalpha((*fmt)[0]));

	return host_snprintf(buf, size, "%p", p);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	size_t len = 0;

	while (*fmt) {
		char spec[32], *out = len < size ? buf + len : NULL;
		size_t room = len < size ? size - len : 0;
		unsigned int n = 0, longs = 0;

		if (*fmt != '%') {
			if (room > 1)
				*out = *fmt;
			len++;
			fmt++;
			continue;
		}

		do {
			if (*fmt == '*') {
				n += host_snprintf(spec + n, sizeof(spec) - n,
						   "%d", va_arg(args, int));
				fmt++;
				continue;
			}
			longs += *fmt == 'l' || *fmt == 'z';
			spec[n++] = *fmt++;
			BUG_ON(n > sizeof(spec) - 12);
		} while (strchr("-+ #0123456789.*hlz", *fmt) && *fmt);
		spec[n++] = *fmt;
		spec[n] = 0;

		switch (*fmt++) {
		case '%':
			len += host_snprintf(out, room, "%%");
			break;
		case 's':
			len += host_snprintf(out, room, spec,
					     va_arg(args, char *));
			break;
		case 'p':
			len += format_pointer(out, room, &fmt,
					      va_arg(args, void *));
			break;
		case 'c': case 'd': case 'i': case 'u': case 'x': case 'X':
			if (longs)
				len += host_snprintf(out, room, spec,
						     va_arg(args, long));
			else
				len += host_snprintf(out, room, spec,
						     va_arg(args, int));
			break;
		default:
			BUG();
		}
	}
	if (size)
		buf[min(len, size - 1)] = 0;

	return len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = vsnprintf(buf, size, fmt, args);
	va_end(args);

	return ret;
}

/* As snprintf(), but returns what is in @buf. */
int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = vsnprintf(buf, size, fmt, args);
	va_end(args);

	return size ? min_t(size_t, ret, size - 1) : 0;
}

/* Without KERN_CONT, what is printed begins a new line. */
static void print(const char *fmt, va_list args)
{
	static bool open_line;
	char text[1024];
	const char *start = text;
	char level = '4';
	size_t len;

	vsnprintf(text, sizeof(text), fmt, args);
	if (text[0] == KERN_SOH_ASCII) {
		level = text[1];
		start += 2;
	}
	len = strlen(start);
	if (!len)
		return;

	spin_lock(&log_lock);
	if (!native_quiet || level < '4') {
		if (open_line && level != KERN_CONT[1])
			host_write("\n", 1);
		host_write(start, len);
		open_line = start[len - 1] != '\n';
	}
	if (log_len + len < LOG_SIZE) {
		memcpy(log_buf + log_len, start, len + 1);
		log_len += len;
	}
	spin_unlock(&log_lock);
}

int _printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args);
	va_end(args);

	return 0;
}

void native_log_clear(void)
{
	spin_lock(&log_lock);
	log_len = 0;
	log_buf[0] = 0;
	spin_unlock(&log_lock);
}

bool native_log_has(const char *text)
{
	bool has;

	spin_lock(&log_lock);
	has = strstr(log_buf, text);
	spin_unlock(&log_lock);

	return has;
}

void add_taint(unsigned int flag, enum lockdep_ok lockdep)
{
}

void native_warn(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	/* A console can be slow: not with a spinlock held. */
	might_sleep();
	__atomic_fetch_add(&native_warnings, 1, __ATOMIC_RELAXED);
	va_start(args, fmt);
	_printk(KERN_ERR "WARNING: %s:%d: %pV", file, line,
		&(struct va_format){ fmt, &args });
	va_end(args);
}

/* libFuzzer prints how it came to that. */
void native_bug(const char *file, int line, const char *what)
{
	_printk(KERN_EMERG "BUG: %s:%d: %s\n", file, line, what);
	host_abort();
}

struct dentry {
	struct list_head list;
	struct dentry *parent;
	const char *name;
	umode_t mode;
	void *data;
	const struct file_operations *fops;
};

static LIST_HEAD(dentries);

struct dentry *debugfs_lookup(const char *name, struct dentry *parent)
{
	struct dentry *dentry;

	list_for_each_entry(dentry, &dentries, list) {
		if (dentry->parent == parent && !strcmp(dentry->name, name))
			return dentry;
	}

	return NULL;
}

struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry),
					GFP_KERNEL | __GFP_NOFAIL);

	BUG_ON(debugfs_lookup(name, parent));
	dentry->parent = parent;
	dentry->name = name;
	dentry->mode = mode;
	dentry->data = data;
	dentry->fops = fops;
	list_add(&dentry->list, &dentries);

	return dentry;
}

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return debugfs_create_file(name, 0700, parent, NULL, NULL);
}

void dput(struct dentry *dentry)
{
}

struct dentry *native_debugfs_find(const char *dir, const char *name)
{
	struct dentry *dentry;

	list_for_each_entry(dentry, &dentries, list) {
		if (dentry->parent && !strcmp(dentry->parent->name, dir) &&
		    !strcmp(dentry->name, name))
			return dentry;
	}

	return NULL;
}

void *native_debugfs_data(struct dentry *file)
{
	return file->data;
}

char *native_debugfs_read(struct dentry *file)
{
	struct seq_file m = {
		.buf		= kzalloc(LOG_SIZE, GFP_KERNEL),
		.size		= LOG_SIZE,
		.private	= file->data,
	};

	BUG_ON(!(file->mode & 0400) || file->fops->show(&m, NULL));

	return m.buf;
}

int native_debugfs_write(struct dentry *file, u64 value)
{
	BUG_ON(!(file->mode & 0200));

	return file->fops->set(file->data, value);
}

void native_debugfs_remove_all(void)
{
	struct dentry *dentry, *next;

	list_for_each_entry_safe(dentry, next, &dentries, list) {
		list_del(&dentry->list);
		kfree(dentry);
	}
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	m->count += vsnprintf(m->buf + m->count, m->size - m->count, fmt, args);
	va_end(args);
	BUG_ON(m->count >= m->size);
}

int seq_buf_puts(struct seq_buf *s, const char *text)
{
	size_t len = strlen(text);

	BUG_ON(s->len + len >= s->size);
	memcpy(s->buffer + s->len, text, len + 1);
	s->len += len;

	return 0;
}

struct shrinker *native_shrinker;

struct shrinker *shrinker_alloc(unsigned int flags, const char *fmt, ...)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

void shrinker_register(struct shrinker *shrinker)
{
	BUG_ON(!shrinker->count_objects || !shrinker->scan_objects);
	smp_store_release(&native_shrinker, shrinker);
}

void shrinker_free(struct shrinker *shrinker)
{
	if (native_shrinker == shrinker)
		native_shrinker = NULL;
	kfree(shrinker);
}

static struct tracepoint *tracepoints;

void native_add_tracepoint(struct tracepoint *tracepoint)
{
	tracepoint->next = tracepoints;
	tracepoints = tracepoint;
}

void for_each_kernel_tracepoint(void (*function)(struct tracepoint *tracepoint,
						 void *data), void *data)
{
	struct tracepoint *tracepoint;

	for (tracepoint = tracepoints; tracepoint;
	     tracepoint = tracepoint->next)
		function(tracepoint, data);
}

int tracepoint_probe_register(struct tracepoint *tracepoint, void *probe,
			      void *data)
{
	if (tracepoint->probe)
		return -EEXIST;
	tracepoint->data = data;
	smp_store_release(&tracepoint->probe, probe);

	return 0;
}

int tracepoint_probe_unregister(struct tracepoint *tracepoint, void *probe,
				void *data)
{
	if (tracepoint->probe != probe || tracepoint->data != data)
		return -ENOENT;
	smp_store_release(&tracepoint->probe, NULL);

	return 0;
}
