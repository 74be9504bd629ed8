"""Bodies that are sent as they come, and how such a body tells whether it is whole.

Notes
-----
The server ends a chunked response in order even when its source raises, so a client couldn't tell a part from the
whole. Therefore:

- The first part of a body, up to 256 KiB or half a second of it, is held back. A body that is complete by then is sent
  with its length and ``KG-Complete: true``, or ``false`` with ``KG-Incomplete-Reason`` where it ends at a limit: its
  document is closed in order then. A failure by then is an error with a status of its own.
- A longer body is sent with ``KG-Complete: streaming``. One whose source fails, or ends at a limit, ends in a line that
  is malformed in the format it is written in, wherever it was cut: a parser refuses it (`broken_end`).
  `kg_sparql_results_broken_total` counts them.
- While there is nothing to send, an empty part goes to the server, which closes the source if the client has left.
"""

import logging
import time
from collections.abc import Iterator
from typing import Final

from flask import Response, request

from kg.errors import KGError, ResultIncomplete
from kg.web.metrics import Metrics

logger = logging.getLogger(__name__)

HEAD_BYTES: Final = 256 * 1024
_HEAD_SECONDS: Final = 0.5
COMPLETE: Final = "KG-Complete"
REASON: Final = "KG-Incomplete-Reason"


def typed(media_type: str) -> str:
    """Return a Content-Type; the charset of a text has to be said, or readers guess it."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def respond(chunks: Iterator[bytes], media_type: str, metrics: Metrics) -> Response:
    """Return the response that carries a body: whole with its length where it is short, else as it comes.

    Raises
    ------
    KGError
        Whatever the source raises before its first part is gathered, except that it is incomplete.
    """
    content_type = typed(media_type)
    try:
        head, whole = _head(chunks)
    except _Cut as cut:
        headers = {COMPLETE: "false", REASON: _printable(cut.reason)}
        return Response(cut.body, content_type=content_type, headers=headers)
    except BaseException:
        _close(chunks)
        raise
    if whole:
        return Response(head, content_type=content_type, headers={COMPLETE: "true"})
    if request.method == "HEAD":
        _close(chunks)
        response = Response(content_type=content_type)
        del response.headers["Content-Length"]
    else:
        response = Response(_rest(head, chunks, media_type, metrics), content_type=content_type)
    response.headers[COMPLETE] = "streaming"
    return response


class _Cut(Exception):
    """A body that ends at a limit within its first part, closed in order."""

    def __init__(self, body: bytes, reason: str) -> None:
        super().__init__(reason)
        self.body = body
        self.reason = reason


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    until = 0.0
    try:
        for chunk in chunks:
            if chunk:
                parts.append(chunk)
                size += len(chunk)
                if not until:
                    until = time.monotonic() + _HEAD_SECONDS
            # Whoever evaluates has waited for the first bytes already.
            if not until or size >= HEAD_BYTES or time.monotonic() >= until:
                return b"".join(parts), False
    except ResultIncomplete as error:
        if error.closing is None:
            raise
        cut = _Cut(b"".join([*parts, error.closing]), error.reason)
    else:
        return parts[0] if len(parts) == 1 else b"".join(parts), True
    raise cut


def _rest(head: bytes, chunks: Iterator[bytes], media_type: str, metrics: Metrics) -> Iterator[bytes]:
    quotes = head.count(b'"')
    try:
        yield head
        for chunk in chunks:
            quotes += chunk.count(b'"')
            yield chunk
    except Exception as error:
        metrics.broken.inc()
        if isinstance(error, KGError):
            logger.warning("a body broke off after its first part had been sent: %s", error)
        else:
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


def _printable(reason: str) -> str:
    return " ".join(reason.encode("ascii", "replace").decode("ascii").split())
