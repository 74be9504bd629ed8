"""``/sparql``: the query operation of the SPARQL 1.1 Protocol, and the queries that run.

Notes
-----
*What is refused.* ``SERVICE``, ``LOAD`` and too deep nesting get 400: another query helps, no permission does.

*ETag.* The answer to a GET depends on the query, the headers and the version of the store alone, unless the query asks
for the time, for chance or for another service; where it does, there is no ETag. A result that is streamed has none
either: it may yet break, and a cache that kept it would be told that it is still good.

*Names.* A client may name its query (``KG-Query-Id``); whoever holds the name may look at it, and stop it, at
``/sparql/queries/<name>``.
"""

import hashlib
import json
import math
import re
from http import HTTPStatus
from typing import Final, cast

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import NotAcceptable, NotFound
from kg.services import export, query
from kg.services.query import QueryRequest
from kg.store.protocol import Conditions, Dataset, Form
from kg.web import access, payload
from kg.web.answers import KeptAnswer
from kg.web.negotiation import HTML, prefers_html, ranked
from kg.web.presence import address_of
from kg.web.problem import RequestRefused
from kg.web.replay import FORM
from kg.web.state import State, state
from kg.web.stream import COMPLETE, respond, typed

blueprint: Final = Blueprint("sparql", __name__)

QUERY_TYPE: Final = "application/sparql-query"
_UNREPEATABLE: Final = re.compile(
    r"(?:NOW|RAND|UUID|BNODE)(?:\s|#[^\r\n]*[\r\n])*\(|SERVICE",
    re.IGNORECASE,
)
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> AnyResponse:
    """Answer a query; without one, describe the service."""
    read = _read()
    if read is None:
        return _without_query()
    asked, conditions = read
    here = state()
    # Read before the query is: its result may be newer than the version that it is kept under, and never older.
    version = here.store.version
    repeatable = not _UNREPEATABLE.search(asked.operation)
    tag = _tag(version) if repeatable else None
    if tag and "If-None-Match" in request.headers and request.if_none_match.contains_weak(tag):
        return _cached(Response(status=HTTPStatus.NOT_MODIFIED), tag)
    response = _answer(here, asked, conditions, version if repeatable else None)
    return _cached(response, tag if response.headers[COMPLETE] == "true" else None)


@blueprint.route("/sparql/queries/<name>", methods=["GET", "DELETE"])
def one_query(name: str) -> AnyResponse:
    """Tell how a query goes that runs or ended in the last ten minutes; DELETE stops it."""
    queries = state().queries
    known = queries.stop(name) if request.method == "DELETE" else queries.state(name)
    if known is None:
        raise NotFound(
            "query", name, "Queries are forgotten ten minutes after their end; the header KG-Query-Id names them."
        )
    told = {
        "id": known.id,
        "state": known.phase,
        "form": known.form,
        "started": known.started.isoformat(timespec="milliseconds"),
        "seconds": round(known.seconds, 3),
        "bytes": known.sent_bytes,
        "complete": known.complete,
        "reason": known.reason,
    }
    return Response(
        json.dumps(told, ensure_ascii=False, indent=2) + "\n",
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _answer(here: State, asked: QueryRequest, conditions: Conditions, version: str | None) -> Response:
    """Return the answer; a version is given where an earlier one may be kept and found."""
    if version is not None and not conditions.name and (kept := here.answers.find(version, asked)) is not None:
        here.metrics.count_query(kept.form)
        request.environ[FORM] = kept.form
        return Response(kept.body, content_type=typed(kept.media_type), headers={COMPLETE: "true"})
    limits = query.limits_of(here.settings.query_max_bytes, here.settings.service_allow)
    result = query.run(here.queries.under(conditions), asked, limits)
    here.metrics.count_query(result.form)
    request.environ[FORM] = result.form
    response = respond(result.chunks, result.media_type, here.metrics)
    response.headers.update({**result.headers, "KG-Query-Id": result.id})
    if version is not None and response.headers[COMPLETE] == "true":
        body = response.get_data()
        here.answers.keep(version, asked, KeptAnswer(body, result.media_type, result.form), len(asked.operation))
    return response


def _conditions(parameters: list[tuple[str, str]]) -> Conditions:
    """Return what the request asks for itself: a shorter time, a name."""
    timeout_s = math.inf
    for text in [value for name, value in parameters if name == "timeout"] + request.headers.getlist("KG-Timeout"):
        if not _SECONDS.fullmatch(text.strip()) or float(text) <= 0:
            raise RequestRefused(
                HTTPStatus.BAD_REQUEST,
                f"The time limit {text[:40]!r} is no number of seconds.",
                "Give, say, timeout=5.",
            )
        timeout_s = min(timeout_s, float(text))
    return Conditions(timeout_s, name=request.headers.get("KG-Query-Id", ""))


def _read() -> tuple[QueryRequest, Conditions] | None:
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
    asked = QueryRequest(
        queries[0],
        _media_type(queries[0], [value for name, value in parameters if name == "format"]),
        Dataset(
            tuple(value for name, value in parameters if name == "default-graph-uri"),
            tuple(value for name, value in parameters if name == "named-graph-uri"),
        ),
        f"{home()}/sparql",
    )
    return asked, _conditions(parameters)


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
    here = state()
    described_service = export.describe_service(
        here.store,
        home(),
        media_types,
        writable=access.current().keyring.grants("write"),
        federated=bool(here.settings.service_allow),
    )
    response = Response(export.write(described_service, chosen[0]), content_type=typed(chosen[0]))
    response.vary.add("Accept")
    return response


def home() -> str:
    """Return the address of the service as its descriptions give it: the deployer's, never the client's Host."""
    settings = state().settings
    return settings.public_url or address_of(settings.host, settings.port)


def _tag(version: str) -> str | None:
    if request.method not in {"GET", "HEAD"}:
        return None
    parts = (version, request.query_string.decode("latin-1"), request.headers.get("Accept", ""))
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:32]


def _cached(response: Response, tag: str | None) -> Response:
    # Weak: without ORDER BY two evaluations may give the same solutions in another order.
    caching = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache"} if tag else {"Cache-Control": "no-store"}
    response.headers.update(caching | {"Vary": "Accept"})
    return response
