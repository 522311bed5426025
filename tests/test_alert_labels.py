"""The rules about targets with labels of the user's own: their tests hold with these on every series, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from programs import require
from shipped_alerts import FOLDER

# Those with weeks of samples take long, and their rules are those of the others.
LONG = ("baseline", "published")
FILES = sorted(
    path.name for path in (FOLDER / "tests").glob("*.test.yml") if not any(word in path.name for word in LONG)
)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_labels_of_the_user_change_neither_what_fires_nor_how_it_is_labelled(
    file: str, tmp_path: Path
) -> None:
    tests = yaml.safe_load((FOLDER / "tests" / file).read_text())
    tests["rule_files"] = [str((FOLDER / "tests" / name).resolve()) for name in tests["rule_files"]]
    series = [each for test in tests["tests"] for each in test.get("input_series", ())]
    for each in series:
        each["series"] = each["series"].replace('target="', 'env="prod",target="', 1)
    assert any('env="prod"' in each["series"] for each in series)
    (tmp_path / file).write_text(yaml.safe_dump(tests, sort_keys=False))
    done = subprocess.run(
        [require("promtool"), "test", "rules", tmp_path / file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
