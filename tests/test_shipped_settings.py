"""What the shipped queries say about settings and the server is what the server says in its own words."""

from __future__ import annotations

import psycopg
import pytest

from servers import Server
from shipped import QUERIES, ask, ask_on, changed, connect, fresh_role, run

_EXAMPLES = {
    "block_size": ("", 8192),
    "max_connections": ("", 50),
    "shared_buffers": ("bytes", 32 * 1024**2),
    "work_mem": ("bytes", 4 * 1024**2),
    "max_wal_size": ("bytes", 1024**3),
    "wal_segment_size": ("bytes", 16 * 1024**2),
    "track_activity_query_size": ("bytes", 1024),
    "checkpoint_timeout": ("seconds", 300),
    "deadlock_timeout": ("seconds", 1),
    "bgwriter_delay": ("seconds", 0.2),
    "log_rotation_age": ("seconds", 86400),
    "autovacuum_vacuum_cost_delay": ("seconds", 0.002),
    "autovacuum_vacuum_scale_factor": ("", 0.2),
    "temp_file_limit": ("bytes", -1),
    "log_min_duration_statement": ("seconds", -1),
    "archive_timeout": ("seconds", 0),
    "fsync": ("", 0),
    "track_counts": ("", 1),
    "unix_socket_permissions": ("", 0o777),
}


def test_settings_are_in_base_units(a_server: Server) -> None:
    """A figure of each unit, one of each meaning of a special value, and a file mode."""
    answer = ask("pg_settings", a_server)
    found = {
        name: [answer.value("pg_settings", name=name, unit=unit)] for name, (unit, _) in _EXAMPLES.items()
    }
    assert found == {name: [value] for name, (_, value) in _EXAMPLES.items()}


@pytest.mark.parametrize(
    ("unit", "reading"),
    [
        ("bytes", "pg_size_bytes(current_setting('{}'))"),
        ("seconds", "extract(epoch FROM current_setting('{}')::interval)::float8"),
    ],
)
def test_every_amount_is_what_the_server_reads_out_of_its_own_words(
    server: Server, unit: str, reading: str
) -> None:
    """SHOW says 4MB or 5min; the server's own functions turn that into bytes or seconds."""
    with connect(server.monitor_dsn()) as connection:
        rows = run(connection, QUERIES["pg_settings"])
        assert rows.columns == ("name", "unit", "setting")
        amounts = {
            str(name): value
            for name, of, value in rows.rows
            # A special value has no unit in the words of the server; this session has keepalives of its own.
            if of == unit and isinstance(value, float) and value > 0 and not str(name).startswith("tcp_")
        }
        told = {
            name: (connection.execute(f"SELECT {reading.format(name)}".encode()).fetchone() or (None,))[0]
            for name in amounts
        }
    assert told == amounts
    assert len(amounts) >= 15


def test_what_our_session_sets_for_itself_is_not_the_servers_setting(server: Server) -> None:
    with connect(server.monitor_dsn()) as connection:
        connection.execute("SET statement_timeout = '7s'")
        answer = ask_on(connection, "pg_settings")
    assert answer.values("pg_settings", name="statement_timeout") == [0]


def test_what_is_set_for_our_role_only_is_not_the_servers_setting(server: Server) -> None:
    with fresh_role(server) as (name, password):
        server.execute(f"ALTER ROLE {name} SET statement_timeout = '7s'")
        answer = ask("pg_settings", server, dsn=server.dsn(user=name, password=password))
    assert answer.values("pg_settings", name="statement_timeout") == []


def test_settings_are_the_same_for_every_role(server: Server) -> None:
    """None of them is hidden from a role without pg_monitor."""
    with fresh_role(server) as (name, password):
        least = ask("pg_settings", server, dsn=server.dsn(user=name, password=password))
    assert least.families[0].samples == ask("pg_settings", server).families[0].samples


def test_words_out_of_a_list_are_labels_and_free_texts_are_nowhere(server: Server) -> None:
    answer = ask("settings_info", server)
    assert answer.value("pg_settings_info", name="wal_level", setting="replica") == 1
    assert answer.values("pg_settings_info", name="data_directory") == []


def _until(connection: psycopg.Connection, expected: int) -> None:
    """Ask until the reload has reached this session; a reload is a signal, and nobody answers it."""
    for _ in range(20_000):
        if ask_on(connection, "settings_pending_restart").value("pg_settings_pending_restart") == expected:
            return
    raise AssertionError(f"never {expected} settings that wait for a restart")


