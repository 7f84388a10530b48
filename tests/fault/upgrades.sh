# 50 upgrades under load; to programs that crash, hang, cannot be started.
. "$(dirname "$0")/lib_fault.sh" root
short_form upgrade_under_load_loses_nothing SOCKD_TEST_UPGRADES="${UPGRADES:-50}" SOCKD_TEST_FAULT=
short_form upgrade_of_a_broken_program_changes_nothing SOCKD_TEST_FAULT=
