-- help: Settings as postgres_exporter shows them, a family each.
-- every: 5m
-- timeout: 2s
-- metrics:
--   pg_settings_allow_alter_system: {column: allow_alter_system, type: gauge, help: "The setting allow_alter_system."}
--   pg_settings_allow_in_place_tablespaces: {column: allow_in_place_tablespaces, type: gauge, help: "The setting allow_in_place_tablespaces."}
--   pg_settings_allow_system_table_mods: {column: allow_system_table_mods, type: gauge, help: "The setting allow_system_table_mods."}
--   pg_settings_archive_timeout_seconds: {column: archive_timeout, type: gauge, help: "The setting archive_timeout, in seconds."}
--   pg_settings_array_nulls: {column: array_nulls, type: gauge, help: "The setting array_nulls."}
--   pg_settings_authentication_timeout_seconds: {column: authentication_timeout, type: gauge, help: "The setting authentication_timeout, in seconds."}
--   pg_settings_autovacuum: {column: autovacuum, type: gauge, help: "The setting autovacuum."}
--   pg_settings_autovacuum_analyze_scale_factor: {column: autovacuum_analyze_scale_factor, type: gauge, help: "The setting autovacuum_analyze_scale_factor."}
--   pg_settings_autovacuum_analyze_threshold: {column: autovacuum_analyze_threshold, type: gauge, help: "The setting autovacuum_analyze_threshold."}
--   pg_settings_autovacuum_freeze_max_age: {column: autovacuum_freeze_max_age, type: gauge, help: "The setting autovacuum_freeze_max_age."}
--   pg_settings_autovacuum_max_workers: {column: autovacuum_max_workers, type: gauge, help: "The setting autovacuum_max_workers."}
--   pg_settings_autovacuum_multixact_freeze_max_age: {column: autovacuum_multixact_freeze_max_age, type: gauge, help: "The setting autovacuum_multixact_freeze_max_age."}
--   pg_settings_autovacuum_naptime_seconds: {column: autovacuum_naptime, type: gauge, help: "The setting autovacuum_naptime, in seconds."}
--   pg_settings_autovacuum_vacuum_cost_delay_seconds: {column: autovacuum_vacuum_cost_delay, type: gauge, help: "The setting autovacuum_vacuum_cost_delay, in seconds."}
--   pg_settings_autovacuum_vacuum_cost_limit: {column: autovacuum_vacuum_cost_limit, type: gauge, help: "The setting autovacuum_vacuum_cost_limit."}
--   pg_settings_autovacuum_vacuum_insert_scale_factor: {column: autovacuum_vacuum_insert_scale_factor, type: gauge, help: "The setting autovacuum_vacuum_insert_scale_factor."}
--   pg_settings_autovacuum_vacuum_insert_threshold: {column: autovacuum_vacuum_insert_threshold, type: gauge, help: "The setting autovacuum_vacuum_insert_threshold."}
--   pg_settings_autovacuum_vacuum_max_threshold: {column: autovacuum_vacuum_max_threshold, type: gauge, help: "The setting autovacuum_vacuum_max_threshold."}
--   pg_settings_autovacuum_vacuum_scale_factor: {column: autovacuum_vacuum_scale_factor, type: gauge, help: "The setting autovacuum_vacuum_scale_factor."}
--   pg_settings_autovacuum_vacuum_threshold: {column: autovacuum_vacuum_threshold, type: gauge, help: "The setting autovacuum_vacuum_threshold."}
--   pg_settings_autovacuum_work_mem_bytes: {column: autovacuum_work_mem, type: gauge, help: "The setting autovacuum_work_mem, in bytes."}
--   pg_settings_autovacuum_worker_slots: {column: autovacuum_worker_slots, type: gauge, help: "The setting autovacuum_worker_slots."}
--   pg_settings_backend_flush_after_bytes: {column: backend_flush_after, type: gauge, help: "The setting backend_flush_after, in bytes."}
--   pg_settings_bgwriter_delay_seconds: {column: bgwriter_delay, type: gauge, help: "The setting bgwriter_delay, in seconds."}
--   pg_settings_bgwriter_flush_after_bytes: {column: bgwriter_flush_after, type: gauge, help: "The setting bgwriter_flush_after, in bytes."}
--   pg_settings_bgwriter_lru_maxpages: {column: bgwriter_lru_maxpages, type: gauge, help: "The setting bgwriter_lru_maxpages."}
--   pg_settings_bgwriter_lru_multiplier: {column: bgwriter_lru_multiplier, type: gauge, help: "The setting bgwriter_lru_multiplier."}
--   pg_settings_block_size: {column: block_size, type: gauge, help: "The setting block_size."}
--   pg_settings_bonjour: {column: bonjour, type: gauge, help: "The setting bonjour."}
--   pg_settings_check_function_bodies: {column: check_function_bodies, type: gauge, help: "The setting check_function_bodies."}
--   pg_settings_checkpoint_completion_target: {column: checkpoint_completion_target, type: gauge, help: "The setting checkpoint_completion_target."}
--   pg_settings_checkpoint_flush_after_bytes: {column: checkpoint_flush_after, type: gauge, help: "The setting checkpoint_flush_after, in bytes."}
--   pg_settings_checkpoint_timeout_seconds: {column: checkpoint_timeout, type: gauge, help: "The setting checkpoint_timeout, in seconds."}
--   pg_settings_checkpoint_warning_seconds: {column: checkpoint_warning, type: gauge, help: "The setting checkpoint_warning, in seconds."}
--   pg_settings_client_connection_check_interval_seconds: {column: client_connection_check_interval, type: gauge, help: "The setting client_connection_check_interval, in seconds."}
--   pg_settings_commit_delay: {column: commit_delay, type: gauge, help: "The setting commit_delay."}
--   pg_settings_commit_siblings: {column: commit_siblings, type: gauge, help: "The setting commit_siblings."}
--   pg_settings_commit_timestamp_buffers_bytes: {column: commit_timestamp_buffers, type: gauge, help: "The setting commit_timestamp_buffers, in bytes."}
--   pg_settings_cpu_index_tuple_cost: {column: cpu_index_tuple_cost, type: gauge, help: "The setting cpu_index_tuple_cost."}
--   pg_settings_cpu_operator_cost: {column: cpu_operator_cost, type: gauge, help: "The setting cpu_operator_cost."}
--   pg_settings_cpu_tuple_cost: {column: cpu_tuple_cost, type: gauge, help: "The setting cpu_tuple_cost."}
--   pg_settings_cursor_tuple_fraction: {column: cursor_tuple_fraction, type: gauge, help: "The setting cursor_tuple_fraction."}
--   pg_settings_data_checksums: {column: data_checksums, type: gauge, help: "The setting data_checksums."}
--   pg_settings_data_directory_mode: {column: data_directory_mode, type: gauge, help: "The setting data_directory_mode."}
--   pg_settings_data_sync_retry: {column: data_sync_retry, type: gauge, help: "The setting data_sync_retry."}
--   pg_settings_db_user_namespace: {column: db_user_namespace, type: gauge, help: "The setting db_user_namespace."}
--   pg_settings_deadlock_timeout_seconds: {column: deadlock_timeout, type: gauge, help: "The setting deadlock_timeout, in seconds."}
--   pg_settings_debug_assertions: {column: debug_assertions, type: gauge, help: "The setting debug_assertions."}
--   pg_settings_debug_discard_caches: {column: debug_discard_caches, type: gauge, help: "The setting debug_discard_caches."}
--   pg_settings_debug_pretty_print: {column: debug_pretty_print, type: gauge, help: "The setting debug_pretty_print."}
--   pg_settings_debug_print_parse: {column: debug_print_parse, type: gauge, help: "The setting debug_print_parse."}
--   pg_settings_debug_print_plan: {column: debug_print_plan, type: gauge, help: "The setting debug_print_plan."}
--   pg_settings_debug_print_rewritten: {column: debug_print_rewritten, type: gauge, help: "The setting debug_print_rewritten."}
--   pg_settings_default_statistics_target: {column: default_statistics_target, type: gauge, help: "The setting default_statistics_target."}
--   pg_settings_default_transaction_deferrable: {column: default_transaction_deferrable, type: gauge, help: "The setting default_transaction_deferrable."}
--   pg_settings_default_transaction_read_only: {column: default_transaction_read_only, type: gauge, help: "The setting default_transaction_read_only."}
--   pg_settings_effective_cache_size_bytes: {column: effective_cache_size, type: gauge, help: "The setting effective_cache_size, in bytes."}
--   pg_settings_effective_io_concurrency: {column: effective_io_concurrency, type: gauge, help: "The setting effective_io_concurrency."}
--   pg_settings_enable_async_append: {column: enable_async_append, type: gauge, help: "The setting enable_async_append."}
--   pg_settings_enable_bitmapscan: {column: enable_bitmapscan, type: gauge, help: "The setting enable_bitmapscan."}
--   pg_settings_enable_distinct_reordering: {column: enable_distinct_reordering, type: gauge, help: "The setting enable_distinct_reordering."}
--   pg_settings_enable_gathermerge: {column: enable_gathermerge, type: gauge, help: "The setting enable_gathermerge."}
--   pg_settings_enable_group_by_reordering: {column: enable_group_by_reordering, type: gauge, help: "The setting enable_group_by_reordering."}
--   pg_settings_enable_hashagg: {column: enable_hashagg, type: gauge, help: "The setting enable_hashagg."}
--   pg_settings_enable_hashjoin: {column: enable_hashjoin, type: gauge, help: "The setting enable_hashjoin."}
--   pg_settings_enable_incremental_sort: {column: enable_incremental_sort, type: gauge, help: "The setting enable_incremental_sort."}
--   pg_settings_enable_indexonlyscan: {column: enable_indexonlyscan, type: gauge, help: "The setting enable_indexonlyscan."}
--   pg_settings_enable_indexscan: {column: enable_indexscan, type: gauge, help: "The setting enable_indexscan."}
--   pg_settings_enable_material: {column: enable_material, type: gauge, help: "The setting enable_material."}
--   pg_settings_enable_memoize: {column: enable_memoize, type: gauge, help: "The setting enable_memoize."}
--   pg_settings_enable_mergejoin: {column: enable_mergejoin, type: gauge, help: "The setting enable_mergejoin."}
--   pg_settings_enable_nestloop: {column: enable_nestloop, type: gauge, help: "The setting enable_nestloop."}
--   pg_settings_enable_parallel_append: {column: enable_parallel_append, type: gauge, help: "The setting enable_parallel_append."}
--   pg_settings_enable_parallel_hash: {column: enable_parallel_hash, type: gauge, help: "The setting enable_parallel_hash."}
--   pg_settings_enable_partition_pruning: {column: enable_partition_pruning, type: gauge, help: "The setting enable_partition_pruning."}
--   pg_settings_enable_partitionwise_aggregate: {column: enable_partitionwise_aggregate, type: gauge, help: "The setting enable_partitionwise_aggregate."}
--   pg_settings_enable_partitionwise_join: {column: enable_partitionwise_join, type: gauge, help: "The setting enable_partitionwise_join."}
--   pg_settings_enable_presorted_aggregate: {column: enable_presorted_aggregate, type: gauge, help: "The setting enable_presorted_aggregate."}
--   pg_settings_enable_self_join_elimination: {column: enable_self_join_elimination, type: gauge, help: "The setting enable_self_join_elimination."}
--   pg_settings_enable_seqscan: {column: enable_seqscan, type: gauge, help: "The setting enable_seqscan."}
--   pg_settings_enable_sort: {column: enable_sort, type: gauge, help: "The setting enable_sort."}
--   pg_settings_enable_tidscan: {column: enable_tidscan, type: gauge, help: "The setting enable_tidscan."}
--   pg_settings_escape_string_warning: {column: escape_string_warning, type: gauge, help: "The setting escape_string_warning."}
--   pg_settings_event_triggers: {column: event_triggers, type: gauge, help: "The setting event_triggers."}
--   pg_settings_exit_on_error: {column: exit_on_error, type: gauge, help: "The setting exit_on_error."}
--   pg_settings_extra_float_digits: {column: extra_float_digits, type: gauge, help: "The setting extra_float_digits."}
--   pg_settings_from_collapse_limit: {column: from_collapse_limit, type: gauge, help: "The setting from_collapse_limit."}
--   pg_settings_fsync: {column: fsync, type: gauge, help: "The setting fsync."}
--   pg_settings_full_page_writes: {column: full_page_writes, type: gauge, help: "The setting full_page_writes."}
--   pg_settings_geqo: {column: geqo, type: gauge, help: "The setting geqo."}
--   pg_settings_geqo_effort: {column: geqo_effort, type: gauge, help: "The setting geqo_effort."}
--   pg_settings_geqo_generations: {column: geqo_generations, type: gauge, help: "The setting geqo_generations."}
--   pg_settings_geqo_pool_size: {column: geqo_pool_size, type: gauge, help: "The setting geqo_pool_size."}
--   pg_settings_geqo_seed: {column: geqo_seed, type: gauge, help: "The setting geqo_seed."}
--   pg_settings_geqo_selection_bias: {column: geqo_selection_bias, type: gauge, help: "The setting geqo_selection_bias."}
--   pg_settings_geqo_threshold: {column: geqo_threshold, type: gauge, help: "The setting geqo_threshold."}
--   pg_settings_gin_fuzzy_search_limit: {column: gin_fuzzy_search_limit, type: gauge, help: "The setting gin_fuzzy_search_limit."}
--   pg_settings_gin_pending_list_limit_bytes: {column: gin_pending_list_limit, type: gauge, help: "The setting gin_pending_list_limit, in bytes."}
--   pg_settings_gss_accept_delegation: {column: gss_accept_delegation, type: gauge, help: "The setting gss_accept_delegation."}
--   pg_settings_hash_mem_multiplier: {column: hash_mem_multiplier, type: gauge, help: "The setting hash_mem_multiplier."}
--   pg_settings_hot_standby: {column: hot_standby, type: gauge, help: "The setting hot_standby."}
--   pg_settings_hot_standby_feedback: {column: hot_standby_feedback, type: gauge, help: "The setting hot_standby_feedback."}
--   pg_settings_huge_page_size_bytes: {column: huge_page_size, type: gauge, help: "The setting huge_page_size, in bytes."}
--   pg_settings_idle_in_transaction_session_timeout_seconds: {column: idle_in_transaction_session_timeout, type: gauge, help: "The setting idle_in_transaction_session_timeout, in seconds."}
--   pg_settings_idle_replication_slot_timeout_seconds: {column: idle_replication_slot_timeout, type: gauge, help: "The setting idle_replication_slot_timeout, in seconds."}
--   pg_settings_idle_session_timeout_seconds: {column: idle_session_timeout, type: gauge, help: "The setting idle_session_timeout, in seconds."}
--   pg_settings_ignore_checksum_failure: {column: ignore_checksum_failure, type: gauge, help: "The setting ignore_checksum_failure."}
--   pg_settings_ignore_invalid_pages: {column: ignore_invalid_pages, type: gauge, help: "The setting ignore_invalid_pages."}
--   pg_settings_ignore_system_indexes: {column: ignore_system_indexes, type: gauge, help: "The setting ignore_system_indexes."}
--   pg_settings_in_hot_standby: {column: in_hot_standby, type: gauge, help: "The setting in_hot_standby."}
--   pg_settings_integer_datetimes: {column: integer_datetimes, type: gauge, help: "The setting integer_datetimes."}
--   pg_settings_io_combine_limit_bytes: {column: io_combine_limit, type: gauge, help: "The setting io_combine_limit, in bytes."}
--   pg_settings_io_max_combine_limit_bytes: {column: io_max_combine_limit, type: gauge, help: "The setting io_max_combine_limit, in bytes."}
--   pg_settings_io_max_concurrency: {column: io_max_concurrency, type: gauge, help: "The setting io_max_concurrency."}
--   pg_settings_io_workers: {column: io_workers, type: gauge, help: "The setting io_workers."}
--   pg_settings_jit: {column: jit, type: gauge, help: "The setting jit."}
--   pg_settings_jit_above_cost: {column: jit_above_cost, type: gauge, help: "The setting jit_above_cost."}
--   pg_settings_jit_debugging_support: {column: jit_debugging_support, type: gauge, help: "The setting jit_debugging_support."}
--   pg_settings_jit_dump_bitcode: {column: jit_dump_bitcode, type: gauge, help: "The setting jit_dump_bitcode."}
--   pg_settings_jit_expressions: {column: jit_expressions, type: gauge, help: "The setting jit_expressions."}
--   pg_settings_jit_inline_above_cost: {column: jit_inline_above_cost, type: gauge, help: "The setting jit_inline_above_cost."}
--   pg_settings_jit_optimize_above_cost: {column: jit_optimize_above_cost, type: gauge, help: "The setting jit_optimize_above_cost."}
--   pg_settings_jit_profiling_support: {column: jit_profiling_support, type: gauge, help: "The setting jit_profiling_support."}
--   pg_settings_jit_tuple_deforming: {column: jit_tuple_deforming, type: gauge, help: "The setting jit_tuple_deforming."}
--   pg_settings_join_collapse_limit: {column: join_collapse_limit, type: gauge, help: "The setting join_collapse_limit."}
--   pg_settings_krb_caseins_users: {column: krb_caseins_users, type: gauge, help: "The setting krb_caseins_users."}
--   pg_settings_lo_compat_privileges: {column: lo_compat_privileges, type: gauge, help: "The setting lo_compat_privileges."}
--   pg_settings_lock_timeout_seconds: {column: lock_timeout, type: gauge, help: "The setting lock_timeout, in seconds."}
--   pg_settings_log_autovacuum_min_duration_seconds: {column: log_autovacuum_min_duration, type: gauge, help: "The setting log_autovacuum_min_duration, in seconds."}
--   pg_settings_log_checkpoints: {column: log_checkpoints, type: gauge, help: "The setting log_checkpoints."}
--   pg_settings_log_connections: {column: log_connections, type: gauge, help: "The setting log_connections."}
--   pg_settings_log_disconnections: {column: log_disconnections, type: gauge, help: "The setting log_disconnections."}
--   pg_settings_log_duration: {column: log_duration, type: gauge, help: "The setting log_duration."}
--   pg_settings_log_executor_stats: {column: log_executor_stats, type: gauge, help: "The setting log_executor_stats."}
--   pg_settings_log_file_mode: {column: log_file_mode, type: gauge, help: "The setting log_file_mode."}
--   pg_settings_log_hostname: {column: log_hostname, type: gauge, help: "The setting log_hostname."}
--   pg_settings_log_lock_failures: {column: log_lock_failures, type: gauge, help: "The setting log_lock_failures."}
--   pg_settings_log_lock_waits: {column: log_lock_waits, type: gauge, help: "The setting log_lock_waits."}
--   pg_settings_log_min_duration_sample_seconds: {column: log_min_duration_sample, type: gauge, help: "The setting log_min_duration_sample, in seconds."}
--   pg_settings_log_min_duration_statement_seconds: {column: log_min_duration_statement, type: gauge, help: "The setting log_min_duration_statement, in seconds."}
--   pg_settings_log_parameter_max_length_bytes: {column: log_parameter_max_length, type: gauge, help: "The setting log_parameter_max_length, in bytes."}
--   pg_settings_log_parameter_max_length_on_error_bytes: {column: log_parameter_max_length_on_error, type: gauge, help: "The setting log_parameter_max_length_on_error, in bytes."}
--   pg_settings_log_parser_stats: {column: log_parser_stats, type: gauge, help: "The setting log_parser_stats."}
--   pg_settings_log_planner_stats: {column: log_planner_stats, type: gauge, help: "The setting log_planner_stats."}
--   pg_settings_log_recovery_conflict_waits: {column: log_recovery_conflict_waits, type: gauge, help: "The setting log_recovery_conflict_waits."}
--   pg_settings_log_replication_commands: {column: log_replication_commands, type: gauge, help: "The setting log_replication_commands."}
--   pg_settings_log_rotation_age_seconds: {column: log_rotation_age, type: gauge, help: "The setting log_rotation_age, in seconds."}
--   pg_settings_log_rotation_size_bytes: {column: log_rotation_size, type: gauge, help: "The setting log_rotation_size, in bytes."}
--   pg_settings_log_startup_progress_interval_seconds: {column: log_startup_progress_interval, type: gauge, help: "The setting log_startup_progress_interval, in seconds."}
--   pg_settings_log_statement_sample_rate: {column: log_statement_sample_rate, type: gauge, help: "The setting log_statement_sample_rate."}
--   pg_settings_log_statement_stats: {column: log_statement_stats, type: gauge, help: "The setting log_statement_stats."}
--   pg_settings_log_temp_files_bytes: {column: log_temp_files, type: gauge, help: "The setting log_temp_files, in bytes."}
--   pg_settings_log_transaction_sample_rate: {column: log_transaction_sample_rate, type: gauge, help: "The setting log_transaction_sample_rate."}
--   pg_settings_log_truncate_on_rotation: {column: log_truncate_on_rotation, type: gauge, help: "The setting log_truncate_on_rotation."}
--   pg_settings_logging_collector: {column: logging_collector, type: gauge, help: "The setting logging_collector."}
--   pg_settings_logical_decoding_work_mem_bytes: {column: logical_decoding_work_mem, type: gauge, help: "The setting logical_decoding_work_mem, in bytes."}
--   pg_settings_maintenance_io_concurrency: {column: maintenance_io_concurrency, type: gauge, help: "The setting maintenance_io_concurrency."}
--   pg_settings_maintenance_work_mem_bytes: {column: maintenance_work_mem, type: gauge, help: "The setting maintenance_work_mem, in bytes."}
--   pg_settings_max_active_replication_origins: {column: max_active_replication_origins, type: gauge, help: "The setting max_active_replication_origins."}
--   pg_settings_max_connections: {column: max_connections, type: gauge, help: "The setting max_connections."}
--   pg_settings_max_files_per_process: {column: max_files_per_process, type: gauge, help: "The setting max_files_per_process."}
--   pg_settings_max_function_args: {column: max_function_args, type: gauge, help: "The setting max_function_args."}
--   pg_settings_max_identifier_length: {column: max_identifier_length, type: gauge, help: "The setting max_identifier_length."}
--   pg_settings_max_index_keys: {column: max_index_keys, type: gauge, help: "The setting max_index_keys."}
--   pg_settings_max_locks_per_transaction: {column: max_locks_per_transaction, type: gauge, help: "The setting max_locks_per_transaction."}
--   pg_settings_max_logical_replication_workers: {column: max_logical_replication_workers, type: gauge, help: "The setting max_logical_replication_workers."}
--   pg_settings_max_notify_queue_pages: {column: max_notify_queue_pages, type: gauge, help: "The setting max_notify_queue_pages."}
--   pg_settings_max_parallel_apply_workers_per_subscription: {column: max_parallel_apply_workers_per_subscription, type: gauge, help: "The setting max_parallel_apply_workers_per_subscription."}
--   pg_settings_max_parallel_maintenance_workers: {column: max_parallel_maintenance_workers, type: gauge, help: "The setting max_parallel_maintenance_workers."}
--   pg_settings_max_parallel_workers: {column: max_parallel_workers, type: gauge, help: "The setting max_parallel_workers."}
--   pg_settings_max_parallel_workers_per_gather: {column: max_parallel_workers_per_gather, type: gauge, help: "The setting max_parallel_workers_per_gather."}
--   pg_settings_max_pred_locks_per_page: {column: max_pred_locks_per_page, type: gauge, help: "The setting max_pred_locks_per_page."}
--   pg_settings_max_pred_locks_per_relation: {column: max_pred_locks_per_relation, type: gauge, help: "The setting max_pred_locks_per_relation."}
--   pg_settings_max_pred_locks_per_transaction: {column: max_pred_locks_per_transaction, type: gauge, help: "The setting max_pred_locks_per_transaction."}
--   pg_settings_max_prepared_transactions: {column: max_prepared_transactions, type: gauge, help: "The setting max_prepared_transactions."}
--   pg_settings_max_replication_slots: {column: max_replication_slots, type: gauge, help: "The setting max_replication_slots."}
--   pg_settings_max_slot_wal_keep_size_bytes: {column: max_slot_wal_keep_size, type: gauge, help: "The setting max_slot_wal_keep_size, in bytes."}
--   pg_settings_max_stack_depth_bytes: {column: max_stack_depth, type: gauge, help: "The setting max_stack_depth, in bytes."}
--   pg_settings_max_standby_archive_delay_seconds: {column: max_standby_archive_delay, type: gauge, help: "The setting max_standby_archive_delay, in seconds."}
--   pg_settings_max_standby_streaming_delay_seconds: {column: max_standby_streaming_delay, type: gauge, help: "The setting max_standby_streaming_delay, in seconds."}
--   pg_settings_max_sync_workers_per_subscription: {column: max_sync_workers_per_subscription, type: gauge, help: "The setting max_sync_workers_per_subscription."}
--   pg_settings_max_wal_senders: {column: max_wal_senders, type: gauge, help: "The setting max_wal_senders."}
--   pg_settings_max_wal_size_bytes: {column: max_wal_size, type: gauge, help: "The setting max_wal_size, in bytes."}
--   pg_settings_max_worker_processes: {column: max_worker_processes, type: gauge, help: "The setting max_worker_processes."}
--   pg_settings_md5_password_warnings: {column: md5_password_warnings, type: gauge, help: "The setting md5_password_warnings."}
--   pg_settings_min_dynamic_shared_memory_bytes: {column: min_dynamic_shared_memory, type: gauge, help: "The setting min_dynamic_shared_memory, in bytes."}
--   pg_settings_min_parallel_index_scan_size_bytes: {column: min_parallel_index_scan_size, type: gauge, help: "The setting min_parallel_index_scan_size, in bytes."}
--   pg_settings_min_parallel_table_scan_size_bytes: {column: min_parallel_table_scan_size, type: gauge, help: "The setting min_parallel_table_scan_size, in bytes."}
--   pg_settings_min_wal_size_bytes: {column: min_wal_size, type: gauge, help: "The setting min_wal_size, in bytes."}
--   pg_settings_multixact_member_buffers_bytes: {column: multixact_member_buffers, type: gauge, help: "The setting multixact_member_buffers, in bytes."}
--   pg_settings_multixact_offset_buffers_bytes: {column: multixact_offset_buffers, type: gauge, help: "The setting multixact_offset_buffers, in bytes."}
--   pg_settings_notify_buffers_bytes: {column: notify_buffers, type: gauge, help: "The setting notify_buffers, in bytes."}
--   pg_settings_num_os_semaphores: {column: num_os_semaphores, type: gauge, help: "The setting num_os_semaphores."}
--   pg_settings_old_snapshot_threshold_seconds: {column: old_snapshot_threshold, type: gauge, help: "The setting old_snapshot_threshold, in seconds."}
--   pg_settings_operator_precedence_warning: {column: operator_precedence_warning, type: gauge, help: "The setting operator_precedence_warning."}
--   pg_settings_parallel_leader_participation: {column: parallel_leader_participation, type: gauge, help: "The setting parallel_leader_participation."}
--   pg_settings_parallel_setup_cost: {column: parallel_setup_cost, type: gauge, help: "The setting parallel_setup_cost."}
--   pg_settings_parallel_tuple_cost: {column: parallel_tuple_cost, type: gauge, help: "The setting parallel_tuple_cost."}
--   pg_settings_port: {column: port, type: gauge, help: "The setting port."}
--   pg_settings_post_auth_delay_seconds: {column: post_auth_delay, type: gauge, help: "The setting post_auth_delay, in seconds."}
--   pg_settings_pre_auth_delay_seconds: {column: pre_auth_delay, type: gauge, help: "The setting pre_auth_delay, in seconds."}
--   pg_settings_quote_all_identifiers: {column: quote_all_identifiers, type: gauge, help: "The setting quote_all_identifiers."}
--   pg_settings_random_page_cost: {column: random_page_cost, type: gauge, help: "The setting random_page_cost."}
--   pg_settings_recovery_min_apply_delay_seconds: {column: recovery_min_apply_delay, type: gauge, help: "The setting recovery_min_apply_delay, in seconds."}
--   pg_settings_recovery_target_inclusive: {column: recovery_target_inclusive, type: gauge, help: "The setting recovery_target_inclusive."}
--   pg_settings_recursive_worktable_factor: {column: recursive_worktable_factor, type: gauge, help: "The setting recursive_worktable_factor."}
--   pg_settings_remove_temp_files_after_crash: {column: remove_temp_files_after_crash, type: gauge, help: "The setting remove_temp_files_after_crash."}
--   pg_settings_reserved_connections: {column: reserved_connections, type: gauge, help: "The setting reserved_connections."}
--   pg_settings_restart_after_crash: {column: restart_after_crash, type: gauge, help: "The setting restart_after_crash."}
--   pg_settings_row_security: {column: row_security, type: gauge, help: "The setting row_security."}
--   pg_settings_scram_iterations: {column: scram_iterations, type: gauge, help: "The setting scram_iterations."}
--   pg_settings_segment_size_bytes: {column: segment_size, type: gauge, help: "The setting segment_size, in bytes."}
--   pg_settings_send_abort_for_crash: {column: send_abort_for_crash, type: gauge, help: "The setting send_abort_for_crash."}
--   pg_settings_send_abort_for_kill: {column: send_abort_for_kill, type: gauge, help: "The setting send_abort_for_kill."}
--   pg_settings_seq_page_cost: {column: seq_page_cost, type: gauge, help: "The setting seq_page_cost."}
--   pg_settings_serializable_buffers_bytes: {column: serializable_buffers, type: gauge, help: "The setting serializable_buffers, in bytes."}
--   pg_settings_server_version_num: {column: server_version_num, type: gauge, help: "The setting server_version_num."}
--   pg_settings_shared_buffers_bytes: {column: shared_buffers, type: gauge, help: "The setting shared_buffers, in bytes."}
--   pg_settings_shared_memory_size_bytes: {column: shared_memory_size, type: gauge, help: "The setting shared_memory_size, in bytes."}
--   pg_settings_shared_memory_size_in_huge_pages: {column: shared_memory_size_in_huge_pages, type: gauge, help: "The setting shared_memory_size_in_huge_pages."}
--   pg_settings_ssl: {column: ssl, type: gauge, help: "The setting ssl."}
--   pg_settings_ssl_passphrase_command_supports_reload: {column: ssl_passphrase_command_supports_reload, type: gauge, help: "The setting ssl_passphrase_command_supports_reload."}
--   pg_settings_ssl_prefer_server_ciphers: {column: ssl_prefer_server_ciphers, type: gauge, help: "The setting ssl_prefer_server_ciphers."}
--   pg_settings_standard_conforming_strings: {column: standard_conforming_strings, type: gauge, help: "The setting standard_conforming_strings."}
--   pg_settings_statement_timeout_seconds: {column: statement_timeout, type: gauge, help: "The setting statement_timeout, in seconds."}
--   pg_settings_subtransaction_buffers_bytes: {column: subtransaction_buffers, type: gauge, help: "The setting subtransaction_buffers, in bytes."}
--   pg_settings_summarize_wal: {column: summarize_wal, type: gauge, help: "The setting summarize_wal."}
--   pg_settings_superuser_reserved_connections: {column: superuser_reserved_connections, type: gauge, help: "The setting superuser_reserved_connections."}
--   pg_settings_sync_replication_slots: {column: sync_replication_slots, type: gauge, help: "The setting sync_replication_slots."}
--   pg_settings_synchronize_seqscans: {column: synchronize_seqscans, type: gauge, help: "The setting synchronize_seqscans."}
--   pg_settings_syslog_sequence_numbers: {column: syslog_sequence_numbers, type: gauge, help: "The setting syslog_sequence_numbers."}
--   pg_settings_syslog_split_messages: {column: syslog_split_messages, type: gauge, help: "The setting syslog_split_messages."}
--   pg_settings_tcp_keepalives_count: {column: tcp_keepalives_count, type: gauge, help: "The setting tcp_keepalives_count."}
--   pg_settings_tcp_keepalives_idle_seconds: {column: tcp_keepalives_idle, type: gauge, help: "The setting tcp_keepalives_idle, in seconds."}
--   pg_settings_tcp_keepalives_interval_seconds: {column: tcp_keepalives_interval, type: gauge, help: "The setting tcp_keepalives_interval, in seconds."}
--   pg_settings_tcp_user_timeout_seconds: {column: tcp_user_timeout, type: gauge, help: "The setting tcp_user_timeout, in seconds."}
--   pg_settings_temp_buffers_bytes: {column: temp_buffers, type: gauge, help: "The setting temp_buffers, in bytes."}
--   pg_settings_temp_file_limit_bytes: {column: temp_file_limit, type: gauge, help: "The setting temp_file_limit, in bytes."}
--   pg_settings_trace_connection_negotiation: {column: trace_connection_negotiation, type: gauge, help: "The setting trace_connection_negotiation."}
--   pg_settings_trace_notify: {column: trace_notify, type: gauge, help: "The setting trace_notify."}
--   pg_settings_trace_sort: {column: trace_sort, type: gauge, help: "The setting trace_sort."}
--   pg_settings_track_activities: {column: track_activities, type: gauge, help: "The setting track_activities."}
--   pg_settings_track_activity_query_size_bytes: {column: track_activity_query_size, type: gauge, help: "The setting track_activity_query_size, in bytes."}
--   pg_settings_track_commit_timestamp: {column: track_commit_timestamp, type: gauge, help: "The setting track_commit_timestamp."}
--   pg_settings_track_cost_delay_timing: {column: track_cost_delay_timing, type: gauge, help: "The setting track_cost_delay_timing."}
--   pg_settings_track_counts: {column: track_counts, type: gauge, help: "The setting track_counts."}
--   pg_settings_track_io_timing: {column: track_io_timing, type: gauge, help: "The setting track_io_timing."}
--   pg_settings_track_wal_io_timing: {column: track_wal_io_timing, type: gauge, help: "The setting track_wal_io_timing."}
--   pg_settings_transaction_buffers_bytes: {column: transaction_buffers, type: gauge, help: "The setting transaction_buffers, in bytes."}
--   pg_settings_transaction_deferrable: {column: transaction_deferrable, type: gauge, help: "The setting transaction_deferrable."}
--   pg_settings_transaction_read_only: {column: transaction_read_only, type: gauge, help: "The setting transaction_read_only."}
--   pg_settings_transaction_timeout_seconds: {column: transaction_timeout, type: gauge, help: "The setting transaction_timeout, in seconds."}
--   pg_settings_transform_null_equals: {column: transform_null_equals, type: gauge, help: "The setting transform_null_equals."}
--   pg_settings_unix_socket_permissions: {column: unix_socket_permissions, type: gauge, help: "The setting unix_socket_permissions."}
--   pg_settings_update_process_title: {column: update_process_title, type: gauge, help: "The setting update_process_title."}
--   pg_settings_vacuum_buffer_usage_limit_bytes: {column: vacuum_buffer_usage_limit, type: gauge, help: "The setting vacuum_buffer_usage_limit, in bytes."}
--   pg_settings_vacuum_cleanup_index_scale_factor: {column: vacuum_cleanup_index_scale_factor, type: gauge, help: "The setting vacuum_cleanup_index_scale_factor."}
--   pg_settings_vacuum_cost_delay_seconds: {column: vacuum_cost_delay, type: gauge, help: "The setting vacuum_cost_delay, in seconds."}
--   pg_settings_vacuum_cost_limit: {column: vacuum_cost_limit, type: gauge, help: "The setting vacuum_cost_limit."}
--   pg_settings_vacuum_cost_page_dirty: {column: vacuum_cost_page_dirty, type: gauge, help: "The setting vacuum_cost_page_dirty."}
--   pg_settings_vacuum_cost_page_hit: {column: vacuum_cost_page_hit, type: gauge, help: "The setting vacuum_cost_page_hit."}
--   pg_settings_vacuum_cost_page_miss: {column: vacuum_cost_page_miss, type: gauge, help: "The setting vacuum_cost_page_miss."}
--   pg_settings_vacuum_defer_cleanup_age: {column: vacuum_defer_cleanup_age, type: gauge, help: "The setting vacuum_defer_cleanup_age."}
--   pg_settings_vacuum_failsafe_age: {column: vacuum_failsafe_age, type: gauge, help: "The setting vacuum_failsafe_age."}
--   pg_settings_vacuum_freeze_min_age: {column: vacuum_freeze_min_age, type: gauge, help: "The setting vacuum_freeze_min_age."}
--   pg_settings_vacuum_freeze_table_age: {column: vacuum_freeze_table_age, type: gauge, help: "The setting vacuum_freeze_table_age."}
--   pg_settings_vacuum_max_eager_freeze_failure_rate: {column: vacuum_max_eager_freeze_failure_rate, type: gauge, help: "The setting vacuum_max_eager_freeze_failure_rate."}
--   pg_settings_vacuum_multixact_failsafe_age: {column: vacuum_multixact_failsafe_age, type: gauge, help: "The setting vacuum_multixact_failsafe_age."}
--   pg_settings_vacuum_multixact_freeze_min_age: {column: vacuum_multixact_freeze_min_age, type: gauge, help: "The setting vacuum_multixact_freeze_min_age."}
--   pg_settings_vacuum_multixact_freeze_table_age: {column: vacuum_multixact_freeze_table_age, type: gauge, help: "The setting vacuum_multixact_freeze_table_age."}
--   pg_settings_vacuum_truncate: {column: vacuum_truncate, type: gauge, help: "The setting vacuum_truncate."}
--   pg_settings_wal_block_size: {column: wal_block_size, type: gauge, help: "The setting wal_block_size."}
--   pg_settings_wal_buffers_bytes: {column: wal_buffers, type: gauge, help: "The setting wal_buffers, in bytes."}
--   pg_settings_wal_compression: {column: wal_compression, type: gauge, help: "The setting wal_compression."}
--   pg_settings_wal_decode_buffer_size_bytes: {column: wal_decode_buffer_size, type: gauge, help: "The setting wal_decode_buffer_size, in bytes."}
--   pg_settings_wal_init_zero: {column: wal_init_zero, type: gauge, help: "The setting wal_init_zero."}
--   pg_settings_wal_keep_size_bytes: {column: wal_keep_size, type: gauge, help: "The setting wal_keep_size, in bytes."}
--   pg_settings_wal_log_hints: {column: wal_log_hints, type: gauge, help: "The setting wal_log_hints."}
--   pg_settings_wal_receiver_create_temp_slot: {column: wal_receiver_create_temp_slot, type: gauge, help: "The setting wal_receiver_create_temp_slot."}
--   pg_settings_wal_receiver_status_interval_seconds: {column: wal_receiver_status_interval, type: gauge, help: "The setting wal_receiver_status_interval, in seconds."}
--   pg_settings_wal_receiver_timeout_seconds: {column: wal_receiver_timeout, type: gauge, help: "The setting wal_receiver_timeout, in seconds."}
--   pg_settings_wal_recycle: {column: wal_recycle, type: gauge, help: "The setting wal_recycle."}
--   pg_settings_wal_retrieve_retry_interval_seconds: {column: wal_retrieve_retry_interval, type: gauge, help: "The setting wal_retrieve_retry_interval, in seconds."}
--   pg_settings_wal_segment_size_bytes: {column: wal_segment_size, type: gauge, help: "The setting wal_segment_size, in bytes."}
--   pg_settings_wal_sender_timeout_seconds: {column: wal_sender_timeout, type: gauge, help: "The setting wal_sender_timeout, in seconds."}
--   pg_settings_wal_skip_threshold_bytes: {column: wal_skip_threshold, type: gauge, help: "The setting wal_skip_threshold, in bytes."}
--   pg_settings_wal_summary_keep_time_seconds: {column: wal_summary_keep_time, type: gauge, help: "The setting wal_summary_keep_time, in seconds."}
--   pg_settings_wal_writer_delay_seconds: {column: wal_writer_delay, type: gauge, help: "The setting wal_writer_delay, in seconds."}
--   pg_settings_wal_writer_flush_after_bytes: {column: wal_writer_flush_after, type: gauge, help: "The setting wal_writer_flush_after, in bytes."}
--   pg_settings_work_mem_bytes: {column: work_mem, type: gauge, help: "The setting work_mem, in bytes."}
--   pg_settings_zero_damaged_pages: {column: zero_damaged_pages, type: gauge, help: "The setting zero_damaged_pages."}

