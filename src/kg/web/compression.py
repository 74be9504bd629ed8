"""gzip for clients that accept it: whole bodies at once, streams block by block so that nothing waits."""

import zlib
from collections.abc import Iterator
from typing import Final

from flask import Response, request

#: Below this the head of the answer weighs more than what would be saved.
LEAST_BYTES: Final = 1024
_LEVEL: Final = 5
_GZIP: Final = 16 + zlib.MAX_WBITS
_WORDS: Final = ("json", "xml", "javascript", "n-triples", "n-quads", "trig", "sparql", "ecmascript")


def compress(response: Response) -> Response:
    """Compress a response if its type gains by it and the client takes gzip (RFC 9110, section 12.5.3)."""
    kind = response.mimetype or ""
    if response.status_code != 200 or not (kind.startswith("text/") or any(word in kind for word in _WORDS)):
        return response
    if "Content-Encoding" in response.headers:
        return response
    # By hand: werkzeug's set of names costs a tenth of a small request.
    varies = response.headers.get("Vary")
    response.headers["Vary"] = f"{varies}, Accept-Encoding" if varies else "Accept-Encoding"
    if request.method == "HEAD" or "Accept-Encoding" not in request.headers or not _accepted():
        return response
    if response.is_streamed:
        response.response = _blocks(response.iter_encoded())
        response.headers.pop("Content-Length", None)
    else:
        body = response.get_data()
        if len(body) < LEAST_BYTES:
            return response
        response.set_data(zlib.compress(body, _LEVEL, _GZIP))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _accepted() -> bool:
    # werkzeug's own choice takes `gzip;q=0` for a wish.
    return any(name.lower() in {"gzip", "x-gzip", "*"} and quality > 0 for name, quality in request.accept_encodings)


def _blocks(source: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    try:
        for block in source:
            # An empty block is there for the server, which closes the source when the client has left.
            yield engine.compress(block) + engine.flush(zlib.Z_SYNC_FLUSH) if block else b""
        yield engine.flush()
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
