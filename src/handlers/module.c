/* module.c: a function from a shared object serves. What the object sees is include/sockd/module.h. */
#include "handlers/handler.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sockd/module.h"

#define ERR_MAX 256 /* bytes of the module's own words about its options */

static const struct sockd_module *module;
static struct sockd_worker worker;
static pid_t worker_pid;
static const struct conn *in_hand; /* the connection that is served, or NULL */

/* Load it and see that it is one of ours. Returns NULL with the reason in err. */
static const struct sockd_module *module_load(const char *path, char *err, size_t size)
{
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct sockd_module *m = so ? dlsym(so, "sockd_module") : NULL;

	if (!so)
		snprintf(err, size, "%s", dlerror()); /* it names the path */
	else if (!m)
		snprintf(err, size, "%s exports no sockd_module", path);
	else if (m->abi != SOCKD_MODULE_ABI)
		snprintf(err, size, "%s was built for module ABI %u; this sockd has %u", path,
			m->abi, SOCKD_MODULE_ABI);
	else if (!m->serve)
		snprintf(err, size, "%s has no serve()", path);
	else if (m->shared_size > SOCKD_MODULE_SHARED_MAX)
		snprintf(err, size, "%s asks for %zu bytes of shared memory; there are %u", path,
			m->shared_size, SOCKD_MODULE_SHARED_MAX);
	else
		return m;
	return NULL;
}

static const char *module_check(const struct conf_service *s, char *err, size_t size)
{
	char why[ERR_MAX] = "";

	if (!s->module) {
		snprintf(err, size, "missing");
		return "module";
	}
	module = module_load(s->module, err, size);
	if (!module)
		return "module";
	if (!module->check || module->check((const char *const *)s->options.item, s->options.n, why,
				      sizeof(why)) == 0)
		return NULL;
	why[sizeof(why) - 1] = 0;
	snprintf(err, size, "%s", *why ? why : "the module refuses them without a word");
	return "options";
}

static PRINTF_LIKE(2, 3) void module_log(int level, const char *fmt, ...)
{
	char text[LOG_RECORD_MAX / 2];
	struct log_record r;
	char id[17];
	int saved = errno;
	va_list ap;

	level = level < LOG_ERR ? LOG_ERR : level > LOG_DEBUG ? LOG_DEBUG : level;
	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	errno = saved; /* for %m */
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_begin(&r, level, 0, text);
	if (in_hand) {
		snprintf(id, sizeof(id), "%016" PRIx64, in_hand->id);
		log_str(&r, "conn", id);
	}
	log_send(&r);
	errno = saved;
}

/* A child that the module has forked comes back from its function: it is no worker, and must not become one. */
static void child_leave(void)
{
	if (getpid() != worker_pid)
		_exit(0);
}

static int module_start(const struct handler_env *env)
{
	const struct conf_service *s = env->conf;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), used;
	char err[512];
	int rc;

	worker_pid = getpid();
	module = module_load(s->module, err, sizeof(err));
	if (!module) {
		log_msg(LOG_ERR, "module: %s", err);
		return -1;
	}
	/* It gets no more than it asked for. */
	used = (module->shared_size + page - 1) / page * page;
	if (used < SOCKD_MODULE_SHARED_MAX)
		munmap((char *)env->area + used, SOCKD_MODULE_SHARED_MAX - used);
	worker = (struct sockd_worker){
		.service = env->service,
		.options = (const char *const *)s->options.item,
		.n_options = s->options.n,
		.shared = used ? env->area : NULL,
		.shared_size = module->shared_size,
		.slot = env->slot,
		.slots = BOARD_SLOTS,
		.log = module_log,
	};
	rc = module->init ? module->init(&worker) : 0;
	child_leave();
	if (rc == 0)
		return 0;
	log_msg(LOG_ERR, "module: init of %s failed", s->module);
	return -1;
}

static int failure(struct conn *c)
{
	/* A time-out of the socket is EAGAIN; of the session it is in the word. */
	if (*c->stop)
		errno = *c->stop == CONN_TIMED_OUT ? ETIMEDOUT : ECANCELED;
	else if (errno == EAGAIN || errno == EWOULDBLOCK)
		errno = ETIMEDOUT;
	return -1;
}

static ssize_t module_read(struct sockd_conn *m, void *buf, size_t n)
{
	struct conn *c = m->priv;
	ssize_t got;

	c->bytes_in = m->bytes_in;
	c->patient = m->bytes_in > 0;
	got = conn_read(c, buf, n);
	m->bytes_in = c->bytes_in;
	return got < 0 ? failure(c) : got;
}

static int module_write(struct sockd_conn *m, const void *data, size_t n)
{
	struct conn *c = m->priv;
	int rc;

	c->bytes_out = m->bytes_out;
	rc = conn_write(c, data, n);
	m->bytes_out = c->bytes_out;
	return rc < 0 ? failure(c) : 0;
}

static int module_stopping(const struct sockd_conn *m)
{
	const struct conn *c = m->priv;

	return *c->stop ? 2 : *c->part != 0;
}

static struct sockd_addr module_addr(const struct addr *a, char host[ADDR_TEXT_MAX])
{
	addr_host(a, host);
	return (struct sockd_addr){.sa = &a->sa, .len = a->len, .port = addr_port(a), .host = host};
}

static void module_serve(const struct handler_env *env, struct conn *c)
{
	char peer[ADDR_TEXT_MAX], local[ADDR_TEXT_MAX];
	uint64_t session_ms = (uint64_t)env->conf->session_timeout * 1000;
	uint64_t since_ms = atomic_load(&env->board->slot[env->slot].since_ms);
	struct sockd_conn m = {
		.worker = &worker,
		.fd = c->fd,
		.peer = module_addr(&c->peer, peer),
		.local = module_addr(conn_local(c), local),
		.id = c->id,
		.session_end_ms = session_ms ? since_ms + session_ms : 0,
		.first_byte_ms = c->first_byte_ms,
		.idle_ms = c->idle_ms,
		.read = module_read,
		.write = module_write,
		.stopping = module_stopping,
		.priv = c,
	};
	int rc;

	in_hand = c;
	errno = 0;
	rc = module->serve(&m);
	child_leave();
	in_hand = NULL;
	c->bytes_in = m.bytes_in;
	c->bytes_out = m.bytes_out;
	/* What befell the connection says more than the module knows. */
	if (!c->failed && (*c->stop || (rc < 0 && !m.end)))
		conn_fail(c, errno);
	else if (!c->failed)
		c->end = m.end;
	if (!c->eof)
		conn_finish(c, LINGER_MS);
}

static void module_finish(const struct handler_env *env)
{
	(void)env;
	if (module->fini)
		module->fini(&worker);
}

const struct handler handler_module = {
	.name = "module",
	.area_size = SOCKD_MODULE_SHARED_MAX,
	.check = module_check,
	.check_apart = "module",
	.start = module_start,
	.serve = module_serve,
	.finish = module_finish,
	.names_connections = true,
};
