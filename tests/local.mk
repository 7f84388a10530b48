# Tests: one behaviour, one file, one line here; check-lists fails for a file that has none.
# Each runs in parallel with others. By hand: bash tests/NAME.sh, in the build directory.

# Those that take longest come first: at the end nothing would fill the time beside them.
shell_tests = \
	tests/nmap_names_the_services.sh \
	tests/systemd_keeps_listeners.sh \
	tests/status_in_a_browser.sh \
	tests/valgrind_finds_nothing.sh \
	tests/sockctl_dead_or_hung.sh \
	tests/upgrade_of_a_broken_program_changes_nothing.sh \
	tests/status_hostile_requests.sh \
	tests/control_hostile_clients.sh \
	tests/module_options_error_names_file_and_line.sh \
	tests/accept_errors_are_passed_over.sh \
	tests/access_deny_wins.sh \
	tests/access_from_file.sh \
	tests/access_mapped_addresses_are_ipv4.sh \
	tests/address_in_use_is_told.sh \
	tests/backlog_above_somaxconn_is_warned_of.sh \
	tests/bell_rung_without_end_costs_little.sh \
	tests/chargen_sends_rotating_lines.sh \
	tests/chat_cleans_what_clients_send.sh \
	tests/chat_commands.sh \
	tests/chat_keeps_order.sh \
	tests/chat_lines_reach_all_others.sh \
	tests/chat_room_of_500.sh \
	tests/chat_slow_client_delays_nobody.sh \
	tests/chat_worker_death_takes_its_client_alone.sh \
	tests/closed_standard_descriptors.sh \
	tests/conf_access_lists_are_checked.sh \
	tests/conf_defaults_fill_in.sh \
	tests/conf_include_reads_more_files.sh \
	tests/conf_keys_belong_to_handlers.sh \
	tests/conf_limits_are_read.sh \
	tests/conf_programs_are_checked.sh \
	tests/conf_rejects_broken_files.sh \
	tests/conf_rejects_unknown_keys.sh \
	tests/conf_rejects_what_stands_twice.sh \
	tests/conf_rejects_wrong_values.sh \
	tests/conf_service_names.sh \
	tests/conf_strings_and_environment.sh \
	tests/conf_tells_all_errors.sh \
	tests/conf_upstream_loops_are_refused.sh \
	tests/connection_line_tells_how_it_ended.sh \
	tests/crash_loop_backs_off.sh \
	tests/crash_loop_fills_no_log.sh \
	tests/daemon_parent_waits_until_ready.sh \
	tests/daytime_says_the_time.sh \
	tests/death_tells_last_words.sh \
	tests/deaths_far_apart_are_no_crash_loop.sh \
	tests/defer_accept_keeps_the_silent_out.sh \
	tests/descriptors_do_not_leak.sh \
	tests/descriptors_used_up_are_waited_out.sh \
	tests/discard_says_nothing.sh \
	tests/drain_timeout_ends_old_workers.sh \
	tests/dump_feeds_back_to_itself.sh \
	tests/echo_answers_before_fin.sh \
	tests/exec_answer_is_not_cut_off.sh \
	tests/exec_environment_is_exact.sh \
	tests/exec_failure_is_told_once.sh \
	tests/exec_fork_failure_is_told.sh \
	tests/exec_killed_worker_takes_its_program.sh \
	tests/exec_leaves_no_group_behind.sh \
	tests/exec_line_tells_how_the_program_ended.sh \
	tests/exec_odd_programs_give_the_slot_back.sh \
	tests/exec_program_starts_clean.sh \
	tests/exec_runs_with_its_settings.sh \
	tests/exec_serves_a_shell_script.sh \
	tests/exec_serves_git.sh \
	tests/exec_serves_http.sh \
	tests/exec_serves_rsync.sh \
	tests/exec_serves_sshd.sh \
	tests/exec_stderr_goes_to_the_log.sh \
	tests/exec_stop_ends_programs.sh \
	tests/exec_timeouts_end_the_whole_group.sh \
	tests/exec_under_load_loses_nothing.sh \
	tests/fastopen_takes_data_with_the_syn.sh \
	tests/first_byte_timeout.sh \
	tests/first_worker_that_dies_fails_the_start.sh \
	tests/exec_under_valgrind.sh \
	tests/fork_failure_at_reload_signals_nobody.sh \
	tests/fork_failure_is_survived.sh \
	tests/freebind_binds_a_foreign_address.sh \
	tests/handshake_under_way_is_let_in.sh \
	tests/idle_master_is_silent.sh \
	tests/idle_timeout.sh \
	tests/import_debian_files.sh \
	tests/import_says_what_is_lost.sh \
	tests/import_serves_the_same.sh \
	tests/inherited_signal_state_is_reset.sh \
	tests/inherited_socket_made_nonblocking_is_no_spin.sh \
	tests/interop_with_usual_clients.sh \
	tests/journal_lines_carry_priorities.sh \
	tests/json_log_is_valid.sh \
	tests/keys_are_documented.sh \
	tests/keys_are_tested.sh \
	tests/killed_logger_is_replaced.sh \
	tests/killed_master_leaves_no_mess.sh \
	tests/killed_master_of_root_leaves_no_mess.sh \
	tests/killed_pool_is_back_in_a_second.sh \
	tests/leaving_worker_takes_the_client_it_was_woken_for.sh \
	tests/listen_inherited_beside_an_unfit_one.sh \
	tests/listen_inherited_by_address.sh \
	tests/listen_inherited_by_name.sh \
	tests/listen_inherited_comes_back.sh \
	tests/listen_on_several_addresses.sh \
	tests/listen_option_needs_no_file.sh \
	tests/listen_port_0_is_told.sh \
	tests/listen_takes_names.sh \
	tests/listen_unix_owner.sh \
	tests/listen_unix_refuses_what_is_not_ours.sh \
	tests/listen_unix_socket.sh \
	tests/listen_v4_v6_and_both.sh \
	tests/log_hostile_records_do_no_harm.sh \
	tests/log_last_lines_survive_the_logger.sh \
	tests/log_last_words_belong_to_their_service.sh \
	tests/log_on_a_full_disk.sh \
	tests/log_levels_filter.sh \
	tests/log_lines_are_escaped.sh \
	tests/log_lines_of_a_stalled_logger_are_counted.sh \
	tests/log_stalled_stderr_blocks_no_writer.sh \
	tests/logger_failure_is_told.sh \
	tests/logger_is_replaced_under_a_flood.sh \
	tests/logger_keeps_no_rights.sh \
	tests/low_port_needs_root.sh \
	tests/max_connections_1_retires_with_any_jitter.sh \
	tests/max_connections_retires_one_at_a_time.sh \
	tests/max_per_source_is_exact.sh \
	tests/module_crash_in_init.sh \
	tests/module_crash_in_serve.sh \
	tests/module_header_stands_alone.sh \
	tests/module_hostile_listener.sh \
	tests/module_hostile_memory.sh \
	tests/module_hostile_resources.sh \
	tests/module_http.sh \
	tests/module_kv.sh \
	tests/module_leaves_between_requests.sh \
	tests/module_serves.sh \
	tests/module_timeouts.sh \
	tests/module_wrong_abi.sh \
	tests/no_enabled_service_is_an_error.sh \
	tests/options_and_usage.sh \
	tests/orphans_without_end_hold_up_nobody.sh \
	tests/pidfile_is_written_and_locked.sh \
	tests/pidfile_symlink_is_refused.sh \
	tests/pool_grows_and_shrinks.sh \
	tests/program_env_is_exact.sh \
	tests/program_is_stopped_with_its_group.sh \
	tests/program_leaves_no_group_behind.sh \
	tests/program_not_ready_keeps_the_old.sh \
	tests/program_rolls_one_by_one.sh \
	tests/program_runs_gunicorn.sh \
	tests/program_runs_node.sh \
	tests/program_runs_server_starter.sh \
	tests/program_that_cannot_start.sh \
	tests/program_that_never_came_to_exec_is_not_ready.sh \
	tests/proxy_connect_timeout.sh \
	tests/proxy_moves_bulk.sh \
	tests/proxy_names_resolve_before_chroot.sh \
	tests/proxy_passes_over_dead_upstreams.sh \
	tests/proxy_passes_resets_on.sh \
	tests/proxy_protocol_from_haproxy.sh \
	tests/proxy_protocol_header_byte_by_byte.sh \
	tests/proxy_protocol_header_has_one_deadline.sh \
	tests/proxy_protocol_only_from_the_trusted.sh \
	tests/proxy_protocol_rejects_what_is_no_header.sh \
	tests/proxy_protocol_tells_the_client.sh \
	tests/proxy_relays_both_ways.sh \
	tests/proxy_sends_header.sh \
	tests/proxy_stop_while_relaying.sh \
	tests/proxy_times_out.sh \
	tests/proxy_unix_upstream.sh \
	tests/proxy_upstream_socket_options.sh \
	tests/proxy_waits_without_spinning.sh \
	tests/qotd_says_its_text.sh \
	tests/rate_per_source_leaves_others_alone.sh \
	tests/rate_sheds_and_recovers.sh \
	tests/refused_are_logged_at_a_bounded_rate.sh \
	tests/reload_follows_symbolic_links.sh \
	tests/reload_keeps_what_has_not_changed.sh \
	tests/reload_leaves_kept_queues_to_new_workers.sh \
	tests/reload_of_a_bad_file_changes_nothing.sh \
	tests/reload_of_a_program_that_ends_is_refused.sh \
	tests/reload_of_pool_size_keeps_workers.sh \
	tests/reload_that_fails_serves_nobody.sh \
	tests/reload_that_lacks_a_descriptor_changes_nothing.sh \
	tests/reload_under_load_loses_nothing.sh \
	tests/reload_while_a_queue_drains_loses_nobody.sh \
	tests/reload_while_fork_fails_keeps_the_old_workers.sh \
	tests/reload_always_ends_for_systemd.sh \
	tests/reload_brings_new_code.sh \
	tests/reload_ends_when_a_trial_hangs.sh \
	tests/reload_failing_and_good_in_turn_loses_nothing.sh \
	tests/reload_gets_rid_of_a_trial_that_hangs.sh \
	tests/reload_moves_a_listener_only_when_it_is_decided.sh \
	tests/reload_that_waits_for_a_trial.sh \
	tests/reload_with_a_failing_trial_changes_nothing.sh \
	tests/reload_without_memory_is_refused.sh \
	tests/reload_with_workers_that_retire_at_once.sh \
	tests/control_rights.sh \
	tests/control_socket_comes_and_goes.sh \
	tests/control_socket_path_that_will_not_do.sh \
	tests/control_tells_who_asked.sh \
	tests/diff_tells_and_changes_nothing.sh \
	tests/log_level_of_the_running_sockd.sh \
	tests/out_of_memory_spares_the_master.sh \
	tests/pause_lets_clients_wait.sh \
	tests/scale_lasts_until_the_next_reload.sh \
	tests/scoreboard_counters_never_go_back.sh \
	tests/scoreboard_is_sealed.sh \
	tests/reload_with_a_stolen_port_changes_nothing.sh \
	tests/repeated_lines_are_counted.sh \
	tests/repeated_term_does_not_put_off_kill.sh \
	tests/sample_settings_work.sh \
	tests/session_timeout.sh \
	tests/several_listeners_wake_one_worker.sh \
	tests/shut_down_listener_is_revived.sh \
	tests/shutdown_timeout_forces_the_end.sh \
	tests/sockctl_commands.sh \
	tests/sockctl_completion.sh \
	tests/sockctl_json_is_valid.sh \
	tests/sockctl_recent.sh \
	tests/sockctl_status.sh \
	tests/sockctl_top_draws.sh \
	tests/sockctl_workers.sh \
	tests/socket_options_of_inherited_sockets.sh \
	tests/socket_options_reach_connections.sh \
	tests/stalled_log_counts_lost_lines.sh \
	tests/start_without_descriptors_ends.sh \
	tests/status_counters_never_go_back.sh \
	tests/status_json_is_valid.sh \
	tests/status_metrics_are_valid_openmetrics.sh \
	tests/status_only_on_loopback.sh \
	tests/status_page.sh \
	tests/status_ready_while_stopping.sh \
	tests/stopped_worker_is_replaced.sh \
	tests/stray_signals_end_nothing.sh \
	tests/supplementary_groups_reach_workers.sh \
	tests/syslog_gets_the_lines.sh \
	tests/syslog_missing_or_stalled_holds_up_nobody.sh \
	tests/systemd_is_notified.sh \
	tests/systemd_service.sh \
	tests/term_drains_the_queue.sh \
	tests/term_refuses_new_clients.sh \
	tests/test_option_binds_nothing.sh \
	tests/thousand_workers.sh \
	tests/time_sends_four_bytes.sh \
	tests/ttin_ttou_change_the_pools.sh \
	tests/upgrade_counts_sources_of_both.sh \
	tests/upgrade_is_refused_as_pid_1.sh \
	tests/upgrade_keeps_a_pause.sh \
	tests/upgrade_keeps_connections.sh \
	tests/upgrade_keeps_pidfile_and_mainpid.sh \
	tests/upgrade_stop_waits_for_the_old.sh \
	tests/upgrade_takes_new_settings.sh \
	tests/upgrade_that_fails_lets_clients_finish.sh \
	tests/upgrade_under_load_loses_nothing.sh \
	tests/usr1_logs_a_summary.sh \
	tests/what_a_reload_removed_can_come_back.sh \
	tests/worker_crash_is_respawned.sh \
	tests/workers_auto_counts_cpus.sh \
	tests/workers_run_as_user.sh

