"""Owns the backups that tests examine: real ones by every pg_dump at hand, and short ones made up."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

import pytest

import binaries
from farm import Farm
from servers import Server

SECRET = "hunter2"
# What a plain dump looks like, as short as can be; it holds what no log and no metric may show.
PLAIN = (
    "--\n-- PostgreSQL database dump\n--\n\n"
    f"COPY public.tokens (access_token) FROM stdin;\n{SECRET}\n\\.\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n"
).encode()

_SCHEMA = """
CREATE TABLE clients (id serial PRIMARY KEY, name text);
INSERT INTO clients (name) SELECT 'client ' || n FROM generate_series(1, 100) AS n;
CREATE TABLE tokens (id bigserial PRIMARY KEY, access_token text, expires_at timestamp);
INSERT INTO tokens (access_token, expires_at) SELECT md5(n::text), now() FROM generate_series(1, 3000) AS n;
CREATE TABLE nothing (id int);
CREATE INDEX ON tokens (expires_at);
SELECT lo_from_bytea(0, decode(repeat('ab00', 3000), 'hex')), lo_from_bytea(0, 'short');
"""
# How each is made; "piped" is written to a pipe, where pg_dump cannot go back to note positions.
_WAYS: dict[str, tuple[str, ...]] = {
    "custom": ("-Fc",),
    "custom-plain": ("-Fc", "-Z0"),
    "custom-inserts": ("-Fc", "--inserts"),
    "custom-schema": ("-Fc", "--schema-only"),
    "piped": ("-Fc",),
    "tar": ("-Ft",),
    "plain": (),
    "plain-verbose": ("-v",),
    "gzip": ("-Z6",),
    "folder": ("-Fd",),
    "folder-plain": ("-Fd", "-Z0"),
    "folder-inserts": ("-Fd", "-Z0", "--inserts"),
}


def dump_all(farm: Farm, folder: Path) -> dict[str, Path]:
    """Return backups in every format by every pg_dump at hand, e.g. "15 custom"; skips without any."""
    found: dict[str, Path] = {}
    for major, program in sorted(binaries.clients("pg_dump").items()):
        older = [server for server in farm.available if server <= major]
        if older:
            found |= _dump(farm.primary(older[-1]), program, folder, str(major))
    if not found:
        if os.environ.get("REQUIRE_PG"):
            pytest.fail("no pg_dump here that fits a server", pytrace=False)
        pytest.skip("no pg_dump here that fits a server")
    return found


def dump(program: Path, dsn: str, path: Path, *arguments: str) -> Path:
    """Run pg_dump into a file or folder."""
    subprocess.run([program, *arguments, "-f", path, dsn], check=True, capture_output=True)
    return path


def _dump(server: Server, program: Path, folder: Path, name: str) -> dict[str, Path]:
    database = f"test_{secrets.token_hex(4)}"
    server.execute(f"CREATE DATABASE {database}")
    try:
        server.execute(_SCHEMA, database)
        dsn = server.dsn(database)
        found = {}
        for way, arguments in _WAYS.items():
            path = found[f"{name} {way}"] = folder / f"{name}-{way}"
            if way == "piped":
                done = subprocess.run([program, *arguments, dsn], check=True, capture_output=True)
                path.write_bytes(done.stdout)
            else:
                dump(program, dsn, path, *arguments)
        return found
    finally:
        server.execute(f"DROP DATABASE {database} WITH (FORCE)")
