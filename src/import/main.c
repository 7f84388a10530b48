/* main.c: sockd-import reads the settings of inetd and xinetd, and prints those of sockd that do the
 * same. It changes nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/import.h"

#define FILE_BYTES_MAX (4U << 20)
#define DEPTH_MAX      8 /* of includes */

static int status = EXIT_SUCCESS;

void problem_tell(const char *file, int line, const char *text)
{
	fprintf(stderr, "sockd-import: %s%s%.0d: %s\n", file, line ? ":" : "", line, escaped(text));
	status = EXIT_FAILURE;
}

/* The first line that says something begins a section of xinetd, or is a line of inetd. */
static int guess(const char *text)
{
	struct words w;

	for (text += strspn(text, BLANKS "\n"); *text == '#'; text += strspn(text, BLANKS "\n"))
		text = strchrnul(text, '\n');
	w = words_split(keep(text, strcspn(text, "\n")), BLANKS, false);
	return w.n && w.n < 4 &&
			       strstr(" service defaults include includedir ",
				       keepf(" %s ", w.item[0]))
		       ? 'x'
		       : 'i';
}

/* As xinetd: no names with a dot, none that end in a tilde, in the order of bytes. */
static int is_wanted(const struct dirent *d)
{
	return !strchr(d->d_name, '.') && d->d_name[strlen(d->d_name) - 1] != '~';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void file_read(const char *path, int format, unsigned depth, const char *file, int line)
{
	struct dirent **entry = NULL;
	struct buf text = {0};
	struct stat st;
	int n = 0;

	if (stat(path, &st)) {
		problem(file, line, "%s: %s", path, strerrordesc_np(errno));
	} else if (S_ISDIR(st.st_mode)) {
		n = scandir(path, &entry, is_wanted, by_bytes);
		if (n < 0)
			problem(file, line, "%s: %s", path, strerrordesc_np(errno));
		for (int i = 0; i < n; i++) {
			const char *name = keepf("%s/%s", path, entry[i]->d_name);

			if (!stat(name, &st) && S_ISREG(st.st_mode))
				file_read(name, format, depth, file, line);
			free(entry[i]);
		}
		free(entry);
	} else if (read_file(path, FILE_BYTES_MAX, &text)) {
		problem(file, line, "%s: %s", path, strerrordesc_np(errno));
	} else if (depth > DEPTH_MAX) {
		problem(file, line, "files include each other deeper than %d", DEPTH_MAX);
	} else if (strlen(text.data) != text.len) {
		problem(path, 0, "a NUL byte is in it");
	} else if ((format ? format : guess(text.data)) == 'x') {
		xinetd_read(keepf("%s", path), text.data, depth);
	} else {
		inetd_read(keepf("%s", path), text.data);
	}
	buf_free(&text);
}

static _Noreturn void usage(int code)
{
	fputs("usage: sockd-import [-n] [-i | -x] [-o OUTPUT] [FILE...]\n"
	      "Print settings for sockd that do what those of inetd and xinetd do.\n"
	      "  -i, -x     the files are inetd's, xinetd's; else this is seen from what is in them\n"
	      "  -n         for another machine: look for no user, program or address\n"
	      "  -o OUTPUT  write to a file that does not exist yet\n"
	      "  -V, -h     print the version; this\n"
	      "FILE: /etc/inetd.conf, /etc/inetd.d and /etc/xinetd.conf, those that exist.\n",
		code ? stderr : stdout);
	exit(fflush(stdout) ? EXIT_FAILURE : code);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static const char *const usual[] = {"/etc/inetd.conf", "/etc/inetd.d", "/etc/xinetd.conf"};
	const char *output = NULL;
	struct words files = {0};
	int c, format = 0, fd = STDOUT_FILENO;

	while ((c = getopt_long(argc, argv, "inxo:Vh", longs, NULL)) != -1) {
		if (c == 'i' || c == 'x')
			format = c;
		else if (c == 'n')
			import_blind = true;
		else if (c == 'o')
			output = optarg;
		else if (c == 'V')
			return puts("sockd-import " PACKAGE_VERSION) < 0 || fflush(stdout);
		else
			usage(c == 'h' ? EXIT_SUCCESS : 2);
	}
	for (int i = optind; i < argc; i++)
		words_add(&files, argv[i]);
	for (size_t i = 0; optind == argc && i < ARRAY_SIZE(usual); i++) {
		if (!access(usual[i], F_OK))
			words_add(&files, usual[i]);
	}
	if (!files.n)
		problem(usual[0], 0, "there is none, and no %s: name a file", usual[2]);
	for (size_t i = 0; i < files.n; i++) {
		file_read(files.item[i], format, 0, "command line", 0);
		xinetd_end();
	}
	if (output && files.n)
		fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (files.n && (fd < 0 || import_print(fd, &files)))
		problem(output ? output : "standard output", 0, "%s", strerrordesc_np(errno));
	return status;
}