-- One line for each setting that any of the versions 13 to 18 has; one that the server lacks is NULL.
with numeric_setting as (
  select
    name,
    unit,
    -- What this session has set for itself is not the server's setting.
    case when source = 'session' then reset_val else setting end as setting
  from pg_catalog.pg_settings
  where vartype in ('bool', 'integer', 'real')
),
converted as (
  select
    s.name,
    case
      when s.setting in ('on', 'off') then (s.setting = 'on')::int::float8
      when base.unit is null or s.setting::float8 = -1 then s.setting::float8
      else s.setting::float8 * coalesce(pg_catalog.substring(s.unit, '^\d+')::float8, 1) * base.times / base.parts
    end as value
  from numeric_setting as s
  left join (
    values
      ('B', 1, 1),
      ('kB', 1024, 1),
      ('MB', 1048576, 1),
      ('ms', 1, 1000),
      ('s', 1, 1),
      ('min', 60, 1)
  ) as base (unit, times, parts)
    on base.unit = pg_catalog.regexp_replace(s.unit, '^\d+', '')
)
select
  pg_catalog.max(value) filter (where name = 'allow_alter_system') as allow_alter_system,
  pg_catalog.max(value) filter (where name = 'allow_in_place_tablespaces') as allow_in_place_tablespaces,
  pg_catalog.max(value) filter (where name = 'allow_system_table_mods') as allow_system_table_mods,
  pg_catalog.max(value) filter (where name = 'archive_timeout') as archive_timeout,
  pg_catalog.max(value) filter (where name = 'array_nulls') as array_nulls,
  pg_catalog.max(value) filter (where name = 'authentication_timeout') as authentication_timeout,
  pg_catalog.max(value) filter (where name = 'autovacuum') as autovacuum,
  pg_catalog.max(value) filter (where name = 'autovacuum_analyze_scale_factor') as autovacuum_analyze_scale_factor,
  pg_catalog.max(value) filter (where name = 'autovacuum_analyze_threshold') as autovacuum_analyze_threshold,
  pg_catalog.max(value) filter (where name = 'autovacuum_freeze_max_age') as autovacuum_freeze_max_age,
  pg_catalog.max(value) filter (where name = 'autovacuum_max_workers') as autovacuum_max_workers,
  pg_catalog.max(value) filter (where name = 'autovacuum_multixact_freeze_max_age') as autovacuum_multixact_freeze_max_age,
  pg_catalog.max(value) filter (where name = 'autovacuum_naptime') as autovacuum_naptime,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_cost_delay') as autovacuum_vacuum_cost_delay,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_cost_limit') as autovacuum_vacuum_cost_limit,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_insert_scale_factor') as autovacuum_vacuum_insert_scale_factor,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_insert_threshold') as autovacuum_vacuum_insert_threshold,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_max_threshold') as autovacuum_vacuum_max_threshold,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_scale_factor') as autovacuum_vacuum_scale_factor,
  pg_catalog.max(value) filter (where name = 'autovacuum_vacuum_threshold') as autovacuum_vacuum_threshold,
  pg_catalog.max(value) filter (where name = 'autovacuum_work_mem') as autovacuum_work_mem,
  pg_catalog.max(value) filter (where name = 'autovacuum_worker_slots') as autovacuum_worker_slots,
  pg_catalog.max(value) filter (where name = 'backend_flush_after') as backend_flush_after,
  pg_catalog.max(value) filter (where name = 'bgwriter_delay') as bgwriter_delay,
  pg_catalog.max(value) filter (where name = 'bgwriter_flush_after') as bgwriter_flush_after,
  pg_catalog.max(value) filter (where name = 'bgwriter_lru_maxpages') as bgwriter_lru_maxpages,
  pg_catalog.max(value) filter (where name = 'bgwriter_lru_multiplier') as bgwriter_lru_multiplier,
  pg_catalog.max(value) filter (where name = 'block_size') as block_size,
  pg_catalog.max(value) filter (where name = 'bonjour') as bonjour,
  pg_catalog.max(value) filter (where name = 'check_function_bodies') as check_function_bodies,
  pg_catalog.max(value) filter (where name = 'checkpoint_completion_target') as checkpoint_completion_target,
  pg_catalog.max(value) filter (where name = 'checkpoint_flush_after') as checkpoint_flush_after,
  pg_catalog.max(value) filter (where name = 'checkpoint_timeout') as checkpoint_timeout,
  pg_catalog.max(value) filter (where name = 'checkpoint_warning') as checkpoint_warning,
  pg_catalog.max(value) filter (where name = 'client_connection_check_interval') as client_connection_check_interval,
  pg_catalog.max(value) filter (where name = 'commit_delay') as commit_delay,
  pg_catalog.max(value) filter (where name = 'commit_siblings') as commit_siblings,
  pg_catalog.max(value) filter (where name = 'commit_timestamp_buffers') as commit_timestamp_buffers,
  pg_catalog.max(value) filter (where name = 'cpu_index_tuple_cost') as cpu_index_tuple_cost,
  pg_catalog.max(value) filter (where name = 'cpu_operator_cost') as cpu_operator_cost,
  pg_catalog.max(value) filter (where name = 'cpu_tuple_cost') as cpu_tuple_cost,
  pg_catalog.max(value) filter (where name = 'cursor_tuple_fraction') as cursor_tuple_fraction,
  pg_catalog.max(value) filter (where name = 'data_checksums') as data_checksums,
  pg_catalog.max(value) filter (where name = 'data_directory_mode') as data_directory_mode,
  pg_catalog.max(value) filter (where name = 'data_sync_retry') as data_sync_retry,
  pg_catalog.max(value) filter (where name = 'db_user_namespace') as db_user_namespace,
  pg_catalog.max(value) filter (where name = 'deadlock_timeout') as deadlock_timeout,
  pg_catalog.max(value) filter (where name = 'debug_assertions') as debug_assertions,
  pg_catalog.max(value) filter (where name = 'debug_discard_caches') as debug_discard_caches,
  pg_catalog.max(value) filter (where name = 'debug_pretty_print') as debug_pretty_print,
  pg_catalog.max(value) filter (where name = 'debug_print_parse') as debug_print_parse,
  pg_catalog.max(value) filter (where name = 'debug_print_plan') as debug_print_plan,
  pg_catalog.max(value) filter (where name = 'debug_print_rewritten') as debug_print_rewritten,
  pg_catalog.max(value) filter (where name = 'default_statistics_target') as default_statistics_target,
  pg_catalog.max(value) filter (where name = 'default_transaction_deferrable') as default_transaction_deferrable,
  pg_catalog.max(value) filter (where name = 'default_transaction_read_only') as default_transaction_read_only,
  pg_catalog.max(value) filter (where name = 'effective_cache_size') as effective_cache_size,
  pg_catalog.max(value) filter (where name = 'effective_io_concurrency') as effective_io_concurrency,
  pg_catalog.max(value) filter (where name = 'enable_async_append') as enable_async_append,
  pg_catalog.max(value) filter (where name = 'enable_bitmapscan') as enable_bitmapscan,
  pg_catalog.max(value) filter (where name = 'enable_distinct_reordering') as enable_distinct_reordering,
  pg_catalog.max(value) filter (where name = 'enable_gathermerge') as enable_gathermerge,
  pg_catalog.max(value) filter (where name = 'enable_group_by_reordering') as enable_group_by_reordering,
  pg_catalog.max(value) filter (where name = 'enable_hashagg') as enable_hashagg,
  pg_catalog.max(value) filter (where name = 'enable_hashjoin') as enable_hashjoin,
  pg_catalog.max(value) filter (where name = 'enable_incremental_sort') as enable_incremental_sort,
  pg_catalog.max(value) filter (where name = 'enable_indexonlyscan') as enable_indexonlyscan,
  pg_catalog.max(value) filter (where name = 'enable_indexscan') as enable_indexscan,
  pg_catalog.max(value) filter (where name = 'enable_material') as enable_material,
  pg_catalog.max(value) filter (where name = 'enable_memoize') as enable_memoize,
  pg_catalog.max(value) filter (where name = 'enable_mergejoin') as enable_mergejoin,
  pg_catalog.max(value) filter (where name = 'enable_nestloop') as enable_nestloop,
  pg_catalog.max(value) filter (where name = 'enable_parallel_append') as enable_parallel_append,
  pg_catalog.max(value) filter (where name = 'enable_parallel_hash') as enable_parallel_hash,
  pg_catalog.max(value) filter (where name = 'enable_partition_pruning') as enable_partition_pruning,
  pg_catalog.max(value) filter (where name = 'enable_partitionwise_aggregate') as enable_partitionwise_aggregate,
  pg_catalog.max(value) filter (where name = 'enable_partitionwise_join') as enable_partitionwise_join,
  pg_catalog.max(value) filter (where name = 'enable_presorted_aggregate') as enable_presorted_aggregate,
  pg_catalog.max(value) filter (where name = 'enable_self_join_elimination') as enable_self_join_elimination,
  pg_catalog.max(value) filter (where name = 'enable_seqscan') as enable_seqscan,
  pg_catalog.max(value) filter (where name = 'enable_sort') as enable_sort,
  pg_catalog.max(value) filter (where name = 'enable_tidscan') as enable_tidscan,
  pg_catalog.max(value) filter (where name = 'escape_string_warning') as escape_string_warning,
  pg_catalog.max(value) filter (where name = 'event_triggers') as event_triggers,
  pg_catalog.max(value) filter (where name = 'exit_on_error') as exit_on_error,
  pg_catalog.max(value) filter (where name = 'extra_float_digits') as extra_float_digits,
  pg_catalog.max(value) filter (where name = 'from_collapse_limit') as from_collapse_limit,
  pg_catalog.max(value) filter (where name = 'fsync') as fsync,
  pg_catalog.max(value) filter (where name = 'full_page_writes') as full_page_writes,
  pg_catalog.max(value) filter (where name = 'geqo') as geqo,
  pg_catalog.max(value) filter (where name = 'geqo_effort') as geqo_effort,
  pg_catalog.max(value) filter (where name = 'geqo_generations') as geqo_generations,
  pg_catalog.max(value) filter (where name = 'geqo_pool_size') as geqo_pool_size,
  pg_catalog.max(value) filter (where name = 'geqo_seed') as geqo_seed,
  pg_catalog.max(value) filter (where name = 'geqo_selection_bias') as geqo_selection_bias,
  pg_catalog.max(value) filter (where name = 'geqo_threshold') as geqo_threshold,
  pg_catalog.max(value) filter (where name = 'gin_fuzzy_search_limit') as gin_fuzzy_search_limit,
  pg_catalog.max(value) filter (where name = 'gin_pending_list_limit') as gin_pending_list_limit,
  pg_catalog.max(value) filter (where name = 'gss_accept_delegation') as gss_accept_delegation,
  pg_catalog.max(value) filter (where name = 'hash_mem_multiplier') as hash_mem_multiplier,
  pg_catalog.max(value) filter (where name = 'hot_standby') as hot_standby,
  pg_catalog.max(value) filter (where name = 'hot_standby_feedback') as hot_standby_feedback,
  pg_catalog.max(value) filter (where name = 'huge_page_size') as huge_page_size,
  pg_catalog.max(value) filter (where name = 'idle_in_transaction_session_timeout') as idle_in_transaction_session_timeout,
  pg_catalog.max(value) filter (where name = 'idle_replication_slot_timeout') as idle_replication_slot_timeout,
  pg_catalog.max(value) filter (where name = 'idle_session_timeout') as idle_session_timeout,
  pg_catalog.max(value) filter (where name = 'ignore_checksum_failure') as ignore_checksum_failure,
  pg_catalog.max(value) filter (where name = 'ignore_invalid_pages') as ignore_invalid_pages,
  pg_catalog.max(value) filter (where name = 'ignore_system_indexes') as ignore_system_indexes,
  pg_catalog.max(value) filter (where name = 'in_hot_standby') as in_hot_standby,
  pg_catalog.max(value) filter (where name = 'integer_datetimes') as integer_datetimes,
  pg_catalog.max(value) filter (where name = 'io_combine_limit') as io_combine_limit,
  pg_catalog.max(value) filter (where name = 'io_max_combine_limit') as io_max_combine_limit,
  pg_catalog.max(value) filter (where name = 'io_max_concurrency') as io_max_concurrency,
  pg_catalog.max(value) filter (where name = 'io_workers') as io_workers,
  pg_catalog.max(value) filter (where name = 'jit') as jit,
  pg_catalog.max(value) filter (where name = 'jit_above_cost') as jit_above_cost,
  pg_catalog.max(value) filter (where name = 'jit_debugging_support') as jit_debugging_support,
  pg_catalog.max(value) filter (where name = 'jit_dump_bitcode') as jit_dump_bitcode,
  pg_catalog.max(value) filter (where name = 'jit_expressions') as jit_expressions,
  pg_catalog.max(value) filter (where name = 'jit_inline_above_cost') as jit_inline_above_cost,
  pg_catalog.max(value) filter (where name = 'jit_optimize_above_cost') as jit_optimize_above_cost,
  pg_catalog.max(value) filter (where name = 'jit_profiling_support') as jit_profiling_support,
  pg_catalog.max(value) filter (where name = 'jit_tuple_deforming') as jit_tuple_deforming,
  pg_catalog.max(value) filter (where name = 'join_collapse_limit') as join_collapse_limit,
  pg_catalog.max(value) filter (where name = 'krb_caseins_users') as krb_caseins_users,
  pg_catalog.max(value) filter (where name = 'lo_compat_privileges') as lo_compat_privileges,
  pg_catalog.max(value) filter (where name = 'lock_timeout') as lock_timeout,
  pg_catalog.max(value) filter (where name = 'log_autovacuum_min_duration') as log_autovacuum_min_duration,
  pg_catalog.max(value) filter (where name = 'log_checkpoints') as log_checkpoints,
  pg_catalog.max(value) filter (where name = 'log_connections') as log_connections,
  pg_catalog.max(value) filter (where name = 'log_disconnections') as log_disconnections,
  pg_catalog.max(value) filter (where name = 'log_duration') as log_duration,
  pg_catalog.max(value) filter (where name = 'log_executor_stats') as log_executor_stats,
  pg_catalog.max(value) filter (where name = 'log_file_mode') as log_file_mode,
  pg_catalog.max(value) filter (where name = 'log_hostname') as log_hostname,
  pg_catalog.max(value) filter (where name = 'log_lock_failures') as log_lock_failures,
  pg_catalog.max(value) filter (where name = 'log_lock_waits') as log_lock_waits,
  pg_catalog.max(value) filter (where name = 'log_min_duration_sample') as log_min_duration_sample,
  pg_catalog.max(value) filter (where name = 'log_min_duration_statement') as log_min_duration_statement,
  pg_catalog.max(value) filter (where name = 'log_parameter_max_length') as log_parameter_max_length,
  pg_catalog.max(value) filter (where name = 'log_parameter_max_length_on_error') as log_parameter_max_length_on_error,
  pg_catalog.max(value) filter (where name = 'log_parser_stats') as log_parser_stats,
  pg_catalog.max(value) filter (where name = 'log_planner_stats') as log_planner_stats,
  pg_catalog.max(value) filter (where name = 'log_recovery_conflict_waits') as log_recovery_conflict_waits,
  pg_catalog.max(value) filter (where name = 'log_replication_commands') as log_replication_commands,
  pg_catalog.max(value) filter (where name = 'log_rotation_age') as log_rotation_age,
  pg_catalog.max(value) filter (where name = 'log_rotation_size') as log_rotation_size,
  pg_catalog.max(value) filter (where name = 'log_startup_progress_interval') as log_startup_progress_interval,
  pg_catalog.max(value) filter (where name = 'log_statement_sample_rate') as log_statement_sample_rate,
  pg_catalog.max(value) filter (where name = 'log_statement_stats') as log_statement_stats,
  pg_catalog.max(value) filter (where name = 'log_temp_files') as log_temp_files,
  pg_catalog.max(value) filter (where name = 'log_transaction_sample_rate') as log_transaction_sample_rate,
  pg_catalog.max(value) filter (where name = 'log_truncate_on_rotation') as log_truncate_on_rotation,
  pg_catalog.max(value) filter (where name = 'logging_collector') as logging_collector,
  pg_catalog.max(value) filter (where name = 'logical_decoding_work_mem') as logical_decoding_work_mem,
  pg_catalog.max(value) filter (where name = 'maintenance_io_concurrency') as maintenance_io_concurrency,
  pg_catalog.max(value) filter (where name = 'maintenance_work_mem') as maintenance_work_mem,
  pg_catalog.max(value) filter (where name = 'max_active_replication_origins') as max_active_replication_origins,
  pg_catalog.max(value) filter (where name = 'max_connections') as max_connections,
  pg_catalog.max(value) filter (where name = 'max_files_per_process') as max_files_per_process,
  pg_catalog.max(value) filter (where name = 'max_function_args') as max_function_args,
  pg_catalog.max(value) filter (where name = 'max_identifier_length') as max_identifier_length,
  pg_catalog.max(value) filter (where name = 'max_index_keys') as max_index_keys,
  pg_catalog.max(value) filter (where name = 'max_locks_per_transaction') as max_locks_per_transaction,
  pg_catalog.max(value) filter (where name = 'max_logical_replication_workers') as max_logical_replication_workers,
  pg_catalog.max(value) filter (where name = 'max_notify_queue_pages') as max_notify_queue_pages,
  pg_catalog.max(value) filter (where name = 'max_parallel_apply_workers_per_subscription') as max_parallel_apply_workers_per_subscription,
  pg_catalog.max(value) filter (where name = 'max_parallel_maintenance_workers') as max_parallel_maintenance_workers,
  pg_catalog.max(value) filter (where name = 'max_parallel_workers') as max_parallel_workers,
  pg_catalog.max(value) filter (where name = 'max_parallel_workers_per_gather') as max_parallel_workers_per_gather,
  pg_catalog.max(value) filter (where name = 'max_pred_locks_per_page') as max_pred_locks_per_page,
  pg_catalog.max(value) filter (where name = 'max_pred_locks_per_relation') as max_pred_locks_per_relation,
  pg_catalog.max(value) filter (where name = 'max_pred_locks_per_transaction') as max_pred_locks_per_transaction,
  pg_catalog.max(value) filter (where name = 'max_prepared_transactions') as max_prepared_transactions,
  pg_catalog.max(value) filter (where name = 'max_replication_slots') as max_replication_slots,
  pg_catalog.max(value) filter (where name = 'max_slot_wal_keep_size') as max_slot_wal_keep_size,
  pg_catalog.max(value) filter (where name = 'max_stack_depth') as max_stack_depth,
  pg_catalog.max(value) filter (where name = 'max_standby_archive_delay') as max_standby_archive_delay,
  pg_catalog.max(value) filter (where name = 'max_standby_streaming_delay') as max_standby_streaming_delay,
  pg_catalog.max(value) filter (where name = 'max_sync_workers_per_subscription') as max_sync_workers_per_subscription,
  pg_catalog.max(value) filter (where name = 'max_wal_senders') as max_wal_senders,
  pg_catalog.max(value) filter (where name = 'max_wal_size') as max_wal_size,
  pg_catalog.max(value) filter (where name = 'max_worker_processes') as max_worker_processes,
  pg_catalog.max(value) filter (where name = 'md5_password_warnings') as md5_password_warnings,
  pg_catalog.max(value) filter (where name = 'min_dynamic_shared_memory') as min_dynamic_shared_memory,
  pg_catalog.max(value) filter (where name = 'min_parallel_index_scan_size') as min_parallel_index_scan_size,
  pg_catalog.max(value) filter (where name = 'min_parallel_table_scan_size') as min_parallel_table_scan_size,
  pg_catalog.max(value) filter (where name = 'min_wal_size') as min_wal_size,
  pg_catalog.max(value) filter (where name = 'multixact_member_buffers') as multixact_member_buffers,
  pg_catalog.max(value) filter (where name = 'multixact_offset_buffers') as multixact_offset_buffers,
  pg_catalog.max(value) filter (where name = 'notify_buffers') as notify_buffers,
  pg_catalog.max(value) filter (where name = 'num_os_semaphores') as num_os_semaphores,
  pg_catalog.max(value) filter (where name = 'old_snapshot_threshold') as old_snapshot_threshold,
  pg_catalog.max(value) filter (where name = 'operator_precedence_warning') as operator_precedence_warning,
  pg_catalog.max(value) filter (where name = 'parallel_leader_participation') as parallel_leader_participation,
  pg_catalog.max(value) filter (where name = 'parallel_setup_cost') as parallel_setup_cost,
  pg_catalog.max(value) filter (where name = 'parallel_tuple_cost') as parallel_tuple_cost,
  pg_catalog.max(value) filter (where name = 'port') as port,
  pg_catalog.max(value) filter (where name = 'post_auth_delay') as post_auth_delay,
  pg_catalog.max(value) filter (where name = 'pre_auth_delay') as pre_auth_delay,
  pg_catalog.max(value) filter (where name = 'quote_all_identifiers') as quote_all_identifiers,
  pg_catalog.max(value) filter (where name = 'random_page_cost') as random_page_cost,
  pg_catalog.max(value) filter (where name = 'recovery_min_apply_delay') as recovery_min_apply_delay,
  pg_catalog.max(value) filter (where name = 'recovery_target_inclusive') as recovery_target_inclusive,
  pg_catalog.max(value) filter (where name = 'recursive_worktable_factor') as recursive_worktable_factor,
  pg_catalog.max(value) filter (where name = 'remove_temp_files_after_crash') as remove_temp_files_after_crash,
  pg_catalog.max(value) filter (where name = 'reserved_connections') as reserved_connections,
  pg_catalog.max(value) filter (where name = 'restart_after_crash') as restart_after_crash,
  pg_catalog.max(value) filter (where name = 'row_security') as row_security,
  pg_catalog.max(value) filter (where name = 'scram_iterations') as scram_iterations,
  pg_catalog.max(value) filter (where name = 'segment_size') as segment_size,
  pg_catalog.max(value) filter (where name = 'send_abort_for_crash') as send_abort_for_crash,
  pg_catalog.max(value) filter (where name = 'send_abort_for_kill') as send_abort_for_kill,
  pg_catalog.max(value) filter (where name = 'seq_page_cost') as seq_page_cost,
  pg_catalog.max(value) filter (where name = 'serializable_buffers') as serializable_buffers,
  pg_catalog.max(value) filter (where name = 'server_version_num') as server_version_num,
  pg_catalog.max(value) filter (where name = 'shared_buffers') as shared_buffers,
  pg_catalog.max(value) filter (where name = 'shared_memory_size') as shared_memory_size,
  pg_catalog.max(value) filter (where name = 'shared_memory_size_in_huge_pages') as shared_memory_size_in_huge_pages,
  pg_catalog.max(value) filter (where name = 'ssl') as ssl,
  pg_catalog.max(value) filter (where name = 'ssl_passphrase_command_supports_reload') as ssl_passphrase_command_supports_reload,
  pg_catalog.max(value) filter (where name = 'ssl_prefer_server_ciphers') as ssl_prefer_server_ciphers,
  pg_catalog.max(value) filter (where name = 'standard_conforming_strings') as standard_conforming_strings,
  pg_catalog.max(value) filter (where name = 'statement_timeout') as statement_timeout,
  pg_catalog.max(value) filter (where name = 'subtransaction_buffers') as subtransaction_buffers,
  pg_catalog.max(value) filter (where name = 'summarize_wal') as summarize_wal,
  pg_catalog.max(value) filter (where name = 'superuser_reserved_connections') as superuser_reserved_connections,
  pg_catalog.max(value) filter (where name = 'sync_replication_slots') as sync_replication_slots,
  pg_catalog.max(value) filter (where name = 'synchronize_seqscans') as synchronize_seqscans,
  pg_catalog.max(value) filter (where name = 'syslog_sequence_numbers') as syslog_sequence_numbers,
  pg_catalog.max(value) filter (where name = 'syslog_split_messages') as syslog_split_messages,
  pg_catalog.max(value) filter (where name = 'tcp_keepalives_count') as tcp_keepalives_count,
  pg_catalog.max(value) filter (where name = 'tcp_keepalives_idle') as tcp_keepalives_idle,
  pg_catalog.max(value) filter (where name = 'tcp_keepalives_interval') as tcp_keepalives_interval,
  pg_catalog.max(value) filter (where name = 'tcp_user_timeout') as tcp_user_timeout,
  pg_catalog.max(value) filter (where name = 'temp_buffers') as temp_buffers,
  pg_catalog.max(value) filter (where name = 'temp_file_limit') as temp_file_limit,
  pg_catalog.max(value) filter (where name = 'trace_connection_negotiation') as trace_connection_negotiation,
  pg_catalog.max(value) filter (where name = 'trace_notify') as trace_notify,
  pg_catalog.max(value) filter (where name = 'trace_sort') as trace_sort,
  pg_catalog.max(value) filter (where name = 'track_activities') as track_activities,
  pg_catalog.max(value) filter (where name = 'track_activity_query_size') as track_activity_query_size,
  pg_catalog.max(value) filter (where name = 'track_commit_timestamp') as track_commit_timestamp,
  pg_catalog.max(value) filter (where name = 'track_cost_delay_timing') as track_cost_delay_timing,
  pg_catalog.max(value) filter (where name = 'track_counts') as track_counts,
  pg_catalog.max(value) filter (where name = 'track_io_timing') as track_io_timing,
  pg_catalog.max(value) filter (where name = 'track_wal_io_timing') as track_wal_io_timing,
  pg_catalog.max(value) filter (where name = 'transaction_buffers') as transaction_buffers,
  pg_catalog.max(value) filter (where name = 'transaction_deferrable') as transaction_deferrable,
  pg_catalog.max(value) filter (where name = 'transaction_read_only') as transaction_read_only,
  pg_catalog.max(value) filter (where name = 'transaction_timeout') as transaction_timeout,
  pg_catalog.max(value) filter (where name = 'transform_null_equals') as transform_null_equals,
  pg_catalog.max(value) filter (where name = 'unix_socket_permissions') as unix_socket_permissions,
  pg_catalog.max(value) filter (where name = 'update_process_title') as update_process_title,
  pg_catalog.max(value) filter (where name = 'vacuum_buffer_usage_limit') as vacuum_buffer_usage_limit,
  pg_catalog.max(value) filter (where name = 'vacuum_cleanup_index_scale_factor') as vacuum_cleanup_index_scale_factor,
  pg_catalog.max(value) filter (where name = 'vacuum_cost_delay') as vacuum_cost_delay,
  pg_catalog.max(value) filter (where name = 'vacuum_cost_limit') as vacuum_cost_limit,
  pg_catalog.max(value) filter (where name = 'vacuum_cost_page_dirty') as vacuum_cost_page_dirty,
  pg_catalog.max(value) filter (where name = 'vacuum_cost_page_hit') as vacuum_cost_page_hit,
  pg_catalog.max(value) filter (where name = 'vacuum_cost_page_miss') as vacuum_cost_page_miss,
  pg_catalog.max(value) filter (where name = 'vacuum_defer_cleanup_age') as vacuum_defer_cleanup_age,
  pg_catalog.max(value) filter (where name = 'vacuum_failsafe_age') as vacuum_failsafe_age,
  pg_catalog.max(value) filter (where name = 'vacuum_freeze_min_age') as vacuum_freeze_min_age,
  pg_catalog.max(value) filter (where name = 'vacuum_freeze_table_age') as vacuum_freeze_table_age,
  pg_catalog.max(value) filter (where name = 'vacuum_max_eager_freeze_failure_rate') as vacuum_max_eager_freeze_failure_rate,
  pg_catalog.max(value) filter (where name = 'vacuum_multixact_failsafe_age') as vacuum_multixact_failsafe_age,
  pg_catalog.max(value) filter (where name = 'vacuum_multixact_freeze_min_age') as vacuum_multixact_freeze_min_age,
  pg_catalog.max(value) filter (where name = 'vacuum_multixact_freeze_table_age') as vacuum_multixact_freeze_table_age,
  pg_catalog.max(value) filter (where name = 'vacuum_truncate') as vacuum_truncate,
  pg_catalog.max(value) filter (where name = 'wal_block_size') as wal_block_size,
  pg_catalog.max(value) filter (where name = 'wal_buffers') as wal_buffers,
  pg_catalog.max(value) filter (where name = 'wal_compression') as wal_compression,
  pg_catalog.max(value) filter (where name = 'wal_decode_buffer_size') as wal_decode_buffer_size,
  pg_catalog.max(value) filter (where name = 'wal_init_zero') as wal_init_zero,
  pg_catalog.max(value) filter (where name = 'wal_keep_size') as wal_keep_size,
  pg_catalog.max(value) filter (where name = 'wal_log_hints') as wal_log_hints,
  pg_catalog.max(value) filter (where name = 'wal_receiver_create_temp_slot') as wal_receiver_create_temp_slot,
  pg_catalog.max(value) filter (where name = 'wal_receiver_status_interval') as wal_receiver_status_interval,
  pg_catalog.max(value) filter (where name = 'wal_receiver_timeout') as wal_receiver_timeout,
  pg_catalog.max(value) filter (where name = 'wal_recycle') as wal_recycle,
  pg_catalog.max(value) filter (where name = 'wal_retrieve_retry_interval') as wal_retrieve_retry_interval,
  pg_catalog.max(value) filter (where name = 'wal_segment_size') as wal_segment_size,
  pg_catalog.max(value) filter (where name = 'wal_sender_timeout') as wal_sender_timeout,
  pg_catalog.max(value) filter (where name = 'wal_skip_threshold') as wal_skip_threshold,
  pg_catalog.max(value) filter (where name = 'wal_summary_keep_time') as wal_summary_keep_time,
  pg_catalog.max(value) filter (where name = 'wal_writer_delay') as wal_writer_delay,
  pg_catalog.max(value) filter (where name = 'wal_writer_flush_after') as wal_writer_flush_after,
  pg_catalog.max(value) filter (where name = 'work_mem') as work_mem,
  pg_catalog.max(value) filter (where name = 'zero_damaged_pages') as zero_damaged_pages
from converted
