# Tests: one behaviour, one file, one line here. check-lists fails for a file that has no line.
# Each runs alone, in parallel with others, from any directory: bash tests/NAME.sh does too.

shell_tests =

if HAVE_CMOCKA
unit_tests = \
	tests/unit/test_listener \
	tests/unit/test_listener_inherit
endif

test_ldadd = libsockd.a $(CONFUSE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_listener_SOURCES = tests/unit/test_listener.c tests/unit/listener_help.h
tests_unit_test_listener_LDADD = $(test_ldadd)
tests_unit_test_listener_inherit_SOURCES = \
	tests/unit/test_listener_inherit.c tests/unit/listener_help.h
tests_unit_test_listener_inherit_LDADD = $(test_ldadd)

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests) $(shell_tests)
EXTRA_DIST += $(shell_tests)

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	SOCKD='$(abs_top_builddir)/src/sockd$(EXEEXT)'; export SOCKD;

# A test that nobody runs is worse than none.
check-lists:
	$(AM_V_at)cd $(srcdir) && missing=; \
	for f in tests/[!l]*.sh tests/l[!i]*.sh; do \
		test ! -e $$f && continue; \
		case ' $(shell_tests) ' in *" $$f "*) ;; *) missing="$$missing $$f" ;; esac; \
	done; \
	test -z "$$missing" || { echo "tests/local.mk does not name$$missing" >&2; exit 1; }
check-am: check-lists
.PHONY: check-lists
