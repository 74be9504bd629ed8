"""``/update``: the update operation of the SPARQL 1.1 Protocol."""

import hashlib
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from kg.services import update
from kg.services.query import limits_of
from kg.services.update import UpdateRequest
from kg.store.protocol import Dataset
from kg.web import access, audit, payload
from kg.web.problem import RequestRefused
from kg.web.sparql import home
from kg.web.state import state

blueprint: Final = Blueprint("update", __name__)

UPDATE_TYPE: Final = "application/sparql-update"
_LOGGED_CHARACTERS: Final = 500


@blueprint.post("/update")
def apply() -> Response:
    """Apply an update, whole or not at all; 204 when it stands."""
    who = access.require("write")
    asked = _read()
    here = state()
    settings = here.settings
    digest = hashlib.sha256(asked.operation.encode("utf-8", "surrogatepass")).hexdigest()
    with audit.written(
        settings.data_dir,
        who.name,
        request.remote_addr or "",
        "update",
        text=asked.operation[:_LOGGED_CHARACTERS],
        characters=len(asked.operation),
        sha256=digest,
    ) as entry:
        done = update.apply(
            here.store,
            asked,
            limits_of(settings.update_max_bytes),
            default_graph=settings.base == "none",
            trial=here.queries.rehearse,
        )
        entry.result |= {"verbs": done.verbs, "quads": done.quads, "version": here.store.version}
    return Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})


def _read() -> UpdateRequest:
    parameters = payload.parameters(request.query_string)
    updates: list[str] = []
    limit = state().settings.update_max_bytes
    payload.check_encoding()
    payload.check_length()
    if any(name == "update" for name, _ in parameters):
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, "The update stands in the address.", "Send it in the body of the POST."
        )
    match request.mimetype:
        case "application/sparql-update":
            updates.append(payload.text(payload.body(limit + 1)))
        case "application/x-www-form-urlencoded":
            # A form's body is percent-encoded: a character of an update takes up to three bytes for each of its own.
            parameters += payload.parameters(payload.body(3 * limit + 65_536))
            updates += [value for name, value in parameters if name == "update"]
        case other:
            raise RequestRefused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"An update can't be sent as {other[:100] or 'a body without Content-Type'!r}.",
                f"Send {UPDATE_TYPE}, or {payload.FORM} with the parameter update.",
            )
    if any(name == "query" for name, _ in parameters):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "This address takes updates; /sparql answers queries.")
    if len(updates) != 1:
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST, f"The request has {len(updates) or 'no'} updates.", "Send exactly one in a request."
        )
    return UpdateRequest(
        updates[0],
        Dataset(
            tuple(value for name, value in parameters if name == "using-graph-uri"),
            tuple(value for name, value in parameters if name == "using-named-graph-uri"),
        ),
        f"{home()}/update",
    )
