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

import json
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import NotAcceptable, NotFound
from kg.services import export, query
from kg.services.query import QueryRequest
from kg.store.protocol import Conditions, Result, versioned
from kg.web import access, asking, payload
from kg.web.answers import KeptAnswer
from kg.web.negotiation import HTML, prefers_html, ranked
from kg.web.problem import RequestRefused
from kg.web.replay import FORM, OUTCOME, evaluate
from kg.web.state import State, state
from kg.web.stream import COMPLETE, respond, typed

blueprint: Final = Blueprint("sparql", __name__)

QUERY_TYPE: Final = "application/sparql-query"


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> AnyResponse:
    """Answer a query; without one, describe the service."""
    here = state()
    read = _read(here)
    if read is None:
        return _without_query()
    asked, conditions = read
    # Read before the query is: its result may be newer than the version that it is kept under, and never older.
    version = here.store.version
    repeatable = versioned(here.store) and asking.repeatable(asked.operation)
    tag: str | None = None
    if repeatable and request.method != "POST":
        tag = asking.tag_of(version, request.environ.get("QUERY_STRING", ""), request.headers.get("Accept"))
        if "If-None-Match" in request.headers and request.if_none_match.contains_weak(tag[3:-1]):
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
    # Who has seen the request before may have asked the query already.
    outcome = request.environ.pop(OUTCOME, None)
    if isinstance(outcome, Exception):
        raise outcome
    result: Result = outcome or evaluate(here, asked, conditions)
    here.metrics.count_query(result.form)
    request.environ[FORM] = result.form
    response = respond(result.chunks, result.media_type, here.metrics)
    response.headers.update({**result.headers, "KG-Query-Id": result.id})
    if version is not None and response.headers[COMPLETE] == "true":
        body = response.get_data()
        here.answers.keep(version, asked, KeptAnswer(body, result.media_type, result.form), len(asked.operation))
    return response


def _read(here: State) -> tuple[QueryRequest, Conditions] | None:
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
    headers = request.headers
    asked = asking.request_of(parameters, operation, headers.get("Accept"), here.settings)
    if asked is None:
        if request.method == "POST":
            raise RequestRefused(
                HTTPStatus.BAD_REQUEST, "The request has no query.", "Send it as the parameter query, or as the body."
            )
        return None
    return asked, asking.conditions_of(parameters, headers.getlist("KG-Timeout"), headers.get("KG-Query-Id", ""))


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
    """Return the address of the service as its descriptions give it."""
    return asking.home(state().settings)


def _cached(response: Response, tag: str | None) -> Response:
    caching = {"ETag": tag, "Cache-Control": "no-cache"} if tag else {"Cache-Control": "no-store"}
    response.headers.update(caching | {"Vary": "Accept"})
    return response
