# Sources, by room. A new file is one line here, and `make distcheck` fails for one that is missing.

noinst_LIBRARIES += libsockd.a
libsockd_a_SOURCES = \
	src/base/json.c \
	src/base/json.h \
	src/base/log.c \
	src/base/log.h \
	src/base/log_render.c \
	src/base/sdnotify.c \
	src/base/sdnotify.h \
	src/base/util.c \
	src/base/util.h \
	src/board/admit.c \
	src/board/admit.h \
	src/board/board.c \
	src/board/board.h \
	src/board/tally.c \
	src/board/tally.h \
	src/board/view.c \
	src/board/view.h \
	src/board/view_json.c \
	src/board/view_json.h \
	src/conf/conf.h \
	src/conf/conf_internal.h \
	src/conf/cpus.c \
	src/conf/dump.c \
	src/conf/errors.c \
	src/conf/keys.c \
	src/conf/load.c \
	src/conf/parse.c \
	src/conf/resolve.c \
	src/conf/resolve_addr.c \
	src/conf/resolve_program.c \
	src/conf/scan.c \
	src/conf/value.c \
	src/core/area.c \
	src/core/area.h \
	src/core/check.c \
	src/core/child.c \
	src/core/child.h \
	src/core/control.c \
	src/core/control.h \
	src/core/control_command.c \
	src/core/control_command.h \
	src/core/control_peer.c \
	src/core/control_peer.h \
	src/core/daemon.c \
	src/core/daemon.h \
	src/core/gate.c \
	src/core/gate.h \
	src/core/heir.c \
	src/core/heir.h \
	src/core/logger.c \
	src/core/logger.h \
	src/core/logger_parts.h \
	src/core/logger_run.c \
	src/core/logger_sink.c \
	src/core/logger_stderr.c \
	src/core/loop.c \
	src/core/loop.h \
	src/core/master.c \
	src/core/master.h \
	src/core/master_board.c \
	src/core/master_reload.c \
	src/core/master_reload.h \
	src/core/pool.c \
	src/core/pool.h \
	src/core/pool_program.c \
	src/core/pool_program.h \
	src/core/pool_size.c \
	src/core/pool_watch.c \
	src/core/privs.c \
	src/core/privs.h \
	src/core/program.c \
	src/core/reload.c \
	src/core/reload.h \
	src/core/service.c \
	src/core/service.h \
	src/core/service_board.c \
	src/core/service_fork.c \
	src/core/service_listen.c \
	src/core/service_parts.h \
	src/core/settings.c \
	src/core/settings.h \
	src/core/upgrade.c \
	src/core/upgrade.h \
	src/core/upgrade_start.c \
	src/core/upgrade_start.h \
	src/core/worker.c \
	src/core/worker.h \
	src/core/worker_accept.c \
	src/core/worker_accept.h \
	src/core/worker_setup.c \
	src/core/worker_setup.h \
	src/handlers/chargen.c \
	src/handlers/chat.c \
	src/handlers/chat_line.c \
	src/handlers/chat_line.h \
	src/handlers/chat_room.c \
	src/handlers/chat_room.h \
	src/handlers/daytime.c \
	src/handlers/discard.c \
	src/handlers/echo.c \
	src/handlers/exec.c \
	src/handlers/exec_env.c \
	src/handlers/exec_env.h \
	src/handlers/handler.h \
	src/handlers/handlers.c \
	src/handlers/module.c \
	src/handlers/proxy.c \
	src/handlers/proxy_relay.c \
	src/handlers/proxy_relay.h \
	src/handlers/qotd.c \
	src/handlers/spawn.c \
	src/handlers/spawn.h \
	src/handlers/status.c \
	src/handlers/status.h \
	src/handlers/status_html.c \
	src/handlers/status_http.c \
	src/handlers/status_http.h \
	src/handlers/status_json.c \
	src/handlers/status_metrics.c \
	src/handlers/time.c \
	src/net/access.c \
	src/net/access.h \
	src/net/addr.c \
	src/net/addr.h \
	src/net/conn.c \
	src/net/conn.h \
	src/net/listener.c \
	src/net/listener.h \
	src/net/listener_drain.c \
	src/net/listener_inherit.c \
	src/net/listener_store.c \
	src/net/listener_internal.h \
	src/net/listener_tune.c \
	src/net/listener_unix.c \
	src/net/proxy_header.c \
	src/net/proxy_header.h

# The page of the status handler, a string for each line.
nodist_libsockd_a_SOURCES = src/handlers/status_page.c
CLEANFILES += src/handlers/status_page.c
EXTRA_DIST += src/handlers/status_page.html

src/handlers/status_page.c: src/handlers/status_page.html
	$(AM_V_GEN)$(MKDIR_P) src/handlers && { \
		echo '/* Made from status_page.html. */'; \
		echo '#include "handlers/status.h"'; \
		echo 'const char *const status_page_html[] = {'; \
		sed -e 's/^[[:space:]]*//' -e '/^$$/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n",/' \
			'$(srcdir)/src/handlers/status_page.html'; \
		echo '0};'; \
	} >$@.tmp
	$(AM_V_at)mv $@.tmp $@

if COVERAGE
libsockd_a_SOURCES += tests/coverage.c
endif

sbin_PROGRAMS += src/sockd
src_sockd_SOURCES = src/main.c src/options.c src/options.h
src_sockd_LDADD = libsockd.a $(CONFUSE_LIBS)

sbin_PROGRAMS += src/sockd-import
src_sockd_import_SOURCES = \
	src/import/address.c \
	src/import/import.h \
	src/import/inetd.c \
	src/import/main.c \
	src/import/service.c \
	src/import/xinetd.c
src_sockd_import_LDADD = libsockd.a $(CONFUSE_LIBS)

bin_PROGRAMS += src/sockctl
src_sockctl_SOURCES = \
	src/ctl/ask.c \
	src/ctl/ctl.h \
	src/ctl/main.c \
	src/ctl/show.c \
	src/ctl/snapshot.c \
	src/ctl/table.c \
	src/ctl/top.c
src_sockctl_LDADD = libsockd.a
