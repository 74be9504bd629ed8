"""The administrator's pages and routes: running queries, the loader's difference, backups, the log of writes."""

import json
from http import HTTPStatus
from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import ParseFailed
from kg.services import backup
from kg.store.embedded import parse_failed
from kg.web import access, audit, payload
from kg.web.operations import base_version
from kg.web.problem import RequestRefused
from kg.web.state import state
from kg.web.tokens import Holder

blueprint: Final = Blueprint("admin", __name__, url_prefix="/admin")

#: Of a difference: that of ten million triples, and more than any token but an administrator's may send.
DIFFERENCE_MAX_BYTES: Final = 2 * 1024**3
_WRITES_SHOWN: Final = 20


@blueprint.get("")
def overview() -> AnyResponse:
    """Show what runs, what was written last, and the backups; to be logged in first."""
    if access.administrator() is None:
        return redirect("/login?next=%2Fadmin", HTTPStatus.SEE_OTHER)
    here = state()
    page = render_template(
        "admin.html",
        running=here.queries.running(),
        writes=audit.latest(here.settings.data_dir, _WRITES_SHOWN),
        backups=backup.listed(here.settings.data_dir),
        version=base_version(here),
        store_version=here.store.version,
        key=access.form_key(),
    )
    return Response(page, headers={"Cache-Control": "no-store"})


@blueprint.post("/queries/<name>/stop")
def stop(name: str) -> AnyResponse:
    """Stop a query from the page."""
    _administrator()
    state().queries.stop(name)
    return redirect("/admin", HTTPStatus.SEE_OTHER)


@blueprint.post("/backup")
def make_backup() -> AnyResponse:
    """Write a backup below the data folder while the service goes on."""
    who = _administrator()
    here = state()
    folder = backup.named(here.settings.data_dir)
    with audit.written(here.settings.data_dir, who.name, request.remote_addr or "", "backup", folder=folder.name):
        made = backup.write(here.store, here.settings.data_dir, folder)
    if request.mimetype == payload.FORM:
        return redirect("/admin", HTTPStatus.SEE_OTHER)
    return _json({"folder": made.folder, "made": made.made, "triples": made.triples})


@blueprint.get("/store")
def store() -> AnyResponse:
    """Tell which database this is, for a loader that brings a difference to it."""
    access.require("admin")
    here = state()
    return _json({"identity": here.store.identity, "version": here.store.version, "base": here.settings.base})


@blueprint.post("/base")
def replace_base() -> AnyResponse:
    """Apply the loader's difference to the default graph, whole or not at all."""
    who = access.require("admin")
    here = state()
    if here.settings.base != "graph":
        raise RequestRefused(
            HTTPStatus.CONFLICT, "This service runs with KG_BASE=none.", "Its default graph takes writes at /graphs."
        )
    payload.check_length()
    try:
        difference = json.loads(payload.body(DIFFERENCE_MAX_BYTES))
        removed, added = (_quads(difference[name]) for name in ("removed", "added"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, "The difference isn't JSON with the N-Triples removed and added."
        ) from None
    with audit.written(
        here.settings.data_dir,
        who.name,
        request.remote_addr or "",
        "load base",
        removed=len(removed),
        added=len(added),
    ) as entry:
        here.store.replace_default(removed, added)
        here.store.flush()
        entry.result |= {"version": here.store.version}
    return _json({"removed": len(removed), "added": len(added)})


def _quads(text: str) -> list[ox.Quad]:
    failure: ParseFailed
    try:
        return list(ox.parse(text.encode(), ox.RdfFormat.N_TRIPLES))
    except SyntaxError as error:
        failure = parse_failed("the difference", error)
    raise failure


def _administrator() -> Holder:
    """Return the administrator who sent a form of this service, or a token."""
    if "Authorization" in request.headers:
        return access.require("admin")
    found = access.administrator()
    if found is None:
        raise RequestRefused(HTTPStatus.FORBIDDEN, "Only an administrator may do this.", "Log in at /login.")
    access.check_form()
    return found


def _json(body: dict[str, Any]) -> Response:
    response = Response(json.dumps(body) + "\n", mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
