"""The short way for plain questions: what was asked before, and what is answered at once, goes round the framework.

Notes
-----
This stands around everything else, and sees to requests that say nothing of who sends them: a GET of ``/sparql``
without a token, a cookie, another origin, a condition, a name or a time of its own. For such a request the answer
depends on the address, on what is accepted and on the store's version alone, and whether it may be repeated stands on
the answer: it has an ETag. Where each client must be looked at (a token for reading, a rate), all go the long way.

*What is asked for the first time* is evaluated here, and sent from here if it is whole, small and asked in order.
Everything else goes on, with what came of the evaluation, to the view, which is the one that knows every case; a test
holds the two together.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final

from kg.errors import KGError
from kg.services import query
from kg.services.query import QueryRequest
from kg.store.protocol import Conditions, Result, versioned
from kg.web import asking, payload
from kg.web.answers import Answers, KeptAnswer
from kg.web.compression import LEAST_BYTES
from kg.web.envelope import sealed
from kg.web.state import State
from kg.web.stream import COMPLETE, typed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("kg.access")

#: Where a view leaves the form of the query that it has answered.
FORM: Final = "kg.query-form"
#: Where a view finds what has come of its query already: a result, or an error.
OUTCOME: Final = "kg.query-outcome"
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
#: A longer address is refused, by the view.
_MOST_ASKED: Final = 60 * 1024

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given."""

    body: bytes
    status: str
    headers: list[tuple[str, str]]
    form: str
    id: str = ""


def replaying(inner: "WSGIApplication", here: State) -> "WSGIApplication":
    """Return the application with its repeatable answers repeated."""
    settings = here.settings
    looked_at = settings.read_token is not None or settings.rate_per_minute or settings.cors_origins
    if looked_at:
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
        version = _version(here)
        if version is None:
            return inner(environ, start_response)
        known = given.find(version, key)
        if known is not None:
            start_response(known.status, list(known.headers))
            _note(here, known.form, started)
            return [known.body]
        answer = _first(environ, here, asked, version)
        if answer is not None:
            start_response(answer.status, [*answer.headers, ("KG-Query-Id", answer.id)])
            given.keep(version, key, answer, len(asked))
            _note(here, answer.form, started)
            return [answer.body]
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


def _version(here: State) -> str | None:
    """Return the store's version, to be read before a query is evaluated; None where it has none, or fails.

    Nothing is said of a store without a version of its own that would hold for the next who asks.
    """
    try:
        return here.store.version if versioned(here.store) else None
    except Exception:  # noqa: BLE001 - the view meets it again, where every error has its answer
        return None


def _first(environ: "WSGIEnvironment", here: State, asked: str, version: str) -> Given | None:
    """Return the answer to a question that wasn't asked before, or None where the view has to see to it."""
    accept = environ.get("HTTP_ACCEPT")
    if len(asked) > _MOST_ASKED:
        return None
    try:
        parameters = payload.parameters(asked.encode("latin-1"))
        wanted = asking.request_of(parameters, None, accept, here.settings)
        if wanted is None or not asking.repeatable(wanted.operation) or here.answers.find(version, wanted) is not None:
            return None
        conditions = asking.conditions_of(parameters)
    except KGError:
        return None
    try:
        result = evaluate(here, wanted, conditions)
    except Exception as error:  # noqa: BLE001 - the view raises it again, where every error has its answer
        environ[OUTCOME] = error
        return None
    if result.size_bytes is None or ("HTTP_ACCEPT_ENCODING" in environ and result.size_bytes >= LEAST_BYTES):
        environ[OUTCOME] = result
        return None
    body = b"".join(result.chunks)
    here.answers.keep(version, wanted, KeptAnswer(body, result.media_type, result.form), len(wanted.operation))
    headers = [
        ("Content-Type", typed(result.media_type)),
        ("Content-Length", str(len(body))),
        (COMPLETE, "true"),
        ("ETag", asking.tag_of(version, asked, accept)),
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept, Accept-Encoding"),
    ]
    return Given(body, "200 OK", sealed(headers), result.form, result.id)


def evaluate(here: State, asked: QueryRequest, conditions: Conditions) -> Result:
    """Evaluate a query of a request."""
    limits = query.limits_of(here.settings.query_max_bytes, here.settings.service_allow)
    return query.run(here.queries.under(conditions), asked, limits)


def _note(here: State, form: str, started: float) -> None:
    seconds = time.perf_counter() - started
    here.metrics.count(_PATH, "GET", 200, seconds)
    here.metrics.count_query(form)
    if logger.isEnabledFor(logging.INFO):
        logger.info("GET %s 200 %.1f ms", _PATH, seconds * 1000)


def _repeatable(status: str, headers: list[tuple[str, str]]) -> bool:
    names = dict(headers)
    return status.startswith("200 ") and names.get(COMPLETE) == "true" and "ETag" in names and "Set-Cookie" not in names
