/* cpus.c: how many CPUs this process may use, which is less than the machine has in a container. */
#include "conf/conf_keys.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS_MAX   65536
#define SMALL_FILE 65536

/* CPUs of the affinity mask; the kernel may know more than a cpu_set_t holds. */
static long affinity_cpus(void)
{
	long n = 1;

	for (size_t cpus = CPU_SETSIZE; cpus <= CPUS_MAX; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC(cpus);
		size_t size = CPU_ALLOC_SIZE(cpus);
		int rc;

		if (!set)
			break;
		rc = sched_getaffinity(0, size, set);
		if (!rc)
			n = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (!rc)
			break;
	}
	return n > 0 ? n : 1;
}

static int read_under(
	const char *root, const char *a, const char *b, const char *c, struct buf *out)
{
	struct buf path = {0};
	int rc = -1;

	buf_printf(&path, "%s%s%s%s", root, a, b, c);
	if (!path.failed)
		rc = read_file(path.data, SMALL_FILE, out);
	buf_free(&path);
	return rc < 0 || !out->data ? -1 : 0;
}

static void lower(long *limit, long long quota, long long period)
{
	long long cpus;

	if (quota <= 0 || period <= 0)
		return;
	cpus = quota / period + (quota % period != 0);
	if (cpus < *limit)
		*limit = (long)cpus;
}

static void limit_v2(const char *root, const char *group, long *limit)
{
	long long quota, period;
	struct buf b = {0};

	/* "max 100000" where there is no quota */
	if (!read_under(root, "/sys/fs/cgroup", group, "/cpu.max", &b) &&
		sscanf(b.data, "%lld %lld", &quota, &period) == 2)
		lower(limit, quota, period);
	buf_free(&b);
}

static void limit_v1(const char *root, const char *group, long *limit)
{
	struct buf quota = {0}, period = {0};

	if (!read_under(root, "/sys/fs/cgroup/cpu", group, "/cpu.cfs_quota_us", &quota) &&
		!read_under(root, "/sys/fs/cgroup/cpu", group, "/cpu.cfs_period_us", &period))
		lower(limit, strtoll(quota.data, NULL, 10), strtoll(period.data, NULL, 10));
	buf_free(&quota);
	buf_free(&period);
}

/* Every group from this one up to the root may have a quota; the smallest wins. */
static void walk_up(const char *root, char *group, long *limit,
	void (*look)(const char *root, const char *group, long *limit))
{
	for (;;) {
		size_t n = strlen(group);
		char *slash;

		while (n && group[n - 1] == '/')
			group[--n] = '\0';
		look(root, group, limit);
		slash = strrchr(group, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* True if a v1 hierarchy, named by a list such as "cpu,cpuacct", is that of the CPU quota. */
static bool has_cpu(const char *controllers, const char *end)
{
	while (controllers < end) {
		size_t n = strcspn(controllers, ",:");

		if (n == 3 && !memcmp(controllers, "cpu", 3))
			return true;
		controllers += n + 1;
	}
	return false;
}

/* A line of /proc/self/cgroup: "ID:CONTROLLERS:PATH". */
static void limit_line(const char *root, char *line, long *limit)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return;
	if (path == controllers + 1)
		walk_up(root, path + 1, limit, limit_v2);
	else if (has_cpu(controllers + 1, path))
		walk_up(root, path + 1, limit, limit_v1);
}

long conf_auto_workers(const char *root)
{
	long limit = affinity_cpus();
	struct buf b = {0};
	char *line, *rest;

	if (limit > CONF_WORKERS_MAX)
		limit = CONF_WORKERS_MAX;
	if (!read_under(root, "/proc/self/cgroup", "", "", &b)) {
		for (line = strtok_r(b.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			limit_line(root, line, &limit);
	}
	buf_free(&b);
	return limit;
}
