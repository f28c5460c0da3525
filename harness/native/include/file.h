/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files, of which only those in debugfs exist, and devices, of which none exists.
 */
#ifndef _INCLUDE_FILE_H
#define _INCLUDE_FILE_H

#include <linux/ioport.h>
#include <linux/math.h>

#include "print.h"

/* ---- <linux/fs.h> ---- */

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

/* ---- <linux/seq_file.h> ---- */

struct seq_file {
	char	*buf;
	size_t	size;
	size_t	count;
	void	*private;
};

__printf(2, 3) void seq_printf(struct seq_file *m, const char *fmt, ...);

#define DEFINE_SHOW_ATTRIBUTE(name)					\
static const struct file_operations name##_fops = { .show = name##_show }

/* ---- <linux/debugfs.h> ---- */

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

/* ---- <linux/pseudo_fs.h> ---- */

/* For the file system behind /dev/mem, which nobody mounts here. */
struct address_space;
struct fs_context;
struct super_block;

struct inode {
	struct address_space	*i_mapping;
};

struct vfsmount {
	struct super_block	*mnt_sb;
};

struct file_system_type {
	const char	*name;
	struct module	*owner;
	int		(*init_fs_context)(struct fs_context *fc);
	void		(*kill_sb)(struct super_block *sb);
};

#define fs_initcall(function)						\
	static int (*const initcall_##function)(void) __maybe_unused = function
#define init_pseudo(fc, magic)			({ BUG(); (void *)NULL; })
#define kill_anon_super				NULL
#define simple_pin_fs(type, mount, count)	({ BUG(); 0; })
#define simple_release_fs(mount, count)		BUG()
#define alloc_anon_inode(sb)			({ BUG(); (struct inode *)NULL; })

/* ---- <linux/device.h> ---- */

struct device {
	const char *name;
};

/* Nothing here is bound to a device. */
#define devm_add_action_or_reset(dev, action, data)	({ BUG(); 0; })
#define devres_alloc(release, size, gfp)		({ BUG(); (void *)NULL; })
#define devres_add(dev, res)				BUG()
#define devres_free(res)				BUG()
#define devres_destroy(dev, release, match, data)	({ BUG(); 0; })
#define devres_release(dev, release, match, data)	({ BUG(); 0; })
#define dev_err(dev, fmt, ...)				pr_err(fmt, ##__VA_ARGS__)
#define dev_name(dev)					((dev)->name)

/* ---- <asm/io.h> ---- */

#define IO_SPACE_LIMIT	0xffff

#endif
