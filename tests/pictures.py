"""Owns the pictures of the status pages in the docs: `make pictures` takes them anew, of real servers.

They are no test: somebody has to look at them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser
from psycopg.conninfo import make_conninfo

from browser import chromium, tab
from daemon import Daemon
from demo_watch import DATABASE, demo, prepare
from farm import Farm
from pairs import start_pair
from pooler import pooled
from query_files import SQL, family, write

_DOCS = Path(__file__).parent.parent / "docs"
_MAJOR = 18
# Long enough for the demo's first trouble, so that there is something to see.
_SECONDS = 100


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture: its file, the page on it, the window; the scale is enough to read, and keeps it small."""

    name: str
    path: str
    scheme: str
    width: int = 1280
    height: int = 860
    scale: float = 1.25


_PICTURES = (
    _Picture("status", "/", "light", height=690),
    _Picture("status/dark", "/", "dark", height=690),
    _Picture("status/target", "/targets/oauth2", "light"),
    _Picture("status/target-dark", "/targets/oauth2?state=skipped", "dark"),
    _Picture("status/phone", "/", "light", 390, 800, 1.5),
    _Picture("status/phone-target", "/targets/oauth2", "dark", 390, 800, 1.5),
)


def main(docs: Path) -> None:
    """Start it all, wait, take the pictures, end it all."""
    farm = Farm([_MAJOR])
    try:
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            daemon = _watched(farm, Path(name), stack)
            time.sleep(_SECONDS)
            with chromium() as browser:
                for picture in _PICTURES:
                    _take(browser, daemon.url, docs / f"{picture.name}.png", picture)
    finally:
        farm.close()


def _watched(farm: Farm, folder: Path, stack: ExitStack) -> Daemon:
    pair = start_pair(farm, _MAJOR, "pictures")
    prepare(pair)
    stack.enter_context(demo(pair.primary.dsn(DATABASE), folder))
    console = make_conninfo(stack.enter_context(pooled(pair.primary)), dbname="pgbouncer")
    broken = family("mine").replace(SQL, "\nselect 'x' as mode, count(*) as locks from billing.invoices\n")
    files = {"billing/invoices_open.sql": broken, "billing/set.yaml": "help: Ours.\ndefault: on\n"}
    config = {
        "targets": [
            {"name": "oauth2", "dsn": pair.primary.monitor_dsn(DATABASE), "labels": {"env": "production"}},
            {
                "name": "oauth2-replica",
                "dsn": pair.standby.monitor_dsn(DATABASE),
                "labels": {"env": "production"},
            },
            {"name": "oauth2-pooler", "dsn": console, "kind": "pgbouncer", "labels": {"env": "production"}},
            {"name": "billing", "dsn": "host=127.0.0.1 port=1 dbname=billing user=monitor"},
            {"name": "staging", "dsn": pair.primary.dsn(), "labels": {"env": "staging"}, "paused": True},
        ],
        "queries_dirs": [str(write(folder / "queries", files))],
        "web": {"dashboard_url": "https://grafana.example"},
    }
    return stack.enter_context(Daemon(folder, config))


def _take(browser: Browser, url: str, file: Path, picture: _Picture) -> None:
    how = {
        "color_scheme": picture.scheme,
        "viewport": {"width": picture.width, "height": picture.height},
        "device_scale_factor": picture.scale,
    }
    with tab(browser, url, **how) as shown:
        shown.go(picture.path).screenshot(path=file)
    print(file)  # noqa: T201  # what a command has made


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _DOCS)
