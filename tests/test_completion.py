"""Rules for shell completion: what a real shell offers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from exporter.__main__ import main
from programs import require

ASK = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
answer=$(complete -p pg-oauth-exporter | sed 's/.*-F \\([^ ]*\\).*/\\1/')
$answer pg-oauth-exporter "${COMP_WORDS[COMP_CWORD]}" x
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(tmp_path: Path, shell: str, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", shell]) == 0
    path = tmp_path / f"completion.{shell}"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.mark.parametrize(
    ("words", "offered", "never"),
    [
        (("",), {"run", "check", "doctor", "completion"}, {"--log.level"}),
        (("d",), {"doctor", "dashboards"}, {"run"}),
        (("run", "--web."), {"--web.listen-address", "--web.enable-reload"}, {"--log.level"}),
        (("once", "--"), {"--explain", "--format", "--config.file"}, {"--web.listen-address"}),
        (("once", "--format", ""), {"lines", "table", "prometheus"}, {"--explain"}),
        (("completion", ""), {"bash", "zsh", "tcsh"}, {"run"}),
    ],
)
def test_bash_completes_commands_options_and_values(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    offered: set[str],
    never: set[str],
) -> None:
    require("bash")
    path = script(tmp_path, "bash", capsys)
    command = ["bash", "--norc", "-c", ASK, "ask", str(path), "pg-oauth-exporter", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert offered <= found
    assert not never & found


def test_bash_completes_a_path_where_a_file_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require("bash")
    path = script(tmp_path, "bash", capsys)
    (tmp_path / "exporter.yaml").touch()
    words = ["run", "--config.file", f"{tmp_path}/exp"]
    command = ["bash", "--norc", "-c", ASK, "ask", str(path), "pg-oauth-exporter", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"{tmp_path}/exporter.yaml"]


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script_that_names_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    text = script(tmp_path, shell, capsys).read_text()
    assert all(word in text for word in ("doctor", "web.listen-address", "dashboards"))
