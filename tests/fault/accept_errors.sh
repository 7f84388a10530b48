# Each error of accept(2) in turn.
. "$(dirname "$0")/lib_fault.sh" root strace
short_form accept_errors_are_passed_over
