"""Fills a table `public.tokens` with the load of the token benchmark, on a server that is only for that.

    python benchmarks/tokens_generate.py --dsn postgresql://postgres@127.0.0.1/bench --variant a

Variant a was only ever appended to: 60 days, in the order of issue. Variant b lived: 6 % of --rows are issued
a day for 42 days, some are revoked by updates, each night those expired for over 7 days are deleted, then
VACUUM; new rows fill the gaps that old ones left. Four of five are access tokens (1 h), the others refresh
tokens (30 days); 1 in 20 is revoked; the rate follows the hour of the day. The same arguments give the same
rows.

With --copies K, variant b is grown to the 41st day from --rows / K, copied K times in physical order, and
lives its last day at full size: the layout is that of the small table, the time a fraction.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import pi, sin

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]

END = datetime(2026, 1, 1)  # noqa: DTZ001 - the column is naive, and holds UTC
DAYS_APPENDED = 60
DAYS_CHURNED = 42
CHUNKS_A_DAY = 12
SHARE_A_DAY = 0.06  # of --rows, in variant b
RETENTION = timedelta(days=7)

_COLUMNS = """
    token_id uuid NOT NULL, client_id varchar(255), user_id varchar(255), token_type varchar(50) NOT NULL,
    access_token text NOT NULL, refresh_token text, scope varchar(1000),
    expires_at timestamp NOT NULL, created_at timestamp NOT NULL DEFAULT now(), revoked_at timestamp
"""
# `g` counts rows in the order of issue. The day is warped so that the rate is lowest at midnight, two thirds
# of the mean, and highest at noon, twice the mean.
_ISSUE = """
INSERT INTO public.tokens
SELECT
    md5(g || 'id')::uuid, 'client-' || floor(200 * pow(random(), 3)), 'user-' || (g * 7919) % 100003,
    CASE WHEN access THEN 'access' ELSE 'refresh' END, rpad(md5(g::text), {width}, 'x'),
    CASE WHEN NOT access THEN md5(g || 'r') END, 'openid profile email',
    created_at + CASE WHEN access THEN interval '1 hour' ELSE interval '30 days' END, created_at,
    CASE WHEN random() < {revoked} THEN created_at END
FROM (
    SELECT
        g, random() < 0.8 AS access,
        timestamp '{start}'
            + interval '1 day' * (at + sin(2 * pi() * (at - floor(at))) / (4 * pi())) AS created_at
    FROM (SELECT g, (g + 0.5) / {a_day} AS at FROM generate_series({first}::bigint, {last}) AS g) AS placed
) AS issued
"""

_REVOKE = """
UPDATE public.tokens SET revoked_at = created_at FROM victims
WHERE tokens.ctid = victims.place AND revoked_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is issued: rows a day from `start` on, and the length of an access token in characters."""

    a_day: int
    start: datetime
    width: int

    def sql(self, first: int, last: int, revoked: float) -> str:
        """Return the statement that issues the rows numbered `first` to `last`; a share is born revoked."""
        return _ISSUE.format(
            first=first, last=last, a_day=self.a_day, start=self.start, width=self.width, revoked=revoked
        )

    def issued(self, ordinal: int) -> datetime:
        """Return when the row numbered `ordinal` was issued."""
        at = (ordinal + 0.5) / self.a_day
        return self.start + timedelta(days=at + sin(2 * pi * (at % 1)) / (4 * pi))

    def before(self, at: datetime) -> int:
        """Return how many rows were issued before `at`: the inverse of the warp, by bisection."""
        low, high = 0, self.a_day * 400
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.issued(middle) < at else (low, middle)
        return low


def appended(rows: int, width: int) -> Load:
    """Return the load of variant a."""
    return Load(rows // DAYS_APPENDED, END - timedelta(days=DAYS_APPENDED), width)


def churned(rows: int, width: int) -> Load:
    """Return the load of variant b."""
    return Load(round(rows * SHARE_A_DAY), END - timedelta(days=DAYS_CHURNED), width)


def run(connection: Connection, sql: str) -> int:
    """Execute SQL built here, from numbers and times only; return the number of rows affected."""
    return connection.execute(sql.encode()).rowcount


def prepare(connection: Connection) -> None:
    """Make an empty table, and rows that are the same every time."""
    run(connection, "DROP TABLE IF EXISTS public.tokens, public.base")
    run(connection, f"CREATE TABLE public.tokens ({_COLUMNS})")
    run(connection, "SELECT setseed(0.5)")


def append(connection: Connection, load: Load, since: datetime, until: datetime) -> int:
    """Issue all of a period at once, 1 in 20 of them revoked; return the number of rows."""
    return run(connection, load.sql(load.before(since), load.before(until) - 1, 0.05))


def live(connection: Connection, load: Load, since: datetime, until: datetime, step: timedelta) -> None:
    """Issue a period in steps; some are born revoked, as many are revoked by an update a step later."""
    run(connection, "CREATE TEMP TABLE IF NOT EXISTS victims (place tid)")
    run(connection, "SET enable_hashjoin = off; SET enable_mergejoin = off")
    for first, last in _steps(load, since, until, step):
        run(connection, _REVOKE)
        run(connection, "TRUNCATE victims")
        run(
            connection,
            f"WITH issued AS ({load.sql(first, last, 0.025)} RETURNING tokens.ctid) "
            "INSERT INTO victims SELECT ctid FROM issued WHERE random() < 0.025",
        )
    run(connection, "RESET enable_hashjoin; RESET enable_mergejoin")


def _steps(load: Load, since: datetime, until: datetime, step: timedelta) -> Iterator[tuple[int, int]]:
    while since < until:
        following = min(since + step, until)
        yield load.before(since), load.before(following) - 1
        since = following


def purge(connection: Connection, now: datetime) -> None:
    """Delete what expired over 7 days ago, as the schema's own cleanup does, and VACUUM."""
    run(connection, f"DELETE FROM public.tokens WHERE expires_at < timestamp '{now - RETENTION}'")
    run(connection, "TRUNCATE victims")  # a place may belong to another row now
    run(connection, "VACUUM public.tokens")


