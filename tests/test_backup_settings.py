"""Rules for the key `backups` of the configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from setting_files import TARGET, faults, places, settings


def test_an_entry_has_defaults_and_its_path_begins_at_the_folder_of_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path, "backups:\n- {name: daily, path: dumps}\n- {name: other, path: /b/*.gz}\n")
    daily, other = found.backups
    assert (daily.path, other.path) == (str(tmp_path / "dumps"), "/b/*.gz")
    assert (daily.pattern, daily.every, daily.min_size, daily.target) == ("*", 300.0, 0, None)


def test_every_key_of_an_entry_reaches_the_settings(tmp_path: Path) -> None:
    text = "backups: [{name: a, path: b, pattern: '*.dump', every: 1m, min_size: 1000, target: main}]"
    [entry] = settings(tmp_path, text).backups
    assert (entry.pattern, entry.every, entry.min_size, entry.target) == ("*.dump", 60.0, 1000, "main")


BAD = [
    ("{name: a, path: b}", "backups", "must be a list"),
    ("[a]", "backups.0", "must be a mapping"),
    ("[{path: b}]", "backups.0.name", "is missing"),
    ("[{name: a}]", "backups.0.path", "is missing"),
    ("[{name: a, path: ''}]", "backups.0.path", "must be one line"),
    ("[{name: a b, path: b}]", "backups.0.name", "must be up to 63 letters"),
    ("[{name: a, path: b, evry: 5m}]", "backups.0.evry", "did you mean every?"),
    ("[{name: a, path: b, pattern: 'c/*'}]", "backups.0.pattern", "a folder belongs into path"),
    ("[{name: a, path: b, every: 5}]", "backups.0.every", "must be a duration"),
    ("[{name: a, path: b, min_size: -1}]", "backups.0.min_size", "must be at least 0"),
    ("[{name: a, path: b, min_size: 1k}]", "backups.0.min_size", "must be a whole number"),
    (
        "[{name: a, path: b, target: mian}]",
        "backups.0.target",
        "there is no target of this name (did you mean main?)",
    ),
    ("[{name: a, path: b}, {name: a, path: c}]", "backups.1.name", "other backups have this name"),
]


@pytest.mark.parametrize(("text", "key", "words"), BAD, ids=[text for text, _, _ in BAD])
def test_a_bad_entry_is_told_with_its_key(text: str, key: str, words: str, tmp_path: Path) -> None:
    found = faults(tmp_path, f"{TARGET}backups: {text}\n")
    assert places(found) == [("exporter.yaml:2", key)]
    assert words in str(found[0])
