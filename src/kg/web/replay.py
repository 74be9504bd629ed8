"""The same question again: an answer of ``/sparql`` that was given before goes out without asking the framework.

Notes
-----
This stands around everything else, and sees to requests that say nothing of who sends them: a GET of ``/sparql``
without a token, a cookie, another origin, a condition, a name or a time of its own. For such a request the answer
depends on the address, on what is accepted and on the store's version alone, and whether it may be repeated stands on
the answer: it has an ETag. Where each client must be looked at (a token for reading, a rate), nothing is repeated here.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final

from kg.web.answers import Answers
from kg.web.state import State
from kg.web.stream import COMPLETE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("kg.access")

#: Where a view leaves the form of the query that it has answered.
FORM: Final = "kg.query-form"
_PATH: Final = "/sparql"
#: What makes a request one of its own.
_TELLING: Final = (
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_ORIGIN",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_MATCH",
    "HTTP_RANGE",
    "HTTP_EXPECT",
    "HTTP_KG_QUERY_ID",
    "HTTP_KG_TIMEOUT",
)
_MOST_BYTES: Final = 16 * 1024 * 1024

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given."""

    body: bytes
    status: str
    headers: list[tuple[str, str]]
    form: str


def replaying(inner: "WSGIApplication", here: State) -> "WSGIApplication":
    """Return the application with its repeatable answers repeated."""
    settings = here.settings
    if settings.read_token is not None or settings.rate_per_minute or settings.cors_origins:
        return inner
    given: Answers[Given] = Answers(_MOST_BYTES)

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if (
            environ.get("PATH_INFO") != _PATH
            or environ["REQUEST_METHOD"] != "GET"
            or any(name in environ for name in _TELLING)
        ):
            return inner(environ, start_response)
        started = time.perf_counter()
        asked = environ.get("QUERY_STRING", "")
        key = (asked, environ.get("HTTP_ACCEPT"), environ.get("HTTP_ACCEPT_ENCODING"))
        # Read before the query is evaluated, as in the view.
        version = here.store.version
        known = given.find(version, key)
        if known is not None:
            start_response(known.status, list(known.headers))
            seconds = time.perf_counter() - started
            here.metrics.count(_PATH, "GET", 200, seconds)
            here.metrics.count_query(known.form)
            if logger.isEnabledFor(logging.INFO):
                logger.info("GET %s 200 %.1f ms", _PATH, seconds * 1000)
            return [known.body]
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            told[:] = [(status, headers)]
            return start_response(status, headers, exc_info)

        body = inner(environ, start)
        if told and isinstance(body, list) and len(body) == 1 and _repeatable(*told[0]):
            status, headers = told[0]
            # The name was that evaluation's.
            kept = [(name, value) for name, value in headers if name != "KG-Query-Id"]
            given.keep(version, key, Given(body[0], status, kept, environ.get(FORM, "")), len(asked))
        return body

    return application


def _repeatable(status: str, headers: list[tuple[str, str]]) -> bool:
    names = dict(headers)
    return status.startswith("200 ") and names.get(COMPLETE) == "true" and "ETag" in names and "Set-Cookie" not in names
