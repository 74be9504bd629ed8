"""What every page shares: its blueprint, the helpers of its templates, links that keep the language."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from kg.errors import KGError, NotFound
from kg.model.label import local_name
from kg.services import console
from kg.services.selection import PARAMETERS, Selection
from kg.web import assets, cite, i18n, present, telling
from kg.web.i18n import t
from kg.web.state import state

blueprint: Final = Blueprint("pages", __name__)

COOKIE_SECONDS: Final = 365 * 24 * 3600
#: A local part, as the minting makes it: whatever else stands in an address isn't looked up.
LOCAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~/-]{0,199}", re.ASCII)


@blueprint.app_context_processor
def _helpers() -> dict[str, Any]:
    language = i18n.language()
    return {
        "t": t,
        "lang": language,
        "html_lang": "zh-CN" if language == "zh" else "en",
        "link": link,
        "href": page_of,
        "asset": assets.address,
        "other": _other_language(language),
        "local": local_name,
        "seal_of": lambda class_name: present.seal(class_name, language),
        "as_of": _as_of,
        "fit": present.fit,
        "text_width": present.width,
        "has": i18n.has,
        "runs": telling.runs,
        "cite": cite.line,
        "unfiltered": _unfiltered,
    }


@blueprint.after_request
def _remember(response: Response) -> Response:
    response.vary.update(("Accept-Language", "Cookie"))
    response.headers.setdefault("Cache-Control", "no-cache")
    if chosen := i18n.asked():
        response.set_cookie(i18n.COOKIE, chosen, max_age=COOKIE_SECONDS, samesite="Lax", httponly=True)
    return response


def link(path: str, **parameters: str) -> str:
    """Return an address within the service that keeps the language which this one names."""
    address, mark, anchor = path.partition("#")
    if chosen := i18n.asked():
        parameters = {**parameters, "lang": chosen}
    query = f"{'&' if '?' in address else '?'}{urlencode(parameters)}" if parameters else ""
    return f"{address}{query}{mark}{anchor}"


def page_of(iri: str) -> str | None:
    """Return the address of a resource's page that keeps the language, or None where it has none."""
    found = present.href(iri)
    return None if found is None else link(found)


def _other_language(language: str) -> dict[str, str]:
    other = "en" if language == "zh" else "zh"
    parameters = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    return {"code": other, "address": f"{request.path}?{urlencode([*parameters, ('lang', other)])}"}


def chosen() -> Selection:
    """Return which facts the address asks for; every page that lists facts takes the same parameters."""
    return Selection.from_args(request.args)


def _unfiltered() -> str:
    rest = [(k, v) for k, v in request.args.items(multi=True) if k not in PARAMETERS]
    return f"{request.path}?{urlencode(rest)}" if rest else request.path


def _as_of() -> str | None:
    try:
        return console.as_of(state().store)
    except KGError:
        # The top bar stands on error pages too, and what failed may be the store.
        return None


def checked_slug(kind: str, slug: str) -> str:
    """Return a slug as an address may hold it, or raise `NotFound`."""
    if not LOCAL.fullmatch(slug):
        raise NotFound(kind, slug, f"The page /{kind}s lists all of them.")
    return slug
