/* coverage.c: only in --enable-coverage builds: write the counts at _exit(2) too, by which workers leave.
 * The linker puts __wrap__exit() in the place of _exit(): see --wrap in ld(1). */
#include <unistd.h>

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
