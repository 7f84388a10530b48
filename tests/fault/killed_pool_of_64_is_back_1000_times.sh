# 64 workers killed at once, 1,000 times: an exact count each time, no zombie, no lost SIGCHLD.
. "$(dirname "$0")/lib_fault.sh" root
short_form killed_pool_is_back_in_a_second SOCKD_TEST_ROUNDS="${ROUNDS:-1000}"