unit_tests = \
	tests/unit/test_access \
	tests/unit/test_addr \
	tests/unit/test_admit \
	tests/unit/test_chat_line \
	tests/unit/test_chat_nick \
	tests/unit/test_chat_room \
	tests/unit/test_conf \
	tests/unit/test_conf_files \
	tests/unit/test_conf_resolve \
	tests/unit/test_conf_syntax \
	tests/unit/test_conn \
	tests/unit/test_listener \
	tests/unit/test_listener_inherit \
	tests/unit/test_proxy_header \
	tests/unit/test_proxy_header_read \
	tests/unit/test_view

EXTRA_DIST += tests/chromium.py tests/client.py tests/control.py tests/lib.sh tests/lib_app.sh tests/lib_program.sh tests/lib_status.sh tests/lib_upgrade.sh tests/lib_systemd.sh tests/lib_sockctl.sh tests/lib_clock.sh tests/lib_control.sh tests/lib_log.sh tests/unit/chat_help.h tests/unit/conf_help.h tests/unit/listener_help.h

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

# Fuzzers of what reads other people's bytes: `make check-fuzz [FUZZ_SECONDS=60]`, where clang is.
check-fuzz:
	$(AM_V_at)bash $(srcdir)/tests/fuzz/run.sh || test $$? -eq 77
.PHONY: check-fuzz

# Faults at full length: more than half an hour, root, nobody else on the machine.
check-fault: all $(check_PROGRAMS)
	$(AM_V_at)top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		SOCKD='$(abs_top_builddir)/src/sockd$(EXEEXT)' bash $(srcdir)/tests/fault/run.sh $(FAULTS) || test $$? -eq 77
.PHONY: check-fault
EXTRA_DIST += tests/fault
EXTRA_DIST += tests/fuzz tests/import

# A test that nobody runs is worse than none.
check-lists:
	$(AM_V_at)cd $(srcdir) && for f in tests/*.sh tests/unit/test_*.c; do \
		test -e $$f || continue; \
		case " $(shell_tests) $(unit_tests) tests/lib.sh tests/lib_app.sh tests/lib_program.sh tests/lib_status.sh tests/lib_upgrade.sh tests/lib_systemd.sh tests/lib_sockctl.sh tests/lib_clock.sh tests/lib_control.sh tests/lib_log.sh " in \
		*" $${f%.c} "*) ;; \
		*) echo "tests/local.mk does not name $$f" >&2; exit 1 ;; \
		esac; \
	done
check-am: check-lists
.PHONY: check-lists
