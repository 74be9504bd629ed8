"""Operations: whether the process lives, whether it can answer, and what it has done."""

import json
from typing import Final

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kg.errors import KGError
from kg.services import ingest
from kg.web.state import State, state

blueprint: Final = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def health() -> Response:
    """Answer as long as the process answers at all."""
    return _answer({"status": "alive"}, 200)


@blueprint.get("/readyz")
def ready() -> Response:
    """Answer 200 once the store is open and holds the base, with the versions of both; else 503 and the reason."""
    here = state()
    try:
        version = here.store.version
        base = base_version(here)
    except KGError as error:
        return _answer({"status": "not ready", "reason": str(error)}, 503)
    if not base and here.settings.base == "graph":
        return _answer({"status": "not ready", "reason": "No base is loaded; `kg load` loads it."}, 503)
    return _answer({"status": "ready", "store": version, "base": base}, 200)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the metrics in Prometheus's text format."""
    here = state()
    version = here.store.version
    if here.metrics.counted != version:
        # Counting reads the whole store; a scraper that comes every few seconds needn't pay for it again.
        counts = here.store.statistics()
        here.metrics.triples.labels("default").set(counts.triples_default)
        here.metrics.triples.labels("named").set(counts.triples_named)
        here.metrics.base.clear()
        here.metrics.base.labels(base_version(here), version).set(1)
        here.metrics.counted = version
    return Response(generate_latest(here.metrics.registry), content_type=CONTENT_TYPE_LATEST)


def base_version(here: State) -> str:
    """Return the version of the loaded base; empty where none is loaded."""
    return ingest.base_version(here.settings.data_dir)


def _answer(body: dict[str, str], status: int) -> Response:
    response = Response(json.dumps(body) + "\n", status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