def test_a_setting_that_waits_for_a_restart_is_counted(server: Server) -> None:
    """In a session that was there before the change, as the exporter's is."""
    with connect(server.monitor_dsn()) as connection:
        _until(connection, 0)
        # One that initdb writes into the files: only when they say the old value again is a change forgotten.
        with changed(server, "dynamic_shared_memory_type", "sysv"):
            _until(connection, 1)
            words = {"name": "dynamic_shared_memory_type", "setting": "posix"}
            assert ask_on(connection, "settings_info").value("pg_settings_info", **words) == 1
        _until(connection, 0)


def test_a_setting_that_the_command_line_overrides_is_not_counted(server: Server) -> None:
    """The files say 60 connections, the command line something else, and a restart changes nothing."""
    if server.execute("SELECT source FROM pg_settings WHERE name = 'max_connections'") != [("command line",)]:
        pytest.skip("this server has max_connections from its files")
    with connect(server.monitor_dsn()) as connection, changed(server, "max_connections", "60"):
        seen = b"SELECT pending_restart FROM pg_catalog.pg_settings WHERE name = 'max_connections'"
        for _ in range(20_000):
            if connection.execute(seen).fetchone() == (True,):
                break
        _until(connection, 0)


def test_a_setting_that_takes_effect_at_once_is_not_counted(server: Server) -> None:
    with connect(server.monitor_dsn()) as connection, changed(server, "work_mem", "'5MB'"):
        for _ in range(20_000):
            if ask_on(connection, "pg_settings").value("pg_settings", name="work_mem") == 5 * 1024**2:
                break
        _until(connection, 0)


def test_a_primary_is_not_in_recovery_and_a_standby_is(server: Server, standby: Server) -> None:
    assert ask("server", server).value("pg_in_recovery") == 0
    assert ask("server", standby).value("pg_in_recovery") == 1


def test_times_of_the_server_are_unix_times(server: Server) -> None:
    truth = "SELECT extract(epoch FROM pg_postmaster_start_time())::float8, extract(epoch FROM now())::float8"
    [(started, now)] = server.execute(truth)
    answer = ask("server", server)
    assert answer.value("pg_postmaster_start_time_seconds") == started
    assert isinstance(now, float)
    assert 0 < (answer.value("pg_config_load_timestamp_seconds") or 0) <= now


def test_the_version_is_a_number_and_words(server: Server) -> None:
    [(text,)], [(number,)] = server.execute("SHOW server_version"), server.execute("SHOW server_version_num")
    major, minor = divmod(int(str(number)), 10000)
    assert ask("server", server).value("pg_server_version_number") == int(str(number))
    words = {"version": str(text), "short_version": f"{major}.{minor}"}
    assert ask("version_info", server).value("pg_version_info", **words) == 1


@pytest.mark.parametrize(
    ("setting", "is_weak"),
    [
        ("synchronous_commit = off", True),
        ("synchronous_commit = 'FALSE'", True),
        ("synchronous_commit = local", False),
        ("session_replication_role = replica", True),
        ("log_statement = none", True),
        ("log_statement = mod", False),
        ("work_mem = '5MB'", False),
    ],
)
def test_a_role_or_database_that_gives_up_durability_is_named(
    a_server: Server, database: str, setting: str, is_weak: bool
) -> None:
    name = setting.split(" ", maxsplit=1)[0]
    expected = [1] if is_weak else []
    with fresh_role(a_server) as (role, _):
        a_server.execute(f"ALTER ROLE {role} SET {setting}")
        a_server.execute(f"ALTER DATABASE {database} SET {setting}")
        a_server.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {setting}")
        found = ask("settings_weak", a_server)
        for rolname, datname in ((role, ""), ("", database), (role, database)):
            labels = {"name": name, "rolname": rolname, "datname": datname}
            assert found.values("pg_settings_weak", **labels) == expected


def test_the_server_itself_has_neither_role_nor_database(server: Server) -> None:
    """The servers of tests run without fsync; log_statement is none on most servers and no fault."""
    found = ask("settings_weak", server)
    [(fsync,)] = server.execute("SHOW fsync")
    expected = 1 if fsync == "off" else None
    assert found.value("pg_settings_weak", name="fsync", datname="", rolname="") == expected
    assert found.value("pg_settings_weak", name="log_statement", datname="", rolname="") is None


def test_settings_that_somebody_changed_are_counted_by_where(server: Server) -> None:
    found = ask("settings_changed", server)
    rows = server.execute(
        "SELECT source, count(*) FROM pg_settings WHERE boot_val IS DISTINCT FROM reset_val"
        " AND source IN ('configuration file', 'command line') GROUP BY source"
    )
    assert rows
    for source, count in rows:
        assert found.value("pg_settings_changed", source=str(source)) == count
    assert found.values("pg_settings_changed", source="client") == []
