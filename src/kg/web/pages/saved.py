"""What readers saved: the short links of views and queries."""

import json
from http import HTTPStatus
from typing import Any, Final

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg.errors import InvalidState
from kg.services.saved import ITEM_MAX_BYTES, Item
from kg.web import payload
from kg.web.negotiation import prefers_html
from kg.web.pages.common import blueprint, link
from kg.web.pages.told import told
from kg.web.problem import RequestRefused
from kg.web.state import state

_JSON: Final = "application/json"


@blueprint.post("/s")
@told
def save_item() -> Response:
    """Save a view or a query, and tell its address.

    The body is JSON, which no form of another site can send: ``kind`` (``view``, ``query``), ``name``, and ``state`` or
    ``query``.
    """
    if request.mimetype != _JSON:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body isn't JSON.", f"Send it with Content-Type: {_JSON}."
        )
    payload.check_encoding()
    raw = payload.body(2 * ITEM_MAX_BYTES)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidState("it is no JSON", "") from None
    item = state().shelf.save(value, request.remote_addr or "unknown")
    response = _json(item, HTTPStatus.CREATED)
    response.headers["Location"] = f"/s/{item.hash}"
    return response


@blueprint.get("/s/<name>")
def open_saved(name: str) -> AnyResponse | str:
    """Open what was saved: a view on the explorer, a query with a button that runs it; in JSON for programs."""
    item = state().shelf.open(name)
    if not prefers_html(request.headers.get("Accept"), [_JSON]):
        return _json(item)
    if item.kind == "view":
        return redirect(link("/explore", saved=item.hash), HTTPStatus.SEE_OTHER)
    return render_template("explore_saved.html", item=item)


def _json(item: Item, status: int = HTTPStatus.OK) -> Response:
    value: dict[str, Any] = {"hash": item.hash, "address": f"/s/{item.hash}", "kind": item.kind, "name": item.name}
    value |= {"state": item.state.as_json()} if item.kind == "view" else {"query": item.query}
    return Response(json.dumps(value, ensure_ascii=False) + "\n", status=status, content_type=_JSON)
