"""Bodies that are sent as they come, and how such a body ends when its source fails.

Notes
-----
The server ends a chunked response in order even when its source raises, so a client couldn't tell a part from the
whole. Therefore:

- The first part of a body, up to 256 KiB or half a second of it, is held back. A body that is complete by then is sent
  with its length; a failure by then is an error with a status of its own.
- A longer body whose source fails ends in a line that is malformed in the format it is written in, wherever it was
  cut: a parser refuses it. The server's log has the reason, `kg_sparql_results_broken_total` counts it.
"""

import logging
import time
from collections.abc import Iterator
from typing import Final

from flask import Response, request

from kg.errors import KGError
from kg.web.metrics import Metrics

logger = logging.getLogger(__name__)

_HEAD_BYTES: Final = 256 * 1024
_HEAD_SECONDS: Final = 0.5


def typed(media_type: str) -> str:
    """Return a Content-Type; the charset of a text has to be said, or readers guess it."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def respond(chunks: Iterator[bytes], media_type: str, metrics: Metrics) -> Response:
    """Return the response that carries a body: whole with its length where it is short, else as it comes."""
    head, whole = _head(chunks)
    content_type = typed(media_type)
    if whole:
        return Response(head, content_type=content_type)
    if request.method == "HEAD":
        _close(chunks)
        response = Response(content_type=content_type)
        del response.headers["Content-Length"]
        return response
    return Response(_rest(head, chunks, media_type, metrics), content_type=content_type)


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    head = bytearray()
    until = time.monotonic() + _HEAD_SECONDS
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES or time.monotonic() >= until:
            return bytes(head), False
    return bytes(head), True


def _rest(head: bytes, chunks: Iterator[bytes], media_type: str, metrics: Metrics) -> Iterator[bytes]:
    quotes = head.count(b'"')
    try:
        yield head
        for chunk in chunks:
            quotes += chunk.count(b'"')
            yield chunk
    except Exception as error:
        metrics.broken.inc()
        logger.exception("a body broke off after its first part had been sent")
        yield broken_end(media_type, error, inside_quotes=quotes % 2 == 1)
    finally:
        _close(chunks)


def broken_end(media_type: str, error: Exception, *, inside_quotes: bool = False) -> bytes:
    """Return an end that makes a body malformed in its format, wherever it was cut.

    JSON and XML lack their closing brackets. N-Triples, Turtle and TSV get an IRI that doesn't end, CSV a quoted field
    that doesn't. A line feed comes first: no literal of the RDF formats holds one as it is, and it closes a line.
    """
    reason = type(error).__name__ if isinstance(error, KGError) else "the service failed"
    opening = ("" if inside_quotes else '"') if media_type == "text/csv" else "<"
    return f"\n{opening}INCOMPLETE RESULT: {reason}; the rest is missing".encode("ascii", "replace")


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
