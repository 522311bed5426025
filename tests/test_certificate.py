"""When a certificate ends is read from its bytes as openssl reads it."""

from __future__ import annotations

import ssl

import pytest

from certificates import Made, make
from exporter.certificate import not_after


@pytest.fixture(scope="module", params=[1, 397, 9131, 20000], ids="days={}".format)
def made(request: pytest.FixtureRequest) -> Made:
    """A certificate; from 2050 on its times are written another way."""
    return make(request.param)


def test_the_end_is_what_openssl_says(made: Made) -> None:
    assert not_after(ssl.PEM_cert_to_DER_cert(made.certificate)) == made.end


def test_a_certificate_that_is_cut_anywhere_is_none(made: Made) -> None:
    der = ssl.PEM_cert_to_DER_cert(made.certificate)
    for size in range(len(der)):
        with pytest.raises(ValueError, match=r"no certificate|cut off|unpack"):
            not_after(der[:size])


@pytest.mark.parametrize(
    "der", [b"0\x00", b"\x02\x01\x00", b"0\x820", b"hello world, no certificate", b"0\x020\x00"]
)
def test_other_bytes_are_no_certificate(der: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which of its messages depends on where the bytes stop making sense
        not_after(der)
