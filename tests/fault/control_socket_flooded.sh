# The control socket: garbage, half a command and silence, 1,000 clients at once.
. "$(dirname "$0")/lib_fault.sh" root
short_form control_hostile_clients
