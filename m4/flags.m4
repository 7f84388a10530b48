# Probes of compiler and linker flags, one flag at a time.

# SOCKD_CFLAG(VARIABLE, FLAG...[, ACTION-IF-NOT])
# Append FLAG to VARIABLE if the compiler takes it without a warning. clang warns of a flag that it
# does not know, or does not use, where gcc fails: -Werror makes both fail.
AC_DEFUN([SOCKD_CFLAG], [
	AC_MSG_CHECKING([whether $CC takes $2])
	sockd_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[sockd_taken=yes], [sockd_taken=no])
	CFLAGS=$sockd_save_CFLAGS
	AC_MSG_RESULT([$sockd_taken])
	AS_IF([test $sockd_taken = yes], [AS_VAR_APPEND([$1], [" $2"])], [$3])
])

# SOCKD_LDFLAG(VARIABLE, FLAG)
# Append FLAG to VARIABLE if a program can be linked with it.
AC_DEFUN([SOCKD_LDFLAG], [
	AC_MSG_CHECKING([whether the linker takes $2])
	sockd_save_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -Werror $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[sockd_taken=yes], [sockd_taken=no])
	LDFLAGS=$sockd_save_LDFLAGS
	AC_MSG_RESULT([$sockd_taken])
	AS_IF([test $sockd_taken = yes], [AS_VAR_APPEND([$1], [" $2"])])
])

# SOCKD_PIE(CFLAGS-VARIABLE, LDFLAGS-VARIABLE)
# -fPIE and -pie only work together, so they are one probe.
AC_DEFUN([SOCKD_PIE], [
	AC_MSG_CHECKING([whether -fPIE -pie works])
	sockd_save_CFLAGS=$CFLAGS
	sockd_save_LDFLAGS=$LDFLAGS
	CFLAGS="$CFLAGS -Werror -fPIE"
	LDFLAGS="$LDFLAGS -pie"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[sockd_taken=yes], [sockd_taken=no])
	CFLAGS=$sockd_save_CFLAGS
	LDFLAGS=$sockd_save_LDFLAGS
	AC_MSG_RESULT([$sockd_taken])
	AS_IF([test $sockd_taken = yes], [
		AS_VAR_APPEND([$1], [" -fPIE"])
		AS_VAR_APPEND([$2], [" -pie"])
	])
])

# SOCKD_FORTIFY(VARIABLE)
# The highest level of _FORTIFY_SOURCE that the C library knows. It needs an optimising compiler, and
# a distribution may have defined it already: undefine first.
AC_DEFUN([SOCKD_FORTIFY], [
	AC_MSG_CHECKING([for the level of _FORTIFY_SOURCE])
	sockd_level=none
	sockd_save_CFLAGS=$CFLAGS
	for sockd_try in 3 2; do
		CFLAGS="$sockd_save_CFLAGS -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$sockd_try"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <string.h>
#ifndef __OPTIMIZE__
#error "not optimised"
#endif
]])], [sockd_level=$sockd_try; break])
	done
	CFLAGS=$sockd_save_CFLAGS
	AC_MSG_RESULT([$sockd_level])
	AS_IF([test $sockd_level != none],
		[AS_VAR_APPEND([$1], [" -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$sockd_level"])])
])
