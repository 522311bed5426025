"""Owns work in threads that nobody has to wait for: a file system that hangs keeps nothing from ending."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Start `work` in a thread of its own; what it returns or raises is the future's.

    The thread is a daemon's, not the pool's of `asyncio.to_thread`: that one is waited for at the end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            settle = partial(_succeed, future, work())
        except Exception as error:  # noqa: BLE001 - whoever awaits the future gets it
            settle = partial(_fail, future, error)
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle)

    Thread(target=run, name=name, daemon=True).start()
    return future


def _succeed(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # nobody may be waiting for it any longer
