/* cpus.c: how many CPUs this process may use, which is less than the machine has in a container. */
#include "conf/conf_internal.h"

#include <sched.h>
#include <string.h>

#define CPUS_MAX   65536 /* the kernel may know more than a cpu_set_t holds */
#define SMALL_FILE 65536

static long affinity_cpus(void)
{
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
	long n = set && !sched_getaffinity(0, size, set) ? CPU_COUNT_S(size, set) : 1;

	CPU_FREE(set);
	return n > 0 ? n : 1;
}

static int read_under(
	const char *root, const char *dir, const char *group, const char *name, struct buf *out)
{
	struct buf path = {0};
	int rc = -1;

	buf_printf(&path, "%s%s%s%s", root, dir, group, name);
	if (!path.failed)
		rc = read_file(path.data, SMALL_FILE, out);
	buf_free(&path);
	return out->data ? rc : -1;
}

/* Lower the limit to the quota of one group, rounded up. */
static void limit_group(const char *root, const char *group, long *limit)
{
	long quota, period, cpus;
	struct buf b = {0};

	/* "max 100000" where there is no quota */
	if (!read_under(root, "/sys/fs/cgroup", group, "/cpu.max", &b) &&
		sscanf(b.data, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0) {
		cpus = quota / period + (quota % period != 0);
		if (cpus < *limit)
			*limit = cpus;
	}
	buf_free(&b);
}

long conf_auto_workers(const char *root)
{
	long limit = affinity_cpus();
	struct buf b = {0};
	char *group = NULL;

	if (limit > CONF_WORKERS_MAX)
		limit = CONF_WORKERS_MAX;
	if (!read_under(root, "/proc/self", "", "/cgroup", &b))
		group = strstr(b.data, "0::/"); /* the line of cgroup v2 */
	if (group) {
		group += strlen("0::");
		group[strcspn(group, "\n")] = '\0';
	}
	/* Every group from this one up to the root may have a quota; the smallest wins. */
	while (group) {
		char *slash = strrchr(group, '/');

		limit_group(root, group, &limit);
		if (slash)
			*slash = '\0';
		else
			group = NULL;
	}
	buf_free(&b);
	return limit;
}
