"""Owns the files that pages load, under addresses that change with what is in them: browsers keep them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exporter.negotiate import wants_gzip

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_KEPT = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    type: str
    plain: bytes
    gzipped: bytes


class Assets:
    """The stylesheet and the script."""

    @cached_property
    def _files(self) -> dict[str, tuple[str, _Asset]]:
        """The address of each file, and the file."""
        files = {}
        for path in sorted((Path(__file__).parent / "static").iterdir()):
            plain = path.read_bytes()
            digest = hashlib.sha256(plain).hexdigest()[:12]
            asset = _Asset(_TYPES[path.suffix], plain, gzip.compress(plain, mtime=0))
            files[path.name] = f"{path.stem}.{digest}{path.suffix}", asset
        return files

    def address(self, name: str) -> str:
        """Return where a file is, seen from the page at the root."""
        return f"assets/{self._files[name][0]}"

    async def serve(self, request: Request) -> Response:
        """Answer with a file; one of another version is not found, because the next may differ."""
        wanted = request.path_params["file"]
        found = next((asset for address, asset in self._files.values() if address == wanted), None)
        if found is None:
            return PlainTextResponse("no such file\n", 404)
        if not wants_gzip(request.headers.get("accept-encoding", "")):
            return Response(found.plain, media_type=found.type, headers=_KEPT)
        return Response(found.gzipped, media_type=found.type, headers={**_KEPT, "Content-Encoding": "gzip"})
