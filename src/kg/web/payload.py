"""What a request brings: its parameters, its body, and the refusals that these deserve."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from kg.web.problem import RequestRefused

FORM: Final = "application/x-www-form-urlencoded"
_MOST_PARAMETERS: Final = 1000


def parameters(encoded: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a query string or of a form, in their order."""
    try:
        return parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        raise _not_utf8() from None
    except ValueError:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, f"The request has more than {_MOST_PARAMETERS} parameters."
        ) from None


def check_encoding() -> None:
    """Refuse a body that is compressed, or written in anything but UTF-8."""
    if request.content_encoding:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is compressed.", "Send it without Content-Encoding."
        )
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The body's charset is {request.mimetype_params['charset'][:40]!r}.",
            "Send UTF-8.",
        )


def check_length() -> None:
    """Refuse a body of a write that doesn't tell its length.

    The server ends a chunked body in order even where its sender left in the middle of it, and the beginning of an
    update or of a graph may be another one.
    """
    if "Transfer-Encoding" in request.headers:
        raise RequestRefused(
            HTTPStatus.LENGTH_REQUIRED,
            "The body comes in chunks, without its length, so nobody can tell whether it is whole.",
            "Send it with Content-Length.",
        )


def body(limit_bytes: int | None = None) -> bytes:
    """Return the body; it is never read beyond the limit, the app's own where none is given."""
    if limit_bytes is not None:
        request.max_content_length = limit_bytes
    read = request.get_data(cache=False)
    # A body without a length is read up to the limit, and what lies past it falls away without an error.
    if len(read) >= (request.max_content_length or len(read) + 1):
        raise RequestEntityTooLarge
    return read


def text(read: bytes) -> str:
    """Return a body as text."""
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError:
        raise _not_utf8() from None


def _not_utf8() -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, "The request isn't UTF-8.", "Encode it as UTF-8.")
