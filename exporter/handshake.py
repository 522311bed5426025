"""Owns the beginning of a TLS connection to PostgreSQL, as far as the server's certificate.

libpq does not show the certificate of the other side, so this one connection is our own. It ends before the
server is told a role or a password, and takes none of its connection slots.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct

from exporter.certificate import not_after
from exporter.errors import ExporterError

# "Frontend/Backend Protocol", "SSL Session Encryption": the length of the message, and what it asks for.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_YES = b"S"
_GOODBYE_SECONDS = 1.0


class HandshakeError(ExporterError):
    """Nobody answers there, or not as PostgreSQL does."""


async def certificate_end(host: str, port: int, seconds: float) -> float | None:
    """Return when the certificate of a server ends, as Unix time; None when the server offers no TLS.

    The certificate is read and not judged: one that is over, or of an unknown issuer, is what we want to see.

    Raises:
        HandshakeError: there is no answer within `seconds`, or none that can be understood.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _certificate_end(host, port)
    except (OSError, EOFError, TimeoutError, ValueError) as error:
        raise HandshakeError(f"no certificate can be read: {type(error).__name__}") from error


async def _certificate_end(host: str, port: int) -> float | None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_SSL_REQUEST)
        if await reader.readexactly(1) != _YES:
            return None
        await writer.start_tls(_context(), server_hostname=host)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return not_after(der or b"")
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await writer.wait_closed()


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