def grow(connection: Connection, load: Load, days: range) -> None:
    """Let the table live these days after the load's start."""
    for day in days:
        since = load.start + timedelta(days=day)
        until = since + timedelta(days=1)
        live(connection, load, since, until, timedelta(days=1) / CHUNKS_A_DAY)
        purge(connection, until)


def multiply(connection: Connection, copies: int) -> None:
    """Replace the table by that many copies of itself, one after the other, each in physical order."""
    run(connection, "SET synchronize_seqscans = off")
    run(connection, "ALTER TABLE public.tokens RENAME TO base")
    with connection.transaction():  # a table made in the same transaction needs no log
        run(connection, f"CREATE TABLE public.tokens ({_COLUMNS})")
        for _copy in range(copies):
            run(connection, "INSERT INTO public.tokens SELECT * FROM public.base")
    run(connection, "DROP TABLE public.base")


def generate(connection: Connection, variant: str, rows: int, width: int, copies: int = 1) -> Load:
    """Make the table of a variant, vacuumed and analysed; return the load with which it can live on."""
    prepare(connection)
    if variant == "a":
        load = appended(rows, width)
        append(connection, load, load.start, END)
    else:
        load = churned(rows, width)
        grow(connection, churned(rows // copies, width), range(DAYS_CHURNED - (copies > 1)))
        if copies > 1:
            multiply(connection, copies)
            run(connection, "VACUUM public.tokens")
            grow(connection, load, range(DAYS_CHURNED - 1, DAYS_CHURNED))
    run(connection, "VACUUM ANALYZE public.tokens")
    return load


def main() -> None:
    """Make the table and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", help="of a database of its own; public.tokens is replaced")
    parser.add_argument("--variant", choices=("a", "b"), default="a")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--width", type=int, default=290, help="length of an access token; default 290")
    parser.add_argument("--copies", type=int, default=1, help="of a smaller table, for variant b; default 1")
    args = parser.parse_args()
    if not args.dsn:
        print("not run, name a server: --dsn postgresql://postgres@127.0.0.1/bench")
        return
    started = time.monotonic()
    with psycopg.connect(args.dsn, autocommit=True) as connection:
        generate(connection, args.variant, args.rows, args.width, args.copies)
        facts = connection.execute(
            "SELECT reltuples::bigint, relpages, correlation FROM pg_class, pg_stats"
            " WHERE relname = 'tokens' AND tablename = 'tokens' AND attname = 'created_at'"
        ).fetchone()
    print(f"rows, pages, correlation of created_at: {facts}; {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
