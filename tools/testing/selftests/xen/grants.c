// SPDX-License-Identifier: GPL-2.0
/*
 * Sharing pages through /dev/xen/gntalloc, and mapping grants through
 * /dev/xen/gntdev.
 *
 * The pages to map are pages of this domain that it has granted to itself, or,
 * where that is of no use, pages that another domain has granted to it: see
 * offer_pages. $XEN_TEST_GRANTS is a file then with the number of that domain and
 * after it the references, as offer_pages says them.
 */
#include <sys/ioctl.h>

#include "xen_test.h"

#define GUEST_TYPE_PATH		"/sys/hypervisor/guest_type"

/* DOMID_FIRST_RESERVED of Xen's interface: no domain has this number. */
#define NO_DOMID		0x7ff0U

/* The number that is all of @text, which @source says. */
static unsigned int parse_domid(const char *source, const char *text)
{
	unsigned long domid;
	char *end;

	domid = strtoul(text, &end, 10);
	if (end == text || (*end && *end != '\n') || domid >= NO_DOMID)
		fail_test("%s: \"%s\" is not the number of a domain", source,
			  text);
	return domid;
}

/* Xenstore has an entry of that name for each domain. */
static unsigned int ask_xenstore(void)
{
	static const char xenbus[] = "/dev/xen/xenbus", path[] = "domid";
	/* From Xen's public header io/xs_wire.h. */
	struct {
		__u32 type, req_id, tx_id, len;
	} header = { .type = 2 /* XS_READ */, .len = sizeof(path) };
	char text[64] = "";
	int fd;

	fd = open(xenbus, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail_test("%s: %s", xenbus, strerror(errno));
	if (write(fd, &header, sizeof(header)) != sizeof(header) ||
	    write(fd, path, sizeof(path)) != sizeof(path) ||
	    read(fd, &header, sizeof(header)) != sizeof(header) ||
	    header.type != 2 || header.len >= sizeof(text) ||
	    read(fd, text, header.len) != header.len)
		fail_test("%s does not tell the number of this domain", xenbus);
	close(fd);

	return parse_domid(xenbus, text);
}

static unsigned int find_own_domid(void)
{
	const char *told = getenv("XEN_TEST_OWN_DOMID");
	char text[64] = "";
	FILE *file;

	if (told)
		return parse_domid("XEN_TEST_OWN_DOMID", told);

	file = fopen("/proc/xen/capabilities", "r");
	if (!file)
		fail_test("no xenfs at /proc/xen, nor XEN_TEST_OWN_DOMID, to tell the domain by");
	/* It is empty in all domains but dom0. */
	if (!fgets(text, sizeof(text), file) && ferror(file))
		fail_test("/proc/xen/capabilities cannot be read");
	fclose(file);

	return strstr(text, "control_d") ? 0 : ask_xenstore();
}

/*
 * The tests grant pages of the domain that they run in to itself. In dom0 that
 * is 0; any other domain has to ask xenstore, or to be told by
 * $XEN_TEST_OWN_DOMID where there is no xenstore.
 */
unsigned int own_domid(void)
{
	static unsigned int domid = NO_DOMID;

	if (domid == NO_DOMID)
		domid = find_own_domid();
	return domid;
}

/* On x86, a domain whose addresses are not translated by Xen. */
bool is_pv_domain(void)
{
	char type[8] = "";
	FILE *file;

	file = fopen(GUEST_TYPE_PATH, "r");
	if (!file)
		return false;
	if (!fgets(type, sizeof(type), file))
		type[0] = '\0';
	fclose(file);

	return !strcmp(type, "PV\n");
}

/* The domain whose pages are mapped. */
unsigned int granting_domid(void)
{
	const char *path = getenv("XEN_TEST_GRANTS");
	unsigned long domid;

	if (!path)
		return own_domid();
	if (!read_number(path, &domid))
		fail_test("XEN_TEST_GRANTS=%s cannot be read", path);
	return domid;
}

/* To be freed by the caller; with @refs NULL for grants that do not exist. */
struct ioctl_gntdev_map_grant_ref *new_request(const __u32 *refs,
					       unsigned int count)
{
	const unsigned int domid = granting_domid();
	struct ioctl_gntdev_map_grant_ref *op;
	unsigned int i;

	op = calloc(1, sizeof(*op) + count * sizeof(op->refs[0]));
	if (!op)
		return NULL;

	op->count = count;
	for (i = 0; refs && i < count; i++) {
		op->refs[i].domid = domid;
		op->refs[i].ref = refs[i];
	}

	return op;
}

int submit_request(int fd, struct ioctl_gntdev_map_grant_ref *op,
		   struct grant_mapping *map)
{
	memset(map, 0, sizeof(*map));

	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, op))
		return -errno;

	map->count = op->count;
	map->index = op->index;
	return 0;
}

/*
 * Have gntdev allocate the pages for a mapping of @count grants, without mapping
 * anything yet. With @refs NULL the grants are never to be mapped.
 */
int reserve_mapping(int fd, const __u32 *refs, unsigned int count,
		    struct grant_mapping *map)
{
	struct ioctl_gntdev_map_grant_ref *op = new_request(refs, count);
	int err;

	err = op ? submit_request(fd, op, map) : -ENOMEM;
	free(op);
	return err;
}

