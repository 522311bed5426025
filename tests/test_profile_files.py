"""Rules for the file of a profile: what may stand in it, and what is said when it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.entities import RETENTION, Entity, Test, TimeType, TokenKind, TypeClass
from exporter.errors import ConfigError
from exporter.profile import (
    Constant,
    FlagColumn,
    KindColumn,
    Parameter,
    Relation,
    TimeColumn,
    TimeExpression,
    Unobservable,
)
from exporter.profile_files import load, shipped_directory
from profile_files import GOOD, changed, faults, profile, written

TOK = Relation("", "tok")


def test_every_key_of_a_file_reaches_the_profile(tmp_path: Path) -> None:
    found = profile(tmp_path)
    assert (found.name, found.help, found.time) == ("mine", "A server.", TimeType.NAIVE_UTC)
    assert found.parameters == {"ttl": Parameter(30 * 86400.0, "Lifetime.")}
    assert found.secrets == {TOK: frozenset({"value"})}
    uuid, timestamp = frozenset({TypeClass.UUID}), frozenset({TypeClass.TIMESTAMP})
    assert found.requirements == {TOK: {"id": uuid, "ends": timestamp}}
    one, pairs = found.of(Entity.TOKENS)
    assert one.fields == {
        "kind": Constant(TokenKind.ACCESS),
        "issued": TimeColumn("made", TimeType.NAIVE_UTC),
        "expires": TimeColumn("ends", TimeType.NAIVE_UTC),
        "revoked": FlagColumn("gone", Test.SET),
    }
    assert (pairs.key, pairs.opt_in) == ("tokens.pairs", "each row is two")
    assert pairs.fields["expires"] == TimeExpression("{other.made:time} + ${ttl}")
    assert [str(relation) for relation in found.relations()] == ["tok", "tok2"]


def test_retention_is_that_of_the_seed_unless_a_profile_says_otherwise(tmp_path: Path) -> None:
    assert profile(tmp_path / "a").retention == {
        Entity.TOKENS: 604800,
        Entity.CODES: 3600,
        Entity.SESSIONS: 86400,
    }
    found = profile(tmp_path / "b", f"{GOOD}retention: {{codes: 60d}}\n")
    assert found.retention == {**RETENTION, Entity.CODES: 60 * 86400.0}


def test_a_column_may_store_time_unlike_the_rest_of_its_source_and_a_source_unlike_its_profile(
    tmp_path: Path,
) -> None:
    text = changed("    kind: access\n", "    kind: access\n    time: epoch\n")
    text = text.replace("expires: ends", "expires: {column: ends, time: epoch_ms, otherwise: '{made:time}'}")
    fields = profile(tmp_path, text).sources[0].fields
    assert fields["issued"] == TimeColumn("made", TimeType.EPOCH)
    assert fields["expires"] == TimeColumn("ends", TimeType.EPOCH_MS, "{made:time}")


def test_words_for_kinds_are_compared_in_lower_case(tmp_path: Path) -> None:
    text = changed("kind: access", "kind: {column: sort, values: {access: [Bearer], refresh: [R]}}")
    kinds = {"bearer": TokenKind.ACCESS, "r": TokenKind.REFRESH}
    assert profile(tmp_path, text).sources[0].fields["kind"] == KindColumn("sort", kinds)


def test_what_a_profile_leaves_out_without_a_word_is_unobservable_all_the_same(tmp_path: Path) -> None:
    """Fields of opt-in sources do not count: nobody misses them as long as the source is not used."""
    found = {one.what: one.reason for one in profile(tmp_path).unobservable}
    assert found["codes"] == "there are none"
    assert found["tokens.revoked_at"] == found["users"] == "the profile does not map it"
    assert "tokens.issued" not in found


def test_a_reason_may_hold_only_until_a_source_is_opted_in(tmp_path: Path) -> None:
    text = f"{GOOD}  tokens.pairs: {{reason: r, unless: tokens.pairs}}\n"
    assert Unobservable("tokens.pairs", "r", "tokens.pairs") in profile(tmp_path, text).unobservable


def test_a_profile_of_a_later_folder_replaces_one_of_the_same_name(tmp_path: Path) -> None:
    written(tmp_path / "a", {"mine.yaml": GOOD, "other.yaml": GOOD})
    written(tmp_path / "b", {"mine.yaml": changed("A server.", "Mine.")})
    found = load([tmp_path / "a", tmp_path / "b"])
    assert {name: one.help for name, one in found.items()} == {"mine": "Mine.", "other": "A server."}


def test_the_shipped_profiles_are_found() -> None:
    assert {"seed", "hydra"} <= load([shipped_directory()]).keys()


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("help: A server.", "hlp: A server.", 1, "hlp", "unknown key (did you mean help?)"),
        ("help: A server.\n", "", 1, "help", "is missing"),
        ("time: naive_utc", "time: naive", 2, "time", "must be one of tz, naive_utc"),
        ("default: 30d", "default: soon", 4, "parameters.ttl.default", "must be a duration above 0"),
        ("default: 30d", "default: 3651d", 4, "parameters.ttl.default", "up to 3650d"),
        (", help: Lifetime.", "", 4, "parameters.ttl.help", "is missing"),
        ("ttl: {def", "now: {def", 4, "parameters.now", "is no name for a parameter"),
        ("[value]", "value", 6, "secrets.tok", "must be a list of names"),
        ("[value]", "[ends]", 10, "tokens.all", "reads tok.ends, which holds a secret"),
        ("id: uuid", "id: guid", 8, "recognise.tok.id", "must be one of text"),
        ("id: uuid", "id: [uuid, guid]", 8, "recognise.tok.id", "there is no type guid"),
        ("{id: uuid, ends: timestamp}", "{}", 8, "recognise.tok", "names no column"),
        ("    relation: tok\n    kind", "    kind", 10, "tokens.all.relation", "is missing"),
        ("kind: access", "kind: offlin", 12, "tokens.all.kind", "did you mean offline?"),
        (
            "kind: access",
            "kind: {column: k, values: {offlin: [a]}}",
            12,
            "tokens.all.kind.values.offlin",
            "unknown",
        ),
        ("expires: ends", "expires: ends + ttl", 14, "tokens.all.expires", "SQL is written as {sql: ...}"),
        ("expires: ends", "expires: {time: tz}", 14, "tokens.all.expires", "neither a column nor sql"),
        ("expires: ends", "expires: {sql: a, column: b}", 14, "tokens.all.expires.column", "not go with sql"),
        ("expires: ends", 'expires: {sql: "a; b"}', 14, "tokens.all.expires", "a second statement begins"),
        ("expires: ends", 'expires: {sql: "a;"}', 14, "tokens.all.expires", "ends in a semicolon"),
        ("expires: ends", 'expires: {sql: "\'a"}', 14, "tokens.all.expires", "never closed"),
        ("expires: ends", 'expires: {sql: "a -- b"}', 14, "tokens.all.expires", "holds a comment"),
        ("    expires: ends\n", "", 10, "tokens.all.expires", "is missing"),
        ("is: set", "is: sett", 15, "tokens.all.revoked.is", "did you mean set?"),
        (", is: set", "", 15, "tokens.all.revoked.is", "is missing"),
        ("${ttl}", "${tll}", 22, "tokens.pairs.expires", "there is no parameter tll (did you mean ttl?)"),
        ("{other.made:time}", "{othr.made:time}", 22, "tokens.pairs.expires", "there is no join othr"),
        ("made:time", "made:tmie", 22, "tokens.pairs.expires", "there is no type of time tmie"),
        (', on: "{other.id} = {id}"', "", 20, "tokens.pairs.joins.other.on", "is missing"),
        ("other: {", "t: {", 20, "tokens.pairs.joins.t", "is the alias of the source's own relation"),
        ("opt_in: each", "fallback_for: al", 18, "tokens.pairs.fallback_for", "is no source here"),
        ("reason: there", "why: there", 24, "unobservable.codes.reason", "is missing"),
        ("are none}", "are none, unless: x}", 24, "unobservable.codes.unless", "is no opt-in source"),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(
    tmp_path: Path, old: str, new: str, line: int, key: str, words: str
) -> None:
    found = [
        fault
        for fault in faults(tmp_path, {"mine.yaml": changed(old, new)})
        if (fault.where, fault.key) == (f"mine.yaml:{line}", key)
    ]
    assert any(words in str(fault) for fault in found), found


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "a.yaml": changed("naive_utc", "naive"),
        "b.yaml": changed("is: set", "is: sett").replace("uuid", "guid"),
        "c.yaml": "",
        "d.yaml": "a: [",
        "E F.yaml": GOOD,
    }
    assert [fault.where for fault in faults(tmp_path, files)][:5] == [
        "E F.yaml",
        "a.yaml:2",
        "b.yaml:8",
        "b.yaml:15",
        "c.yaml:1",
    ]


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the folder cannot be read"):
        load([tmp_path / "none"])
