# Tests: one behaviour, one file, one line here; check-lists fails for a file that has none.
# Each runs in parallel with others. By hand: bash tests/NAME.sh, in the build directory.

shell_tests =

unit_tests = \
	tests/unit/test_listener \
	tests/unit/test_listener_inherit

EXTRA_DIST += tests/unit/listener_help.h

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
LDADD = libsockd.a $(CONFUSE_LIBS) $(CMOCKA_LIBS)

TESTS += $(shell_tests)
EXTRA_DIST += $(shell_tests)

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	SOCKD='$(abs_top_builddir)/src/sockd$(EXEEXT)'; export SOCKD;

# A test that nobody runs is worse than none.
check-lists:
	$(AM_V_at)cd $(srcdir) && for f in tests/*.sh tests/unit/test_*.c; do \
		test -e $$f || continue; \
		case " $(shell_tests) $(unit_tests) tests/lib.sh " in \
		*" $${f%.c} "*) ;; \
		*) echo "tests/local.mk does not name $$f" >&2; exit 1 ;; \
		esac; \
	done
check-am: check-lists
.PHONY: check-lists
