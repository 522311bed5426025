"""Rules for the command line's manual pages and for what it says to a misspelt word."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from exporter import __main__, __version__
from exporter.usage import Parser

ROOT = Path(__file__).resolve().parents[1]
PARSER = __main__.command_line()
COMMANDS = PARSER.commands()
SECRET = "hunter2"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """Return the exit code and all that a command line that ends at once prints."""
    with pytest.raises(SystemExit) as ended:
        PARSER.parse_args(arguments)
    found = capsys.readouterr()
    return ended.value.code, found.out + found.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rnu",), "unknown command rnu, did you mean run?"),
        (("xyzzy",), "unknown command xyzzy; there are run, check, once"),
        (("--verison",), "unknown option --verison, did you mean --version?"),
        (("run", "--lgo.level", "debug"), "unknown option --lgo.level, did you mean --log.level?"),
        (("run", "--web.listen-addres=:1"), "did you mean --web.listen-address?"),
        (("run", "--log.lev=debug"), "did you mean --log.level?"),
        (("once", "--format", "line"), "unknown value of --format line, did you mean lines?"),
        (("completion", "fisch"), "there are bash, zsh, tcsh"),
        (("check", "--xyzzy"), "unknown option --xyzzy\n"),
        (("check", "more"), "an argument too many"),
        (("alerts", "--rulez", "x"), "did you mean --rules?"),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, text = said(capsys, *arguments)
    assert code == 2
    assert words in text
    assert text.startswith("usage: pg-oauth-exporter")
    assert "--help` says more" in text


@pytest.mark.parametrize(
    "arguments",
    [
        (f"postgresql://u:{SECRET}@h/d",),
        ("check", f"postgresql://u:{SECRET}@h/d"),
        ("check", f"--password={SECRET}"),
        ("check", f"--{SECRET}"),
        ("once", "--format", f"host=a password={SECRET}"),
    ],
)
def test_what_may_be_a_secret_in_the_wrong_place_is_not_repeated(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, text = said(capsys, *arguments)
    assert code == 2
    assert SECRET not in text


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == (0, f"pg-oauth-exporter {__version__}\n")


@pytest.mark.parametrize("command", ["", *sorted({*COMMANDS} - {"demo"})])
def test_help_is_a_manual_page_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, text = said(capsys, *command.split(), "--help")
    assert code == 0
    assert [line for line in text.splitlines() if len(line) > 80] == []
    headings = re.findall(r"^(\w[\w ,()]*):$", text, re.MULTILINE)
    assert {"options"} < {*headings}
    assert any(heading.startswith("exit codes") for heading in headings)
    assert "%%" not in text
    assert not command or "examples" in headings
    if "--config.file" in text:
        assert {"environment", "files"} < {*headings}


@pytest.mark.parametrize("path", sorted(ROOT.glob("exporter/help/*.txt")), ids=lambda path: path.name)
def test_the_texts_of_the_help_are_80_columns_wide(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if len(line) > 80] == []


def options(parser: Parser) -> set[str]:
    return {word for each in parser.actions() for word in each.option_strings if word.startswith("--")} - {
        "--help"
    }


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"demo"}))
def test_every_option_says_what_it_does(command: str) -> None:
    text = COMMANDS[command].format_help()
    for option in options(COMMANDS[command]):
        line = re.search(rf"^  (?:-\w, )?{re.escape(option)}\b.*(?:\n {{20,}}\S.*)?", text, re.MULTILINE)
        assert line, option
        assert len(line[0].split()) >= 4, option


def shown(text: str) -> list[str]:
    """Return the command lines of ours in a text, each up to a pipe or a redirection."""
    joined = re.sub(r"\|\n +", "| ", text)
    pattern = r"^ *(?:\$ )?(?:[A-Z_]+=\S+ )*pg-oauth-exporter +((?!-h|--help)[a-z]+\b.*)$"
    lines = re.findall(pattern, joined, re.MULTILINE)
    return [re.split(r" (?:\||>|&&|#) ?|  +#|  {2,}", line)[0] for line in lines]


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "exporter/help").glob("*.txt")),
]
EXAMPLES = sorted({(page.name, line) for page in PAGES for line in shown(page.read_text())})


def test_the_pages_show_many_commands() -> None:
    assert len(EXAMPLES) > 40


@pytest.mark.parametrize(("page", "line"), EXAMPLES)
def test_every_command_line_that_a_page_shows_is_one(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[0] != "demo":
        assert PARSER.parse_args(words).handler


def test_the_page_of_commands_has_a_section_for_each() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    for_people = {*COMMANDS} - {"run", "check", "demo"}
    assert [name for name in for_people if f"\n## {name}\n" not in page] == []


@pytest.mark.parametrize("command", ["once", "queries", "doctor", "grants", "alerts", "dashboards", "config"])
def test_the_page_of_commands_names_every_option_of_its_own(command: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    section = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
    own = options(COMMANDS[command]) - options(COMMANDS["check"])
    assert [option for option in sorted(own) if option not in section] == []
