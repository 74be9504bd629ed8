"""Linked data: the project's IRIs answered below the service's own address.

A resource's address (``/id/zone/x``) leads by 303 to its page for a browser, else to its description in a format that
the client accepts (``/data/id/zone/x.ttl``).
"""

import hashlib
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import NotAcceptable, NotFound
from kg.model.vocabulary import BASE
from kg.services import export
from kg.web.negotiation import prefers_html, ranked
from kg.web.pages.ontology import ontology as ontology_page
from kg.web.problem import problem, wants_page
from kg.web.sparql import home
from kg.web.state import state
from kg.web.stream import respond, typed

blueprint: Final = Blueprint("resource", __name__)
#: The documents that programs read; their errors are problem details even for a browser.
data: Final = Blueprint("data", __name__)

#: A local part is ASCII and holds no character that a path could give another meaning.
_LOCAL: Final = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,199}"
_PATH: Final = re.compile(
    rf"(?:id/[a-z-]+/{_LOCAL}|scheme/{_LOCAL}(?:/{_LOCAL})?|(?:unit|period|shape)/{_LOCAL})", re.ASCII
)
_MEDIA_TYPES: Final = {extension: media_type for media_type, extension in export.EXTENSIONS.items()}
_DUMP_TYPES: Final = {**export.DATASET_EXTENSIONS, **export.EXTENSIONS}


@blueprint.get("/id/<path:rest>", defaults={"room": "id"})
@blueprint.get("/scheme/<path:rest>", defaults={"room": "scheme"})
@blueprint.get("/unit/<path:rest>", defaults={"room": "unit"})
@blueprint.get("/period/<path:rest>", defaults={"room": "period"})
@blueprint.get("/shape/<path:rest>", defaults={"room": "shape"})
def resource(room: str, rest: str) -> AnyResponse:
    """Lead to the page or to the description of a resource."""
    path = f"{room}/{rest}"
    iri = _iri(path)
    if not export.exists(state().store, iri):
        raise NotFound("resource", iri, "Look for its name under /search, or ask /sparql.")
    accept = request.headers.get("Accept")
    described = list(export.EXTENSIONS)
    if prefers_html(accept, described):
        # A browser that finds no page gets Turtle, which it shows as text.
        return _see(page_path(path) or f"/data/{path}.ttl")
    return _see(f"/data/{path}.{export.EXTENSIONS[_chosen(accept, described)]}")


@data.get("/data/<path:rest>")
def description(rest: str) -> AnyResponse:
    """Describe a resource in the format that the name extension tells."""
    path, _, extension = rest.rpartition(".")
    media_type = _MEDIA_TYPES.get(extension)
    if media_type is None:
        raise NotFound("document", f"/data/{rest}", f"Its name ends in {', '.join('.' + e for e in _MEDIA_TYPES)}.")
    iri = _iri(path)
    here = state()
    tag = _tag(here.store.version, media_type)
    if _fresh(tag):
        return _tagged(Response(status=HTTPStatus.NOT_MODIFIED), tag)
    described = export.describe(here.store, iri)
    response = Response(export.write(described.triples, media_type), content_type=typed(media_type))
    response.headers["Link"] = f'<{iri}>; rel="describes"'
    if not described.complete:
        response.headers["KG-Complete"] = f"false; facts={export.FACTS_MAX}"
    return _tagged(response, tag)


@blueprint.get("/name/<path:name>")
def named(name: str) -> AnyResponse:
    """Lead to the resource that bears a name; where several do, list them."""
    here = state()
    found = export.named(here.store, name)
    if not found:
        near = export.nearest(here.store, name)
        advice = f"Near to it are {', '.join(near)}." if near else "Look under /search."
        raise NotFound("resource named", name, advice)
    links = [_local(iri) for iri in found]
    if len(links) == 1 and links[0] is not None:
        return _see(links[0])
    listed = ", ".join(found)
    response = problem(
        HTTPStatus.MULTIPLE_CHOICES,
        f"{len(found)} resources bear the name {name[:200]!r}: {listed}.",
        advice="Follow one of the choices.",
        choices=[{"iri": iri, "path": link} for iri, link in zip(found, links, strict=True)],
    )
    if not wants_page():
        response.mimetype = "application/json"
    return response


