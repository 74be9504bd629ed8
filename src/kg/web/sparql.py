"""``/sparql``: the query operation of the SPARQL 1.1 Protocol.

Notes
-----
*What is refused.* ``SERVICE``, ``LOAD`` and too deep nesting get 400: another query helps, no permission does.

*ETag.* The answer to a GET depends on the query, the headers and the version of the store alone, unless the query asks
for the time or for chance; where it does, there is no ETag.
"""

import hashlib
import re
from http import HTTPStatus
from typing import Final, cast

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import NotAcceptable
from kg.services import export, query
from kg.services.query import QueryRequest
from kg.store.protocol import Dataset, Form
from kg.web import payload
from kg.web.negotiation import HTML, prefers_html, ranked
from kg.web.presence import address_of
from kg.web.problem import RequestRefused
from kg.web.state import State, state
from kg.web.stream import respond, typed

blueprint: Final = Blueprint("sparql", __name__)

QUERY_TYPE: Final = "application/sparql-query"
#: How long a query waits for another one to end.
_WAIT_SECONDS: Final = 2.0
_UNREPEATABLE: Final = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\s*\(", re.IGNORECASE)


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> AnyResponse:
    """Answer a query; without one, describe the service."""
    asked = _read()
    if asked is None:
        return _without_query()
    here = state()
    tag = _tag(asked, here.store.version)
    if tag and "If-None-Match" in request.headers and request.if_none_match.contains_weak(tag):
        return _cached(Response(status=HTTPStatus.NOT_MODIFIED), tag)
    return _cached(_answer(here, asked), tag)


def _answer(here: State, asked: QueryRequest) -> Response:
    if not here.evaluations.acquire(timeout=_WAIT_SECONDS):
        raise RequestRefused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "As many queries are running as the service takes at the same time.",
            "Try again in a few seconds, or raise KG_THREADS.",
            {"Retry-After": "5"},
        )
    try:
        result = query.run(here.store, asked, query.limits_of(here.settings.query_max_bytes))
        here.metrics.queries.labels(result.form).inc()
        response = respond(result.chunks, result.media_type, here.metrics)
        response.headers.update(dict(result.headers))
    except BaseException:
        here.evaluations.release()
        raise
    response.call_on_close(here.evaluations.release)
    return response


def _read() -> QueryRequest | None:
    """Return what the request asks, or None if it is a GET without any query."""
    parameters = payload.parameters(request.query_string)
    operation: str | None = None
    if request.method == "POST":
        payload.check_encoding()
        match request.mimetype:
            case "application/sparql-query":
                operation = payload.text(payload.body())
            case "application/x-www-form-urlencoded":
                parameters += payload.parameters(payload.body())
            case other:
                raise RequestRefused(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    f"A query can't be sent as {other[:100] or 'a body without Content-Type'!r}.",
                    f"Send {QUERY_TYPE}, or {payload.FORM} with the parameter query.",
                )
    if any(name == "update" for name, _ in parameters):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "This address answers queries; it takes no update.")
    queries = [value for name, value in parameters if name == "query"] + ([] if operation is None else [operation])
    if len(queries) > 1:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, f"The request has {len(queries)} queries.", "Send exactly one in a request."
        )
    if not queries:
        if request.method == "POST":
            raise RequestRefused(
                HTTPStatus.BAD_REQUEST, "The request has no query.", "Send it as the parameter query, or as the body."
            )
        return None
    return QueryRequest(
        queries[0],
        _media_type(queries[0], [value for name, value in parameters if name == "format"]),
        Dataset(
            tuple(value for name, value in parameters if name == "default-graph-uri"),
            tuple(value for name, value in parameters if name == "named-graph-uri"),
        ),
        f"{home()}/sparql",
    )


def _media_type(operation: str, formats: list[str]) -> str:
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
    accept = request.headers.get("Accept")
    # Other names of a format count only after every format's own: `text/*` means CSV, not the old `text/xml`.
    names = [f.media_type for f in offered] + [other for f in offered for other in f.media_types[1:]]
    chosen = ranked(accept, names)
    if not chosen:
        raise NotAcceptable(accept or "", [f.media_type for f in offered])
    return chosen[0]


def _without_query() -> AnyResponse:
    accept = request.headers.get("Accept")
    described = list(export.EXTENSIONS)
    if prefers_html(accept, described):
        return redirect("/console", HTTPStatus.SEE_OTHER)
    chosen = ranked(accept, described)
    if not chosen:
        raise NotAcceptable(accept or "", [*described, HTML])
    media_types = [f.media_type for f in query.FORMATS]
    response = Response(
        export.write(export.describe_service(home(), media_types), chosen[0]), content_type=typed(chosen[0])
    )
    response.vary.add("Accept")
    return response


def home() -> str:
    """Return the address of the service as its descriptions give it: the deployer's, never the client's Host."""
    settings = state().settings
    return settings.public_url or address_of(settings.host, settings.port)


def _tag(asked: QueryRequest, version: str) -> str | None:
    if request.method not in {"GET", "HEAD"} or _UNREPEATABLE.search(asked.operation):
        return None
    parts = (version, request.query_string.decode("latin-1"), request.headers.get("Accept", ""))
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:32]


def _cached(response: Response, tag: str | None) -> Response:
    # Weak: without ORDER BY two evaluations may give the same solutions in another order.
    caching = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache"} if tag else {"Cache-Control": "no-store"}
    response.headers.update(caching | {"Vary": "Accept"})
    return response
