/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DEBUGFS_H_
#define _DEBUGFS_H_

#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/types.h>

struct dentry *debugfs_lookup(const char *name, struct dentry *parent);
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops);
#define debugfs_create_file_unsafe(name, mode, parent, data, fops)	\
	debugfs_create_file(name, mode, parent, data, fops)
void dput(struct dentry *dentry);

#define DEFINE_DEBUGFS_ATTRIBUTE(name, getter, setter, format)		\
static const struct file_operations name = {				\
	.get	= getter,						\
	.set	= setter,						\
}

#endif
