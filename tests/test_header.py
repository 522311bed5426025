"""Rules for the header of a query: what may stand in it, and what is said when it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.model import Column, MetricType, Needs, Role, Scope
from query_files import GOOD, HEADER, SQL, catalog, changed, family, fault, faults

FULL = """\
-- help: "Tokens: by kind"
-- every: 1m30s
-- timeout: 500ms
-- scope: database
-- on: primary
-- needs:
--   version: 14
--   extension: pg_stat_statements
--   library: pg_stat_statements
--   setting: track_io_timing
--   relation: auth."Tokens"
--   columns: [kind, expires_at]
--   max_pages: 8000
-- labels: [kind, state]
--
-- limit: 50   # few
-- derive: topn
-- budget: 0.5%
-- evidence: pile_ups
-- metrics:
--   oauth2_tokens:
--     column: tokens
--     type: gauge
--     help: Tokens.
--   oauth2_issued_total: {column: issued, type: counter, help: Issued.}
--   oauth2_lifetime_seconds: {column: life, type: histogram, help: Lifetime.}

select 1
"""


def test_every_key_of_a_header_reaches_the_query(tmp_path: Path) -> None:
    query = catalog(tmp_path, {"oauth2/tokens.sql": FULL}).queries["tokens"]
    assert (query.name, query.set, query.help) == ("tokens", "oauth2", "Tokens: by kind")
    assert (query.every, query.timeout, query.limit, query.derive) == (90.0, 0.5, 50, "topn")
    assert (query.scope, query.on, query.labels) == (Scope.DATABASE, Role.PRIMARY, ("kind", "state"))
    assert (query.budget, query.evidence) == (0.005, "pile_ups")
    assert query.needs == Needs(
        version=14,
        extension="pg_stat_statements",
        library="pg_stat_statements",
        setting="track_io_timing",
        relation='auth."Tokens"',
        columns=("kind", "expires_at"),
        max_pages=8000,
    )
    assert query.columns == (
        Column("oauth2_tokens", "tokens", MetricType.GAUGE, "Tokens."),
        Column("oauth2_issued_total", "issued", MetricType.COUNTER, "Issued."),
        Column("oauth2_lifetime_seconds", "life", MetricType.HISTOGRAM, "Lifetime."),
    )
    assert query.path == str(tmp_path / "oauth2/tokens.sql")


def test_what_a_header_leaves_out_or_leaves_null_has_its_default(tmp_path: Path) -> None:
    nulls = "-- needs: {extension: null, relation: null, setting: null}\n-- derive:\n-- scope: ~\n"
    for name, text in {"a": GOOD, "b": nulls + GOOD}.items():
        query = catalog(tmp_path / name, {"locks/held.sql": text}).queries["held"]
        assert (query.scope, query.on, query.needs) == (Scope.SERVER, Role.ANY, Needs())
        assert (query.limit, query.derive, query.rest) == (1000, None, False)


def test_the_rest_is_summed_up_when_the_header_says_so(tmp_path: Path) -> None:
    text = changed("labels: [mode]", "labels: [mode]\n-- rest: true")
    assert catalog(tmp_path, {"locks/held.sql": text}).queries["held"].rest
    found = fault(tmp_path, text.replace("gauge", "histogram"))
    assert (found.key, found.problem) == ("rest", "histograms are not summed up")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("every: 15s", "every: 15", 2, "every", "must be a duration"),
        ("every: 15s", "every: soon", 2, "every", "must be a duration"),
        ("every: 15s", "every: 0s", 2, "every", "must be a duration above 0"),
        ("every: 15s", "every: 31d", 2, "every", "up to 30d"),
        ("every: 15s", f"every: {'9' * 5000}d", 2, "every", "must be a duration"),
        ("every: 15s", "every: [15s]", 2, "every", "must be a duration"),
        ("timeout: 2s", "timeout: 15s", 3, "timeout", "15s is not below every, 15s"),
        ("timeout: 2s", "timeout: 1m", 3, "timeout", "1m is not below every, 15s"),
        ("help: Locks held.", "help: ''", 1, "help", "is empty"),
        ("help: Locks held.", 'help: "a\\nb"', 1, "help", "one line"),
        ("help: Locks held.", "help: 5", 1, "help", "must be text (put it in quotes)"),
        ("every: 15s", "evry: 15s\n-- every: 15s", 2, "evry", "unknown key (did you mean every?)"),
        ("every: 15s", "every: 15s\n-- every: 20s", 3, "every", "given twice, first on line 2"),
        (
            "labels: [mode]",
            "scope: sever",
            4,
            "scope",
            "must be one of server, database (did you mean server?)",
        ),
        ("labels: [mode]", "on: true", 4, "on", "must be one of any, primary, standby"),
        ("labels: [mode]", "labels: mode", 4, "labels", "must be a list of names (labels: [a, b])"),
        ("labels: [mode]", "labels: [mode, 5]", 4, "labels", "must be a list of names"),
        ("labels: [mode]", "labels: [mode, mode]", 4, "labels", "names mode twice"),
        ("labels: [mode]", "labels: [a-b]", 4, "labels", "a-b: is not a label name"),
        ("labels: [mode]", "labels: [target]", 4, "labels", "target: every sample has the label target"),
        ("labels: [mode]", "labels: [le]", 4, "labels", "le: le belongs to histograms"),
        ("labels: [mode]", "labels: [__x]", 4, "labels", "__x: labels that begin with __"),
        ("labels: [mode]", "labels: [datname]\n-- scope: database", 4, "labels", "datname already"),
        ("labels: [mode]", "limit: 0", 4, "limit", "must be a whole number from 1 to 100000"),
        ("labels: [mode]", "limit: 100001", 4, "limit", "must be a whole number"),
        ("labels: [mode]", "limit: true", 4, "limit", "must be a whole number"),
        ("labels: [mode]", "limit: '5'", 4, "limit", "must be a whole number"),
        ("labels: [mode]", "rest: true", 4, "rest", "told apart by labels, and there is none"),
        ("labels: [mode]", "derive: topm", 4, "derive", "there is no derivation topm (did you mean topn?)"),
        ("labels: [mode]", "derive: zzz", 4, "derive", "known: blocking, topn"),
        ("labels: [mode]", "needs: pg_stat_statements", 4, "needs", "must be a mapping"),
        ("labels: [mode]", "needs: {extnsion: a}", 4, "needs.extnsion", "did you mean extension?"),
        ("labels: [mode]", "needs: {version: 9}", 4, "needs.version", "from 10 to 99"),
        ("labels: [mode]", "needs: {version: 170004}", 4, "needs.version", "from 10 to 99"),
        ("labels: [mode]", "needs: {columns: [a]}", 4, "needs.columns", "of a relation, and none is named"),
        ("labels: [mode]", "needs: {max_pages: 1}", 4, "needs.max_pages", "of a relation, and none is named"),
        ("labels: [mode]", "needs: {relation: tokens}", 4, "needs.relation", "schema.name"),
        ("labels: [mode]", "needs: {relation: a.b.c}", 4, "needs.relation", "schema.name"),
        ("labels: [mode]", "needs: {relation: public.Tokens}", 4, "needs.relation", "in quotes where SQL"),
        ("labels: [mode]", "needs: {function: f()}", 4, "needs.function", "without arguments"),
        ("labels: [mode]", "alternatives: {}", 4, "alternatives", "a mapping that is not empty"),
        ("labels: [mode]", "needs: {setting: 'x; drop'}", 4, "needs.setting", "the name of a setting"),
        ("labels: [mode]", "needs: {relation: a.b, columns: [c, c]}", 4, "needs.columns", "names c twice"),
        ("labels: [mode]", "needs:\n--   extension: [a]", 5, "needs.extension", "must be text"),
        ("type: gauge", "type: guage", 6, "metrics.pg_locks.type", "did you mean gauge?"),
        (
            "type: gauge",
            "type: summary",
            6,
            "metrics.pg_locks.type",
            "must be one of gauge, counter, histogram",
        ),
        ("type: gauge", "type: counter", 6, "metrics.pg_locks", "a counter's name ends in _total"),
        ("column: locks, ", "", 6, "metrics.pg_locks.column", "is missing"),
        ("type: gauge, ", "", 6, "metrics.pg_locks.type", "is missing"),
        (', help: "Locks."', "", 6, "metrics.pg_locks.help", "is missing"),
        ('"Locks."', '""', 6, "metrics.pg_locks.help", "is empty"),
        ("column: locks", "colum: x, column: locks", 6, "metrics.pg_locks.colum", "did you mean column?"),
        ("--   pg_locks: {column", "--   pg_locks: [column", 6, "", "not valid YAML: column "),
        ("--   pg_locks: {", "--   Pg_locks: {", 6, "metrics.Pg_locks", "is not a metric name"),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(
    tmp_path: Path, old: str, new: str, line: int, key: str, words: str
) -> None:
    found = fault(tmp_path, changed(old, new))
    assert (found.where, found.key) == (f"locks/held.sql:{line}", key)
    assert words in str(found)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("pg_locks_total", "gauge", "only a counter's name ends in _total, this is a gauge"),
        ("pg_locks_total", "histogram", "only a counter's name ends in _total"),
        ("pg_locks_count", "gauge", "the samples of histograms"),
        ("pg_locks_ms", "gauge", "_ms is not a base unit (let SQL convert to seconds"),
        ("pg_locks_mb_total", "counter", "_mb is not a base unit"),
        ("pg locks", "gauge", "is not a metric name"),
    ],
)
def test_a_family_that_breaks_the_rules_for_names_is_refused(
    tmp_path: Path, name: str, kind: str, words: str
) -> None:
    found = fault(tmp_path, family(name, kind))
    assert found.where == "locks/held.sql:6"
    assert words in str(found)


def test_rows_that_are_kept_as_evidence_need_no_metrics(tmp_path: Path) -> None:
    text = "\n".join(line for line in HEADER.splitlines() if "metrics" not in line and "pg_locks" not in line)
    query = catalog(tmp_path, {"locks/held.sql": f"{text}\n-- evidence: held\n{SQL}"}).queries["held"]
    assert (query.columns, query.evidence) == ((), "held")


@pytest.mark.parametrize("wrong", ["0%", "101%", "1", "0.5", "-1%", "1e-3%"])
def test_a_budget_is_a_share_above_0_and_up_to_100_percent(tmp_path: Path, wrong: str) -> None:
    assert "such as 0.5%" in str(fault(tmp_path, f'-- budget: "{wrong}"\n' + GOOD))


def test_a_budget_of_all_the_time_is_none_too_many(tmp_path: Path) -> None:
    query = catalog(tmp_path, {"locks/held.sql": "-- budget: 100%\n" + GOOD}).queries["held"]
    assert query.budget == 1


@pytest.mark.parametrize("missing", ["help", "every", "timeout", "metrics"])
def test_each_key_that_must_be_there_is_missed(tmp_path: Path, missing: str) -> None:
    lines = [line for line in HEADER.splitlines() if not line.startswith(f"-- {missing}:")]
    text = "\n".join(line for line in lines if missing != "metrics" or "pg_locks" not in line)
    found = fault(tmp_path, f"{text}\n{SQL}")
    assert (found.key, found.problem) == (missing, "is missing")


@pytest.mark.parametrize("empty", ["{}", "[]", "x"])
def test_metrics_are_a_mapping_that_is_not_empty(tmp_path: Path, empty: str) -> None:
    text = changed(
        'metrics:\n--   pg_locks: {column: locks, type: gauge, help: "Locks."}', f"metrics: {empty}"
    )
    assert "must be a mapping that is not empty" in str(fault(tmp_path, text))


def test_a_header_that_is_a_list_is_refused(tmp_path: Path) -> None:
    problems = [each.problem for each in faults(tmp_path, {"locks/held.sql": f"-- [a, b]\n{SQL}"})]
    assert "must be a mapping" in problems


def test_columns_in_messages_about_yaml_are_those_of_the_file(tmp_path: Path) -> None:
    text = changed("help: Locks held.", "help: Locks: held.")
    assert text.index(": held") == 14
    assert "column 15:" in str(fault(tmp_path, text))


def test_all_faults_of_a_file_are_told_in_the_order_of_its_lines(tmp_path: Path) -> None:
    text = GOOD.replace("15s", "x").replace("2s", "y").replace("[mode]", "[le]").replace("gauge", "z")
    found = faults(tmp_path, {"locks/held.sql": text})
    assert [each.key for each in found] == ["every", "timeout", "labels", "metrics.pg_locks.type"]