int release_mapping(int fd, struct grant_mapping *map)
{
	struct ioctl_gntdev_unmap_grant_ref op = {
		.index = map->index,
		.count = map->count,
	};
	int err = 0;

	if (map->addr && munmap(map->addr, map->count * page_size()))
		err = -errno;
	if (ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &op))
		err = -errno;

	memset(map, 0, sizeof(*map));
	return err;
}

int map_grants(int fd, const __u32 *refs, unsigned int count,
	       struct grant_mapping *map)
{
	void *addr;
	int err;

	err = reserve_mapping(fd, refs, count, map);
	if (err)
		return err;

	addr = mmap(NULL, count * page_size(), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, map->index);
	if (addr == MAP_FAILED) {
		err = -errno;
		release_mapping(fd, map);
		return err;
	}

	map->addr = addr;
	return 0;
}

/* How many pages it takes to see @shared as the owner does. */
unsigned int view_pages(const struct shared_pages *shared)
{
	return shared->foreign ? shared->count : 0;
}

int grant_pages(int fd, unsigned int domid, unsigned int count,
		struct shared_pages *shared)
{
	struct ioctl_gntalloc_alloc_gref *op;
	int err = 0;

	memset(shared, 0, sizeof(*shared));

	op = calloc(1, sizeof(*op) + count * sizeof(op->gref_ids[0]));
	shared->refs = calloc(count, sizeof(shared->refs[0]));
	if (!op || !shared->refs) {
		err = -ENOMEM;
		goto out;
	}

	op->domid = domid;
	op->flags = GNTALLOC_FLAG_WRITABLE;
	op->count = count;
	if (ioctl(fd, IOCTL_GNTALLOC_ALLOC_GREF, op)) {
		err = -errno;
		goto out;
	}
	memcpy(shared->refs, op->gref_ids_flex, count * sizeof(shared->refs[0]));

	shared->fd = fd;
	shared->count = count;
	shared->index = op->index;
	shared->addr = mmap(NULL, count * page_size(), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, op->index);
	if (shared->addr == MAP_FAILED) {
		struct ioctl_gntalloc_dealloc_gref dealloc = {
			.index = op->index,
			.count = count,
		};

		err = -errno;
		ioctl(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc);
	}
out:
	if (err) {
		free(shared->refs);
		shared->refs = NULL;
	}
	free(op);
	return err;
}

/*
 * Take @count of the references at @path that no other process has: the owner
 * of one holds a lock on that byte of the file. Returns a file to close when they
 * are no longer needed, which happens by itself when the process ends.
 */
static int lock_grants(const char *path, unsigned int count, __u32 *refs)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = count,
	};
	unsigned int domid, ref, last, i = 0;
	FILE *file = fopen(path, "r");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool found = false;

	if (!file || fd < 0 || fscanf(file, "%u", &domid) != 1)
		goto out;
	while (fcntl(fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES)
			goto out;
		lock.l_start++;
	}
	while (!found && fscanf(file, "%u-%u", &ref, &last) == 2) {
		for (; ref <= last && !found; ref++) {
			if (i >= lock.l_start)
				refs[i - lock.l_start] = ref;
			found = ++i == lock.l_start + count;
		}
	}
out:
	if (file)
		fclose(file);
	if (!found && fd >= 0)
		close(fd);
	return found ? fd : -ENOSPC;
}

static int take_foreign_pages(const char *path, unsigned int count,
			      struct shared_pages *shared)
{
	int err = -ENOMEM;

	memset(shared, 0, sizeof(*shared));
	shared->foreign = true;
	shared->count = count;
	shared->refs = calloc(count, sizeof(shared->refs[0]));
	if (!shared->refs)
		return err;

	shared->lock = lock_grants(path, count, shared->refs);
	shared->gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	if (shared->lock < 0 || shared->gntdev < 0)
		err = shared->lock < 0 ? shared->lock : -errno;
	else
		err = map_grants(shared->gntdev, shared->refs, count,
				 &shared->view);
	shared->addr = shared->view.addr;
	if (!err)
		return 0;

	if (shared->gntdev >= 0)
		close(shared->gntdev);
	if (shared->lock >= 0)
		close(shared->lock);
	free(shared->refs);
	shared->refs = NULL;
	return err;
}

int share_pages(int fd, unsigned int count, struct shared_pages *shared)
{
	const char *path = getenv("XEN_TEST_GRANTS");

	if (path)
		return take_foreign_pages(path, count, shared);

	return grant_pages(fd, own_domid(), count, shared);
}

/* Do without seeing the pages of another domain as their owner does. */
int close_view(struct shared_pages *shared)
{
	if (!shared->view.count)
		return 0;

	shared->addr = NULL;
	return release_mapping(shared->gntdev, &shared->view);
}

/* Only when nothing maps the pages any more, or Xen keeps them granted. */
int unshare_pages(struct shared_pages *shared)
{
	struct ioctl_gntalloc_dealloc_gref op = {
		.index = shared->index,
		.count = shared->count,
	};
	int err = 0;

	if (!shared->refs)
		return 0;

	if (shared->foreign) {
		err = close_view(shared);
		close(shared->gntdev);
		close(shared->lock);
	} else if (munmap(shared->addr, shared->count * page_size()) ||
		   ioctl(shared->fd, IOCTL_GNTALLOC_DEALLOC_GREF, &op)) {
		err = -errno;
	}

	free(shared->refs);
	shared->refs = NULL;
	return err;
}
