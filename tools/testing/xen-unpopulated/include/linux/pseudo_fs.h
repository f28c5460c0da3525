/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PSEUDO_FS_H
#define _LINUX_PSEUDO_FS_H

#include <linux/bug.h>
#include <linux/fs.h>

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

#endif
