"""What a user changes about a profile reaches its SQL; what the profile does not have is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.bind import readable, source_sql
from exporter.entities import Entity, TimeType, TypeClass
from exporter.errors import ConfigError
from exporter.override import Overrides, merge
from exporter.profile import Relation, Source
from profile_files import GOOD, profile


def one(directory: Path, overrides: Overrides) -> Source:
    [source] = merge(profile(directory), overrides).sources
    return source


def test_without_overrides_a_profile_stays_as_it_is_less_its_opt_in_sources(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    merged = merge(mine, Overrides())
    assert merged.sources == mine.sources[:1]
    assert (merged.requirements, merged.retention) == (mine.requirements, mine.retention)


def test_tables_and_columns_are_renamed_wherever_they_are_named(tmp_path: Path) -> None:
    """In fields, requirements, secrets and grants; a name may have a schema of its own and need quotes."""
    overrides = Overrides(
        schema="auth",
        tables={"tok": "Tokens", "tok2": 'other."T.2"'},
        columns={"tok": {"ends": "End", "value": "worth", "id": "key"}, "tok2": {"made": "born"}},
        sources=["tokens.pairs"],
    )
    merged = merge(profile(tmp_path), overrides)
    tokens, other = Relation("auth", "Tokens"), Relation("other", "T.2")
    assert merged.requirements == {
        tokens: {"key": frozenset({TypeClass.UUID}), "End": frozenset({TypeClass.TIMESTAMP})}
    }
    assert merged.secrets == {tokens: frozenset({"worth"})}
    assert readable(merged) == {tokens: ("End", "gone", "key", "made"), other: ("born", "id")}
    sql = source_sql(merged.sources[1])
    assert 'from auth."Tokens" as t left join other."T.2" as other on other.id = t.key' in sql
    assert "((other.born at time zone 'UTC') + interval '2592000.000 seconds')" in sql


def test_one_expression_can_be_replaced_and_one_that_is_missing_given(tmp_path: Path) -> None:
    expressions = {
        "tokens.all.kind": "case when {isref} then 'refresh' else 'access' end",
        "tokens.all.expires": "{made:time} + ${ttl}",
        "tokens.all.client": "{cid}",
    }
    sql = source_sql(one(tmp_path, Overrides(schema="s", expressions=expressions)))
    assert "(case when t.isref then 'refresh' else 'access' end) in ('access', 'refresh'" in sql
    assert "((t.made at time zone 'UTC') + interval '2592000.000 seconds') as expires" in sql
    assert "(t.cid)::text as client" in sql


@pytest.mark.parametrize(("given", "sql"), [(90.5, "interval '90.500 seconds'"), (None, "null::interval")])
def test_a_parameter_is_an_interval_and_none_is_null(tmp_path: Path, given: float | None, sql: str) -> None:
    overrides = Overrides(schema="s", parameters={"ttl": given}, expressions={"tokens.all.issued": "${ttl}"})
    assert f"({sql}) as issued" in source_sql(one(tmp_path, overrides))


def test_another_type_of_time_takes_the_place_of_the_profiles_own(tmp_path: Path) -> None:
    """And is recognised; a column with a type of its own keeps it."""
    text = GOOD.replace("issued: made", "issued: {column: made, time: epoch}")
    merged = merge(profile(tmp_path, text), Overrides(schema="s", time=TimeType.TZ))
    sql = source_sql(merged.sources[0])
    assert "to_timestamp(t.made) as issued, t.ends as expires" in sql
    [columns] = merged.requirements.values()
    assert columns["ends"] == {TypeClass.TIMESTAMP, TypeClass.TIMESTAMPTZ}
    assert columns["id"] == {TypeClass.UUID}


def test_retention_can_be_changed_for_each_entity(tmp_path: Path) -> None:
    merged = merge(profile(tmp_path), Overrides(retention={Entity.CODES: 60.0}))
    assert (merged.retention[Entity.CODES], merged.retention[Entity.TOKENS]) == (60.0, 604800.0)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (Overrides(tables={"tik": "x"}), "tables.tik: the profile mine does not have it (did you mean tok?)"),
        (Overrides(columns={"tik": {}}), "columns.tik: the profile mine does not have it"),
        (Overrides(columns={"tok": {"end": "e"}}), "columns.tok.end: .* [(]did you mean ends[?][)]"),
        (Overrides(expressions={"tokens.al.kind": "x"}), "did you mean tokens.all.kind?"),
        (Overrides(expressions={"tokens.all.kind": "x;"}), "tokens.all.kind: ends in a semicolon"),
        (Overrides(expressions={"tokens.all.kind": "${tll}"}), "tokens.all.kind: there is no parameter tll"),
        (
            Overrides(expressions={"tokens.all.kind": "{value}"}),
            "tokens.all: reads tok.value, which holds a secret",
        ),
        (Overrides(columns={"tok": {"ends": "value"}}), "tokens.all: reads tok.value, which holds a secret"),
        (Overrides(parameters={"tll": 1.0}), "parameters.tll: .* [(]did you mean ttl[?][)]"),
        (Overrides(sources=["tokens.all"]), "sources.tokens.all: .* [(]did you mean tokens.pairs[?][)]"),
    ],
)
def test_an_override_of_what_is_not_there_or_of_a_secret_is_refused(
    tmp_path: Path, overrides: Overrides, words: str
) -> None:
    pattern = words if "[" in words else words.replace("?", "[?]").replace("(", "[(]").replace(")", "[)]")
    with pytest.raises(ConfigError, match=f"config.yaml: .*{pattern}"):
        merge(profile(tmp_path), overrides, "config.yaml")


def test_all_faults_of_overrides_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        merge(profile(tmp_path), Overrides(tables={"a": "b"}, parameters={"c": None}))
    assert [fault.key for fault in caught.value.faults] == ["tables.a", "parameters.c"]
