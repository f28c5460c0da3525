// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail in the kernel: the settings of fault injection, and the file
 * that lets one allocation of this process fail.
 */
#include "xen_test.h"

/* For fail-nth.  Failures are no reason to print where they happen. */
struct setting failslab_settings[NR_FAILSLAB_SETTINGS] = {
	{ "/sys/kernel/debug/failslab/verbose", "0" },
	{ "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
};

static bool write_setting(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");
	bool ok;

	if (!file)
		return false;

	ok = fputs(value, file) >= 0;
	return !fclose(file) && ok;
}

bool read_settings(struct setting *settings, unsigned int nr)
{
	unsigned int i;
	FILE *file;
	bool ok;

	for (i = 0; i < nr; i++) {
		file = fopen(settings[i].path, "r");
		if (!file)
			return false;

		ok = fgets(settings[i].old, sizeof(settings[i].old), file);
		fclose(file);
		if (!ok)
			return false;
	}

	return true;
}

/*
 * Write the settings in their order, up to the first that cannot be written. Returns
 * how many were written.
 */
unsigned int write_settings(struct setting *settings, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && write_setting(settings[i].path, settings[i].value); i++)
		;

	return i;
}

/* Restore all settings in the opposite order, also if one of them fails. */
bool restore_settings(struct setting *settings, unsigned int nr)
{
	bool ok = true;

	while (nr--)
		ok &= write_setting(settings[nr].path, settings[nr].old);

	return ok;
}

int open_fail_nth(void)
{
	return open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
}

/*
 * Let the allocation number @nth fail of those that this process makes from now
 * on; 0: none. Not with stdio, which might allocate memory itself.
 */
bool set_fail_nth(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", nth);

	return pwrite(fd, text, len, 0) == len;
}

/* See whether the allocation that set_fail_nth() chose has failed. */
bool has_failed(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && !strtoul(text, NULL, 10);
}
