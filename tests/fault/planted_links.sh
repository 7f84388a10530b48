# Symbolic links at the pidfile, the control socket, a unix listener.
. "$(dirname "$0")/lib_fault.sh" root
short_form pidfile_symlink_is_refused SOCKD_TEST_FAULT=
short_form control_socket_path_that_will_not_do SOCKD_TEST_FAULT=
short_form listen_unix_refuses_what_is_not_ours SOCKD_TEST_FAULT=
