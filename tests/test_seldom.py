"""Lines that a stranger can cause are few."""

from __future__ import annotations

import logging

from exporter.seldom import Seldom


def test_each_message_passes_once_a_minute_and_says_how_many_did_not() -> None:
    now = [0.0]
    seldom = Seldom(lambda: now[0])

    def line(message: str) -> tuple[bool, int]:
        record = logging.makeLogRecord({"msg": message})
        return seldom.filter(record), vars(record).get("left_out", 0)

    assert [line("a"), line("a"), line("b"), line("a")] == [(True, 0), (False, 0), (True, 0), (False, 0)]
    now[0] = 59.9
    assert line("a") == (False, 0)
    now[0] = 60.0
    assert [line("a"), line("a"), line("b")] == [(True, 3), (False, 0), (True, 0)]
