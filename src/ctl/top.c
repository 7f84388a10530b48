/* top.c: the live screen. All it needs of a terminal is ECMA-48; the terminal is given back as it was
 * however this ends. Signals come through a descriptor, so that none is missed between two waits. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "board/tally.h"
#include "ctl/ctl.h"

#define TICK_MS 1000
#define WAIT_MS 900 /* for the answer: a key is not to wait longer */

static struct termios before;
static struct snapshot now, last;
static char error[512]; /* why there is nothing newer than now */

/* --- The terminal -------------------------------------------------------------------------- */

static void say(const char *text)
{
	(void)!write_all(STDOUT_FILENO, text, strlen(text));
}

/* Another screen, no cursor, no wrapping of lines; keys at once and not shown. */
static void screen_begin(void)
{
	struct termios t = before;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
	say("\033[?1049h\033[?25l\033[?7l\033[2J");
}

static void screen_end(void)
{
	say("\033[?7h\033[?25h\033[?1049l");
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void screen_size(size_t *rows, size_t *columns)
{
	struct winsize w = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	*rows = w.ws_row ? w.ws_row : 24;
	/* Not the last one: what clears the rest of a line would clear what stands there. */
	*columns = w.ws_col > 1 ? w.ws_col - 1U : w.ws_col ? 1 : 79;
}

/* Print the first rows lines of text over what was there. */
static void screen_print(const struct buf *text, size_t rows)
{
	const char *line = text->data, *end;
	struct buf out = {0};

	buf_puts(&out, "\033[H");
	for (size_t i = 0; i < rows && line && *line; i++, line = end + (*end != '\0')) {
		end = strchrnul(line, '\n');
		buf_puts(&out, i ? "\r\n" : "");
		buf_add(&out, line, (size_t)(end - line));
		buf_puts(&out, "\033[K");
	}
	buf_puts(&out, "\033[J");
	if (!out.failed)
		(void)!write_all(STDOUT_FILENO, out.data, out.len);
	buf_free(&out);
}

/* --- What is on it ------------------------------------------------------------------------- */

static const struct view_service *last_of(const struct view_service *v)
{
	static const struct view_service none;

	for (size_t i = 0; i < last.n; i++) {
		if (strcmp(last.service[i].v.name, v->name) == 0)
			return &last.service[i].v;
	}
	return last.n ? &none : v;
}

/* In a second. Another program may have begun to count from 0. */
static double rate(uint64_t new, uint64_t old)
{
	uint64_t ms = now.now_ms - last.now_ms;

	return new > old &&last.n &&ms ? (double)(new - old) * 1000 / (double)ms : 0;
}

static void service_row(struct table *t, const struct view_service *v)
{
	const struct view_service *old = last_of(v);
	double refused = rate(sum(v->refused, REFUSED_REASONS), sum(old->refused, REFUSED_REASONS));
	unsigned busy = v->state[SLOT_BUSY], all = busy, bar;
	uint64_t wait[BOARD_WAITS], time[BOARD_TIMES];

	for (unsigned i = 0; i < SLOT_STATES; i++)
		all += i == SLOT_BUSY ? 0 : v->state[i];
	for (unsigned i = 0; i < BOARD_WAITS; i++)
		wait[i] = v->wait[i] > old->wait[i] ? v->wait[i] - old->wait[i] : 0;
	for (unsigned i = 0; i < BOARD_TIMES; i++)
		time[i] = v->time[i] > old->time[i] ? v->time[i] - old->time[i] : 0;
	bar = all ? (busy * 10 + all - 1) / all : 0;
	table_cell(t, BOLD, "%s", v->name);
	table_cell(t, mode_style(v->mode), "%s", view_mode(v->mode));
	table_cell(t, busy ? CYAN : PLAIN, "%s/%u", v->counted ? human_count(busy) : "-", all);
	table_cell(t, v->queue ? YELLOW : PLAIN, "%u", v->queue);
	if (!v->counted) {
		for (int i = 0; i < 7; i++)
			table_cell(t, PLAIN, "-");
		return;
	}
	table_cell(t, PLAIN, "%s", human_rate(rate(v->connections, old->connections)));
	table_cell(t, PLAIN, "%s", human_bytes((uint64_t)rate(v->bytes_in, old->bytes_in)));
	table_cell(t, PLAIN, "%s", human_bytes((uint64_t)rate(v->bytes_out, old->bytes_out)));
	table_cell(t, refused > 0 ? YELLOW : PLAIN, "%s", human_rate(refused));
	table_cell(t, PLAIN, "%s", human_below(wait, BOARD_WAITS, 99, tally_wait_bound));
	table_cell(t, PLAIN, "%s", human_below(time, BOARD_TIMES, 99, tally_time_bound));
	table_cell(t, bar > 8 ? RED : GREEN, "%.*s%.*s", (int)bar, "||||||||||", 10 - (int)bar,
		"..........");
}

static void head(struct buf *out, size_t columns)
{
	const struct view_master *m = &now.master;
	uint64_t connections = 0, old = 0;
	char text[640];

	for (size_t i = 0; i < now.n; i++) {
		connections += now.service[i].v.connections;
		old += last_of(&now.service[i].v)->connections;
	}
	snprintf(text, sizeof(text), "sockd %s  %s  pid %d  up %s  %zu services  %s connections/s",
		plain(m->sockd), view_master_state(m->state), m->pid,
		human_ms(now.now_s > m->started_s ? (now.now_s - m->started_s) * 1000 : 0), now.n,
		human_rate(rate(connections, old)));
	text_styled(out, error[0] ? RED : state_style(m->state), text, columns);
	if (error[0])
		snprintf(text, sizeof(text), "%s", error);
	else
		snprintf(text, sizeof(text), "%s  settings %s  q ends",
			human_clock(now.now_s, now.now_s), plain(m->file));
	buf_puts(out, "\n");
	text_styled(out, error[0] ? RED : DIM, text, columns);
	buf_puts(out, "\n\n");
}

static void draw(void)
{
	struct buf text = {0};
	size_t rows, columns, used = now.n + 6; /* with the heads and two empty lines */
	struct table t;

	screen_size(&rows, &columns);
	head(&text, columns);
	table_begin(&t, "llrrrrrrrrl", "-7-89236541",
		"SERVICE STATE BUSY QUEUE CONN/S IN/S OUT/S REF/S WAIT TIME LOAD");
	for (size_t i = 0; i < now.n; i++)
		service_row(&t, &now.service[i].v);
	table_end(&t, &text, columns);
	if (rows > used) {
		buf_puts(&text, "\n");
		recent_table(&text, &now, rows - used, columns);
	}
	if (!text.failed)
		screen_print(&text, rows);
	buf_free(&text);
}

static void sample(void)
{
	struct snapshot s;

	if (!snapshot_take(&s, NULL, WAIT_MS, error))
		return;
	error[0] = '\0';
	snapshot_free(&last);
	last = now;
	now = s;
}

/* --- The loop ------------------------------------------------------------------------------ */

/* Returns false if the screen is to end. */
static bool key(void)
{
	char c;
	ssize_t n = read(STDIN_FILENO, &c, 1);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n > 0 && c != 'q' && c != 'Q' && c != 3 && c != 4;
}

static bool on_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGTSTP) {
		screen_end();
		(void)raise(SIGSTOP);
		screen_begin();
	} else if (info.ssi_signo == SIGWINCH) {
		say("\033[2J");
	} else {
		return false;
	}
	draw();
	return true;
}

static void loop(int signals)
{
	struct pollfd p[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	uint64_t next_ms = mono_ms() + TICK_MS, now_ms;

	for (;;) {
		now_ms = mono_ms();
		if (now_ms >= next_ms) {
			sample();
			draw();
			next_ms = now_ms + TICK_MS;
			continue;
		}
		if (poll(p, ARRAY_SIZE(p), (int)(next_ms - now_ms)) <= 0)
			continue;
		if ((p[0].revents && !key()) || (p[1].revents && !on_signal(signals)))
			return;
	}
}

void top(void)
{
	sigset_t set;
	int signals;

	if (ctl.json)
		die(EXIT_USAGE, "top has no JSON: see status, workers and recent");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0)
		die(EXIT_FAILURE, "top needs a terminal: see status, workers and recent");
	if (!snapshot_take(&now, NULL, ASK_MS, error))
		die(EXIT_FAILURE, "%s", error);
	sigemptyset(&set);
	for (size_t i = 0; i < 6; i++)
		sigaddset(&set, (int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP}[i]);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		die(EXIT_FAILURE, "signalfd: %s", strerrordesc_np(errno));
	screen_begin();
	draw();
	loop(signals);
	screen_end();
	exit(EXIT_SUCCESS);
}
