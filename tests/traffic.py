"""Owns work that goes on in the background of a test: what is repeated, and the clients of a token store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

_ISSUE = """
INSERT INTO tokens (token_id, client_id, token_type, access_token, expires_at, created_at)
SELECT gen_random_uuid(), 'web', 'access', 'of a test', now() AT TIME ZONE 'UTC' + interval '1 h',
    clock_timestamp() AT TIME ZONE 'UTC'
FROM generate_series(1, %s)
"""


@contextmanager
def repeated(work: Callable[[], object], every: float = 0.2) -> Iterator[None]:
    """Do the work again and again in a thread until the end of the block; the server may refuse it."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            with suppress(psycopg.Error):
                work()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(20)


class Clients:
    """The clients of a token store: they are issued `rate` tokens in a second."""

    def __init__(self, dsn: str, rate: int = 10) -> None:
        self.rate = rate
        self._dsn = dsn

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them come until the end of the block."""
        with (
            psycopg.connect(self._dsn, autocommit=True, application_name="token-server") as connection,
            repeated(lambda: connection.execute(_ISSUE, (self.rate // 2,)), 0.5),
        ):
            yield
