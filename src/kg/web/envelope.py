"""What every answer is put into: the security headers, and a body in one piece where its length is known.

This stands outside Flask, as WSGI around WSGI: a header that is the same for every answer costs a tenth there, and the
server sends a list without asking the interpreter for each of its parts.
"""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Final

from kg.web.bodies import Bodies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Everything comes from the service itself, nothing is inline, and no other site may frame a page.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_POLICY: Final = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
_SECURITY: Final = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


def sealed(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of an answer that has no policy of its own, with the service's."""
    return [*headers, _POLICY, *_SECURITY]


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def envelope(inner: "WSGIApplication", bodies: Bodies) -> "WSGIApplication":
    """Return the application with its answers in envelopes; a policy that a view has set of its own stays.

    Parameters
    ----------
    inner
        The application.
    bodies
        Where what a request brings is supervised.
    """

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        sized = False

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal sized
            names = {name.lower() for name, _ in headers}
            sized = "content-length" in names
            policy = [] if "content-security-policy" in names else [_POLICY]
            return start_response(status, [*headers, *policy, *_SECURITY], exc_info)

        received = bodies.body_of(environ)
        try:
            body = inner(environ, start)
        finally:
            if received is not None:
                received.release()
        if not sized:
            return body
        try:
            return [b"".join(body)]
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    return application
