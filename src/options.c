/* options.c: the command line, as sockd(8) has it. */
#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static const char usage_text[] =
	"usage: sockd [-f FILE] [-n] [-s] [-l LEVEL] [-o KEY=VALUE]...\n"
	"       sockd [-n] [-s] [-l LEVEL] -L ADDRESS [-o KEY=VALUE]... HANDLER [-- PROGRAM [ARG]...]\n"
	"       sockd -t | -T [-f FILE | -L ADDRESS HANDLER] [-o KEY=VALUE]...\n";

static const char help_text[] =
	"\n"
	"  -f, --config FILE       settings file (" SYSCONFDIR "/sockd.conf)\n"
	"  -n, --foreground        stay in the foreground, log to stderr\n"
	"  -s, --syslog            log to syslog, also with -n\n"
	"  -l, --log-level LEVEL   debug, info, notice, warning or error\n"
	"  -t, --test              check the settings, start nothing\n"
	"  -T, --dump              print the effective settings\n"
	"  -L, --listen ADDRESS    no file: serve HANDLER on ADDRESS\n"
	"  -o, --option KEY=VALUE  a setting; wins over the file\n"
	"  -V, --version           print the version\n"
	"  -h, --help              print this\n"
	"\n"
	"Try: sockd -n -L 127.0.0.1:7007 echo\n"
	"     sockd -n -L 127.0.0.1:7013 exec -- date -u\n"
	"See: sockd(8), sockd.conf(5)\n";

static _Noreturn PRINTF_LIKE(1, 2) void usage(const char *fmt, ...)
{
	va_list ap;

	fputs("sockd: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n%s", usage_text);
	exit(EXIT_USAGE);
}

static void *need(void *p)
{
	if (!p)
		fatal(EXIT_FAILURE, "out of memory");
	return p;
}

static void add_option(struct conf_source *src, const char *text)
{
	static const char **list;
	const char *equals = text ? strchr(text, '=') : NULL;

	if (!equals || equals == text)
		usage("-o %s: expected KEY=VALUE", text);
	list = need(reallocarray(list, src->n_options + 1, sizeof(*list)));
	list[src->n_options++] = text;
	src->option = list;
}

/* A daemon leaves its folder, and reads the file again at each reload. Symbolic links stay what they are:
 * some people switch settings with them. */
static const char *absolute(const char *path)
{
	char here[PATH_MAX], *full;

	if (path[0] == '/' || !getcwd(here, sizeof(here)))
		return path;
	if (asprintf(&full, "%s/%s", here, path) < 0)
		need(NULL);
	return full;
}

/* -L ADDRESS HANDLER [-- PROGRAM [ARG]...] is a settings text of one service.
 * word  the handler, then the program; NULL ends it */
static void source_from_listen(struct conf_source *src, const char *address, char *const *word)
{
	const char *handler = *word++;
	struct buf text = {0};

	buf_puts(&text, "service ");
	buf_quote(&text, handler);
	buf_puts(&text, " {\n\tlisten = { ");
	buf_quote(&text, address);
	buf_puts(&text, " }\n\thandler = ");
	buf_quote(&text, handler);
	for (size_t i = 0; word[i]; i++) {
		buf_puts(&text, i ? ", " : "\n\tcommand = { ");
		buf_quote(&text, i || !strchr(word[i], '/') ? word[i] : absolute(word[i]));
	}
	buf_puts(&text, *word ? " }\n}\n" : "\n}\n");
	if (text.failed)
		need(NULL);
	src->path = NULL;
	src->text = text.data;
	src->text_name = "command line";
	src->service = handler;
	src->flags |= CONF_NO_PIDFILE | CONF_NO_CONTROL;
}

void options_parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'f'},
		{"foreground", no_argument, NULL, 'n'},
		{"syslog", no_argument, NULL, 's'},
		{"log-level", required_argument, NULL, 'l'},
		{"test", no_argument, NULL, 't'},
		{"dump", no_argument, NULL, 'T'},
		{"listen", required_argument, NULL, 'L'},
		{"option", required_argument, NULL, 'o'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct conf_source *src = &o->master.source;
	const char *listen = NULL;
	static char level[32];
	bool foreground = false;
	int c;

	*o = (struct options){0};
	while ((c = getopt_long(argc, argv, "f:nsl:tTL:o:Vh", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			src->path = optarg;
			break;
		case 'n':
			foreground = true;
			break;
		case 's':
			o->master.to_syslog = true;
			break;
		case 'l':
			if (log_level_parse(optarg) < 0)
				usage("-l %s: expected debug, info, notice, warning or error",
					optarg);
			snprintf(level, sizeof(level), "log-level=%s", optarg);
			break;
		case 't':
		case 'T':
			if (o->mode != RUN_MASTER)
				usage("-t and -T exclude each other");
			o->mode = c == 't' ? RUN_TEST : RUN_DUMP;
			break;
		case 'L':
			if (listen)
				usage("-L is given twice; a service of many addresses: -o listen={...}");
			listen = optarg;
			break;
		case 'o':
			add_option(src, optarg);
			break;
		case 'V':
			printf("sockd %s\n", PACKAGE_VERSION);
			exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
		case 'h':
			printf("%s%s", usage_text, help_text);
			exit(fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS);
		default:
			fputs(usage_text, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (level[0])
		add_option(src, level);
	if (listen && src->path)
		usage("-f and -L exclude each other");
	if (listen && optind == argc)
		usage("-L needs a handler, for instance: sockd -n -L %s echo", listen);
	if (optind + (listen != NULL) < argc &&
		!(listen && (!strcmp(argv[optind], "exec") || !strcmp(argv[optind], "program"))))
		usage("what is '%s'? %s", argv[optind + (listen != NULL)],
			listen ? "Only the handlers exec and program take a PROGRAM"
			       : "A HANDLER needs -L ADDRESS");
	o->master.daemon = !foreground && o->mode == RUN_MASTER;
	o->master.to_syslog |= !foreground;
	if (foreground)
		src->flags |= CONF_NO_PIDFILE;
	if (listen)
		source_from_listen(src, listen, &argv[optind]);
	else if (!src->path)
		src->path = SYSCONFDIR "/sockd.conf";
	else if (o->mode == RUN_MASTER)
		src->path = absolute(src->path);
}
