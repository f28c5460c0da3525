/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/types.h>

struct dentry;
struct inode;
struct path;
struct seq_file;

/* A file is shown, or read and written as a number. */
struct file_operations {
	int	(*show)(struct seq_file *m, void *unused);
	int	(*get)(void *data, u64 *value);
	int	(*set)(void *data, u64 value);
};

#endif
