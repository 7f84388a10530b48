/* main.c: the command line of sockctl, and the commands that are passed on. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "ctl/ctl.h"

#define LINES     40 /* of recent */
#define LINES_MAX 10000

struct ctl ctl = {.socket = RUNSTATEDIR "/sockd/control", .lines = LINES};

static const char usage_text[] = "usage: sockctl [-j] [-s SOCKET] [-n LINES] COMMAND\n";
static const char help_text[] =
	"\n"
	"  status [SERVICE]    how sockd and its services are\n"
	"  workers [SERVICE]   what each worker does\n"
	"  recent [SERVICE]    the last connections that ended or were refused, and why\n"
	"  top                 a live screen; q ends it\n"
	"  diff                what a reload would change\n"
	"  reload [SERVICE]    put the settings into force, wait for the result; with\n"
	"                      new workers for that service even if they are the same\n"
	"  upgrade             replace the program by the one on disk, wait for the result\n"
	"  stop                stop when all connections have ended\n"
	"  pause SERVICE       accept no more; clients wait in the queue\n"
	"  resume SERVICE      go on\n"
	"  scale SERVICE N     so many workers, until the next reload\n"
	"  log-level LEVEL     debug, info, notice, warning or error, until the next reload\n"
	"  version             of sockctl and of the sockd that runs\n"
	"\n"
	"  -j, --json          JSON for programs\n"
	"  -s, --socket PATH   the control-socket of sockd (" RUNSTATEDIR "/sockd/control)\n"
	"  -n, --lines N       lines of recent (40)\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n";

/* Append text, a line each, with what could steer a terminal escaped. */
static void lines_add(struct buf *out, const char *text)
{
	for (; *text; text++) {
		char one[5];

		escape_text(one, sizeof(one), text, 1);
		buf_puts(out, *text == '\n' || *text == '\t' || *text == '\\'
				      ? (char[]){*text, '\0'}
				      : one);
	}
	if (out->len && out->data[out->len - 1] != '\n')
		buf_puts(out, "\n");
}

static void lines_json(struct buf *out, const char *text)
{
	json_begin(out, "lines", '[');
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);

		json_text(out, NULL, line ? line : "");
		free(line);
		text += n + (text[n] != '\0');
	}
	json_end(out, ']');
}

void die_lines(const char *error, const char *lines)
{
	struct buf out = {0};

	if (ctl.json) {
		json_begin(&out, NULL, '{');
		json_bool(&out, "ok", false);
		json_text(&out, "error", error);
		lines_json(&out, lines);
		buf_puts(&out, "}\n");
	} else {
		buf_printf(&out, "sockctl: %s\n", error);
		lines_add(&out, lines);
	}
	fputs(out.failed ? "sockctl: out of memory\n" : out.data, ctl.json ? stdout : stderr);
	exit(EXIT_FAILURE);
}

void die(int status, const char *fmt, ...)
{
	struct buf out = {0};
	char text[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (status != EXIT_USAGE)
		die_lines(text, "");
	if (ctl.json) {
		json_begin(&out, NULL, '{');
		json_bool(&out, "ok", false);
		json_text(&out, "error", text);
		buf_puts(&out, "}\n");
		fputs(out.failed ? "" : out.data, stdout);
	} else {
		fprintf(stderr, "sockctl: %s\n%sTry: sockctl -h\n", plain(text), usage_text);
	}
	exit(status);
}

void print(struct buf *out)
{
	if (out->failed)
		die(EXIT_FAILURE, "out of memory");
	if (write_all(STDOUT_FILENO, out->data, out->len) < 0) {
		fprintf(stderr, "sockctl: standard output: %s\n", strerrordesc_np(errno));
		exit(EXIT_FAILURE);
	}
	buf_free(out);
	exit(EXIT_SUCCESS);
}

/* Send a command, print what is answered. */
static _Noreturn void pass_on(const char *command, unsigned timeout_ms)
{
	struct answer a = {0};
	struct buf out = {0};

	if (!ask(&a, command, timeout_ms))
		die_lines(a.error, a.body ? a.body : "");
	if (ctl.json) {
		json_begin(&out, NULL, '{');
		json_bool(&out, "ok", true);
		lines_json(&out, a.body);
		buf_puts(&out, "}\n");
	} else {
		buf_puts(&out, "");
		lines_add(&out, a.body);
	}
	answer_free(&a);
	print(&out);
}

static _Noreturn void version(void)
{
	struct answer a = {0};
	struct buf out = {0};
	const char *sockd;

	if (!ctl.json)
		puts("sockctl " PACKAGE_VERSION);
	(void)fflush(stdout);
	if (!ask(&a, "version", ASK_MS))
		die(EXIT_FAILURE, "%s", a.error);
	*strchrnul(a.text.data + (a.body - a.text.data), '\n') = '\0';
	sockd = a.body + (strncmp(a.body, "sockd ", 6) == 0 ? 6 : 0);
	if (ctl.json) {
		json_begin(&out, NULL, '{');
		json_bool(&out, "ok", true);
		json_text(&out, "sockctl", PACKAGE_VERSION);
		json_text(&out, "sockd", sockd);
		buf_puts(&out, "}\n");
	} else {
		buf_printf(&out, "sockd %s\n", plain(sockd));
	}
	answer_free(&a);
	print(&out);
}

static bool is_service(const char *name)
{
	return *name && strlen(name) < 64 &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-")];
}

static bool is_number(const char *text, size_t max)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 7 && !text[digits] && strtoul(text, NULL, 10) <= max;
}

