"""Owns the DATA_SOURCE_* variables: one target without a file, as users of postgres_exporter know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from exporter.document import read_text
from exporter.errors import Fault

PASSWORD_FILE = "DATA_SOURCE_PASS_FILE"  # noqa: S105 - the name of a variable
_NAME, _URI, _USER, _PASS = "DATA_SOURCE_NAME", "DATA_SOURCE_URI", "DATA_SOURCE_USER", "DATA_SOURCE_PASS"
_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class DataSource:
    """A DSN, the variable it came from, and where its password is when that is apart."""

    variable: str
    dsn: str = field(repr=False)
    password_env: str | None = None
    password_file: str | None = None


def data_source(environ: Mapping[str, str], faults: list[Fault]) -> DataSource | None:
    """Return the target that the environment describes, if it does; what is wrong is added to `faults`."""
    if _NAME in environ:
        variable, dsn = _NAME, environ[_NAME].strip()
        if not dsn:
            remedy = "give a DSN such as postgresql://user@host:5432/database, or unset it"
            faults.append(Fault(_NAME, "", "is empty", remedy))
    else:
        variable, dsn = _of_parts(environ, faults)
    if not dsn:
        return None
    password_file = environ.get(PASSWORD_FILE) or None
    password_env = _PASS if environ.get(_PASS) and not password_file else None
    return DataSource(variable, dsn, password_env, password_file)


def _of_parts(environ: Mapping[str, str], faults: list[Fault]) -> tuple[str, str]:
    """Return the variable that says where the server is, and the DSN made of it and the user."""
    variable, uri = _value(environ, _URI, faults)
    if uri is None:
        return variable, ""
    for scheme in _SCHEMES:
        uri = uri.removeprefix(scheme)
    _, user = _value(environ, _USER, faults)
    if not uri:
        faults.append(Fault(variable, "", "is empty", "write it like host:5432/database, or unset it"))
        return variable, ""
    if user and "@" in uri.split("/", 1)[0].split("?", 1)[0]:
        faults.append(Fault(variable, "", f"names a user, and so does {_USER}", "take one of them out"))
        return variable, ""
    login = f"{quote(user, safe='')}@" if user else ""
    return variable, f"postgresql://{login}{uri}"


def _value(environ: Mapping[str, str], name: str, faults: list[Fault]) -> tuple[str, str | None]:
    """Return which of `name` and `name`_FILE is set, the file first, and what it says."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return name, environ[name].strip() if name in environ else None
    problems: list[Fault] = []
    text = read_text(Path(path), problems)
    # Only what is wrong is repeated: the variable may hold something other than a path.
    faults.extend(Fault(f"{name}_FILE", "", fault.problem) for fault in problems)
    return f"{name}_FILE", None if text is None else text.strip()