@blueprint.get("/ontology")
@blueprint.get("/ontology/<module>")
@blueprint.get("/ontology/<module>/<version>")
def ontology(module: str | None = None, version: str | None = None) -> AnyResponse:
    """Return the ontology, a module of it, or that module's version; its page for a browser."""
    accept = request.headers.get("Accept")
    described = list(export.EXTENSIONS)
    triples = export.ontology(module, version)
    if prefers_html(accept, described):
        # The page of all terms stands at this very address, so that `/ontology#Term` finds its place in it.
        page = current_app.make_response(ontology_page())
        page.vary.update(("Accept", "Accept-Language", "Cookie"))
        return page
    media_type = _chosen(accept, described)
    response = Response(export.write(triples, media_type), content_type=typed(media_type))
    response.vary.add("Accept")
    return response


@data.get("/.well-known/void")
def void() -> AnyResponse:
    """Describe the dataset."""
    here = state()
    media_type = _chosen(request.headers.get("Accept"), list(export.EXTENSIONS))
    tag = _tag(here.store.version, media_type)
    if _fresh(tag):
        return _tagged(Response(status=HTTPStatus.NOT_MODIFIED), tag)
    described = export.write(export.describe_dataset(here.store, home()), media_type)
    return _tagged(Response(described, content_type=typed(media_type)), tag)


@data.get("/dump")
def dump() -> AnyResponse:
    """Send the whole graph as it is written; N-Quads unless the client wants another format."""
    wanted = request.args.get("format")
    if wanted is None:
        media_type = _chosen(request.headers.get("Accept"), list(_DUMP_TYPES))
    else:
        media_type = next((m for m, extension in _DUMP_TYPES.items() if wanted in {m, extension}), "")
        if not media_type:
            raise NotAcceptable(f"format={wanted}", list(_DUMP_TYPES.values()))
    here = state()
    tag = _tag(here.store.version, media_type)
    if _fresh(tag):
        return _tagged(Response(status=HTTPStatus.NOT_MODIFIED), tag)
    response = respond(export.dump(here.store, media_type), media_type, here.metrics)
    response.headers["Content-Disposition"] = f'inline; filename="zone-kg.{_DUMP_TYPES[media_type]}"'
    return _tagged(response, tag)


def page_path(path: str) -> str | None:
    """Return the address of a resource's page, or None where the service has no page for it.

    Parameters
    ----------
    path
        The IRI below the base, such as ``id/zone/x`` or ``scheme/level/county``.
    """
    room, _, rest = path.partition("/")
    candidates = [f"/entity/{path}"]
    if room == "id":
        segment, _, slug = rest.partition("/")
        candidates = [f"/{segment}s/{slug}", f"/entity/{rest}"]
    routes = current_app.url_map.bind("localhost")
    return next((c for c in candidates if routes.test(c, "GET")), None)


def _iri(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise NotFound("resource", f"{BASE}{path}", "It isn't formed like one of this graph's IRIs.")
    return f"{BASE}{path}"


def _local(iri: str) -> str | None:
    path = iri.removeprefix(BASE)
    return f"/{path}" if path != iri and _PATH.fullmatch(path) else None


def _see(path: str) -> AnyResponse:
    """Redirect within the service: relative, unless the deployer said where readers find it."""
    response = redirect((state().settings.public_url or "") + quote(path, safe="/#~"), HTTPStatus.SEE_OTHER)
    response.vary.add("Accept")
    return response


def _chosen(accept: str | None, offered: list[str]) -> str:
    chosen = ranked(accept, offered)
    if not chosen:
        raise NotAcceptable(accept or "", offered)
    return chosen[0]


def _tag(version: str, media_type: str) -> str:
    # Two formats at one address are two representations, and need two tags.
    return hashlib.sha256(f"{version}\n{request.path}\n{media_type}".encode()).hexdigest()[:32]


def _fresh(tag: str) -> bool:
    return request.if_none_match.contains_weak(tag)


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response
