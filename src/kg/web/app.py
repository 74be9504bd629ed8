"""The app factory: blueprints, error handlers, and what every answer carries."""

import logging
import os
import time
import weakref
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Flask, Response, g, request

from kg import paths
from kg.config import Settings
from kg.services.saved import Shelf
from kg.store.evaluations import Evaluations
from kg.store.protocol import Conditions, Store, versioned
from kg.web import access, admin, graphs, operations, pages, problem, resource, sparql, update
from kg.web.answers import Answers
from kg.web.bodies import Bodies
from kg.web.compression import compress
from kg.web.envelope import envelope
from kg.web.metrics import Metrics
from kg.web.replay import replaying
from kg.web.state import State, state
from kg.web.tokens import Keyring

logger = logging.getLogger("kg.access")

#: Longest query string that is read; at 64 KiB of address the server itself refuses it, with 414 and no explanation.
QUERY_STRING_MAX_BYTES: Final = 60 * 1024

#: Threads that queries leave to everything else.
RESERVED_THREADS: Final = 2


def create_app(settings: Settings, store: Store) -> Flask:
    """Return the service over a store.

    Parameters
    ----------
    settings
        What the deployer chose.
    store
        The data; the caller closes it, after the app's `queries`.
    """
    app = Flask("kg.web", static_folder=None, template_folder=str(paths.asset("web/templates")))
    # A form's body is percent-encoded: a character of a query takes up to three bytes for each of its own.
    app.config["MAX_CONTENT_LENGTH"] = 3 * settings.query_max_bytes + 64 * 1024
    # A redirect that the router makes would be absolute and repeat the client's Host header.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    queries = Evaluations(
        store,
        Conditions(settings.query_timeout_s, settings.query_max_rows, settings.query_max_result_mb * 1024 * 1024),
        size=settings.query_workers or len(os.sched_getaffinity(0)),
        memory_mb=settings.query_memory_mb,
        at_once=max(1, settings.threads - RESERVED_THREADS),
    )
    # The workers end with the app, should nobody close them before.
    weakref.finalize(app, queries.close)
    here = app.extensions["kg"] = State(
        settings,
        store,
        Metrics(),
        queries,
        Answers(),
        Shelf(settings.data_dir, allowed=settings.save == "on"),
    )
    problem.register(app)
    for module in (sparql, update, graphs, admin, resource, operations, pages):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(resource.data)
    app.before_request(_start)
    access.register(app, access.Access(Keyring.of(settings)))
    app.after_request(_finish)
    app.wsgi_app = replaying(envelope(app.wsgi_app, Bodies(max(1, settings.threads // 2))), here)  # type: ignore[method-assign,assignment]  # Flask's own way to wrap an app
    return app


def _start() -> None:
    g.kg_started = time.perf_counter()
    if len(request.environ.get("QUERY_STRING", "")) > QUERY_STRING_MAX_BYTES:
        raise problem.RequestRefused(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            f"The address has more than {QUERY_STRING_MAX_BYTES:,} bytes of parameters.",
            "Send the query in the body of a POST.",
        )


def _finish(response: Response) -> Response:
    here = state()
    response = compress(response)
    if response.headers.get("Cache-Control") == "no-cache" and not versioned(here.store):
        # Others write there, and nothing tells: what is right now may be wrong when it would be looked at again.
        response.headers["Cache-Control"] = "no-store"
        response.headers.pop("ETag", None)
    if here.settings.cors_origins:
        _share(response, here.settings.cors_origins)
    seconds = time.perf_counter() - g.kg_started
    route = request.url_rule.rule if request.url_rule else "unmatched"
    # The method is the client's own word: an unknown one is counted under one label.
    method = request.method if request.method in _METHODS else "other"
    here.metrics.count(route, method, response.status_code, seconds)
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s %s %d %.1f ms", method, _printable(request.path), response.status_code, seconds * 1000)
    return response


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _printable(path: str) -> str:
    # A decoded path may hold a line feed, which would forge a line of the log.
    return "".join(c if c.isprintable() and c != " " else quote(c, errors="replace") for c in path[:500])


_EXPOSED: Final = "ETag, Link, Location, Allow, Retry-After, KG-Complete, KG-Incomplete-Reason, KG-Query-Id"
_ALLOWED: Final = "Accept, Authorization, Content-Type, If-None-Match, KG-Query-Id, KG-Timeout"


def _share(response: Response, origins: tuple[str, ...]) -> None:
    """Let the web pages of the listed origins read the answer; no cookie goes with it, only a token they hold."""
    origin = request.headers.get("Origin")
    if "*" not in origins:
        response.vary.add("Origin")
        if origin not in origins:
            return
    elif origin is None:
        return
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, PUT, DELETE"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED
        response.headers["Access-Control-Max-Age"] = "86400"
