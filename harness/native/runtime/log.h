/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NATIVE_LOG_H
#define _NATIVE_LOG_H

#include <linux/types.h>

struct dentry;

/* WARNs since the start that no test has expected. */
extern unsigned int native_warnings;

/* What was printed since native_log_clear() contains @text. */
bool native_log_has(const char *text);
void native_log_clear(void);
/* Print nothing below KERN_ERR. */
extern bool native_quiet;

/* The file that debugfs has there, NULL if none; what it shows; a write. */
struct dentry *native_debugfs_find(const char *dir, const char *name);
void *native_debugfs_data(struct dentry *file);
char *native_debugfs_read(struct dentry *file);
int native_debugfs_write(struct dentry *file, u64 value);
void native_debugfs_remove_all(void);

#endif
