/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MODULE_PARAMS_H
#define _LINUX_MODULE_PARAMS_H

/* For main() to set. */
#define module_param_named(name, value, type, perm)			\
	typeof(value) *native_param_##name = &(value)
#define core_param(name, value, type, perm)				\
	typeof(value) *native_param_##name = &(value)
#define MODULE_PARM_DESC(name, text)	static_assert(true)

#endif
