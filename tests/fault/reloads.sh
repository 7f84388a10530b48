# 100 reloads under load, two at once; a port that was stolen; settings good and bad in turn.
. "$(dirname "$0")/lib_fault.sh" root
short_form reload_under_load_loses_nothing SOCKD_TEST_RELOADS="${RELOADS:-100}" SOCKD_FAULT_RELOADS=100
short_form reload_with_a_stolen_port_changes_nothing
short_form reload_failing_and_good_in_turn_loses_nothing SOCKD_TEST_FAULT= # it counts reloads
