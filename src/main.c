/* main.c: the order of calls. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/child.h"
#include "core/master.h"
#include "core/settings.h"
#include "core/upgrade.h"
#include "options.h"

/* -t and -T: what a start would see, without a start. */
static int settings_show(const struct options *o)
{
	const struct conf_source *src = &o->master.source;
	const char *name = src->path ? src->path : src->text_name;
	struct buf text = {0};
	int status = EXIT_SUCCESS;

	if (!settings_read(src, 0, NULL, &text)) {
		status = EXIT_CONFIG;
		(void)write_all(STDERR_FILENO, text.data, text.len);
	} else if (o->mode == RUN_DUMP ? write_all(STDOUT_FILENO, text.data, text.len) < 0
				       : printf("%s: ok\n", name) < 0 || fflush(stdout)) {
		status = EXIT_FAILURE;
		perror("sockd: standard output");
	}
	buf_free(&text);
	return status;
}

int main(int argc, char **argv)
{
	static struct options o;
	sigset_t none;
	int fd;

	/* Descriptors 0 to 2 are always open, so that no socket becomes one of them. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(&fd);
	/* What the starting process ignored or blocked (nohup, cron, a careless supervisor) is not ours. */
	child_signals(NULL, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	upgrade_init(argc, argv);
	options_parse(&o, argc, argv);
	return o.mode == RUN_MASTER ? master_run(&o.master) : settings_show(&o);
}
