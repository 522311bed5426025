"""Owns reading from a certificate when it ends: as much of DER as that takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

_INTEGER, _UTC_TIME, _GENERALIZED_TIME, _SEQUENCE, _VERSION = 0x02, 0x17, 0x18, 0x30, 0xA0
_LONG = 0x80  # the bit of a length that says how many bytes the length itself takes
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}
_CENTURY = 100
_PIVOT = 2050  # a year of two digits is before this one (RFC 5280, 4.1.2.5.1)


def not_after(der: bytes) -> float:
    """Return when a certificate (X.509, RFC 5280) ends, as Unix time.

    Raises:
        ValueError: these bytes are no certificate.
    """
    try:
        [(_, certificate)] = _parts(der)
        _, signed = next(_parts(certificate))
        fields = [value for tag, value in _parts(signed) if tag != _VERSION]
        # The serial number, the algorithm, the issuer, and then the validity.
        _, (tag, end) = _parts(fields[3])
        moment = datetime.strptime(end.decode("ascii"), _FORMATS[tag]).replace(tzinfo=UTC)
    except (IndexError, KeyError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("no certificate") from error
    if tag == _UTC_TIME and moment.year >= _PIVOT:
        moment = moment.replace(year=moment.year - _CENTURY)
    return moment.timestamp()


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each element, one after the other."""
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & _LONG:
            width = size & ~_LONG
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + size > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + size]
        at += size
