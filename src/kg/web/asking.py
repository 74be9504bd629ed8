"""What a request of the SPARQL protocol asks for: the query, its dataset and format, its limits, its name.

Nothing here knows the framework, so that a request can be understood before it is asked (`kg.web.replay`).
"""

import hashlib
import math
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, cast

from kg.config import Settings
from kg.errors import NotAcceptable
from kg.services import query
from kg.services.query import QueryRequest
from kg.store.protocol import Conditions, Dataset, Form
from kg.web.negotiation import ranked
from kg.web.presence import address_of
from kg.web.problem import RequestRefused

Parameters = Sequence[tuple[str, str]]

_UNREPEATABLE: Final = re.compile(
    r"(?:NOW|RAND|UUID|BNODE)(?:\s|#[^\r\n]*[\r\n])*\(|SERVICE",
    re.IGNORECASE,
)
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def home(settings: Settings) -> str:
    """Return the address of the service as its descriptions give it: the deployer's, never the client's Host."""
    return settings.public_url or address_of(settings.host, settings.port)


def request_of(parameters: Parameters, body: str | None, accept: str | None, settings: Settings) -> QueryRequest | None:
    """Return the query that a request brings, None if there is none.

    Parameters
    ----------
    parameters
        Those of the address and of a form.
    body
        The query of a direct POST.
    accept
        The header.
    settings
        The service's.

    Raises
    ------
    RequestRefused
        If there are several queries, or an update.
    NotAcceptable
        If the result can't be written as the client wants it.
    QuerySyntaxError, QueryRefused
        If the text is no query.
    """
    if any(name == "update" for name, _ in parameters):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "This address answers queries; it takes no update.")
    queries = [value for name, value in parameters if name == "query"] + ([] if body is None else [body])
    if len(queries) > 1:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, f"The request has {len(queries)} queries.", "Send exactly one in a request."
        )
    if not queries:
        return None
    return QueryRequest(
        queries[0],
        _media_type(queries[0], [value for name, value in parameters if name == "format"], accept),
        Dataset(
            tuple(value for name, value in parameters if name == "default-graph-uri"),
            tuple(value for name, value in parameters if name == "named-graph-uri"),
        ),
        f"{home(settings)}/sparql",
    )


def _media_type(operation: str, formats: list[str], accept: str | None) -> str:
    """Return the media type of the result, which depends on the query's form and on what the client can read.

    The parameter ``format``, a format's name, extension or media type, is for links and wins over Accept.
    """
    # An update or an empty text is refused there: what comes back is one of the four forms.
    offered = query.formats_for(cast(Form, query.read_prologue(operation).form))
    if formats:
        wanted = formats[-1].lower()
        found = next((f for f in offered if wanted in {f.name, f.extension, *f.media_types}), None)
        if found is None:
            raise NotAcceptable(f"format={formats[-1]}", [f.name for f in offered])
        return found.media_type
    # Other names of a format count only after every format's own: `text/*` means CSV, not the old `text/xml`.
    names = [f.media_type for f in offered] + [other for f in offered for other in f.media_types[1:]]
    chosen = ranked(accept, names)
    if not chosen:
        raise NotAcceptable(accept or "", [f.media_type for f in offered])
    return chosen[0]


def conditions_of(parameters: Parameters, times: Sequence[str] = (), name: str = "") -> Conditions:
    """Return what the request asks for itself: a shorter time, a name.

    Raises
    ------
    RequestRefused
        If a time is no number of seconds.
    """
    timeout_s = math.inf
    for text in [*(value for parameter, value in parameters if parameter == "timeout"), *times]:
        if not _SECONDS.fullmatch(text.strip()) or float(text) <= 0:
            raise RequestRefused(
                HTTPStatus.BAD_REQUEST,
                f"The time limit {text[:40]!r} is no number of seconds.",
                "Give, say, timeout=5.",
            )
        timeout_s = min(timeout_s, float(text))
    return Conditions(timeout_s, name=name)


def repeatable(operation: str) -> bool:
    """Whether a query gives the same over the same data: it asks for no time, no chance and no other service."""
    return not _UNREPEATABLE.search(operation)


def tag_of(version: str, query_string: str, accept: str | None) -> str:
    """Return what tells the answer to a GET from that to another one, or over other data.

    It is weak: without ORDER BY two evaluations may give the same solutions in another order.
    """
    told = f"{version}\n{query_string}\n{accept or ''}"
    return f'W/"{hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]}"'
