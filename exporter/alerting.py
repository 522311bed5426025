"""Owns the command `alerts`: the shipped rules with a user's numbers."""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from exporter import table
from exporter.alert_files import page, prometheus_rule, rule_files, subjects_of
from exporter.alert_sources import Alerting, load, shipped_directory

_ALERT_IN_TEST = re.compile(r"alertname: ?\"?([A-Za-z]+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `alerts`."""
    parser.add_argument(
        "--thresholds",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="your numbers; may be given again, the last one wins",
    )
    parser.add_argument(
        "--alerts-dir", type=Path, metavar="DIR", help="sources and thresholds in place of the shipped ones"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--rules", type=Path, metavar="DIR", help="write *.rules.yml into this folder")
    form.add_argument("--kubernetes", action="store_true", help="print one PrometheusRule")
    form.add_argument("--markdown", action="store_true", help="print the page of all alerts")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Do what was asked for; return the exit code.

    Raises:
        ConfigError: the sources or the numbers are wrong.
    """
    directory = args.alerts_dir or shipped_directory()
    alerting = load(directory, args.thresholds)
    if args.rules:
        _write(alerting, args.rules, out)
    elif args.kubernetes:
        out.write(prometheus_rule(alerting))
    elif args.markdown:
        out.writelines(
            f"{line}\n" for line in page(alerting, tests_by_alert(directory), seen_end_to_end(directory))
        )
    else:
        _list(alerting, out)
    return 0


def _write(alerting: Alerting, folder: Path, out: TextIO) -> None:
    texts = dict(rule_files(alerting))  # all or nothing: a fault shows before the first file is written
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
        out.write(f"{folder / name}\n")


def _list(alerting: Alerting, out: TextIO) -> None:
    rows = [
        (
            subject.name,
            alert.name,
            str(severity),
            ", ".join(f"{key} {value}" for key, value in values.items()),
        )
        for subject, alert, severity, values in subjects_of(alerting)
    ]
    out.writelines(f"{line}\n" for line in table.lines(("subject", "alert", "severity", "numbers"), rows))


def tests_by_alert(directory: Path) -> Mapping[str, set[str]]:
    """Return for each alert the files of promtool's tests that name it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((directory / "tests").glob("*.test.yml")):
        for name in _ALERT_IN_TEST.findall(path.read_text()):
            found[name].add(path.name.removesuffix(".test.yml"))
    return found


def seen_end_to_end(directory: Path) -> list[str]:
    """Return the alerts that the end-to-end suite sees, which keeps this list."""
    path = directory / "tests" / "seen.txt"
    return path.read_text().split() if path.is_file() else []
