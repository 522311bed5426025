"""Rules about what `doctor` prints and which exit code it gives."""

from __future__ import annotations

import json
from dataclasses import replace

from commands import command, load
from exporter import doctor
from exporter.doctor import Diagnosis, as_json, as_text, examine, exit_code
from exporter.findings import Finding, Level
from exporter.model import Secret, Target
from exporter.survey import Exit
from health import SETTINGS, WELL, with_role, with_session, with_settings
from pooler import pooled
from servers import Server
from shipped import TOKENS, fresh_database, grant_columns


def test_a_target_that_is_well_has_only_ok() -> None:
    assert {one.level for one in examine(WELL)} == {Level.OK}
    assert exit_code(Diagnosis(WELL.target, WELL, examine(WELL))) is Exit.FINE


def test_every_finding_that_is_not_well_says_what_to_do_or_why_nothing_can_be() -> None:
    ill = [
        with_role(superuser=True),
        with_role(reads_stats=False),
        with_role(reserved=False),
        with_role(connection_limit=1),
        with_role(valid_until=WELL.now),
        with_session(encrypted=False),
        with_session(pooled=True),
        with_session(clock=5.0),
        replace(WELL, closed=("shop",)),
        *(with_settings(**{name: "off"}) for name in SETTINGS if name != "shared_preload_libraries"),
    ]
    for facts in ill:
        worst = [one for one in examine(facts) if one.level is not Level.OK]
        assert worst
        assert all(one.remedy for one in worst)


def test_only_what_keeps_metrics_away_gives_exit_code_1() -> None:
    for level, code in ((Level.OK, 0), (Level.INFO, 0), (Level.WARN, 0), (Level.FAIL, 1)):
        assert exit_code(Diagnosis(WELL.target, WELL, (Finding("x", level, "y"),))) == code


def test_a_remedy_stands_below_the_checks_and_the_worst_comes_first() -> None:
    facts = replace(with_role(reads_stats=False), session=replace(WELL.session, pooled=True))
    lines = list(as_text(Diagnosis(WELL.target, facts, examine(facts))))
    assert lines.index("    GRANT pg_monitor TO monitor;") < lines.index(
        "    -- let the DSN name the server itself"
    )
    assert lines[-2].startswith("main: ")


def test_an_unreachable_target_says_what_was_tried_and_where_the_password_is_from() -> None:
    target = Target("main", "postgresql://u:hunter2@db/app", Secret(file="/run/secrets/pg"))
    lines = "\n".join(as_text(Diagnosis(target, problem='cannot connect to host "db": refused')))
    assert 'cannot connect to host "db": refused' in lines
    assert "the file /run/secrets/pg" in lines
    assert "hunter2" not in lines + json.dumps(as_json(Diagnosis(target, problem="x")))


def diagnose(dsn: str, *options: str) -> tuple[int, str]:
    """Run the command against a server as a user would."""
    return command(doctor, load(dsn), *options)


def levels(printed: str) -> dict[str, set[str]]:
    [target] = json.loads(printed)["targets"]
    found: dict[str, set[str]] = {}
    for finding in target["findings"]:
        found.setdefault(finding["check"], set()).add(finding["level"])
    return found


def test_a_monitor_role_without_the_grant_is_told_and_with_it_is_well(server: Server) -> None:
    with fresh_database(server) as database:
        server.execute(TOKENS, database)
        dsn = server.monitor_dsn(database)
        code, printed = diagnose(dsn, "--json")
        assert (code, levels(printed)["queries"]) == (Exit.BAD, {"ok", "fail"} | levels(printed)["queries"])
        grant_columns(server, database)
        code, printed = diagnose(dsn, "--json")
        assert code == Exit.FINE
        checks = levels(printed)
        for check in (
            "superuser",
            "statistics",
            "connection limit",
            "databases",
            "pooler",
            "clock",
            "secrets",
        ):
            assert checks[check] == {"ok"}, (check, printed)


def test_a_superuser_is_told_on_every_version(server: Server) -> None:
    _, printed = diagnose(server.dsn(), "--json")
    assert levels(printed)["superuser"] == {"warn"}


def test_a_pooler_is_told_even_when_it_is_fresh(a_server: Server) -> None:
    assert levels(diagnose(a_server.dsn(), "--json")[1])["pooler"] == {"ok"}
    with pooled(a_server) as dsn:
        assert levels(diagnose(dsn, "--json")[1])["pooler"] == {"warn"}


def test_a_standby_is_told_where_remedies_are_run(standby: Server) -> None:
    _, printed = diagnose(standby.monitor_dsn())
    assert "run remedies on its primary" in printed


def test_a_wrong_password_is_told_and_not_shown(a_server: Server) -> None:
    code, printed = diagnose(a_server.dsn(user=a_server.superuser, password="hunter2"))
    assert code == Exit.UNREACHABLE
    assert "password authentication failed" in printed
    assert "hunter2" not in printed
