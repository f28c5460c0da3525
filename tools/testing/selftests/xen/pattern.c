// SPDX-License-Identifier: GPL-2.0
/* A pattern that tells where a word belongs, and random numbers. */
#include "xen_test.h"

#define WORDS_PER_PAGE		(XEN_PAGE_SIZE / sizeof(__u64))

/* xorshift32; @state is the seed, which must not be 0. */
static __u32 next_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Below @limit. */
unsigned int random_below(__u32 *state, unsigned int limit)
{
	return (__u64)next_random(state) * limit >> 32;
}

/*
 * No two words of all pages and all seeds are the same, and a word that turns
 * up in the wrong place tells where it comes from.
 */
static __u64 pattern_word(__u16 seed, __u32 page, __u16 word)
{
	return (__u64)seed << 48 | (__u64)page << 16 | word;
}

/*
 * One page of memory has several addresses here. The compiler must believe that
 * it may change behind each of them.
 */
static void barrier(void)
{
	__asm__ __volatile__("" : : : "memory");
}

/* Write page @page of the pattern. */
void fill_page(char *addr, __u16 seed, unsigned int page)
{
	__u64 *words = (__u64 *)addr;
	unsigned int i;

	for (i = 0; i < WORDS_PER_PAGE; i++)
		words[i] = pattern_word(seed, page, i);

	barrier();
}

/* Is this page @page of the pattern? Prints the first word that is not. */
bool check_page(const char *addr, __u16 seed, unsigned int page)
{
	const __u64 *words = (const __u64 *)addr;
	unsigned int i;

	barrier();

	for (i = 0; i < WORDS_PER_PAGE; i++) {
		__u64 seen = words[i];

		if (seen == pattern_word(seed, page, i))
			continue;

		ksft_print_msg("seed %u page %u word %u expected, seen seed %u page %u word %u\n",
			       seed, page, i, (unsigned int)(seen >> 48),
			       (__u32)(seen >> 16),
			       (unsigned int)(seen & 0xffff));
		return false;
	}

	return true;
}

void fill_pages(char *addr, __u16 seed, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fill_page(addr + i * page_size(), seed, i);
}

bool check_pages(const char *addr, __u16 seed, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!check_page(addr + i * page_size(), seed, i))
			return false;

	return true;
}

/*
 * The whole way once: share, map, see the owner's data through the mapping and
 * the mapping's data at the owner, let go of everything.
 */
bool grants_work(int gntalloc, int gntdev, unsigned int count)
{
	struct grant_mapping map;
	struct shared_pages own;
	bool ok;
	int err;

	err = share_pages(gntalloc, count, &own);
	if (err) {
		ksft_print_msg("sharing %u pages: %s\n", count, strerror(-err));
		return false;
	}
	err = map_grants(gntdev, own.refs, count, &map);
	if (err) {
		ksft_print_msg("mapping %u pages: %s\n", count, strerror(-err));
		return false;
	}

	fill_pages(own.addr, 0x0a11, count);
	ok = check_pages(map.addr, 0x0a11, count);
	fill_pages(map.addr, 0x0b22, count);
	ok = check_pages(own.addr, 0x0b22, count) && ok;

	err = release_mapping(gntdev, &map);
	if (!err)
		err = unshare_pages(&own);
	if (err)
		ksft_print_msg("letting go of %u pages: %s\n", count,
			       strerror(-err));
	return ok && !err;
}
