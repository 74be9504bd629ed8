"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol.

A graph is named by ``?graph=IRI`` or ``?default``, or by the address itself (``/graphs/<name>``), whose IRI is the
service's public address with this path. A GET without any of these is refused, as a write is.
"""

import hashlib
import re
import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from kg import paths
from kg.errors import DefaultGraphKept, NotAcceptable, NotFound
from kg.services import export, query, update
from kg.services.query import QueryRequest
from kg.store.formats import rdf_format
from kg.store.sparql import bind, iri
from kg.web import access, audit, payload
from kg.web.negotiation import ranked
from kg.web.problem import RequestRefused
from kg.web.sparql import home
from kg.web.state import state
from kg.web.stream import respond
from kg.web.tokens import Holder

blueprint: Final = Blueprint("graphs", __name__)

_METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
_NAME: Final = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9][A-Za-z0-9._~-]*(?:/[A-Za-z0-9][A-Za-z0-9._~-]*)*", re.ASCII)
_MULTIPART: Final = "multipart/form-data"
_MOST_PARTS: Final = 100
#: How much larger than the longest body a graph may be as N-Triples: what prefixes and nesting save.
_MOST_GROWTH: Final = 10


@blueprint.route("/graphs", methods=_METHODS)
def indirect() -> Response:
    """Read or write the graph that the parameters name."""
    parameters = payload.parameters(request.query_string)
    graphs = [value for name, value in parameters if name == "graph"]
    defaults = [value for name, value in parameters if name == "default"]
    if not graphs and not defaults and request.method == "POST":
        return _create()
    if len(graphs) + len(defaults) != 1 or any(defaults):
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST,
            f"The request names {len(graphs) + len(defaults) or 'no'} graphs."
            if not any(defaults)
            else "The parameter default has a value.",
            "Say ?default, or ?graph= with the IRI of one.",
        )
    return _act(iri(graphs[0]).value if graphs else None, request.args.get("format"))


@blueprint.route("/graphs/<path:name>", methods=_METHODS)
def direct(name: str) -> Response:
    """Read or write the graph that the address names."""
    if not _NAME.fullmatch(name):
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST,
            "The name can't be a graph's.",
            "Use letters, digits and ._~- , in parts between slashes, at most 200 characters.",
        )
    return _act(f"{home()}/graphs/{name}", request.args.get("format"))


def _act(graph: str | None, form: str | None) -> Response:
    match request.method:
        case "PUT":
            return _write(graph, replace=True)
        case "POST":
            return _write(graph, replace=False)
        case "DELETE":
            return _drop(graph)
    return _read(graph, form)


def _read(graph: str | None, form: str | None) -> Response:
    here = state()
    offered = list(export.EXTENSIONS)
    accept = request.headers.get("Accept")
    media_type = next((m for m, e in export.EXTENSIONS.items() if form in {m, e}), None) if form else None
    if media_type is None:
        chosen = ranked(accept, offered) if form is None else []
        if not chosen:
            raise NotAcceptable(f"format={form}" if form else accept or "", offered)
        media_type = chosen[0]
    if not here.store.has_graph(graph):
        raise NotFound("graph", graph or "", "SELECT DISTINCT ?g { GRAPH ?g {} } lists them.")
    tag = hashlib.sha256(f"{here.store.version}\n{graph}\n{media_type}".encode()).hexdigest()[:32]
    if request.if_none_match.contains_weak(tag):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        operation = (
            paths.query("graphs/default.rq")
            if graph is None
            else bind(paths.query("graphs/read.rq"), {"graph": iri(graph)})
        )
        result = query.run(here.store, QueryRequest(operation, media_type))
        response = respond(result.chunks, result.media_type, here.metrics)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response


def _writer(graph: str | None) -> Holder:
    who = access.require("write")
    if graph is None and state().settings.base != "none":
        raise DefaultGraphKept
    return who


def _write(graph: str | None, *, replace: bool) -> Response:
    who = _writer(graph)
    here = state()
    parts = _parts()
    with audit.written(
        here.settings.data_dir,
        who.name,
        request.remote_addr or "",
        "replace graph" if replace else "add to graph",
        graph=graph or "default",
        bytes=sum(len(data) for _, data in parts),
        sha256=hashlib.sha256(b"".join(data for _, data in parts)).hexdigest(),
    ) as entry:
        for media_type, data in parts:
            here.queries.examine(data, media_type, graph, _MOST_GROWTH * here.settings.update_max_bytes)
        existed = here.store.has_graph(graph)
        media_type, data = parts[0] if len(parts) == 1 else update.merged(parts, graph)
        here.store.load_graph(graph, data, media_type, replace=replace)
        entry.result |= {"version": here.store.version}
    status = HTTPStatus.NO_CONTENT if existed else HTTPStatus.CREATED
    response = Response(status=status, headers={"Cache-Control": "no-store"})
    if not existed and graph is not None:
        response.headers["Location"] = (
            f"/graphs?graph={quote(graph, safe='')}" if request.path == "/graphs" else request.path
        )
    return response


def _create() -> Response:
    """Put the triples into a graph with a new name, which the answer's Location tells."""
    access.require("write")
    graph = f"{home()}/graphs/{secrets.token_hex(16)}"
    response = _write(graph, replace=False)
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = f"/graphs/{graph.rpartition('/')[2]}"
    return response


def _drop(graph: str | None) -> Response:
    who = _writer(graph)
    here = state()
    if not here.store.has_graph(graph):
        raise NotFound("graph", graph or "", "It is gone already, or never was.")
    with audit.written(
        here.settings.data_dir, who.name, request.remote_addr or "", "drop graph", graph=graph or "default"
    ) as entry:
        here.store.drop_graph(graph)
        entry.result |= {"version": here.store.version}
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})


def _parts() -> list[tuple[str, bytes]]:
    """Return the media type and the bytes of what was sent: one, or the files of a form."""
    limit = state().settings.update_max_bytes
    payload.check_encoding()
    payload.check_length()
    if request.mimetype != _MULTIPART:
        return [(_checked(request.mimetype), payload.body(limit + 1))]
    if request.method != "POST":
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A form can be added, not put.", "Send it by POST, or the graph itself."
        )
    request.max_content_length = limit + 65_536
    request.max_form_memory_size = 65_536
    request.max_form_parts = _MOST_PARTS
    files = [file for _, file in request.files.items(multi=True)]
    if not files:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The form holds no file.", "Send the graph as a file of the form.")
    parts = [(_checked(file.mimetype), file.read()) for file in files]
    if sum(len(data) for _, data in parts) > limit:
        raise RequestEntityTooLarge
    return parts


def _checked(media_type: str) -> str:
    if rdf_format(media_type) is None:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"A graph can't be sent as {media_type[:100] or 'a body without Content-Type'!r}.",
            f"Send {', '.join(export.EXTENSIONS)}.",
        )
    return media_type
