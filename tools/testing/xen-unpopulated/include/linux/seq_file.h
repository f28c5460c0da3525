/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SEQ_FILE_H
#define _LINUX_SEQ_FILE_H

#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/types.h>

struct seq_file {
	char	*buf;
	size_t	size;
	size_t	count;
	void	*private;
};

__printf(2, 3) void seq_printf(struct seq_file *m, const char *fmt, ...);

#define DEFINE_SHOW_ATTRIBUTE(name)					\
static const struct file_operations name##_fops = { .show = name##_show }

#endif
