"""The built style and scripts at addresses that change with their content."""

from http import HTTPStatus
from typing import Final

from flask import Response, make_response

from kg.errors import NotFound
from kg.web import assets
from kg.web.pages.common import blueprint

ASSET_SECONDS: Final = 365 * 24 * 3600


@blueprint.get("/assets/<name>")
def asset(name: str) -> Response:
    """Return a built asset; its name changes with its content, so it never goes stale."""
    found = assets.read(name)
    if found is None:
        raise NotFound("asset", name, "The pages name those that there are.")
    response = make_response(found[0])
    response.content_type = f"{found[1]}; charset=utf-8"
    response.headers["Cache-Control"] = f"public, max-age={ASSET_SECONDS}, immutable"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Return the mark for browsers that ask at the customary address."""
    built = assets.manifest().get("icon.svg")
    return asset(built) if built else Response(status=HTTPStatus.NO_CONTENT)
