"""Errors over HTTP: problem details (RFC 9457) for programs, a readable page for browsers on the routes of pages.

One table says which status each error of the house has. An error that nobody foresaw is logged under an id, and the
client learns the id alone. Problem details are in English, for programs; a page tells the same in its own language.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, render_template, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from kg import errors
from kg.model.vocabulary import BASE
from kg.web import i18n
from kg.web.negotiation import prefers_html
from kg.web.telling import tell

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

#: The status of each error; a class that doesn't stand here has its nearest ancestor's. What the service refuses to
#: run (SERVICE, LOAD, nesting) is 400, not 403: no permission would help, another query does.
STATUS: Final[Mapping[type[errors.KGError], HTTPStatus]] = {
    errors.KGError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.QuerySyntaxError: HTTPStatus.BAD_REQUEST,
    errors.QueryRefused: HTTPStatus.BAD_REQUEST,
    errors.QueryTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.DefaultGraphKept: HTTPStatus.FORBIDDEN,
    errors.QueryFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ResultNotXml: HTTPStatus.NOT_ACCEPTABLE,
    errors.QueryStopped: HTTPStatus.SERVICE_UNAVAILABLE,
    # The time is ours; the memory and the nesting are the query's own, and no later try would help it.
    errors.QueryTimedOut: HTTPStatus.GATEWAY_TIMEOUT,
    errors.QueryOutOfMemory: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.QueryCrashed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ResultIncomplete: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.QueryCancelled: HTTPStatus.CONFLICT,
    errors.QueryIdRefused: HTTPStatus.BAD_REQUEST,
    errors.InvalidTerm: HTTPStatus.BAD_REQUEST,
    errors.SelectionRefused: HTTPStatus.BAD_REQUEST,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.ParseFailed: HTTPStatus.BAD_REQUEST,
    errors.ValidationFailed: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.InvalidState: HTTPStatus.BAD_REQUEST,
    errors.SaveRefused: HTTPStatus.FORBIDDEN,
}
_SAVE_REFUSED: Final = {
    "off": HTTPStatus.FORBIDDEN,
    "rate": HTTPStatus.TOO_MANY_REQUESTS,
    "full": HTTPStatus.INSUFFICIENT_STORAGE,
}

#: Blueprints whose errors are problem details even for a browser.
_FOR_PROGRAMS: Final = frozenset({"sparql", "update", "graphs", "data", "operations", "api"})


class RequestRefused(errors.KGError):
    """A request that the protocol doesn't allow: its status, what was found, and what to do."""

    def __init__(
        self, status: HTTPStatus, reason: str, advice: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{reason} {advice}".strip())
        self.status = status
        self.reason = reason
        self.advice = advice
        self.headers = dict(headers or {})


def status_of(error: errors.KGError) -> HTTPStatus:
    """Return the status that the table gives an error."""
    if isinstance(error, RequestRefused):
        return error.status
    if isinstance(error, errors.InvalidState) and error.too_large:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, errors.SaveRefused):
        return _SAVE_REFUSED[error.cause]
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    title: str | None = None,
    kind: str | None = None,
    advice: str = "",
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """Return an error as problem details, or as a page where a browser asked for one.

    Parameters
    ----------
    status
        The HTTP status.
    detail
        What was asked and what was found.
    title
        A short name of the kind of problem; the status's phrase where it is left out.
    kind
        Local name of the problem's type below ``problem/``; without one the type is ``about:blank``.
    advice
        What to do next.
    headers
        Further header fields, such as Allow.
    members
        Further members of the JSON object, such as ``line`` and ``column``; None values are left out.
    """
    title = title or status.phrase
    if wants_page():
        page = _page(status, title=title, detail=detail, advice=advice, choices=members.get("choices"))
        response = Response(page, status=status, mimetype="text/html")
    else:
        body: dict[str, Any] = {
            "type": f"{BASE}problem/{kind}" if kind else "about:blank",
            "title": title,
            "status": int(status),
            "detail": detail,
        }
        if advice:
            body["advice"] = advice
        body |= {name: value for name, value in members.items() if value is not None}
        response = Response(
            json.dumps(body, ensure_ascii=False, indent=2) + "\n", status=status, content_type=MEDIA_TYPE
        )
        response.headers["Content-Language"] = "en"
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def wants_page() -> bool:
    """Whether an error of this request is shown as a page."""
    if request.blueprint in _FOR_PROGRAMS:
        return False
    return prefers_html(request.headers.get("Accept"), [MEDIA_TYPE, "application/json"])


def _page(status: HTTPStatus, *, title: str, detail: str, advice: str, choices: list[dict[str, str]] | None) -> str:
    language = i18n.language()
    try:
        return render_template(
            "error.html",
            status=int(status),
            detail=tell(detail, language),
            advice=tell(advice, language),
            choices=choices or [],
        )
    except Exception:
        # An error page that fails must not hide the error that it was to show.
        logger.exception("error.html can't be rendered")
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{int(status)} {escape(title)}</title>'
            f"<h1>{escape(title)}</h1><p>{escape(detail)}</p><p>{escape(advice)}</p></html>"
        )


def _from_error(error: errors.KGError) -> Response:
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s: %s", type(error).__name__, error)
    advice = getattr(error, "advice", "")
    headers = dict(getattr(error, "headers", {}))
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "5")
    return problem(
        status,
        getattr(error, "reason", None) or str(error),
        kind=None if isinstance(error, RequestRefused) else _kebab(type(error).__name__),
        advice=advice,
        headers=headers,
        line=getattr(error, "line", None),
        column=getattr(error, "column", None),
        offered=getattr(error, "offered", None),
    )


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


#: What was asked and found, and what to do, where the framework refuses a request.
_REFUSED: Final[Mapping[HTTPStatus, tuple[str, str]]] = {
    HTTPStatus.BAD_REQUEST: ("The request can't be read.", ""),
    HTTPStatus.NOT_FOUND: (
        "There is nothing at {path}.",
        "The page / lists what there is; /sparql answers queries.",
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "{path} doesn't take {method}.",
        "The Allow header names the methods of this address.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "The request is larger than this address takes.",
        "Send less in one request.",
    ),
}


def _from_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    headers = {k: v for k, v in error.get_headers() if k.lower() in {"allow", "retry-after", "www-authenticate"}}
    if status not in _REFUSED:
        return problem(status, error.description or status.description, headers=headers)
    detail, advice = _REFUSED[status]
    return problem(
        status, detail.format(path=request.path[:200], method=request.method[:20]), advice=advice, headers=headers
    )


def _from_accident(error: Exception) -> Response:
    accident = secrets.token_hex(6)
    logger.error("accident %s: %s %r", accident, request.method, request.path[:200], exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"The service failed in a way that nobody foresaw; its log has the details under {accident}.",
        kind="accident",
        advice="Try again; if it stays, report the id.",
        accident=accident,
    )


def register(app: Flask) -> None:
    """Give an app its error handlers."""
    app.register_error_handler(errors.KGError, _from_error)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_accident)