/* What may follow a command: s = a service, S = one that may be missing, n = a number, l = a level. */
static const struct {
	const char *name, *args;
	void (*show)(const char *service);
} commands[] = {
	{"status", "S", show_status},
	{"workers", "S", show_workers},
	{"recent", "S", show_recent},
	{"top", "", NULL},
	{"diff", "", NULL},
	{"reload", "S", NULL},
	{"upgrade", "", NULL},
	{"stop", "", NULL},
	{"pause", "s", NULL},
	{"resume", "s", NULL},
	{"scale", "sn", NULL},
	{"log-level", "l", NULL},
	{"version", "", NULL},
};

static void arg_check(char kind, const char *arg)
{
	if ((kind == 's' || kind == 'S') && !is_service(arg))
		die(EXIT_USAGE, "'%.64s' is no name of a service", arg);
	if (kind == 'n' && (!is_number(arg, BOARD_SLOTS) || strtoul(arg, NULL, 10) == 0))
		die(EXIT_USAGE, "'%.64s': expected a number of workers", arg);
	if (kind == 'l' && log_level_parse(arg) < 0)
		die(EXIT_USAGE, "'%.64s': expected debug, info, notice, warning or error", arg);
}

static _Noreturn void run(char **word, size_t n)
{
	char line[256];
	size_t i = 0, len = 0;

	while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, word[0]) != 0)
		i++;
	if (i == ARRAY_SIZE(commands))
		die(EXIT_USAGE, "there is no command '%.64s'", word[0]);
	if (n - 1 > strlen(commands[i].args))
		die(EXIT_USAGE, "what is '%.64s'?", word[strlen(commands[i].args) + 1]);
	if (n - 1 < strspn(commands[i].args, "snl"))
		die(EXIT_USAGE, "%s: %s is missing", word[0],
			commands[i].args[n - 1] == 's'   ? "the name of a service"
			: commands[i].args[n - 1] == 'n' ? "the number of workers"
							 : "the level");
	for (size_t w = 1; w < n; w++)
		arg_check(commands[i].args[w - 1], word[w]);
	if (commands[i].show) {
		commands[i].show(n > 1 ? word[1] : NULL);
		exit(EXIT_FAILURE);
	}
	if (strcmp(word[0], "version") == 0)
		version();
	if (strcmp(word[0], "top") == 0)
		top();
	for (size_t w = 0; w < n; w++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, w ? " %s" : "%s", word[w]);
	pass_on(line, strcmp(word[0], "reload") == 0 || strcmp(word[0], "diff") == 0 ||
				      strcmp(word[0], "upgrade") == 0
			      ? ASK_RESULT_MS
			      : ASK_MS);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"socket", required_argument, NULL, 's'},
		{"lines", required_argument, NULL, 'n'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize w;
	int c;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
		ctl.width = w.ws_col;
	ctl.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
		     !(term && strcmp(term, "dumb") == 0);
	while ((c = getopt_long(argc, argv, ":js:n:Vh", longs, NULL)) != -1) {
		if (c == 'j')
			ctl.json = true;
		else if (c == 's')
			ctl.socket = optarg;
		else if (c == 'n' && is_number(optarg, LINES_MAX))
			ctl.lines = strtoul(optarg, NULL, 10);
		else if (c == 'n')
			die(EXIT_USAGE, "-n %.64s: expected a number up to %d", optarg, LINES_MAX);
		else if (c == 'V')
			return puts("sockctl " PACKAGE_VERSION) < 0 || fflush(stdout);
		else if (c == 'h')
			return printf("%s%s", usage_text, help_text) < 0 || fflush(stdout);
		else if (c == ':')
			die(EXIT_USAGE, "-%c: its value is missing", optopt);
		else if (optopt && !strchr("jVh", optopt))
			die(EXIT_USAGE, "there is no option '-%c'", optopt);
		else
			die(EXIT_USAGE, "there is no option '%.64s'", argv[optind - 1]);
	}
	if (optind == argc)
		die(EXIT_USAGE, "a command is missing");
	run(argv + optind, (size_t)(argc - optind));
}
