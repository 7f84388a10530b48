# Sources, by room. A new file is one line here; `make distcheck` fails for one that is missing.

noinst_LIBRARIES += libsockd.a
libsockd_a_SOURCES = \
	src/base/log.c \
	src/base/log.h \
	src/base/log_render.c \
	src/base/sdnotify.c \
	src/base/sdnotify.h \
	src/base/util.h \
	src/board/board.c \
	src/board/board.h \
	src/conf/conf.h \
	src/handlers/handler.h \
	src/net/addr.h \
	src/net/conn.h \
	src/net/listener.c \
	src/net/listener.h \
	src/net/listener_inherit.c \
	src/net/listener_internal.h \
	src/net/listener_unix.c

sbin_PROGRAMS += src/sockd
src_sockd_SOURCES = src/main.c
src_sockd_LDADD = libsockd.a $(CONFUSE_LIBS)
