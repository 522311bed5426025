"""Rules about names and texts in SQL that is printed."""

from __future__ import annotations

import pytest

from exporter import quoting
from servers import Server


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("tokens", "tokens"),
        ("_a1$", "_a1$"),
        ("Tokens", '"Tokens"'),
        ("user", '"user"'),
        ("1st", '"1st"'),
        ('a"b', '"a""b"'),
        ("naïve", '"naïve"'),
        ("two words", '"two words"'),
    ],
)
def test_an_identifier_is_quoted_only_when_it_has_to_be(name: str, written: str) -> None:
    assert quoting.identifier(name) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("public.tokens", "public.tokens"),
        ('"public".tokens', "public.tokens"),
        ('auth."Token.Store"', 'auth."Token.Store"'),
        ('"a""b".t', '"a""b".t'),
    ],
)
def test_a_relation_is_quoted_part_by_part(name: str, written: str) -> None:
    assert quoting.relation(name) == written


def test_every_reserved_word_of_the_server_is_quoted(server: Server) -> None:
    rows = server.execute("SELECT word FROM pg_catalog.pg_get_keywords() WHERE catcode IN ('R', 'T')")
    bare = [str(word) for (word,) in rows if quoting.identifier(str(word)) == word]
    assert bare == []


@pytest.mark.parametrize("text", ["plain", "it's", "back\\slash", "$$ \\' $body1$", "%"])
def test_the_server_reads_a_literal_as_the_text_that_it_stands_for(a_server: Server, text: str) -> None:
    for setting in ("on", "off"):
        sql = f"SET standard_conforming_strings = {setting}; SELECT {quoting.literal(text)}"
        assert a_server.execute(f"SET escape_string_warning = off; {sql}") == [(text,)]


@pytest.mark.parametrize("text", ["plain", "$$", "$$ and $body1$"])
def test_a_body_ends_where_its_text_ends(a_server: Server, text: str) -> None:
    assert a_server.execute(f"SELECT {quoting.body(text)}") == [(f"\n{text}\n",)]
